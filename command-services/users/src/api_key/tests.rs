//! What a key for machines does, sentence by sentence, and what is true of it whatever it is asked.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;
use tillroll_log::Rejection as _;
use tillroll_schemas::api_key::{Maker, Scope};
use tillroll_schemas::{SecretHash, UserId};
use tillroll_testkit::{assert_twice_adds_nothing, story};
use uuid::Uuid;

struct Given(State);

struct Decided(Decision);

fn given(events: &[ApiKeyEvent]) -> Given {
    Given(events.iter().fold(State::default(), ApiKey::evolve))
}

impl Given {
    fn when(self, command: impl Into<ApiKeyCommand>) -> Decided {
        Decided(ApiKey::decide(&self.0, &command.into(), Timestamp::UNIX_EPOCH))
    }
}

impl Decided {
    #[track_caller]
    fn then(self, event: impl Into<ApiKeyEvent>) {
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

fn scopes(texts: &[&str]) -> BTreeSet<Scope> {
    texts.iter().map(|text| Scope::parse(text).unwrap()).collect()
}

fn create(label: &str, texts: &[&str]) -> CreateApiKey {
    let (hash, owner) = (SecretHash::of_digest(&[1; 32]), UserId(Uuid::from_u128(1)));
    let made_by = Some(Maker { user: UserId(Uuid::from_u128(2)), epoch: 4 });
    CreateApiKey { hash, owner, label: label.to_owned(), scopes: scopes(texts), epoch: Some(1), made_by }
}

fn created(label: &str, texts: &[&str]) -> ApiKeyEvent {
    let CreateApiKey { hash, owner, label, scopes, epoch, made_by } = create(label, texts);
    Created { hash, owner, label, scopes, epoch, made_by }.into()
}

fn importer() -> ApiKeyEvent {
    created("importer", &["orders:enter"])
}

#[test]
fn a_key_is_created_with_the_hash_of_its_secret() {
    given(&[]).when(create("importer", &["orders:enter"])).then(importer());
}

#[test]
fn a_key_that_may_do_nothing_is_refused() {
    given(&[]).when(create("importer", &[])).then_refused(Rejection::NoScopes);
}

#[test]
fn creating_the_same_key_twice_is_creating_it_once() {
    given(&[importer()]).when(create("importer", &["orders:enter"])).then_nothing();
    given(&[importer(), Revoked {}.into()]).when(create("importer", &["orders:enter"])).then_nothing();
}

#[test]
fn an_id_names_one_key_for_ever() {
    given(&[importer()]).when(create("importer", &["orders:enter", "orders:read"])).then_refused(Rejection::Exists);
}

#[test]
fn a_key_is_revoked_for_ever() {
    given(&[importer()]).when(RevokeApiKey {}).then(Revoked {});
    given(&[importer(), Revoked {}.into()]).when(RevokeApiKey {}).then_nothing();
    given(&[]).when(RevokeApiKey {}).then_refused(Rejection::NotFound);
}

#[test]
fn a_scope_is_a_subject_and_a_verb() {
    for good in ["orders:read", "api-keys:write"] {
        assert_eq!(Scope::parse(good).unwrap().as_str(), good);
    }
    for wrong in ["", "orders", ":", "orders:", ":read", "Orders:read", "orders:read:all", "orders: read"] {
        assert!(Scope::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn every_rejection_is_of_a_known_kind_of_problem() {
    for rejection in Rejection::ALL {
        assert!(tillroll_command_http::kind_of(rejection.code()).is_some(), "{}", rejection.code());
        assert!(!rejection.detail().is_empty());
    }
}

fn some_command() -> impl Strategy<Value = ApiKeyCommand> {
    let texts = prop::sample::subsequence(vec!["orders:read", "orders:enter"], 0..=2);
    prop_oneof![
        2 => texts.prop_map(|texts| create("importer", &texts).into()),
        1 => Just(RevokeApiKey {}.into()),
    ]
}

proptest! {
    #[test]
    fn whatever_is_asked_a_key_keeps_what_it_may_do(commands in prop::collection::vec(some_command(), 0..20)) {
        let mut state = State::default();
        let mut first = None;
        for command in commands {
            if let Ok(Some(event)) = ApiKey::decide(&state, &command, Timestamp::UNIX_EPOCH) {
                prop_assert!(!matches!(state, State::Revoked(_)), "a revoked key changed");
                state = ApiKey::evolve(state, &event);
            }
            if let State::Live(key) | State::Revoked(key) = &state {
                prop_assert_eq!(key, first.get_or_insert_with(|| key.clone()));
            }
        }
    }

    #[test]
    fn a_command_that_is_applied_twice_adds_nothing(
        story in story(prop::collection::vec(some_command(), 0..20)),
    ) {
        assert_twice_adds_nothing::<ApiKey>("00000000-0000-0000-0000-000000000001", &story);
    }
}
