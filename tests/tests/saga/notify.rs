//! The step "notify": every template × everything that can go wrong with telling it × how often it is taken then. The
//! templates come from the code: one that is new does not compile here before it has its story.

use crate::bank;
use crate::post::Trouble;
use crate::shop::{Fault, Place, Shop, line, place, place_by, postage};
use crate::steps::{PIECES, cancel, give_back, the_delivery, the_order};
use crate::words::BUYER;
use std::collections::BTreeMap;
use tillroll_log::{Aggregate, Body};
use tillroll_notifications::notification::{Delivery, Notification};
use tillroll_notifications::templates::Template;
use tillroll_schemas::notification::{
    AccountReinstated, AccountSuspended, Content, EmailChanged, GaveUp, NotificationEvent, PasswordChanged,
    QueueNotification, ResetPassword, VerifyEmail,
};
use tillroll_schemas::order::OrderEvent;
use tillroll_schemas::{NotificationId, Timestamp};
use uuid::Uuid;

const QUEUE: &str = "notification.queue";
const QUEUED: &str = "notification.queued.v1";
const SENT: &str = "notification.sent.v1";
const FAILED: &str = "notification.attempt-failed.v1";

/// What can go wrong when somebody is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    /// Nobody can read what the order's event asks for.
    Unreadable,
    /// Nobody can read what is to be recorded.
    OutcomeUnreadable,
    /// The messages' owner is away for hours.
    Away,
    /// Every command stands there twice.
    RecordedTwice,
    /// The message is refused for good.
    Refused,
    /// It is not taken, three times: nobody listens, time runs out, the server defers.
    Deferred,
    /// It is never taken.
    NeverTaken,
    /// It is taken, and the connection ends before anybody is told; once.
    Cut,
    /// The owner is killed before a record is stored,
    LostBefore(&'static str),
    /// when it is stored and nobody knows,
    LostAfter(&'static str),
    /// and when all is sent that it causes, attempts too, and that is not committed.
    LostAfterSending(&'static str),
}

const FAILURES: [Failure; 17] = [
    Failure::Unreadable,
    Failure::OutcomeUnreadable,
    Failure::Away,
    Failure::RecordedTwice,
    Failure::Refused,
    Failure::Deferred,
    Failure::NeverTaken,
    Failure::Cut,
    Failure::LostBefore(QUEUED),
    Failure::LostAfter(QUEUED),
    Failure::LostAfterSending(QUEUED),
    Failure::LostBefore(SENT),
    Failure::LostAfter(SENT),
    Failure::LostAfterSending(SENT),
    Failure::LostBefore(FAILED),
    Failure::LostAfter(FAILED),
    Failure::LostAfterSending(FAILED),
];

/// What becomes of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// It is taken once over each channel.
    Once,
    /// The same message is taken twice over one channel: it was lost between taking and recording that.
    TwiceOnOne,
    /// The same over every channel.
    TwiceOnEach,
    /// It is never taken, and why stands there.
    GaveUp(GaveUp),
    /// The command stands in the dead letters.
    DeadLetter,
}

fn expected(failure: Failure, template: Template) -> End {
    match failure {
        // The customer's time is over before the last attempt.
        Failure::NeverTaken if template == Template::PaymentActionNeeded => End::GaveUp(GaveUp::Expired),
        Failure::Unreadable => End::DeadLetter,
        Failure::OutcomeUnreadable => End::TwiceOnOne,
        Failure::Away | Failure::RecordedTwice | Failure::Deferred => End::Once,
        Failure::Refused => End::GaveUp(GaveUp::Rejected),
        Failure::NeverTaken => End::GaveUp(GaveUp::AttemptsExhausted),
        Failure::Cut | Failure::LostAfterSending(QUEUED) => End::TwiceOnEach,
        Failure::LostBefore(_) | Failure::LostAfter(_) | Failure::LostAfterSending(_) => End::Once,
    }
}

/// What is told; what has to happen before; what is told by it.
struct Story {
    before: fn(&mut Shop),
    told: fn(&mut Shop),
}

/// How it comes to this message.
fn story(template: Template) -> Story {
    match template {
        Template::VerifyEmail => Story { before: nothing, told: |shop| of_an_account(shop, verify(shop.now)) },
        Template::ResetPassword => Story { before: nothing, told: |shop| of_an_account(shop, reset(shop.now)) },
        Template::EmailChanged => Story {
            before: nothing,
            told: |shop| {
                let changed_at = shop.now;
                of_an_account(shop, Content::EmailChanged(EmailChanged { changed_at, change: 2 }));
            },
        },
        Template::PasswordChanged => Story {
            before: nothing,
            told: |shop| {
                let changed_at = shop.now;
                of_an_account(shop, Content::PasswordChanged(PasswordChanged { changed_at }));
            },
        },
        Template::AccountSuspended => Story {
            before: nothing,
            told: |shop| {
                let suspended_at = shop.now;
                of_an_account(shop, Content::AccountSuspended(AccountSuspended { suspended_at }));
            },
        },
        Template::AccountReinstated => Story {
            before: nothing,
            told: |shop| {
                let reinstated_at = shop.now;
                of_an_account(shop, Content::AccountReinstated(AccountReinstated { reinstated_at }));
            },
        },
        Template::OrderConfirmed => Story { before: nothing, told: bought },
        Template::OrderCancelled => Story { before: bought, told: called_off },
        Template::PaymentFailed => Story { before: nothing, told: |shop| by_card(shop, bank::DECLINED) },
        Template::PaymentActionNeeded => Story { before: nothing, told: |shop| by_card(shop, bank::WANTS_ACTION) },
        Template::OrderShipped => Story { before: bought, told: delivered },
        Template::RefundIssued => Story { before: |shop| by_card(shop, bank::GOOD), told: given_back },
        Template::InvoiceIssued => Story {
            before: |shop| {
                shop.away.insert(Place::Series);
                bought(shop);
            },
            told: |shop| {
                shop.away.remove(&Place::Series);
                shop.run();
            },
        },
    }
}

fn nothing(_: &mut Shop) {}

fn bought(shop: &mut Shop) {
    shop.tell_order(the_order(), place(vec![line(0, 2), line(1, 1), postage()]));
}

fn called_off(shop: &mut Shop) {
    shop.tell_order(the_order(), cancel());
}

fn delivered(shop: &mut Shop) {
    shop.tell_order(the_order(), the_delivery(None));
}

fn given_back(shop: &mut Shop) {
    shop.tell_order(the_order(), give_back());
}

fn by_card(shop: &mut Shop, card: &str) {
    shop.tell_order(the_order(), place_by(card, the_order(), vec![line(0, 2), line(1, 1), postage()]));
}

fn verify(now: Timestamp) -> Content {
    let expires_at = now + chrono::TimeDelta::days(30);
    Content::VerifyEmail(VerifyEmail { request_id: Uuid::from_u128(5), expires_at })
}

fn reset(now: Timestamp) -> Content {
    let expires_at = now + chrono::TimeDelta::days(30);
    Content::ResetPassword(ResetPassword { request_id: Uuid::from_u128(5), expires_at })
}

/// Accounts have no partition in this shop: what they cause is asked for, and again until it is answered.
fn of_an_account(shop: &mut Shop, content: Content) {
    let (id, key) = (shop.next_request(), NotificationId(Uuid::from_u128(6)).to_string());
    let command = QueueNotification { user_id: BUYER, content, channels: Vec::new() }.into();
    for _ in 0..2 {
        let number = shop.messages.request(id, &key, &command);
        shop.run();
        if shop.messages.told(number).is_some() || shop.away.contains(&Place::Messages) {
            return;
        }
    }
}

fn of_an_order(template: Template) -> bool {
    !template.name().starts_with("account_")
        && !matches!(
            template,
            Template::VerifyEmail | Template::ResetPassword | Template::EmailChanged | Template::PasswordChanged
        )
}

/// The messages of this template: their ids.
fn messages(shop: &Shop, template: Template) -> Vec<std::sync::Arc<str>> {
    let queued = |(key, event)| match event {
        NotificationEvent::Queued(queued) if Template::of(&queued.content) == template => Some(key),
        _ => None,
    };
    shop.messages.events().into_iter().filter_map(queued).collect()
}

fn strike(shop: &mut Shop, failure: Failure) {
    match failure {
        Failure::Unreadable => shop.fault = Some(Fault::Unreadable(QUEUE, "")),
        Failure::OutcomeUnreadable => shop.fault = Some(Fault::Unreadable("notification.record-sent", "")),
        Failure::Away => drop(shop.away.insert(Place::Messages)),
        Failure::RecordedTwice => shop.twice = true,
        Failure::Refused => shop.post.fails(Trouble::Refused, 1),
        Failure::Deferred => shop.post.fails(Trouble::Later, 3),
        Failure::NeverTaken => shop.post.fails(Trouble::Later, u32::MAX),
        Failure::Cut => shop.post.fails(Trouble::Cut, 1),
        Failure::LostBefore(name) => shop.fault = Some(Fault::LostBefore(name)),
        Failure::LostAfter(name) => shop.fault = Some(Fault::LostAfter(name)),
        Failure::LostAfterSending(name) => shop.fault = Some(Fault::LostAfterSending(name)),
    }
    if matches!(failure, Failure::LostBefore(FAILED) | Failure::LostAfter(FAILED) | Failure::LostAfterSending(FAILED)) {
        shop.post.fails(Trouble::Later, 1);
    }
}

/// Until every message has ended: the last attempts are days later.
fn wait(shop: &mut Shop, failure: Failure) {
    if failure == Failure::Away {
        shop.pass(3_600);
        shop.away.remove(&Place::Messages);
        shop.run();
    }
    let (mut hours, days) = (0, 24 * 8);
    while shop.messages.events().iter().any(|(key, _)| !shop.messages.state(key).is_some_and(Notification::settled)) {
        shop.pass_by(3_600, 200);
        hours += 1;
        assert!(hours < days, "{failure:?}: it is told for ever");
    }
    // What changes nothing is recorded a moment later.
    shop.pass(60);
}

fn assert_ended(shop: &Shop, template: Template, failure: Failure) {
    let messages = messages(shop, template);
    let end = expected(failure, template);
    if end == End::DeadLetter {
        assert!(messages.is_empty(), "{template:?}");
        return;
    }
    let [key] = messages.as_slice() else { panic!("{template:?} {failure:?}: {} messages", messages.len()) };
    let message = shop.messages.state(key).unwrap().message().unwrap();
    let taken: Vec<u32> = template
        .channels()
        .iter()
        .map(|channel| shop.post.taken.get(&(key.clone(), *channel)).copied().unwrap_or(0))
        .collect();
    let all = |times: u32| vec![times; template.channels().len()];
    for delivery in message.deliveries.values() {
        match end {
            End::GaveUp(why) => assert!(matches!(delivery, Delivery::GivenUp { reason, .. } if *reason == why)),
            _ => assert!(matches!(delivery, Delivery::Sent { .. }), "{template:?} {failure:?}: {delivery:?}"),
        }
    }
    match end {
        End::Once => assert_eq!(taken, all(1), "{template:?} {failure:?}"),
        End::TwiceOnEach => assert_eq!(taken, all(2), "{template:?} {failure:?}"),
        End::TwiceOnOne => assert_eq!(taken.iter().sum::<u32>(), all(1).iter().sum::<u32>() + 1, "{template:?}"),
        End::GaveUp(_) | End::DeadLetter => assert_eq!(taken, all(0), "{template:?} {failure:?}"),
    }
}

#[test]
fn whatever_fails_when_somebody_is_told_he_is_told_once_or_it_says_why_not() {
    let mut cases = 0;
    for template in Template::ALL {
        for failure in FAILURES {
            // Nobody sends a command by topic for an account here.
            if failure == Failure::Unreadable && !of_an_order(template) {
                continue;
            }
            let Story { before, told } = story(template);
            let mut shop = Shop::new(PIECES);
            before(&mut shop);
            strike(&mut shop, failure);
            told(&mut shop);
            wait(&mut shop, failure);
            assert_eq!(shop.fault, None, "{template:?} {failure:?} did not strike");
            assert_ended(&shop, template, failure);
            shop.assert_lawful();
            cases += 1;
        }
    }
    eprintln!("{cases} cases");
}

/// Each news of an order is one message with what it says, taken once over each channel; nothing else is told.
pub fn assert_told_once(shop: &Shop) {
    let mut news: BTreeMap<String, usize> = BTreeMap::new();
    for (_, mut event) in shop.orders.events() {
        let kind = event.type_name();
        if let Some(told) = event.told_mut() {
            assert_eq!(told.as_ref().map(|told| told.user_id), Some(BUYER), "{kind} is told nobody");
            *news.entry(template_of(&event).name().to_owned()).or_default() += 1;
        }
    }
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    for (key, event) in shop.messages.events() {
        let NotificationEvent::Queued(queued) = event else { continue };
        *told.entry(Template::of(&queued.content).name().to_owned()).or_default() += 1;
        for channel in queued.channels {
            assert_eq!(shop.post.taken.get(&(key.clone(), channel)), Some(&1), "{key} over {channel:?}");
        }
    }
    assert_eq!(told, news);
}

fn template_of(event: &OrderEvent) -> Template {
    match event {
        OrderEvent::Confirmed(_) => Template::OrderConfirmed,
        OrderEvent::Cancelled(off) if off.reason.code.starts_with("payment_") => Template::PaymentFailed,
        OrderEvent::Cancelled(_) => Template::OrderCancelled,
        OrderEvent::Fulfilled(_) => Template::OrderShipped,
        OrderEvent::PaymentActionRequired(_) => Template::PaymentActionNeeded,
        OrderEvent::Refunded(_) => Template::RefundIssued,
        OrderEvent::Invoiced(_) => Template::InvoiceIssued,
        other => panic!("{other:?} is told"),
    }
}
