//! Messages as rows: however the log is cut into batches, a channel's last word stands.

use super::*;
use crate::samples::{at, envelope};
use tillroll_schemas::UserId;
use tillroll_schemas::notification::{AttemptDue, AttemptFailed, Bounced, Content, EmailChanged, GivenUp, Read, Sent};

const ID: &str = "6f1c2a52-6c7e-5d0b-9b5e-2f1d7a0c4e11";
const EMAIL: Channel = Channel::Email;
const PUSH: Channel = Channel::Push;

fn content() -> Content {
    Content::EmailChanged(EmailChanged { changed_at: at("2026-11-22T12:00:00Z"), change: 2 })
}

fn queued(channels: &[Channel]) -> NotificationEvent {
    let (send_by, answer_by) = (at("2026-11-22T12:01:00Z"), at("2026-11-22T12:02:00Z"));
    Queued { user_id: UserId(Uuid::from_u128(1)), content: content(), channels: channels.to_vec(), send_by, answer_by }
        .into()
}

fn due(attempt: u32) -> NotificationEvent {
    let (send_by, answer_by) = (at("2026-11-22T12:01:00Z"), at("2026-11-22T12:02:00Z"));
    let user_id = UserId(Uuid::from_u128(1));
    AttemptDue { user_id, content: content(), channel: EMAIL, attempt, send_by, answer_by }.into()
}

fn failed(attempt: u32) -> NotificationEvent {
    let next_at = at("2026-11-22T12:03:00Z");
    AttemptFailed { channel: EMAIL, attempt, code: "451".to_owned(), next_at }.into()
}

fn fold(batch: &mut Batch, version: u64, event: &NotificationEvent) {
    use tillroll_log::Body;
    let mut envelope = envelope("notification.events.v1", ID, version, 10 + version.cast_signed());
    envelope.type_name = event.type_name().into();
    let record = Notifications::decode(&envelope, &event.encode().unwrap()).unwrap();
    Notifications::fold(batch, &envelope, &record);
}

fn batch_of(events: &[NotificationEvent]) -> Batch {
    let mut batch = Batch::default();
    for (version, event) in (1..).zip(events) {
        fold(&mut batch, version, event);
    }
    batch
}

fn delivery(batch: &Batch, channel: Channel) -> &Delivery {
    &batch.deliveries[&(ID.parse().unwrap(), channel)]
}

#[test]
fn a_message_is_a_row_with_its_template_and_every_channel_pending() {
    let batch = batch_of(&[queued(&[EMAIL, PUSH])]);
    let (message, change) = &batch.queued[&ID.parse().unwrap()];
    assert_eq!((message.user, message.kind), (Uuid::from_u128(1), Kind::Account));
    assert!(message.content.starts_with(r#"{"template":"email_changed","data":{"#), "{}", message.content);
    assert_eq!((change.version, change.read_at), (Version(1), None));
    for channel in [EMAIL, PUSH] {
        assert_eq!(delivery(&batch, channel), &Delivery::at(Status::Pending, Some(1)));
    }
}

#[test]
fn a_channel_that_failed_rests_with_its_code_and_keeps_it_while_it_is_tried_again() {
    let batch = batch_of(&[queued(&[EMAIL]), failed(1)]);
    let resting = delivery(&batch, EMAIL);
    assert_eq!((resting.status, resting.attempts, resting.code.as_deref()), (Status::Pending, Some(1), Some("451")));
    assert!(resting.next_at.is_some());
    let batch = batch_of(&[queued(&[EMAIL]), failed(1), due(2)]);
    let again = delivery(&batch, EMAIL);
    assert_eq!((again.attempts, again.code.as_deref(), again.next_at), (Some(2), Some("451"), None));
}

#[test]
fn what_an_event_does_not_say_is_left_to_the_row_that_is_there() {
    let bounced = batch_of(&[Bounced { channel: EMAIL, status: "5.1.1".to_owned(), undeliverable: None }.into()]);
    let row = delivery(&bounced, EMAIL);
    assert_eq!((row.status, row.attempts, row.code.as_deref()), (Status::Bounced, None, Some("5.1.1")));
    let gave_up = GivenUp { channels: vec![EMAIL, PUSH], reason: GaveUp::RecipientErased, code: None };
    let given_up =
        batch_of(&[queued(&[EMAIL, PUSH]), Sent { channel: PUSH, attempt: 1, address: None }.into(), gave_up.into()]);
    let row = delivery(&given_up, EMAIL);
    assert_eq!((row.status, row.attempts, row.reason), (Status::GivenUp, Some(1), Some(GaveUp::RecipientErased)));
}

#[test]
fn reading_a_message_is_remembered_whatever_happens_next() {
    let read_at = at("2026-11-22T13:00:00Z");
    let batch = batch_of(&[
        queued(&[EMAIL]),
        Read { read_at }.into(),
        Sent { channel: EMAIL, attempt: 1, address: None }.into(),
    ]);
    let (_, change) = &batch.queued[&ID.parse().unwrap()];
    assert_eq!((change.read_at, change.version), (Some(read_at), Version(3)));
}
