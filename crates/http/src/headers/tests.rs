//! Headers of requests: each is read as documented or refused, and no value makes it panic.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;
use uuid::Uuid;

use super::{CommandHeaders, IfMatch, QueryHeaders, none_matches};
use crate::coordinates::{Offset, PartitionId};
use crate::token::{ConsistencyToken, TokenKey};

fn headers(lines: &[(&str, &str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in lines {
        map.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    map
}

fn code(lines: &[(&str, &str)]) -> &'static str {
    CommandHeaders::read(&headers(lines)).unwrap_err().code()
}

fn read(lines: &[(&str, &str)]) -> CommandHeaders {
    CommandHeaders::read(&headers(lines)).unwrap()
}

#[test]
fn an_idempotency_key_is_visible_ascii_once() {
    assert_eq!(read(&[("idempotency-key", "a-1")]).require_key().unwrap(), "a-1");
    assert_eq!(read(&[("idempotency-key", &"x".repeat(255))]).idempotency_key.unwrap().len(), 255);
    for bad in ["", "a b", "ü", "a\tb", &"x".repeat(256)] {
        assert_eq!(code(&[("idempotency-key", bad)]), "invalid_idempotency_key", "{bad}");
    }
    assert_eq!(code(&[("idempotency-key", "a"), ("idempotency-key", "a")]), "invalid_idempotency_key");
    assert_eq!(read(&[]).require_key().unwrap_err().code(), "missing_idempotency_key");
}

#[test]
fn if_match_reads_versions() {
    let of = |value| read(&[("if-match", value)]).if_match;
    assert_eq!(of("\"7\""), Some(IfMatch::OneOf(vec![7])));
    assert_eq!(of("\"7.1234\""), Some(IfMatch::OneOf(vec![7])));
    assert_eq!(of("\"7\", \"8\""), Some(IfMatch::OneOf(vec![7, 8])));
    assert_eq!(of("*"), Some(IfMatch::Any));
    for never in ["W/\"7\"", "\"abc\"", "\"-7\"", "\"\"", "\"+7\"", "\"99999999999999999999\""] {
        assert_eq!(of(never), Some(IfMatch::OneOf(vec![])), "{never}");
    }
    for bad in ["7", "\"7", "7\"", "", "\"7\",", "'7'"] {
        assert_eq!(code(&[("if-match", bad)]), "invalid_header", "{bad}");
    }
    assert_eq!(read(&[]).if_match, None);
}

#[test]
fn if_match_admits_what_it_names() {
    assert!(IfMatch::Any.admits(Some(3)) && !IfMatch::Any.admits(None));
    let seven = IfMatch::OneOf(vec![7]);
    assert!(seven.admits(Some(7)) && !seven.admits(Some(8)) && !seven.admits(None));
}

#[test]
fn if_none_match_compares_weakly() {
    let of = |value| headers(&[("if-none-match", value)]);
    assert!(none_matches(&HeaderMap::new(), "\"7\""));
    for same in ["\"7\"", "W/\"7\"", "\"1\", \"7\"", "*"] {
        assert!(!none_matches(&of(same), "\"7\""), "{same}");
    }
    assert!(none_matches(&of("\"8\""), "\"7\""));
}

#[test]
fn a_wait_is_read_from_any_preference_and_cut() {
    let of = |value| read(&[("prefer", value)]).wait.map(|wait| wait.as_secs());
    assert_eq!(of("wait=10"), Some(10));
    assert_eq!(of("respond-async, wait=5"), Some(5));
    assert_eq!(of("Wait = \"7\" ; x=y"), Some(7));
    assert_eq!(of("wait=10, wait=20"), Some(10));
    assert_eq!(of("wait=31"), Some(30));
    assert_eq!(of("wait=99999999999999999999999"), Some(30));
    for ignored in ["wait", "wait=", "wait=-1", "wait=x", "wait=1.5", "waits=3", "return=minimal"] {
        assert_eq!(of(ignored), None, "{ignored}");
    }
    let query = QueryHeaders::read(&HeaderMap::new()).unwrap();
    assert_eq!(query.wait, Duration::from_secs(2));
}

#[test]
fn several_consistency_tokens_count_as_one() {
    let key = TokenKey::new(&[1; 32]);
    let one = ConsistencyToken::of(Uuid::nil(), "a", PartitionId(0), Offset(5));
    let two = ConsistencyToken::of(Uuid::nil(), "a", PartitionId(0), Offset(9));
    let three = ConsistencyToken::of(Uuid::nil(), "b", PartitionId(1), Offset(2));
    let both = format!("{}, {}", one.encode(&key), two.encode(&key));
    let read = read(&[("consistency-token", &both), ("consistency-token", &three.encode(&key))]);
    let all = read.consistency.decode(&key).unwrap();
    assert_eq!(all.iter().map(|covered| covered.offset).collect::<Vec<_>>(), [Offset(9), Offset(2)]);
    let false_one = self::read(&[("consistency-token", "forged")]);
    assert_eq!(false_one.consistency.decode(&key).unwrap_err().code(), "invalid_token");
    assert_eq!(code(&[("consistency-token", &"a,".repeat(20))]), "invalid_token");
}

#[test]
fn a_request_id_is_taken_over_if_it_is_harmless() {
    assert_eq!(read(&[("x-request-id", "abc-1.2_3")]).request_id, "abc-1.2_3");
    for bad in ["", "a b", "<script>", "a\"b", &"x".repeat(65)] {
        assert_ne!(read(&[("x-request-id", bad)]).request_id, bad);
    }
    let (one, two) = (read(&[]).request_id, read(&[]).request_id);
    assert_ne!(one, two);
    assert!(Uuid::parse_str(&one).is_ok());
}

#[test]
fn a_traceparent_is_passed_on_if_it_is_one() {
    let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    assert_eq!(read(&[("traceparent", good)]).traceparent.as_deref(), Some(good));
    for bad in ["", "00-x", "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", &good.to_uppercase(), &good[1..]]
    {
        assert_eq!(read(&[("traceparent", bad)]).traceparent, None, "{bad}");
    }
}

proptest! {
    #[test]
    fn no_header_value_makes_it_panic(name in 0usize..6, value in prop::collection::vec(any::<u8>(), 0..300)) {
        let names = ["idempotency-key", "if-match", "prefer", "consistency-token", "x-request-id", "traceparent"];
        if let Ok(value) = HeaderValue::from_bytes(&value) {
            let mut map = HeaderMap::new();
            map.insert(names[name], value.clone());
            match CommandHeaders::read(&map) {
                Ok(read) => {
                    prop_assert!(read.wait.is_none_or(|wait| wait <= super::MAX_WAIT));
                    prop_assert!(read.idempotency_key.is_none_or(|key| (1..=255).contains(&key.len())));
                    prop_assert!(read.request_id.len() <= 64);
                }
                Err(problem) => prop_assert_eq!(problem.status(), 400),
            }
        }
    }

    #[test]
    fn every_visible_key_is_taken_as_it_is(key in "[!-~]{1,255}") {
        let read = read(&[("idempotency-key", &key)]);
        prop_assert_eq!(read.idempotency_key, Some(key));
    }
}
