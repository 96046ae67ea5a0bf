//! Headers that no command takes: what the body is said to be, and keys that are missing or none.

use super::{Route, Row, row};
use e2e::{Ask, Http, Outcome, System};
use tillroll_http::{ConsistencyToken, Keys, Offset, PartitionId};
use uuid::Uuid;

pub fn rows(http: &Http, route: &Route) -> Vec<Row> {
    let named = |what: &str, ask: Ask, status, code| row(format!("{}, {what}", route.name), ask, status, code);
    let asked = || http.ask(route.method.clone(), route.path).key("bad").bytes(route.good());
    let mut rows = Vec::new();
    for content_type in [
        "text/plain",
        "text/json",
        "application/xml",
        "application/x-www-form-urlencoded",
        "application/jsonx",
        "application/json; charset=latin1",
        "application/json, text/plain",
        "",
    ] {
        let ask = asked().header("content-type", content_type);
        rows.push(named(&format!("Content-Type `{content_type}`"), ask, 415, "unsupported_media_type"));
    }
    let json = || asked().header("content-type", "application/json");
    rows.push(named("no Content-Type", asked(), 415, "unsupported_media_type"));
    let twice = json().header("content-type", "application/json");
    rows.push(named("two Content-Types", twice, 415, "unsupported_media_type"));
    rows.push(named("a compressed body", json().header("content-encoding", "gzip"), 415, "unsupported_media_type"));

    let bare = || route.bare(http).bytes(route.good());
    if route.key_required {
        rows.push(named("no key", bare(), 400, "missing_idempotency_key"));
    }
    for (what, key) in
        [("an empty key", ""), ("a key with a space", "a b"), ("a key that is not ASCII", "schl\u{fc}ssel")]
    {
        rows.push(named(what, bare().key(key), 400, "invalid_idempotency_key"));
    }
    rows.push(named("a key of 256 characters", bare().key("k".repeat(256)), 400, "invalid_idempotency_key"));
    rows.push(named("two keys", bare().key("a").key("b"), 400, "invalid_idempotency_key"));
    rows.push(named("a token of nobody", json().token("nonsense"), 400, "invalid_token"));
    rows
}

/// A token that was made here, when the route's topic had another history.
pub fn of_another_log(system: &System, route: &Route) -> Outcome<Row> {
    let keys = Keys::open_or_create(&system.home().join("keys"))?;
    let token = ConsistencyToken::of(Uuid::from_u128(1), route.topic, PartitionId(0), Offset(0));
    let ask = route.ask(&system.http()).token(token.encode(&keys.consistency)).bytes(route.good());
    Ok(row(format!("{}, a token of another log", route.name), ask, 400, "token_of_another_log"))
}
