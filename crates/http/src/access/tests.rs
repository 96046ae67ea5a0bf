//! Access tokens: only what the local keys signed, for us, and in time, gets in, also from the cache.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::AlgorithmParameters;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{AccessKeys, AccessRefused, LEEWAY, LOGIN_TOKEN_LIFE};
use crate::identity::{Identity, IdentityKey, Login, Role};
use crate::problem::Problem;

const NOW: u64 = 1_700_000_000;
const TTL: u64 = 900;

fn pem(seed: u8) -> String {
    let der = [
        &[0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20],
        &[seed; 32][..],
    ]
    .concat();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der))
}

fn keys() -> AccessKeys {
    AccessKeys::from_pem(pem(1).as_bytes(), None).unwrap()
}

fn kid(keys: &AccessKeys) -> String {
    keys.public()[0].common.key_id.clone().unwrap()
}

fn token() -> String {
    keys().mint(&Role::Staff.held_by("s-1"), Duration::from_secs(TTL), NOW).unwrap()
}

fn refused(token: &str) -> AccessRefused {
    keys().verify(token, NOW).err().unwrap_or_else(|| panic!("accepted {token}"))
}

fn claims(change: Value) -> Value {
    let mut claims = json!({
        "iss": "tillroll", "aud": "tillroll", "sub": "s-1", "exp": NOW + TTL, "nbf": NOW, "iat": NOW,
        "jti": "00000000-0000-0000-0000-000000000000", "roles": ["staff"], "scope": "orders:read",
    });
    for (name, value) in change.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

/// A token signed with the true key, with this header and these claims.
fn signed(header: Value, claims: &Value) -> String {
    let mut whole = json!({"alg": "EdDSA", "typ": "at+jwt", "kid": kid(&keys())});
    for (name, value) in header.as_object().unwrap() {
        whole[name] = value.clone();
    }
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(&whole), part(claims));
    let key = EncodingKey::from_ed_pem(pem(1).as_bytes()).unwrap();
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::EdDSA).unwrap();
    format!("{message}.{signature}")
}

fn public_key() -> Vec<u8> {
    match &keys().public()[0].algorithm {
        AlgorithmParameters::OctetKeyPair(pair) => URL_SAFE_NO_PAD.decode(&pair.x).unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_minted_token_is_accepted_again_and_again() {
    let keys = keys();
    for _ in 0..3 {
        let access = keys.verify(&token(), NOW).unwrap();
        assert_eq!(access.identity, Role::Staff.held_by("s-1"));
    }
    assert!(keys.verify(&signed(json!({}), &claims(json!({}))), NOW).is_ok());
}

#[test]
fn times_are_checked_also_when_the_cache_answers() {
    let (keys, token) = (keys(), token());
    assert_eq!(keys.verify(&token, NOW - LEEWAY - 1).err(), Some(AccessRefused::TooEarly));
    assert!(keys.verify(&token, NOW - LEEWAY).is_ok());
    assert!(keys.verify(&token, NOW + TTL + LEEWAY).is_ok());
    assert_eq!(keys.verify(&token, NOW + TTL + LEEWAY + 1).err(), Some(AccessRefused::Expired));
    assert_eq!(keys.verify(&token, NOW + TTL + LEEWAY + 1).err(), Some(AccessRefused::Expired));
    const { assert!(LEEWAY <= 60) };
    assert_eq!(Problem::from(AccessRefused::Expired).code(), "token_expired");
    assert_eq!(Problem::from(AccessRefused::Invalid).code(), "unauthenticated");
}

#[test]
fn no_algorithm_but_the_pinned_one_is_accepted() {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    for none in ["none", "None", "NONE", "nOnE", ""] {
        let header = json!({"alg": none, "typ": "at+jwt", "kid": kid(&keys())});
        let unsigned = format!("{}.{}.", part(header), part(claims(json!({}))));
        assert_eq!(refused(&unsigned), AccessRefused::Invalid, "{none}");
        let signature = token().rsplit_once('.').unwrap().1.to_owned();
        assert_eq!(refused(&format!("{unsigned}{signature}")), AccessRefused::Invalid, "{none}");
    }
    // The public key as the secret of an HMAC: raw, and in each way in which a verifier might hold it.
    let raw = public_key();
    for secret in
        [raw.clone(), STANDARD.encode(&raw).into_bytes(), URL_SAFE_NO_PAD.encode(&raw).into_bytes(), Vec::new()]
    {
        for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            let mut header = Header::new(algorithm);
            header.typ = Some("at+jwt".into());
            header.kid = Some(kid(&keys()));
            let forged = encode(&header, &claims(json!({})), &EncodingKey::from_secret(&secret)).unwrap();
            assert_eq!(refused(&forged), AccessRefused::Invalid);
        }
    }
    for algorithm in ["ES256", "RS256", "PS256", "HS256", "EdDSA2", "eddsa"] {
        assert_eq!(
            refused(&signed(json!({"alg": algorithm}), &claims(json!({})))),
            AccessRefused::Invalid,
            "{algorithm}"
        );
    }
}

#[test]
fn keys_come_from_the_local_set_only() {
    let other = AccessKeys::from_pem(pem(2).as_bytes(), None).unwrap();
    let foreign = other.mint(&Role::Staff.held_by("s-1"), Duration::from_secs(TTL), NOW).unwrap();
    assert_eq!(refused(&foreign), AccessRefused::Invalid);
    for kid in [json!("nope"), json!(""), json!("../../access-token.pem"), json!(null), json!(7)] {
        assert_eq!(refused(&signed(json!({"kid": kid}), &claims(json!({})))), AccessRefused::Invalid);
    }
    // A key that the token brings along is not used, whatever it is called.
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode([9; 32])});
    let header = json!({"kid": kid(&other), "jwk": jwk, "jku": "https://attacker.example/keys"});
    assert_eq!(refused(&signed(header, &claims(json!({})))), AccessRefused::Invalid);
}

#[test]
fn the_previous_key_verifies_and_does_not_sign() {
    let old = token();
    let rotated = AccessKeys::from_pem(pem(1).as_bytes(), Some((pem(2).as_bytes(), NOW))).unwrap();
    assert!(rotated.verify(&old, NOW).is_ok());
    let new = rotated.mint(&Role::Staff.held_by("s-1"), Duration::from_secs(TTL), NOW).unwrap();
    assert_eq!(refused(&new), AccessRefused::Invalid);
    assert!(rotated.verify(&new, NOW).is_ok());
    assert_eq!(rotated.public().len(), 2);
}

#[test]
fn claims_that_are_wrong_or_missing_are_refused() {
    for change in [
        json!({"iss": "someone"}),
        json!({"aud": "someone"}),
        json!({"aud": ["someone"]}),
        json!({"exp": null}),
        json!({"exp": "tomorrow"}),
        json!({"exp": -1}),
        json!({"nbf": null}),
        json!({"sub": null}),
        json!({"roles": "staff"}),
        json!({"scope": ["orders:read"]}),
    ] {
        assert_eq!(refused(&signed(json!({}), &claims(change.clone()))), AccessRefused::Invalid, "{change}");
    }
    assert_eq!(refused(&signed(json!({}), &claims(json!({"nbf": NOW + 3600})))), AccessRefused::TooEarly);
    assert_eq!(refused(&signed(json!({}), &claims(json!({"exp": NOW - 3600})))), AccessRefused::Expired);
    for header in [json!({"typ": "JWT"}), json!({"typ": null}), json!({"crit": ["exp"]}), json!({"crit": []})] {
        assert_eq!(refused(&signed(header.clone(), &claims(json!({})))), AccessRefused::Invalid, "{header}");
    }
}

#[test]
fn what_is_around_a_token_is_part_of_it() {
    let good = token();
    let parts: Vec<_> = good.split('.').collect();
    for bad in [
        String::new(),
        ".".into(),
        "..".into(),
        format!("{good} "),
        format!("{good}="),
        format!("{good}AA"),
        format!("{good}.{}", parts[2]),
        format!("x{good}"),
        format!("{}.{}", parts[0], parts[1]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}..{}", parts[0], parts[2]),
        format!("{}.{}.{}", parts[0], URL_SAFE_NO_PAD.encode(claims(json!({"sub": "root"})).to_string()), parts[2]),
        format!("{good}{}", "A".repeat(5000)),
    ] {
        assert_eq!(refused(&bad), AccessRefused::Invalid, "{bad}");
    }
}

#[test]
fn the_sealed_identity_is_reused_while_it_is_young() {
    let access = keys().verify(&token(), NOW).unwrap();
    let key = IdentityKey::new(&[5; 32]);
    let first = access.sealed(&key, NOW).unwrap();
    assert_eq!(access.sealed(&key, NOW + 29).unwrap(), first);
    let second = access.sealed(&key, NOW + 30).unwrap();
    assert_ne!(second, first);
    assert!(key.verifier().open(second.to_str().unwrap(), NOW + 80).is_ok());
}

proptest! {
    #[test]
    fn a_changed_character_is_noticed(at in any::<prop::sample::Index>(), to in "[A-Za-z0-9_.-]") {
        let mut text = token();
        let at = at.index(text.len());
        prop_assume!(text[at..=at] != to);
        text.replace_range(at..=at, &to);
        prop_assert_eq!(refused(&text), AccessRefused::Invalid);
    }

    #[test]
    fn no_text_makes_it_panic(text in "[A-Za-z0-9_.-]{0,200}") {
        prop_assert_eq!(refused(&text), AccessRefused::Invalid);
    }
}

#[test]
fn a_login_travels_in_the_token() {
    let login = Login { sid: Uuid::from_u128(7), epoch: 3 };
    let ann = Identity::of_user(Uuid::from_u128(1), &[Role::Customer], Some(login));
    let token = keys().mint(&ann, Duration::from_secs(TTL), NOW).unwrap();
    let access = keys().verify(&token, NOW).unwrap();
    assert_eq!((&access.identity, access.identity.user()), (&ann, Some(Uuid::from_u128(1))));
}

#[test]
fn a_token_that_rests_on_a_login_lives_no_longer_than_a_revocation_is_remembered() {
    let (sid, life) = (Uuid::from_u128(7), LOGIN_TOKEN_LIFE.as_secs());
    let ann = Identity::of_user(Uuid::from_u128(1), &[Role::Customer], Some(Login { sid, epoch: 1 }));
    let token = keys().mint(&ann, LOGIN_TOKEN_LIFE * 2, NOW).unwrap();
    assert!(keys().verify(&token, NOW + life + LEEWAY).is_ok());
    assert_eq!(keys().verify(&token, NOW + life + LEEWAY + 1).err(), Some(AccessRefused::Expired));
    let long = claims(json!({"sid": sid, "epoch": 1, "exp": NOW + life + 1}));
    assert_eq!(refused(&signed(json!({}), &long)), AccessRefused::Invalid);
}

#[test]
fn half_a_login_is_none() {
    let sid = Uuid::from_u128(7).to_string();
    for half in
        [json!({"sid": sid}), json!({"epoch": 3}), json!({"sid": "x", "epoch": 3}), json!({"sid": sid, "epoch": -1})]
    {
        assert_eq!(refused(&signed(json!({}), &claims(half))), AccessRefused::Invalid);
    }
    assert!(keys().verify(&signed(json!({}), &claims(json!({"sid": sid, "epoch": 3}))), NOW).is_ok());
}
