//! Who is refused after which event, for how long that is remembered, and what is forgotten.

use std::collections::BTreeSet;

use proptest::prelude::*;
use tillroll_http::{Identity, LEEWAY, LOGIN_TOKEN_LIFE, Login, Role};
use tillroll_schemas::api_key::secret::ApiSecret;
use tillroll_schemas::api_key::{ApiKeyEvent, Created, Maker, Revoked as KeyRevoked, Scope};
use tillroll_schemas::session::{Expired, LoggedOut, Opened, Refreshed, Revocation, Revoked, SessionEvent};
use tillroll_schemas::user::{
    self, Erased, PasswordChanged, PasswordProof, Reinstated, RolesChanged, Suspended, UserEvent,
};
use tillroll_schemas::{ApiKeyId, PasswordHash, UserId};
use uuid::Uuid;

use super::known::{Known, REMEMBERED};
use super::recent::Millis;

const NOW: Millis = 1_700_000_000_000;
const ANN: Uuid = Uuid::from_u128(0xa);
const BOB: Uuid = Uuid::from_u128(0xb);
const PHONE: Uuid = Uuid::from_u128(1);
const LAPTOP: Uuid = Uuid::from_u128(2);

/// How long a token of a session may still be taken after the session's end.
const TOKEN: Millis = (LOGIN_TOKEN_LIFE.as_secs() + LEEWAY) as Millis * 1000;

fn by(user: Uuid, sid: Uuid, epoch: u64) -> Identity {
    Identity::of_user(user, &[Role::Customer], Some(Login { sid, epoch }))
}

fn logged_out() -> SessionEvent {
    LoggedOut {}.into()
}

fn password_changed(epoch: u64) -> UserEvent {
    PasswordChanged { password: PasswordHash(String::new()), proof: PasswordProof::Password, epoch }.into()
}

fn reset(epoch: u64) -> UserEvent {
    PasswordChanged { password: PasswordHash(String::new()), proof: PasswordProof::ResetToken, epoch }.into()
}

fn suspended(epoch: u64) -> UserEvent {
    Suspended { reason: "fraud".into(), epoch }.into()
}

fn erased(epoch: u64) -> UserEvent {
    Erased { epoch, releases: vec![], answer_by: tillroll_log::Timestamp::UNIX_EPOCH }.into()
}

#[test]
fn a_session_that_is_over_is_refused_and_its_neighbour_is_not() {
    let revoked = Revoked { cause: Revocation::TokenReused { generation: 3 } };
    for over in [logged_out(), revoked.into(), Expired {}.into()] {
        let mut known = Known::nothing();
        known.session(PHONE, &over, NOW, NOW);
        assert!(known.refuses(&by(ANN, PHONE, 1)), "{over:?}");
        assert!(!known.refuses(&by(ANN, LAPTOP, 1)));
    }
}

#[test]
fn a_session_that_goes_on_is_not_refused() {
    let at = tillroll_log::Timestamp::UNIX_EPOCH;
    let opened = Opened { user_id: UserId(ANN), epoch: 1, device: None, expires_at: at };
    let refreshed = Refreshed { generation: 2, previous_until: at, expires_at: at };
    let mut known = Known::nothing();
    known.session(PHONE, &opened.into(), NOW, NOW);
    known.session(PHONE, &refreshed.into(), NOW, NOW);
    assert!(!known.refuses(&by(ANN, PHONE, 1)));
    assert_eq!(known.len(), 0, "and costs nothing");
}

#[test]
fn a_raised_epoch_ends_every_token_of_an_older_one() {
    for raised in [password_changed(2), RolesChanged { roles: BTreeSet::new(), epoch: 2 }.into()] {
        let mut known = Known::nothing();
        known.user(ANN, &raised, NOW, NOW);
        assert!(known.refuses(&by(ANN, PHONE, 1)) && known.refuses(&by(ANN, LAPTOP, 1)));
        assert!(!known.refuses(&by(ANN, PHONE, 2)), "who logged in since is let in");
        assert!(!known.refuses(&by(BOB, PHONE, 1)));
    }
}

#[test]
fn a_closed_account_is_refused_whatever_its_token_rests_on() {
    for closed in [suspended(2), erased(2)] {
        let mut known = Known::nothing();
        known.user(ANN, &closed, NOW, NOW);
        assert!(known.refuses(&by(ANN, PHONE, 2)));
        assert!(known.refuses(&Identity::of_user(ANN, &[Role::Customer], None)), "a token without a log-in");
        assert!(known.refuses(&Identity { owner: Some(ANN), ..Role::Staff.held_by("api-key:1") }), "a key of his");
        assert!(!known.refuses(&Identity::of_user(BOB, &[Role::Customer], None)));
        assert!(!known.refuses(&Role::Staff.held_by("staff")));
    }
}

#[test]
fn who_is_reinstated_logs_in_anew() {
    let mut known = Known::nothing();
    known.user(ANN, &suspended(2), NOW, NOW);
    known.user(ANN, &Reinstated {}.into(), NOW, NOW);
    assert!(known.refuses(&by(ANN, PHONE, 1)), "what he had before stays void");
    assert!(!known.refuses(&by(ANN, LAPTOP, 2)));
}

/// A key of somebody whom its making found in this epoch.
fn key_of_epoch(owner: Uuid, secret: &ApiSecret, epoch: Option<u64>) -> ApiKeyEvent {
    let scopes = ["orders:own", "orders:read"].map(|scope| Scope::parse(scope).unwrap()).into();
    Created { hash: secret.hash(), owner: UserId(owner), label: "importer".into(), scopes, epoch, made_by: None }.into()
}

fn key(owner: Uuid, secret: &ApiSecret) -> ApiKeyEvent {
    key_of_epoch(owner, secret, Some(1))
}

fn roles_changed(roles: &[user::Role], epoch: u64) -> UserEvent {
    RolesChanged { roles: roles.iter().copied().collect(), epoch }.into()
}

#[test]
fn a_key_opens_by_its_secret_until_it_is_revoked() {
    let (id, secret) = (Uuid::from_u128(9), ApiSecret::new([9; 32]));
    let mut known = Known::nothing();
    known.key(id, &key(ANN, &secret));
    let (access, _) = known.access_by(ApiKeyId(id), &secret).unwrap();
    assert!(access.identity.has_scope("orders:own") && !access.identity.has_scope("orders:place"));
    assert_eq!((access.identity.subject.as_str(), access.identity.user()), (&*format!("api-key:{id}"), Some(ANN)));
    assert!(known.access_by(ApiKeyId(id), &ApiSecret::new([8; 32])).is_none());
    assert!(known.access_by(ApiKeyId(BOB), &secret).is_none());
    known.key(id, &KeyRevoked {}.into());
    assert!(known.access_by(ApiKeyId(id), &secret).is_none());
    assert_eq!(known.len(), 0);
}

#[test]
fn a_key_gives_no_more_than_its_owner_may_do_now() {
    let (id, secret) = (Uuid::from_u128(9), ApiSecret::new([9; 32]));
    let may = |known: &Known| known.access_by(ApiKeyId(id), &secret).unwrap().0.identity.scopes.join(" ");
    let (customer, staff) = (user::Role::Customer, user::Role::Staff);
    let mut known = Known::nothing();
    known.key(id, &key(ANN, &secret));
    assert_eq!(may(&known), "orders:own", "a plain customer's");
    known.user(ANN, &roles_changed(&[customer, staff], 1), NOW, NOW);
    assert_eq!(may(&known), "orders:own orders:read");
    known.user(BOB, &roles_changed(&[customer], 2), NOW, NOW);
    assert_eq!(may(&known), "orders:own orders:read", "what Bob may is nothing to Ann's key");
    known.user(ANN, &roles_changed(&[customer], 2), NOW, NOW);
    assert_eq!(may(&known), "orders:own", "she is no staff any more");
    known.user(ANN, &roles_changed(&[user::Role::Operator], 3), NOW, NOW);
    assert_eq!(may(&known), "orders:read", "who buys nothing has no orders of his own");
    // In whatever order the topics are read.
    let mut later = Known::nothing();
    later.user(ANN, &roles_changed(&[customer, staff], 1), NOW, NOW);
    later.key(id, &key(ANN, &secret));
    assert_eq!(may(&later), "orders:own orders:read");
}

#[test]
fn a_reset_by_mail_voids_the_keys_that_were_made_before_and_a_changed_password_does_not() {
    let (id, secret) = (Uuid::from_u128(9), ApiSecret::new([9; 32]));
    let is_good = |known: &Known| known.access_by(ApiKeyId(id), &secret).is_some();
    let mut known = Known::nothing();
    known.key(id, &key(ANN, &secret));
    known.user(ANN, &password_changed(2), NOW, NOW);
    known.user(BOB, &reset(5), NOW, NOW);
    assert!(is_good(&known), "whoever knows the old password takes nothing back");
    known.user(ANN, &reset(3), NOW, NOW);
    assert!(!is_good(&known));
    for (epoch, good) in [(None, false), (Some(2), false), (Some(3), true)] {
        known.key(id, &key_of_epoch(ANN, &secret, epoch));
        assert_eq!(is_good(&known), good, "made in {epoch:?}");
    }
    known.user(ANN, &roles_changed(&[user::Role::Staff], 4), NOW, NOW);
    known.user(ANN, &suspended(5), NOW, NOW);
    known.user(ANN, &Reinstated {}.into(), NOW, NOW);
    assert!(is_good(&known), "other reasons to raise the epoch void no key");
}

#[test]
fn a_key_for_another_ends_with_the_log_in_that_made_it() {
    let (id, secret) = (Uuid::from_u128(9), ApiSecret::new([9; 32]));
    let is_good = |known: &Known| {
        let found = known.access_by(ApiKeyId(id), &secret);
        found.is_some_and(|(_, rests_on)| !rests_on.into_iter().any(|user| known.is_closed(user)))
    };
    let made_in = |epoch| {
        let ApiKeyEvent::Created(created) = key(ANN, &secret) else { panic!() };
        let made_by = Some(Maker { user: UserId(BOB), epoch });
        ApiKeyEvent::from(Created { made_by, ..created })
    };
    let mut known = Known::nothing();
    known.key(id, &made_in(4));
    known.user(BOB, &password_changed(5), NOW, NOW);
    known.user(BOB, &roles_changed(&[user::Role::Customer], 6), NOW, NOW);
    assert!(is_good(&known), "what he may do himself bounds nobody else's key");
    known.user(BOB, &reset(7), NOW, NOW);
    assert!(!is_good(&known), "who set a new password by mail takes back what was made in his name");
    known.key(id, &made_in(7));
    assert!(is_good(&known));
    known.user(BOB, &suspended(8), NOW, NOW);
    assert!(!is_good(&known));
    known.user(BOB, &Reinstated {}.into(), NOW, NOW);
    assert!(is_good(&known));
    known.user(BOB, &erased(9), NOW, NOW);
    assert!(!is_good(&known));
    known.key(id, &made_in(4));
    assert!(!is_good(&known), "and what a reset had voided stays so");
}

#[test]
fn what_ended_long_before_the_door_opened_costs_nothing() {
    let mut known = Known::nothing();
    for n in 0..1000 {
        known.session(Uuid::from_u128(n), &logged_out(), NOW - REMEMBERED - 1, NOW);
        known.user(Uuid::from_u128(n), &password_changed(2), NOW - REMEMBERED - 1, NOW);
    }
    assert_eq!(known.len(), 0);
}

#[test]
fn a_busy_door_forgets_and_remembers_no_more_than_twice_as_long_as_it_must() {
    let mut known = Known::nothing();
    let (every, days) = (10_000, 3);
    let most = usize::try_from(2 * REMEMBERED / every + 2).unwrap();
    for n in 0..days * 24 * 3600 * 1000 / every {
        known.session(Uuid::from_u128(n as u128), &logged_out(), NOW + n * every, NOW + n * every);
        assert!(known.len() <= most, "{} after {n}", known.len());
    }
}

proptest! {
    /// The session ends at some time amid others; as long as a token of it may be taken, it is refused.
    #[test]
    fn an_end_is_remembered_as_long_as_a_token_may_be_taken(
        mut ends in prop::collection::vec(0..6 * TOKEN, 1..60),
        of in any::<prop::sample::Index>(),
        clocks_apart in -60_000..60_000_i64,
    ) {
        ends.sort_unstable();
        let (mut known, watched) = (Known::nothing(), of.index(ends.len()));
        for (n, end) in ends.iter().enumerate() {
            let now = NOW + end + clocks_apart;
            known.session(Uuid::from_u128(n as u128), &logged_out(), NOW + end, now);
            if n >= watched && end - ends[watched] <= TOKEN {
                prop_assert!(known.refuses(&by(ANN, Uuid::from_u128(watched as u128), 1)), "{n}");
            }
        }
    }
}
