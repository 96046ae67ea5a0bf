//! What a notification does, sentence by sentence.

mod properties;

use super::*;
use chrono::TimeDelta;
use tillroll_schemas::OrderId;
use tillroll_schemas::notification::{
    AttemptDue, AttemptFailed, Bounced, EmailChanged, GaveUp, GiveUp, GivenUp, OrderShipped, RecordBounce,
    RecordFailed, RecordSent, ResetPassword, Sent, Undeliverable,
};
use uuid::Uuid;

/// The behaviour of an aggregate: given what happened, when this is asked, then that happens.
struct Given(State);

struct Decided(Result<Option<NotificationEvent>, Rejection>);

fn given(events: &[NotificationEvent]) -> Given {
    Given(events.iter().fold(State::default(), Notification::evolve))
}

impl Given {
    fn when(self, command: impl Into<NotificationCommand>) -> Decided {
        self.when_at(0, command)
    }
    fn when_at(self, second: i64, command: impl Into<NotificationCommand>) -> Decided {
        Decided(Notification::decide(&self.0, &command.into(), s(second)))
    }
}

impl Decided {
    #[track_caller]
    fn then(self, event: impl Into<NotificationEvent>) {
        assert_eq!(self.0, Ok(Some(event.into())));
    }
    #[track_caller]
    fn then_nothing(self) {
        assert_eq!(self.0, Ok(None));
    }
    #[track_caller]
    fn then_refused(self, rejection: Rejection) {
        assert_eq!(self.0, Err(rejection));
    }
}

/// So many seconds after the beginning.
fn s(second: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + TimeDelta::seconds(second)
}

/// So many milliseconds after the beginning.
fn ms(millisecond: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + TimeDelta::milliseconds(millisecond)
}

fn anna() -> UserId {
    UserId(Uuid::from_u128(1))
}

fn shipped() -> Content {
    let order_id = OrderId(Uuid::from_u128(9));
    Content::OrderShipped(OrderShipped { order_id, items: Vec::new(), further_items: 1, complete: true })
}

fn reset() -> Content {
    Content::ResetPassword(ResetPassword { request_id: Uuid::from_u128(7), expires_at: s(100) })
}

fn queue_over(content: Content, channels: &[Channel]) -> QueueNotification {
    QueueNotification { user_id: anna(), content, channels: channels.to_vec() }
}

fn queued_over(content: Content, channels: &[Channel]) -> NotificationEvent {
    let channels = channels.to_vec();
    Queued { user_id: anna(), content, channels, send_by: s(60), answer_by: s(90) }.into()
}

fn mail() -> NotificationEvent {
    queued_over(shipped(), &[Channel::Email])
}

fn sent(attempt: u32) -> NotificationEvent {
    Sent { channel: Channel::Email, attempt, address: None }.into()
}

fn record_sent(attempt: u32) -> RecordSent {
    RecordSent { channel: Channel::Email, attempt, address: None }
}

fn record_failed(attempt: u32, permanent: bool) -> RecordFailed {
    RecordFailed { channel: Channel::Email, attempt, code: "451".to_owned(), permanent }
}

fn failed(attempt: u32, next_at: Timestamp) -> NotificationEvent {
    AttemptFailed { channel: Channel::Email, attempt, code: "451".to_owned(), next_at }.into()
}

fn due(attempt: u32, send_by: Timestamp, answer_by: Timestamp) -> NotificationEvent {
    let channel = Channel::Email;
    AttemptDue { user_id: anna(), content: shipped(), channel, attempt, send_by, answer_by }.into()
}

fn given_up(channels: &[Channel], reason: GaveUp, code: Option<&str>) -> NotificationEvent {
    GivenUp { channels: channels.to_vec(), reason, code: code.map(str::to_owned) }.into()
}

fn bounce() -> RecordBounce {
    RecordBounce { channel: Channel::Email, status: "5.1.1".to_owned() }
}

fn bounced() -> NotificationEvent {
    Bounced { channel: Channel::Email, status: "5.1.1".to_owned(), undeliverable: None }.into()
}

fn overdue(deadline: Timestamp) -> DeadlinePassed {
    DeadlinePassed { deadline }
}

#[test]
fn a_message_is_queued_over_every_channel_that_it_has_a_text_for() {
    given(&[]).when(queue_over(shipped(), &[])).then(queued_over(shipped(), &Channel::ALL));
    given(&[]).when(queue_over(reset(), &[])).then(queued_over(reset(), &[Channel::Email]));
}

#[test]
fn a_message_is_queued_over_the_channels_that_were_asked_for_only() {
    let asked = [Channel::Push, Channel::Email, Channel::Push];
    given(&[]).when(queue_over(shipped(), &asked)).then(queued_over(shipped(), &[Channel::Email, Channel::Push]));
}

#[test]
fn a_message_without_a_text_for_the_channel_is_refused() {
    given(&[]).when(queue_over(reset(), &[Channel::Sms])).then_refused(Rejection::NoChannel);
}

#[test]
fn a_message_that_is_queued_twice_is_one_message() {
    given(&[mail()]).when(queue_over(shipped(), &[Channel::Email])).then_nothing();
    given(&[mail(), sent(1)]).when(queue_over(shipped(), &[])).then_nothing();
}

#[test]
fn an_id_names_one_message_for_ever() {
    let other = Content::EmailChanged(EmailChanged { changed_at: s(0), change: 0 });
    given(&[mail()]).when(queue_over(other, &[])).then_refused(Rejection::AlreadyQueued);
    let somebody = QueueNotification { user_id: UserId(Uuid::from_u128(2)), ..queue_over(shipped(), &[]) };
    given(&[mail()]).when(somebody).then_refused(Rejection::AlreadyQueued);
}

#[test]
fn a_message_that_was_taken_is_sent() {
    given(&[mail()]).when(record_sent(1)).then(sent(1));
    given(&[mail(), sent(1)]).when(record_sent(1)).then_nothing();
    assert!(Notification::settled(&given(&[mail(), sent(1)]).0));
}

#[test]
fn an_attempt_that_failed_rests_before_the_next() {
    given(&[mail()]).when_at(10, record_failed(1, false)).then(failed(1, s(20)));
    given(&[mail(), failed(1, s(20))]).when_at(20, overdue(s(20))).then(due(2, s(140), s(170)));
}

#[test]
fn each_rest_is_twice_as_long_to_four_hours_at_most_for_two_days() {
    let rests: Vec<_> = (1..=13).map(|attempt| (attempts::after_rest(attempt, s(0)) - s(0)).num_seconds()).collect();
    assert_eq!(rests, [10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 5_120, 10_240, 14_400, 14_400]);
    let all: i64 = (1..ATTEMPTS).map(|attempt| (attempts::after_rest(attempt, s(0)) - s(0)).num_seconds()).sum();
    assert!(all > 2 * 86_400, "two days: {all} s");
}

#[test]
fn messages_that_failed_together_do_not_come_back_together() {
    let early = attempts::after_rest(1, s(0));
    let late = attempts::after_rest(1, s(0) + TimeDelta::milliseconds(999));
    assert!(late - early > TimeDelta::seconds(2), "{late} {early}");
}

#[test]
fn an_attempt_without_an_answer_is_followed_by_another() {
    given(&[mail()]).when_at(95, overdue(s(90))).then(due(2, s(215), s(245)));
}

#[test]
fn an_attempt_may_not_be_begun_so_late_that_the_next_could_cross_it() {
    for attempt in 1..=ATTEMPTS {
        let (send_by, answer_by) = attempts::window(attempt, s(0));
        assert!(answer_by - send_by >= TimeDelta::seconds(30), "{attempt}: {send_by} {answer_by}");
    }
}

#[test]
fn after_the_last_attempt_it_is_given_up() {
    let last = due(ATTEMPTS, s(60), s(90));
    let exhausted = |code| given_up(&[Channel::Email], GaveUp::AttemptsExhausted, code);
    given(&[mail(), last.clone()]).when(record_failed(ATTEMPTS, false)).then(exhausted(Some("451")));
    given(&[mail(), last]).when(overdue(s(90))).then(exhausted(None));
}

#[test]
fn a_refusal_for_good_ends_it_at_once() {
    let rejected = given_up(&[Channel::Email], GaveUp::Rejected, Some("451"));
    given(&[mail()]).when(record_failed(1, true)).then(rejected.clone());
    given(&[mail(), rejected]).when(overdue(s(90))).then_nothing();
}

#[test]
fn failures_of_another_attempt_change_nothing() {
    given(&[mail()]).when(record_failed(2, true)).then_nothing();
    given(&[mail(), due(2, s(0), s(9))]).when(record_failed(1, true)).then_nothing();
    given(&[mail(), failed(1, s(40))]).when(record_failed(1, true)).then_nothing();
    given(&[mail(), sent(1)]).when(record_failed(1, true)).then_nothing();
}

#[test]
fn what_was_sent_was_sent_however_late_one_hears_of_it() {
    let gone = given_up(&[Channel::Email], GaveUp::AttemptsExhausted, None);
    given(&[mail(), due(2, s(0), s(9))]).when(record_sent(1)).then(sent(1));
    given(&[mail(), failed(1, s(40))]).when(record_sent(1)).then(sent(1));
    given(&[mail(), due(ATTEMPTS, s(0), s(9)), gone]).when(record_sent(ATTEMPTS)).then(sent(ATTEMPTS));
    given(&[mail()]).when(record_sent(2)).then_nothing();
    given(&[mail()]).when(record_sent(0)).then_nothing();
}

#[test]
fn nothing_is_sent_after_its_link_has_lapsed() {
    let queued = queued_over(reset(), &[Channel::Email]);
    let lapsed = given_up(&[Channel::Email], GaveUp::Expired, None);
    given(&[queued.clone(), failed(1, s(100))]).when(overdue(s(100))).then(lapsed);
    let Ok(Some(next)) = given(&[queued, failed(1, s(99))]).when(overdue(s(99))).0 else { panic!("an attempt") };
    assert!(matches!(next, NotificationEvent::AttemptDue(AttemptDue { attempt: 2, .. })), "{next:?}");
}

#[test]
fn a_channel_that_cannot_be_used_is_given_up() {
    let all = queued_over(shipped(), &Channel::ALL);
    let off = |channels: &[Channel]| GiveUp { channels: channels.to_vec(), reason: GaveUp::SwitchedOff };
    let rest = [Channel::Sms, Channel::Push];
    given(std::slice::from_ref(&all)).when(off(&[Channel::Push, Channel::Sms])).then(given_up(
        &rest,
        GaveUp::SwitchedOff,
        None,
    ));
    let gone = given_up(&rest, GaveUp::SwitchedOff, None);
    given(&[all.clone(), gone.clone()]).when(off(&rest)).then_nothing();
    given(&[all.clone(), sent(1)]).when(off(&[Channel::Email])).then_nothing();
    assert!(!Notification::settled(&given(&[all.clone(), gone.clone()]).0));
    assert!(Notification::settled(&given(&[all, gone, sent(1)]).0));
}

#[test]
fn channels_are_delivered_one_by_one() {
    let all = queued_over(shipped(), &Channel::ALL);
    let state = given(&[all, sent(1)]).0;
    assert_eq!(Notification::deadline(&state), Some(ms(90_001)));
    let Ok(Some(first)) = Notification::decide(&state, &overdue(ms(90_001)).into(), s(90)) else {
        panic!("an attempt")
    };
    assert!(matches!(&first, NotificationEvent::AttemptDue(AttemptDue { channel: Channel::Sms, .. })), "{first:?}");
    let state = Notification::evolve(state, &first);
    assert_eq!(Notification::decide(&state, &overdue(s(90)).into(), s(90)), Ok(None), "it was the deadline of one");
    let Ok(Some(second)) = Notification::decide(&state, &overdue(ms(90_002)).into(), s(90)) else {
        panic!("an attempt")
    };
    assert!(matches!(&second, NotificationEvent::AttemptDue(AttemptDue { channel: Channel::Push, .. })), "{second:?}");
    let state = Notification::evolve(state, &second);
    assert!(Notification::deadline(&state) > Some(s(91)));
}

#[test]
fn a_mail_that_came_back_has_bounced() {
    given(&[mail(), sent(1)]).when(bounce()).then(bounced());
    given(&[mail(), sent(1), bounced()]).when(bounce()).then_nothing();
    given(&[mail(), sent(1), bounced()]).when(record_sent(1)).then_nothing();
}

#[test]
fn a_mail_that_came_back_names_the_address_that_there_is_not() {
    let sent = NotificationEvent::from(Sent { channel: Channel::Email, attempt: 1, address: Some(3) });
    let came_back = |status: &str| {
        let command = RecordBounce { channel: Channel::Email, status: status.to_owned() };
        given(&[mail(), sent.clone()]).when(command).0
    };
    for (status, undeliverable) in [
        ("5.1.1", Some(Undeliverable { user_id: anna(), address: 3 })),
        ("5.1.10", Some(Undeliverable { user_id: anna(), address: 3 })),
        ("5.2.2", None),
        ("5.7.1", None),
        ("4.4.7", None),
        ("5.0.0", None),
    ] {
        let bounced = Bounced { channel: Channel::Email, status: status.to_owned(), undeliverable };
        assert_eq!(came_back(status), Ok(Some(bounced.into())), "{status}");
    }
}

#[test]
fn a_mail_that_was_given_up_unanswered_may_come_back_and_one_that_was_refused_may_not() {
    let exhausted = given_up(&[Channel::Email], GaveUp::AttemptsExhausted, None);
    given(&[mail(), exhausted]).when(bounce()).then(bounced());
    let rejected = given_up(&[Channel::Email], GaveUp::Rejected, Some("550"));
    given(&[mail(), rejected]).when(bounce()).then_nothing();
}

#[test]
fn a_mail_that_came_back_was_sent_although_nobody_said_so() {
    given(&[mail()]).when(bounce()).then(bounced());
    given(&[mail(), bounced()]).when(overdue(s(90))).then_nothing();
    assert_eq!(Notification::deadline(&given(&[mail(), bounced()]).0), None);
}

#[test]
fn its_user_reads_it_once_and_nobody_else_does() {
    let read = NotificationEvent::from(Read { read_at: s(5) });
    given(&[mail()]).when_at(5, MarkRead { user_id: anna() }).then(read.clone());
    given(&[mail(), read]).when_at(9, MarkRead { user_id: anna() }).then_nothing();
    given(&[mail()]).when(MarkRead { user_id: UserId(Uuid::from_u128(2)) }).then_refused(Rejection::NotFound);
    given(&[]).when(MarkRead { user_id: anna() }).then_refused(Rejection::NotFound);
}

#[test]
fn nothing_happens_to_a_message_that_nobody_queued() {
    given(&[]).when(record_sent(1)).then_nothing();
    given(&[]).when(record_failed(1, true)).then_nothing();
    given(&[]).when(bounce()).then_nothing();
    given(&[]).when(overdue(s(90))).then_nothing();
    given(&[]).when(GiveUp { channels: vec![Channel::Email], reason: GaveUp::NoAddress }).then_nothing();
}

#[test]
fn what_a_client_may_hear_is_of_a_known_kind_of_problem() {
    let code = tillroll_log::Rejection::code(&Rejection::NotFound);
    assert_eq!(tillroll_http::problems::by_code(code).map(|kind| kind.code), Some(code));
}
