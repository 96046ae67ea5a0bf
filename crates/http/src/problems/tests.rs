//! The catalogue of problems: stable codes, each once.

use std::collections::HashSet;

use super::{ALL, by_code};

#[test]
fn codes_are_snake_case_and_appear_once() {
    let codes: HashSet<_> = ALL.iter().map(|kind| kind.code).collect();
    assert_eq!(codes.len(), ALL.len());
    for kind in ALL {
        assert!(kind.code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{}", kind.code);
        assert!(kind.status.is_client_error() || kind.status.is_server_error(), "{}", kind.code);
        assert_eq!(by_code(kind.code), Some(*kind));
    }
    assert_eq!(by_code("no_such_code"), None);
}
