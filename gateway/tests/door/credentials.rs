//! Every route of the table, with every kind of credentials.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use tillroll_gateway::routes::{Access, ROUTES, Target};
use tillroll_http::{Identity, Keys, Login, Role, unix_now};
use tillroll_schemas::ApiKeyId;
use tillroll_schemas::api_key::secret::ApiSecret;
use uuid::Uuid;

use crate::world::{SOMEONE, World, opens};

#[tokio::test]
async fn without_credentials_only_public_routes_answer() {
    let world = World::new().await;
    for route in ROUTES.iter().filter(|route| route.target != Target::Health) {
        let answer = world.walk(route, None).await;
        if route.access == Access::Public {
            assert_eq!(answer.status, 200, "{route:?}");
        } else {
            assert_eq!((answer.status, answer.code().as_str()), (401, "unauthenticated"), "{route:?}");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{route:?}");
        }
    }
}

#[tokio::test]
async fn each_role_gets_where_its_scopes_reach_and_no_further() {
    let world = World::new().await;
    for role in Role::ALL {
        let bearer = format!("Bearer {}", world.token(role));
        for route in ROUTES.iter().filter(|route| route.target != Target::Health) {
            let answer = world.walk(route, Some(&bearer)).await;
            if opens(role, route) {
                assert_eq!(answer.status, 200, "{role:?} {route:?} {answer:?}");
            } else {
                assert_eq!((answer.status, answer.code().as_str()), (403, "forbidden"), "{role:?} {route:?}");
            }
        }
    }
}

#[tokio::test]
async fn one_scope_opens_only_the_routes_that_ask_for_it() {
    let world = World::new().await;
    for held in Role::ALL.iter().flat_map(|role| role.scopes()) {
        let identity = Identity { roles: vec![], scopes: vec![(*held).to_owned()], ..Role::Staff.held_by(SOMEONE) };
        let token = world.keys.access.mint(&identity, Duration::from_secs(60), unix_now()).unwrap();
        for route in ROUTES {
            if route.access == Access::Public {
                continue;
            }
            let answer = world.walk(route, Some(&format!("Bearer {token}"))).await;
            let opened = route.access.scopes().contains(held);
            assert_eq!(answer.status, if opened { 200 } else { 403 }, "{held} {route:?}");
        }
    }
}

/// Tokens and headers that must open nothing.
fn bad_credentials(world: &World) -> Vec<String> {
    let good = world.token(Role::Staff);
    let parts: Vec<_> = good.split('.').collect();
    let kid = world.keys.access.public()[0].common.key_id.clone().unwrap();
    let header = |alg: &str| URL_SAFE_NO_PAD.encode(json!({"alg": alg, "typ": "at+jwt", "kid": kid}).to_string());
    let other = Keys::open_or_create(tempfile::tempdir().unwrap().path()).unwrap();
    let foreign = other.mint("someone", Role::Staff, Duration::from_secs(60)).unwrap();
    let early =
        world.keys.access.mint(&Role::Staff.held_by("x"), Duration::from_secs(9000), unix_now() + 3600).unwrap();
    vec![
        format!("Bearer {}.{}.", header("none"), parts[1]),
        format!("Bearer {}.{}.{}", header("none"), parts[1], parts[2]),
        format!("Bearer {}.{}.{}", header("HS256"), parts[1], parts[2]),
        format!("Bearer {}.{}.{}", parts[0], parts[1], "A".repeat(86)),
        format!("Bearer {good}x"),
        format!("Bearer {good}."),
        format!("Bearer  {good}"),
        format!("Bearer {foreign}"),
        format!("Bearer {early}"),
        format!("Basic {good}"),
        good,
        "Bearer".into(),
        "Bearer undefined".into(),
    ]
}

#[tokio::test]
async fn bad_credentials_open_nothing_not_even_what_is_public() {
    let world = World::new().await;
    for credentials in bad_credentials(&world) {
        for route in ROUTES.iter().filter(|route| matches!(route.target, Target::Role(_))) {
            let answer = world.walk(route, Some(&credentials)).await;
            assert_eq!((answer.status, answer.code().as_str()), (401, "unauthenticated"), "{credentials} {route:?}");
        }
    }
}

#[tokio::test]
async fn an_expired_token_says_so() {
    let world = World::new().await;
    let then = unix_now() - 3600;
    let token = world.keys.access.mint(&Role::Staff.held_by("x"), Duration::from_secs(60), then).unwrap();
    let answer = world.call("GET", "/api/v1/orders", &[("authorization", &format!("Bearer {token}"))], "").await;
    assert_eq!((answer.status, answer.code().as_str()), (401, "token_expired"));
    assert_eq!(answer.header("www-authenticate"), Some("Bearer error=\"invalid_token\""));
}

#[tokio::test]
async fn two_authorizations_are_one_too_many() {
    let world = World::new().await;
    let bearer = format!("Bearer {}", world.token(Role::Staff));
    let twice = [("authorization", bearer.as_str()), ("authorization", bearer.as_str())];
    assert_eq!(world.call("GET", "/api/v1/orders", &twice, "").await.status, 401);
}

#[tokio::test]
async fn the_role_learns_who_calls_and_never_sees_the_token() {
    let world = World::new().await;
    let asked = world.staff("GET", "/api/v1/orders", "").await.json();
    let identity = asked["headers"]["tillroll-identity"].as_str().unwrap();
    let opened = world.keys.identity.verifier().open(identity, unix_now()).unwrap();
    assert_eq!(*opened, Role::Staff.held_by(SOMEONE));
    assert!(asked["headers"].get("authorization").is_none());
    let anonymous = world.call("GET", "/api/v1/products", &[], "").await.json();
    assert!(anonymous["headers"].get("tillroll-identity").is_none());
}

#[tokio::test]
async fn an_identity_that_the_client_brings_is_dropped() {
    let world = World::new().await;
    let stolen = world.keys.identity.seal(&Role::Staff.held_by("root"), unix_now()).unwrap();
    let stolen = stolen.to_str().unwrap();
    for name in ["tillroll-identity", "Tillroll-Identity", "TILLROLL-IDENTITY"] {
        let answer = world.call("GET", "/api/v1/orders", &[(name, stolen)], "").await;
        assert_eq!(answer.status, 401);
        let asked = world.call("GET", "/api/v1/products", &[(name, stolen)], "").await.json();
        assert!(asked["headers"].get("tillroll-identity").is_none());
        let bearer = format!("Bearer {}", world.token(Role::Customer));
        let asked =
            world.call("GET", "/api/v1/products", &[("authorization", &bearer), (name, stolen)], "").await.json();
        assert_ne!(asked["headers"]["tillroll-identity"], stolen);
    }
}

#[tokio::test]
async fn nobody_is_let_in_by_a_login_or_a_key_whose_end_the_door_may_not_have_read() {
    let world = World::new().await;
    let login = Login { sid: Uuid::from_u128(1), epoch: 1 };
    let ann = Identity::of_user(Uuid::from_u128(2), &[Role::Staff, Role::Customer], Some(login));
    let token = world.keys.access.mint(&ann, Duration::from_secs(60), unix_now()).unwrap();
    let key = ApiSecret::new([7; 32]).reveal(ApiKeyId(Uuid::from_u128(3)));
    for bearer in [format!("Bearer {token}"), format!("Bearer {key}")] {
        for path in ["/api/v1/products", "/api/v1/orders"] {
            let answer = world.call("GET", path, &[("authorization", &bearer)], "").await;
            assert_eq!((answer.status, answer.code().as_str()), (503, "unavailable"), "{path}");
            assert_eq!(answer.header("retry-after"), Some("1"));
        }
    }
    let bearer = format!("Bearer {key}x");
    assert_eq!(world.call("GET", "/api/v1/orders", &[("authorization", &bearer)], "").await.status, 401);
    assert_eq!(world.staff("GET", "/api/v1/orders", "").await.status, 200, "what rests on no log-in is let in");
}

#[tokio::test]
async fn the_public_keys_are_told_at_the_root_and_nothing_secret_with_them() {
    let world = World::new().await;
    let answer = world.call("GET", "/.well-known/jwks.json", &[], "").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/jwk-set+json")));
    let set = answer.json();
    let [key] = set["keys"].as_array().unwrap().as_slice() else { panic!("{set}") };
    assert_eq!((&key["kty"], &key["crv"], &key["alg"]), (&json!("OKP"), &json!("Ed25519"), &json!("EdDSA")));
    let token = world.token(Role::Staff);
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    let header: serde_json::Value = serde_json::from_slice(&header).unwrap();
    assert_eq!((&header["kid"], &key["d"]), (&key["kid"], &serde_json::Value::Null));
    assert_eq!(world.call("GET", "/api/v1/.well-known/jwks.json", &[], "").await.status, 404);
}
