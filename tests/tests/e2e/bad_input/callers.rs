//! Callers that nobody knows, or who may not: every way to make a token that is not one.

use super::{Route, Row, row};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use e2e::{Http, Outcome, System};
use hyper::header::AUTHORIZATION;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use std::time::Duration;
use tillroll_http::{Keys, Role, unix_now};

/// DER of an Ed25519 public key is this and its 32 bytes (RFC 8410, section 4).
const SPKI_ED25519: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

pub async fn rows(system: &System, route: &Route) -> Outcome<Vec<Row>> {
    let (staff, now) = (system.http(), unix_now());
    let dir = system.home().join("keys");
    let keys = Keys::open_or_create(&dir)?;
    let good = system.mint(&["--role", "staff"]).await?;
    let mut tokens = forged(&keys, &std::fs::read(dir.join("access-token.pem"))?, &good)?;
    let minute = Duration::from_secs(60);
    let holder = Role::Staff.held_by("staff");
    let mut reader = holder.clone();
    reader.scopes = vec![route.other_scope.to_owned()];
    tokens.extend([
        ("an expired token", keys.access.mint(&holder, minute, now - 3_600)?, 401, "token_expired"),
        ("a token of tomorrow", keys.access.mint(&holder, minute, now + 86_400)?, 401, "unauthenticated"),
        ("a customer's token", system.mint(&["--role", "customer"]).await?, 403, "forbidden"),
        ("a token with another scope", keys.access.mint(&reader, minute, now)?, 403, "forbidden"),
    ]);
    let send = |http: &Http| route.ask(http).bytes(route.good());
    let mut rows: Vec<Row> = tokens
        .into_iter()
        .map(|(what, token, status, code)| {
            row(format!("{}, {what}", route.name), send(&staff.with_token(Some(&token))), status, code)
        })
        .collect();
    let nobody = staff.with_token(None);
    rows.push(row(format!("{}, no token", route.name), send(&nobody), 401, "unauthenticated"));
    for (what, header) in [("another scheme", format!("Basic {good}")), ("no scheme", good.clone())] {
        let ask = send(&nobody).header(AUTHORIZATION.as_str(), header);
        rows.push(row(format!("{}, {what}", route.name), ask, 401, "unauthenticated"));
    }
    let twice = send(&staff).header(AUTHORIZATION.as_str(), format!("Bearer {good}"));
    rows.push(row(format!("{}, two tokens", route.name), twice, 401, "unauthenticated"));
    Ok(rows)
}

type Token = (&'static str, String, u16, &'static str);

/// Tokens with the claims of a good one that were not signed as this installation signs.
fn forged(keys: &Keys, pem: &[u8], good: &str) -> Outcome<Vec<Token>> {
    let [head, payload, signature] = good.split('.').collect::<Vec<_>>()[..] else { return Err("no JWT".into()) };
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload)?)?;
    let header: Header = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(head)?)?;
    let signed = |header: &Header, claims: &Value, key: &EncodingKey| encode(header, claims, key);
    let own = EncodingKey::from_ed_pem(pem)?;
    // The way to sign here is that of a good token, so that each of the others differs in one thing only.
    keys.access.verify(&signed(&header, &claims, &own)?, unix_now())?;

    let elsewhere = tempfile::tempdir()?;
    let foreign_keys = Keys::open_or_create(elsewhere.path())?;
    let foreign = EncodingKey::from_ed_pem(&std::fs::read(elsewhere.path().join("access-token.pem"))?)?;
    let with = |member: &str, value: Value| {
        let mut claims = claims.clone();
        claims[member] = value;
        claims
    };
    let other_kid = Header { kid: Some("another".to_owned()), ..header.clone() };
    let no_kid = Header { kid: None, ..header.clone() };
    let other_kind = Header { typ: Some("JWT".to_owned()), ..header.clone() };
    let other = if signature.starts_with('A') { "B" } else { "A" };
    let mut tokens = vec![
        ("a token that is none", "x".to_owned()),
        ("a changed signature", format!("{head}.{payload}.{other}{}", &signature[1..])),
        ("no signature", format!("{head}.{payload}.")),
        ("other claims under the signature", format!("{head}.{}.{signature}", part(&with("sub", json!("owner"))))),
        ("a token of another installation", foreign_keys.mint("staff", Role::Staff, Duration::from_secs(60))?),
        ("our kid, another key", signed(&header, &claims, &foreign)?),
        ("our key, another kid", signed(&other_kid, &claims, &own)?),
        ("our key, no kid", signed(&no_kid, &claims, &own)?),
        ("another kind of JWT", signed(&other_kind, &claims, &own)?),
        ("another issuer", signed(&header, &with("iss", json!("elsewhere")), &own)?),
        ("another audience", signed(&header, &with("aud", json!("elsewhere")), &own)?),
    ];
    for algorithm in ["none", "None", "NONE"] {
        let unsigned = json!({"alg": algorithm, "typ": header.typ, "kid": header.kid});
        tokens.push(("no algorithm", format!("{}.{payload}.", part(&unsigned))));
        tokens.push(("no algorithm, the good signature", format!("{}.{payload}.{signature}", part(&unsigned))));
    }
    let symmetric = Header { alg: Algorithm::HS256, ..header.clone() };
    for secret in public_key(keys)? {
        let token = signed(&symmetric, &claims, &EncodingKey::from_secret(&secret))?;
        tokens.push(("HS256 with the public key as secret", token));
    }
    Ok(tokens.into_iter().map(|(what, token)| (what, token, 401, "unauthenticated")).collect())
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// The public key in each form in which a verifier may hold it: bytes, DER, PEM, JWK.
fn public_key(keys: &Keys) -> Outcome<[Vec<u8>; 4]> {
    let jwk = serde_json::to_value(keys.access.public().first().ok_or("no public key")?)?;
    let bytes = URL_SAFE_NO_PAD.decode(jwk["x"].as_str().ok_or("no Ed25519 key")?)?;
    let der = [&SPKI_ED25519[..], &bytes].concat();
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(&der));
    Ok([bytes, der, pem.into_bytes(), jwk.to_string().into_bytes()])
}
