//! Sealed identities: what was sealed is opened for a while, and nothing else ever.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::{HeaderMap, Request};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;

use super::{Caller, Identity, IdentityKey, IdentityVerifier, Login, MAX_IDENTITY_AGE, Reach, Reaching, Role};
use crate::clock::unix_now;
use crate::problem::Problem;
use crate::route::Scope;
use uuid::Uuid;

const NOW: u64 = 1_700_000_000;

fn key() -> IdentityKey {
    IdentityKey::new(&[3; 32])
}

fn staff() -> Identity {
    Role::Staff.held_by("s-1")
}

fn sealed(now: u64) -> String {
    key().seal(&staff(), now).unwrap().to_str().unwrap().to_owned()
}

#[test]
fn what_is_sealed_is_opened_until_it_is_too_old() {
    let verifier = key().verifier();
    let text = sealed(NOW);
    assert_eq!(*verifier.open(&text, NOW).unwrap(), staff());
    assert_eq!(*verifier.open(&text, NOW + MAX_IDENTITY_AGE).unwrap(), staff());
    assert!(verifier.open(&text, NOW + MAX_IDENTITY_AGE + 6).is_err());
    let fresh = key().verifier();
    assert!(fresh.open(&text, NOW + MAX_IDENTITY_AGE + 6).is_err());
}

#[test]
fn an_identity_that_lives_too_long_is_not_trusted_even_if_it_is_sealed() {
    let long = key().seal_until(&staff(), NOW + 3600).unwrap();
    assert!(key().verifier().open(long.to_str().unwrap(), NOW).is_err());
}

#[test]
fn forgeries_are_not_trusted() {
    let good = sealed(NOW);
    let (json, tag) = good.split_once('.').unwrap();
    let mut operator = staff();
    operator.roles = vec!["operator".into()];
    let raised = URL_SAFE_NO_PAD
        .encode(format!(r#"{{"sub":"x","roles":["operator"],"scopes":["catalog:write"],"exp":{}}}"#, NOW + 30));
    let other = IdentityKey::new(&[4; 32]).seal(&staff(), NOW).unwrap();
    for text in [
        String::new(),
        ".".into(),
        json.into(),
        format!("{json}."),
        format!("{json}.{}", &tag[..20]),
        format!("{raised}.{tag}"),
        format!("{good}A"),
        format!("{good}.{tag}"),
        format!(" {good}"),
        other.to_str().unwrap().to_owned(),
        "A".repeat(20_000),
    ] {
        assert!(key().verifier().open(&text, NOW).is_err(), "{text}");
    }
}

async fn caller(
    headers: HeaderMap,
    verifier: &IdentityVerifier,
) -> (Result<Caller, Problem>, Result<Option<Caller>, Problem>) {
    let (mut parts, ()) = Request::new(()).into_parts();
    parts.headers = headers;
    let must = <Caller as FromRequestParts<_>>::from_request_parts(&mut parts, verifier).await;
    let may = <Caller as OptionalFromRequestParts<_>>::from_request_parts(&mut parts, verifier).await;
    (must, may)
}

#[tokio::test]
async fn a_route_gets_its_caller_or_401() {
    let verifier = key().verifier();
    let value = key().seal(&staff(), unix_now()).unwrap();
    let mut headers = HeaderMap::new();
    let (must, may) = caller(headers.clone(), &verifier).await;
    assert_eq!(must.unwrap_err().status(), 401);
    assert_eq!(may.unwrap(), None);

    headers.insert("tillroll-identity", value.clone());
    let (must, may) = caller(headers.clone(), &verifier).await;
    assert_eq!(must.unwrap().subject, "s-1");
    assert!(may.unwrap().unwrap().has_role(Role::Staff));

    headers.append("tillroll-identity", value);
    let (must, may) = caller(headers.clone(), &verifier).await;
    assert_eq!((must.unwrap_err().status().as_u16(), may.unwrap_err().status().as_u16()), (401, 401));

    headers.insert("tillroll-identity", "forged".parse().unwrap());
    let (must, may) = caller(headers, &verifier).await;
    assert_eq!((must.unwrap_err().status().as_u16(), may.unwrap_err().status().as_u16()), (401, 401));
}

#[test]
fn scopes_come_from_roles() {
    assert!(staff().require_scope("orders:enter").is_ok());
    let customer = Role::Customer.held_by("c-1");
    assert_eq!(customer.require_scope("orders:enter").unwrap_err().code(), "forbidden");
    assert!(!staff().has_scope("orders"));
    for role in Role::ALL {
        assert_eq!(role.name().parse(), Ok(role));
    }
    assert!("root".parse::<Role>().is_err());
}

const ANN: Uuid = Uuid::from_u128(0xa);
const BOB: Uuid = Uuid::from_u128(0xb);

#[test]
fn a_user_is_known_by_the_id_in_his_token_and_a_machine_by_its_owner() {
    assert_eq!(Identity::of_user(ANN, &[Role::Customer], None).user(), Some(ANN));
    let machine = Identity { owner: Some(BOB), ..Role::Staff.held_by("key") };
    assert_eq!(machine.user(), Some(BOB));
    for nobody in ["staff", "", &ANN.simple().to_string(), &ANN.urn().to_string(), &format!("{{{ANN}}}")] {
        let refused = Role::Customer.held_by(nobody).require_user().unwrap_err();
        assert_eq!((refused.status().as_u16(), refused.code()), (403, "forbidden"), "{nobody}");
    }
}

#[test]
fn a_key_for_machines_does_not_do_what_somebody_has_to_do_himself() {
    assert!(Identity::of_user(ANN, &[Role::Customer], None).require_no_key().is_ok());
    let machine = Identity { owner: Some(BOB), ..Role::Operator.held_by("key") };
    let refused = machine.require_no_key().unwrap_err();
    assert_eq!((refused.status().as_u16(), refused.code()), (403, "forbidden"));
}

#[test]
fn only_operators_have_others_forgotten() {
    let may = |role: &Role| role.scopes().contains(&"users:erase");
    assert_eq!(Role::ALL.into_iter().filter(may).collect::<Vec<_>>(), [Role::Operator]);
}

#[test]
fn who_has_two_roles_may_what_either_may() {
    let both = Identity::of_user(ANN, &[Role::Customer, Role::Staff], None);
    assert!(Role::Customer.scopes().iter().chain(Role::Staff.scopes()).all(|scope| both.has_scope(scope)));
    assert!(both.has_role(Role::Customer) && both.has_role(Role::Staff) && !both.has_scope("orders:operate"));
    assert_eq!(both.scopes.iter().filter(|scope| *scope == "profile:own").count(), 1, "named once");
}

struct All;
struct Own;
impl Scope for All {
    const NAME: &'static str = "orders:read";
}
impl Scope for Own {
    const NAME: &'static str = "orders:own";
}

async fn reach(identity: Option<Identity>) -> Result<Reach, u16> {
    let (mut parts, ()) = Request::new(()).into_parts();
    if let Some(identity) = identity {
        parts.headers.insert("tillroll-identity", key().seal(&identity, unix_now()).unwrap());
    }
    let reaching = Reaching::<All, Own>::from_request_parts(&mut parts, &key().verifier()).await;
    reaching.map(|reaching| reaching.reach).map_err(|problem| problem.status().as_u16())
}

#[tokio::test]
async fn staff_reach_everything_customers_what_is_theirs_and_others_nothing() {
    assert_eq!(reach(None).await, Err(401));
    assert_eq!(reach(Some(staff())).await, Ok(Reach::All));
    assert_eq!(reach(Some(Identity::of_user(ANN, &[Role::Customer], None))).await, Ok(Reach::Own(ANN)));
    assert_eq!(reach(Some(Identity::of_user(ANN, &[Role::Customer, Role::Staff], None))).await, Ok(Reach::All));
    assert_eq!(reach(Some(Role::Customer.held_by("nobody"))).await, Err(403), "who is no user has nothing of his own");
    assert_eq!(reach(Some(Identity::of_user(ANN, &[], None))).await, Err(403));
}

#[test]
fn what_is_anothers_or_nobodys_is_not_there() {
    assert!(Reach::Own(ANN).require(Some(ANN)).is_ok());
    for other in [Some(BOB), None] {
        assert_eq!(Reach::Own(ANN).require(other).unwrap_err().code(), "not_found");
        assert!(Reach::All.require(other).is_ok());
    }
}

proptest! {
    #[test]
    fn any_identity_survives_the_journey(subject in "\\PC{0,40}", roles in prop::collection::vec("[a-z]{1,8}", 0..4), scopes in prop::collection::vec("[a-z:]{1,12}", 0..8), owner in any::<Option<u128>>(), login in any::<Option<(u128, u64)>>()) {
        let login = login.map(|(sid, epoch)| Login { sid: Uuid::from_u128(sid), epoch });
        let identity = Identity { subject, roles, scopes, owner: owner.map(Uuid::from_u128), login };
        let value = key().seal(&identity, NOW).unwrap();
        let opened = key().verifier().open(value.to_str().unwrap(), NOW).unwrap();
        prop_assert_eq!(&*opened, &identity);
    }

    #[test]
    fn a_changed_character_is_noticed(at in any::<prop::sample::Index>(), to in "[A-Za-z0-9_.-]") {
        let mut text = sealed(NOW);
        let at = at.index(text.len());
        prop_assume!(text[at..=at] != to);
        text.replace_range(at..=at, &to);
        prop_assert!(key().verifier().open(&text, NOW).is_err());
    }
}
