//! What the courier does with an attempt, sentence by sentence, over a webhook that records what it is told.

mod world;

use super::*;
use crate::channels::{EmailConfig, Mailer, Tls};
use crate::ports::{Address, Addresses, Chosen, Found, LinkTo, LookUp, Preferences, Which};
use crate::preference::State as Wishes;
use crate::samples;
use crate::templates::{Language, Template};
use chrono::TimeDelta;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tillroll_log::{Aggregate, Body};
use tillroll_schemas::notification::{DeadlinePassed, EmailChanged, RecordBounce, Sent, VerifyEmail};
use tillroll_schemas::preference::Kind;
use uuid::Uuid;
use world::{World, errand, now, wishes};

fn commands_of(outgoing: &[Outgoing]) -> Vec<(String, NotificationCommand)> {
    let read = |of: &Outgoing| {
        assert_eq!((of.to, &*of.key), (catalogue::NOTIFICATION, errand().notification.to_string().as_str()));
        (of.step.to_string(), NotificationCommand::decode(of.type_name, &of.value).unwrap())
    };
    outgoing.iter().map(read).collect()
}

fn gave_up(reason: GaveUp, channels: &[Channel]) -> NotificationCommand {
    GiveUp { channels: channels.to_vec(), reason }.into()
}

fn push_failed(code: &str, permanent: bool) -> NotificationCommand {
    RecordFailed { channel: Channel::Push, attempt: 1, code: code.to_owned(), permanent }.into()
}

#[tokio::test]
async fn a_message_that_is_taken_is_recorded_as_sent() {
    let world = World::answering(202).await;
    let told = commands_of(&world.courier().run(&errand()).await.unwrap());
    assert_eq!(
        told,
        [("sent/push".to_owned(), RecordSent { channel: Channel::Push, attempt: 1, address: None }.into())]
    );
    let [request] = world.requests().try_into().unwrap();
    assert_eq!(request.header("idempotency-key"), format!("{}.push", errand().notification));
    assert_eq!(request.body["to"], "device-token");
    assert_eq!(request.body["title"], "Your order is on its way");
    let text = request.body["text"].as_str().unwrap();
    assert!(text.starts_with("White hanging heart. https://shop.example/Order("), "{text}");
}

#[tokio::test]
async fn the_second_attempt_has_the_idempotency_key_of_the_first() {
    let world = World::answering(202).await;
    let second = Errand { attempt: 2, ..errand() };
    world.courier().run(&errand()).await.unwrap();
    let told = commands_of(&world.courier().run(&second).await.unwrap());
    assert_eq!(told[0].1, RecordSent { channel: Channel::Push, attempt: 2, address: None }.into());
    let keys: Vec<_> = world.requests().iter().map(|request| request.header("idempotency-key").to_owned()).collect();
    assert_eq!(keys[0], keys[1]);
}

#[tokio::test]
async fn a_refusal_and_a_later_are_recorded_with_their_codes() {
    for (status, permanent) in [(422, true), (410, true), (503, false), (429, false)] {
        let world = World::answering(status).await;
        let told = commands_of(&world.courier().run(&errand()).await.unwrap());
        assert_eq!(told, [("failed/push".to_owned(), push_failed(&status.to_string(), permanent))]);
    }
}

#[tokio::test]
async fn nobody_listening_is_a_failure_that_may_pass() {
    let world = World::with_nobody_there();
    let told = commands_of(&world.courier().run(&errand()).await.unwrap());
    assert_eq!(told, [("failed/push".to_owned(), push_failed("unreachable", false))]);
}

#[tokio::test]
async fn an_outcome_that_nobody_knows_tells_nothing() {
    let world = World::hanging_up().await;
    assert_eq!(world.courier().run(&errand()).await.unwrap(), []);
    assert_eq!(world.requests().len(), 1, "it was asked once");
}

#[tokio::test]
async fn an_erased_recipient_ends_it() {
    let world = World::answering(202).await;
    let told = commands_of(&world.courier_finding(Found::Erased).run(&errand()).await.unwrap());
    let step = "given-up/push".to_owned();
    assert_eq!(told, [(step, gave_up(GaveUp::RecipientErased, &[Channel::Push]))]);
    assert!(world.requests().is_empty());
}

#[tokio::test]
async fn a_person_without_an_address_ends_it_and_a_vault_that_is_down_does_not() {
    let world = World::answering(202).await;
    let told = commands_of(&world.courier_finding(Found::Absent).run(&errand()).await.unwrap());
    assert_eq!(told[0].1, gave_up(GaveUp::NoAddress, &[Channel::Push]));
    assert_eq!(world.courier_finding(Found::Unavailable).run(&errand()).await.unwrap(), []);
    assert!(world.requests().is_empty());
}

#[tokio::test]
async fn channels_that_are_off_are_given_up_together() {
    let world = World::answering(202).await;
    let everywhere = Errand { channels: Channel::ALL.to_vec(), ..errand() };
    let courier = world.courier_wishing(Some(wishes(Kind::Delivery, &[])));
    let told = commands_of(&courier.run(&everywhere).await.unwrap());
    let step = "given-up/email+sms+push".to_owned();
    assert_eq!(told, [(step, gave_up(GaveUp::SwitchedOff, &Channel::ALL))]);
    assert!(world.requests().is_empty());
}

#[tokio::test]
async fn wishes_that_cannot_be_had_now_leave_the_attempt_to_the_next_but_what_is_owed_by_mail_goes() {
    let world = World::answering(202).await;
    let owed = Errand { content: samples::confirmed(), channels: vec![Channel::Email, Channel::Push], ..errand() };
    let told = commands_of(&world.courier_wishing(None).run(&owed).await.unwrap());
    let [(_, told)] = told.as_slice() else { panic!("of the mail alone: {told:?}") };
    assert_eq!(*told, gave_up(GaveUp::NotConfigured, &[Channel::Email]), "as far as to the mail server");
    assert!(world.requests().is_empty());
}

/// A look-up that never ends.
struct Silent;

impl Addresses for Silent {
    fn look_up(&self, user: UserId, channel: Channel, which: Which) -> LookUp<'_> {
        let _ = (user, which);
        Box::pin(async move {
            match channel {
                Channel::Email => Found::Erased,
                Channel::Sms | Channel::Push => std::future::pending().await,
            }
        })
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_known_of_one_channel_is_told_though_another_is_never_looked_up() {
    let world = World::with_nobody_there();
    let channels = vec![Channel::Email, Channel::Push];
    let errand = Errand { content: samples::confirmed(), channels, ..errand() };
    let ways = Ways { email: Some(mailer()), ..world.courier().ways };
    let preferences = world.courier_wishing(Some(wishes(Kind::Order, &Channel::ALL))).preferences;
    let courier = Courier { addresses: Box::new(Silent), ways, preferences, ..world.courier() };
    let told = tokio::time::timeout(Duration::from_secs(20), courier.run(&errand)).await.expect("in time").unwrap();
    assert_eq!(
        commands_of(&told),
        [("given-up/email".to_owned(), gave_up(GaveUp::RecipientErased, &[Channel::Email]))]
    );
}

/// Which there is, and nobody listens.
fn mailer() -> Mailer {
    Mailer::new(EmailConfig {
        host: "localhost".to_owned(),
        port: 1,
        tls: Tls::None,
        trusted: None,
        credentials: None,
        from: "shop@shop.example".to_owned(),
        bounces_to: "shop@shop.example".to_owned(),
        domain: "shop.example".to_owned(),
    })
    .unwrap()
}

/// Who is reached by his second address, and of whom this one is known to be none.
struct Moved(u32);

impl Preferences for Moved {
    fn choices(&self, _: UserId) -> Chosen<'_> {
        Box::pin(async { Some(Wishes { undeliverable: Some(self.0), ..Wishes::default() }) })
    }
}

impl Addresses for Moved {
    fn look_up(&self, _: UserId, _: Channel, which: Which) -> LookUp<'_> {
        let number = (which == Which::Current).then_some(2);
        Box::pin(
            async move { Found::Address(Address { to: "no address".to_owned(), language: Language::English, number }) },
        )
    }
}

#[tokio::test]
async fn an_address_that_is_known_to_be_none_is_not_tried_but_to_prove_that_it_is_one() {
    let world = World::with_nobody_there();
    let changed = Content::EmailChanged(EmailChanged { changed_at: now(), change: 2 });
    let expires_at = now() + TimeDelta::hours(1);
    let verify = Content::VerifyEmail(VerifyEmail { request_id: Uuid::from_u128(7), expires_at });
    for (content, known, tried) in
        [(samples::confirmed(), 2, false), (samples::confirmed(), 1, true), (changed, 2, true), (verify, 2, true)]
    {
        let (ways, template) = (Ways { email: Some(mailer()), ..Ways::default() }, Template::of(&content));
        let (addresses, preferences) = (Box::new(Moved(known)), Box::new(Moved(known)));
        let courier = Courier { ways, addresses, preferences, ..world.courier() };
        let errand = Errand { content, channels: vec![Channel::Email], ..errand() };
        let told = commands_of(&courier.run(&errand).await.unwrap());
        let expected = match tried {
            // As far as to the mail that cannot be made.
            true => {
                RecordFailed { channel: Channel::Email, attempt: 1, code: "invalid_address".into(), permanent: true }
                    .into()
            }
            false => gave_up(GaveUp::Undeliverable, &[Channel::Email]),
        };
        assert_eq!(told[0].1, expected, "{template:?}, {known}");
    }
}

#[tokio::test]
async fn a_channel_that_the_installation_lacks_is_given_up() {
    let world = World::answering(202).await;
    let everywhere = Errand { channels: Channel::ALL.to_vec(), ..errand() };
    let told = commands_of(&world.courier().run(&everywhere).await.unwrap());
    let steps: Vec<_> = told.iter().map(|(step, _)| step.as_str()).collect();
    assert_eq!(steps, ["sent/push", "given-up/email+sms"]);
    assert_eq!(told[1].1, gave_up(GaveUp::NotConfigured, &[Channel::Email, Channel::Sms]));
}

/// Whose telephone number is this, and whose e-mail address no mail can be made to.
struct Telephone(Found);

impl Addresses for Telephone {
    fn look_up(&self, _: UserId, channel: Channel, _: Which) -> LookUp<'_> {
        let found = match channel {
            Channel::Sms => self.0.clone(),
            Channel::Email | Channel::Push => reached("no address"),
        };
        Box::pin(async { found })
    }
}

fn reached(to: &str) -> Found {
    Found::Address(Address { to: to.to_owned(), language: Language::English, number: None })
}

#[tokio::test]
async fn a_mail_stands_in_when_nothing_that_was_chosen_reaches_anybody() {
    use Channel::{Email, Push, Sms};
    use GaveUp::{NoAddress, NotConfigured, RecipientErased, SwitchedOff};
    let world = World::answering(202).await;
    let sent = |channel| RecordSent { channel, attempt: 1, address: None }.into();
    // As far as to the mail that cannot be made.
    let code = || "invalid_address".to_owned();
    let mailed = || RecordFailed { channel: Email, attempt: 1, code: code(), permanent: true }.into();
    let off = |reason, channel| gave_up(reason, &[channel]);
    let number = || reached("+447700900123");
    for (phone, chosen, has_sms, expected) in [
        (number(), vec![Sms], true, vec![sent(Sms), off(SwitchedOff, Email)]),
        (Found::Absent, vec![Sms], true, vec![mailed(), off(NoAddress, Sms)]),
        (number(), vec![Sms], false, vec![mailed(), off(NotConfigured, Sms)]),
        (Found::Absent, vec![Sms, Push], true, vec![sent(Push), off(SwitchedOff, Email), off(NoAddress, Sms)]),
        (Found::Absent, vec![], true, vec![gave_up(SwitchedOff, &[Email, Sms])]),
        (Found::Erased, vec![Sms], true, vec![off(SwitchedOff, Email), off(RecipientErased, Sms)]),
        (Found::Unavailable, vec![Sms], true, vec![]),
    ] {
        let push = world.courier().ways.push;
        let ways = Ways { email: Some(mailer()), sms: push.clone().filter(|_| has_sms), push };
        let preferences = world.courier_wishing(Some(wishes(Kind::Delivery, &chosen))).preferences;
        let courier = Courier { ways, preferences, addresses: Box::new(Telephone(phone.clone())), ..world.courier() };
        let over = if chosen.contains(&Push) { vec![Email, Sms, Push] } else { vec![Email, Sms] };
        let told = commands_of(&courier.run(&Errand { channels: over, ..errand() }).await.unwrap());
        let told: Vec<_> = told.into_iter().map(|(_, command)| command).collect();
        assert_eq!(told, expected, "{phone:?}, {chosen:?}, {has_sms}");
    }
}

#[tokio::test]
async fn whoever_was_sent_many_text_messages_gets_the_next_one_later() {
    let (world, away) = (World::answering(202).await, World::answering(503).await);
    let text = Errand { channels: vec![Channel::Sms], ..errand() };
    let failed = |code: &str| RecordFailed { channel: Channel::Sms, attempt: 1, code: code.into(), permanent: false };
    let ways = |world: &World| Ways { sms: world.courier().ways.push, ..Ways::default() };
    let addresses = Box::new(Telephone(reached("+447700900123")));
    let mut courier = Courier { ways: ways(&away), addresses, ..world.courier() };
    for _ in 0..11 {
        assert_eq!(commands_of(&courier.run(&text).await.unwrap())[0].1, failed("503").into(), "not sent, not counted");
    }
    courier.ways = ways(&world);
    for _ in 0..11 {
        courier.run(&text).await.unwrap();
    }
    assert_eq!(commands_of(&courier.run(&text).await.unwrap())[0].1, failed("too_many_texts").into());
    assert_eq!(world.requests().len(), 10);
    courier.run(&Errand { user_id: UserId(Uuid::from_u128(2)), ..text }).await.unwrap();
    assert_eq!(world.requests().len(), 11, "another person's");
}

#[tokio::test]
async fn an_attempt_whose_time_is_over_is_left_to_the_next() {
    let world = World::answering(202).await;
    let late = Errand { send_by: now(), ..errand() };
    assert_eq!(world.courier().run(&late).await.unwrap(), []);
    assert_eq!(world.courier_finding(Found::Erased).run(&late).await.unwrap(), [], "not even looked at");
    assert!(world.requests().is_empty());
}

#[tokio::test]
async fn an_attempt_whose_time_runs_out_while_the_address_is_looked_up_is_left_to_the_next() {
    static LOOKS: AtomicI64 = AtomicI64::new(0);
    /// A minute passes from one look at the clock to the next.
    fn clock() -> Timestamp {
        now() + TimeDelta::minutes(LOOKS.fetch_add(1, Ordering::Relaxed))
    }
    let world = World::answering(202).await;
    let courier = Courier { clock, ..world.courier() };
    assert_eq!(courier.run(&errand()).await.unwrap(), []);
    assert!(world.requests().is_empty());
}

#[tokio::test]
async fn what_is_no_use_any_more_is_not_sent() {
    let world = World::answering(202).await;
    let lapsed = Errand { content: samples::reset(), channels: vec![Channel::Email], ..errand() };
    let told = commands_of(&world.courier().run(&lapsed).await.unwrap());
    assert_eq!(told[0].1, gave_up(GaveUp::Expired, &[Channel::Email]));
}

#[test]
fn a_queued_message_and_a_due_attempt_are_errands_and_nothing_else_is() {
    let Errand { notification, user_id, content, channels, send_by, .. } = errand();
    let key = Key::from(notification.to_string());
    let answer_by = send_by + TimeDelta::seconds(30);
    let queued = Queued { user_id, content: content.clone(), channels, send_by, answer_by };
    assert_eq!(Errand::of(&key, &queued.into()), Some(errand()));
    let channel = Channel::Push;
    let due = AttemptDue { user_id, content, channel, attempt: 2, send_by, answer_by };
    assert_eq!(Errand::of(&key, &due.clone().into()), Some(Errand { attempt: 2, ..errand() }));
    assert_eq!(Errand::of(&"no uuid".into(), &due.into()), None);
    assert_eq!(Errand::of(&key, &Sent { channel, attempt: 1, address: None }.into()), None);
}

#[tokio::test]
async fn an_attempt_is_wanted_until_something_is_known_of_it() {
    let sending = Sending(Arc::new(World::with_nobody_there().courier()));
    let user_id = UserId(Uuid::from_u128(1));
    let (content, channels, channel) = (samples::shipped(), vec![Channel::Email, Channel::Push], Channel::Email);
    let (send_by, answer_by) = (now(), now());
    let queued: NotificationEvent =
        Queued { user_id, content: content.clone(), channels: channels.clone(), send_by, answer_by }.into();
    let second: NotificationEvent = AttemptDue { user_id, content, channel, attempt: 2, send_by, answer_by }.into();
    let after = |events: &[NotificationEvent]| events.iter().fold(State::default(), Notification::evolve);
    let sent = |channel| NotificationEvent::from(Sent { channel, attempt: 1, address: None });

    let due = after(std::slice::from_ref(&queued));
    assert!(sending.wanted(&due, &queued));
    assert!(!sending.wanted(&due, &second), "another attempt than the one that is due");
    let half = after(&[queued.clone(), sent(Channel::Email)]);
    assert!(sending.wanted(&half, &queued), "push is not known of");
    let all = after(&[queued.clone(), sent(Channel::Email), sent(Channel::Push)]);
    assert!(!sending.wanted(&all, &queued));
    let again = after(&[queued.clone(), sent(Channel::Push), second.clone()]);
    assert!(sending.wanted(&again, &second) && !sending.wanted(&again, &queued));
    assert!(!sending.wanted(&due, &sent(Channel::Email)), "what asks for nothing");
}

#[test]
fn links_with_secrets_name_their_request_and_mails_go_to_the_right_address() {
    let mut seen = Vec::new();
    for (name, content) in samples::all() {
        let which = Which::of(&content);
        seen.push((Template::of(&content), which));
        let secret = matches!(LinkTo::of(&content), LinkTo::VerifyEmail(_) | LinkTo::ResetPassword(_));
        let expires = content.expires_at().is_some();
        assert!(expires || !secret, "{name} has a secret link that never lapses");
    }
    assert!(seen.contains(&(Template::VerifyEmail, Which::Current)));
    assert!(seen.contains(&(Template::EmailChanged, Which::Before(2))));
    assert!(seen.contains(&(Template::ResetPassword, Which::Current)));
}

#[test]
fn no_command_has_a_place_for_anything_personal() {
    // The commands that effects send: none has a field for text of the other side, an address or a link.
    let fields = |command: NotificationCommand| {
        let value: serde_json::Value = serde_json::from_slice(&command.encode().unwrap()).unwrap();
        value.as_object().unwrap().keys().cloned().collect::<Vec<_>>()
    };
    let channel = Channel::Email;
    assert_eq!(fields(RecordSent { channel, attempt: 1, address: None }.into()), ["attempt", "channel"]);
    assert_eq!(fields(push_failed("451", false)), ["attempt", "channel", "code", "permanent"]);
    assert_eq!(fields(gave_up(GaveUp::Rejected, &[channel])), ["channels", "reason"]);
    assert_eq!(fields(RecordBounce { channel, status: "5.1.1".to_owned() }.into()), ["channel", "status"]);
    assert_eq!(fields(DeadlinePassed { deadline: now() }.into()), ["deadline"]);
}
