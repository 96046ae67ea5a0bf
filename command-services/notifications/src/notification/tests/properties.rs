//! What is true of a notification whatever it is told, in whatever order.

use super::*;
use proptest::prelude::*;
use tillroll_testkit::{assert_twice_adds_nothing, story};

fn some_channel() -> impl Strategy<Value = Channel> {
    (0..3_usize).prop_map(|which| Channel::ALL[which])
}

fn some_content() -> impl Strategy<Value = Content> {
    prop_oneof![6 => Just(shipped()), 2 => Just(reset())]
}

fn some_reason() -> impl Strategy<Value = GaveUp> {
    prop_oneof![Just(GaveUp::SwitchedOff), Just(GaveUp::NoAddress), Just(GaveUp::RecipientErased)]
}

/// A command, or a deadline that passes: its own, if there is one.
#[derive(Clone, Debug)]
enum Turn {
    Told(NotificationCommand),
    DeadlinePasses,
}

fn some_command() -> impl Strategy<Value = NotificationCommand> {
    let channels = || prop::collection::vec(some_channel(), 0..4);
    let attempt = || prop_oneof![3 => 1..4_u32, 1 => 0..=ATTEMPTS + 1];
    prop_oneof![
        3 => (some_content(), channels()).prop_map(|(content, channels)| queue_over(content, &channels).into()),
        3 => (some_channel(), attempt()).prop_map(|(channel, attempt)| RecordSent { channel, attempt, address: None }.into()),
        6 => (some_channel(), attempt(), prop::bool::weighted(0.1)).prop_map(|(channel, attempt, permanent)| {
            RecordFailed { channel, attempt, code: "451".to_owned(), permanent }.into()
        }),
        1 => (channels(), some_reason()).prop_map(|(channels, reason)| GiveUp { channels, reason }.into()),
        1 => some_channel().prop_map(|channel| RecordBounce { channel, status: "5.1.1".to_owned() }.into()),
        1 => (1..3_u128).prop_map(|who| MarkRead { user_id: UserId(Uuid::from_u128(who)) }.into()),
        2 => (0..300_i64).prop_map(|second| overdue(s(second)).into()),
    ]
}

fn some_turn() -> impl Strategy<Value = Turn> {
    prop_oneof![2 => some_command().prop_map(Turn::Told), 1 => Just(Turn::DeadlinePasses)]
}

/// The state after a turn at that time, and the event that it yielded.
fn after(state: &State, turn: &Turn, at: Timestamp) -> (State, Option<NotificationEvent>) {
    let command = match turn {
        Turn::Told(command) => Some(command.clone()),
        Turn::DeadlinePasses => Notification::deadline(state).and_then(Notification::on_deadline),
    };
    let decided = command.map(|command| Notification::decide(state, &command, at));
    match decided {
        Some(Ok(Some(event))) => (Notification::evolve(state.clone(), &event), Some(event)),
        Some(Ok(None) | Err(_)) | None => (state.clone(), None),
    }
}

fn holds_together(state: &State) {
    let Some(message) = state.message() else { return };
    assert!(!message.deliveries.is_empty());
    let open = message.deliveries.values().filter(|delivery| delivery.is_open()).count();
    assert_eq!(matches!(state, State::Delivering(_)), open > 0, "the stage is that of the channels");
    assert_eq!(Notification::deadline(state).is_some(), open > 0, "what is open has a deadline");
    for (channel, delivery) in &message.deliveries {
        assert!(delivery.attempts() <= ATTEMPTS, "{channel:?} {delivery:?}");
        let offered = Template::of(&message.content).channels();
        assert!(offered.contains(channel), "{channel:?} has no text");
    }
}

/// Ended channels stay ended, but that a late word says that a given up one was sent, and that sent ones come back.
fn only_ends_as_it_may(before: &State, now: &State) {
    let Some(was) = before.message() else { return };
    let is = now.message().expect("a message is never forgotten");
    assert_eq!((was.user_id, &was.content), (is.user_id, &is.content), "what a message says never changes");
    assert!(was.read_at.is_none() || was.read_at == is.read_at, "it is read once");
    for (channel, was) in &was.deliveries {
        let is = &is.deliveries[channel];
        let may = match was {
            Delivery::Due { .. } | Delivery::Resting { .. } => is.attempts() >= was.attempts() || !is.is_open(),
            Delivery::Sent { .. } => matches!(is, Delivery::Sent { .. } | Delivery::Bounced),
            Delivery::GivenUp { .. } => {
                matches!(is, Delivery::GivenUp { .. } | Delivery::Sent { .. } | Delivery::Bounced)
            }
            Delivery::Bounced => matches!(is, Delivery::Bounced),
        };
        assert!(may, "{channel:?} was {was:?} and is {is:?}");
    }
}

proptest! {
    #[test]
    fn at_every_prefix_a_notification_holds_together(turns in prop::collection::vec(some_turn(), 0..60)) {
        let mut state = State::default();
        for (second, turn) in turns.iter().enumerate() {
            let (next, event) = after(&state, turn, s(second as i64));
            holds_together(&next);
            only_ends_as_it_may(&state, &next);
            prop_assert!(event.is_none() || next != state, "{event:?} changed nothing");
            state = next;
        }
    }

    #[test]
    fn what_is_told_twice_is_told_once(turns in prop::collection::vec(some_turn(), 0..40), command in some_command()) {
        let told = |state: &State| after(state, &Turn::Told(command.clone()), s(50));
        let state = turns.iter().fold(State::default(), |state, turn| after(&state, turn, s(1)).0);
        let (once, _) = told(&state);
        prop_assert_eq!(told(&once).1, None);
    }

    #[test]
    fn a_command_that_is_applied_twice_adds_nothing(
        story in story(prop::collection::vec(some_command(), 0..25)),
    ) {
        assert_twice_adds_nothing::<Notification>("6f1c2a52-6c7e-5d0b-9b5e-2f1d7a0c4e11", &story);
    }

    #[test]
    fn a_message_that_nobody_answers_ends_by_itself(turns in prop::collection::vec(some_turn(), 0..40)) {
        let mut state = turns.iter().fold(State::default(), |state, turn| after(&state, turn, s(1)).0);
        let mut fired = 0;
        while let Some(deadline) = Notification::deadline(&state) {
            let (next, event) = after(&state, &Turn::DeadlinePasses, deadline);
            prop_assert!(event.is_some(), "a deadline fired in vain");
            prop_assert_ne!(Notification::deadline(&next), Some(deadline), "it outlives its event");
            state = next;
            fired += 1;
            prop_assert!(fired <= 3 * (ATTEMPTS + 1), "it never ends");
        }
        prop_assert!(!matches!(state, State::Delivering(_)));
    }
}
