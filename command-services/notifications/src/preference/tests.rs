//! What people may choose, sentence by sentence.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;
use tillroll_testkit::{assert_twice_adds_nothing, story};

fn choices(chosen: &[(Kind, &[Channel])]) -> Choices {
    Choices(chosen.iter().map(|(kind, channels)| (*kind, channels.iter().copied().collect())).collect())
}

fn choose(chosen: &[(Kind, &[Channel])]) -> PreferenceCommand {
    Choose { choices: choices(chosen) }.into()
}

fn chosen(choices: Choices) -> PreferenceEvent {
    Chosen { choices, undeliverable: None }.into()
}

fn decide(events: &[PreferenceEvent], command: &PreferenceCommand) -> Result<Option<PreferenceEvent>, Rejection> {
    let state = events.iter().fold(State::default(), Preference::evolve);
    Preference::decide(&state, command, Timestamp::UNIX_EPOCH)
}

#[test]
fn who_never_chose_gets_mails_and_nothing_else() {
    let defaults = State::default().choices;
    for kind in Kind::ALL {
        for channel in Channel::ALL {
            assert_eq!(defaults.wants(kind, channel), channel == Channel::Email, "{kind:?} {channel:?}");
        }
    }
}

#[test]
fn a_choice_holds_for_its_kind_and_leaves_the_others() {
    let first = choices(&[(Kind::Delivery, &[Channel::Sms])]);
    assert_eq!(decide(&[], &choose(&[(Kind::Delivery, &[Channel::Sms])])), Ok(Some(chosen(first.clone()))));
    let both = choices(&[(Kind::Delivery, &[Channel::Sms]), (Kind::Order, &[Channel::Email, Channel::Push])]);
    let second = choose(&[(Kind::Order, &[Channel::Email, Channel::Push])]);
    assert_eq!(decide(&[chosen(first)], &second), Ok(Some(chosen(both.clone()))));
    assert!(both.wants(Kind::Delivery, Channel::Sms) && !both.wants(Kind::Delivery, Channel::Email));
}

#[test]
fn news_of_a_delivery_can_be_switched_off() {
    let none = choices(&[(Kind::Delivery, &[])]);
    assert_eq!(decide(&[], &choose(&[(Kind::Delivery, &[])])), Ok(Some(chosen(none.clone()))));
    assert!(Channel::ALL.into_iter().all(|channel| !none.wants(Kind::Delivery, channel)));
}

#[test]
fn mails_about_orders_and_the_account_cannot_be_switched_off() {
    for kind in [Kind::Account, Kind::Order] {
        for channels in [&[][..], &[Channel::Sms, Channel::Push]] {
            assert_eq!(decide(&[], &choose(&[(kind, channels)])), Err(Rejection::EmailRequired(kind)));
        }
    }
}

#[test]
fn choosing_the_same_again_changes_nothing() {
    let first = choices(&[(Kind::Delivery, &[Channel::Sms])]);
    assert_eq!(decide(&[chosen(first)], &choose(&[(Kind::Delivery, &[Channel::Sms])])), Ok(None));
    assert_eq!(decide(&[], &choose(&[])), Ok(None));
}

#[test]
fn an_address_that_is_none_is_remembered_until_he_chooses_anew() {
    let none = |address| RecordUndeliverable { address }.into();
    let first = choices(&[(Kind::Delivery, &[Channel::Sms])]);
    let known = PreferenceEvent::from(Chosen { choices: first.clone(), undeliverable: Some(2) });
    assert_eq!(decide(&[chosen(first.clone())], &none(2)), Ok(Some(known.clone())), "and what he chose holds");
    assert_eq!(decide(std::slice::from_ref(&known), &none(2)), Ok(None));
    assert_eq!(decide(std::slice::from_ref(&known), &none(1)), Ok(None), "what came late is of an address before");
    assert_eq!(decide(&[known], &choose(&[])), Ok(Some(chosen(first))), "he says nothing new, and it is tried again");
}

#[test]
fn a_repeat_is_told_what_the_first_was_told() {
    let first = choices(&[(Kind::Delivery, &[Channel::Sms])]);
    let now = State { choices: choices(&[(Kind::Delivery, &[])]), undeliverable: None };
    let key = Key::from("0b9c2f7e-8a55-5f0e-9d5c-6a0f2b1c7d10");
    assert_eq!(Preference::answer(&key, Some(&chosen(first.clone())), &now), first);
    assert_eq!(Preference::answer(&key, None, &now), now.choices);
}

#[test]
fn every_rejection_is_of_a_known_kind_of_problem() {
    let code = tillroll_log::Rejection::code(&Rejection::EmailRequired(Kind::Order));
    assert!(tillroll_command_http::kind_of(code).is_some(), "{code}");
}

fn some_choices() -> impl Strategy<Value = Choices> {
    let channels = || prop::collection::btree_set((0..3_usize).prop_map(|which| Channel::ALL[which]), 0..3);
    prop::collection::btree_map((0..3_usize).prop_map(|which| Kind::ALL[which]), channels(), 0..3).prop_map(Choices)
}

fn some_command() -> impl Strategy<Value = PreferenceCommand> {
    prop_oneof![
        3 => some_choices().prop_map(|choices| Choose { choices }.into()),
        1 => (0..4_u32).prop_map(|address| RecordUndeliverable { address }.into()),
    ]
}

proptest! {
    #[test]
    fn what_mails_that_come_back_tell_is_told_from_what_the_person_chose(
        commands in prop::collection::vec(some_command(), 0..20),
    ) {
        let mut state = State::default();
        for command in commands {
            let Ok(Some(event)) = Preference::decide(&state, &command, Timestamp::UNIX_EPOCH) else { continue };
            let PreferenceEvent::Chosen(Chosen { choices, undeliverable }) = &event;
            let came_back = matches!(command, PreferenceCommand::RecordUndeliverable(_));
            prop_assert_eq!(undeliverable.is_some(), came_back);
            prop_assert!(!came_back || *choices == state.choices, "a mail that comes back chooses nothing");
            state = Preference::evolve(state, &event);
        }
    }

    #[test]
    fn whatever_is_chosen_what_is_owed_comes_by_mail(commands in prop::collection::vec(some_command(), 0..20)) {
        let mut state = State::default();
        for command in commands {
            if let Ok(Some(event)) = Preference::decide(&state, &command, Timestamp::UNIX_EPOCH) {
                state = Preference::evolve(state, &event);
            }
            let again = Preference::decide(&state, &command, Timestamp::UNIX_EPOCH);
            prop_assert!(!matches!(again, Ok(Some(_))), "{again:?}");
            let chosen = state.choices.clone();
            for kind in [Kind::Account, Kind::Order] {
                prop_assert!(chosen.wants(kind, Channel::Email));
                prop_assert!(chosen.0.get(&kind).is_none_or(|channels: &BTreeSet<_>| channels.contains(&Channel::Email)));
            }
        }
    }

    #[test]
    fn a_command_that_is_applied_twice_adds_nothing(
        story in story(prop::collection::vec(some_command(), 0..20)),
    ) {
        assert_twice_adds_nothing::<Preference>("0b9c2f7e-8a55-5f0e-9d5c-6a0f2b1c7d10", &story);
    }
}
