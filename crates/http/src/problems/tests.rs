//! The catalogue of problems: stable codes, each once.

use std::collections::HashSet;

use super::{ALL, Kind, by_code};

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

/// A row of a table in `docs/problems.md`: code and status; that of a table without a column for it is 409.
fn row(line: &str) -> Option<(&str, String)> {
    let cells: Vec<&str> = line.strip_prefix("| `")?.trim_end_matches(" |").split(" | ").collect();
    let code = cells.first()?.trim_end_matches('`');
    match cells.len() {
        3 => Some((code, "409".to_owned())),
        4 => Some((code, cells[1].to_owned())),
        other => panic!("{other} cells: {line}"),
    }
}

#[test]
fn the_page_of_problems_has_a_row_for_each_and_no_other() {
    let page = include_str!("../../../../docs/problems.md");
    let (business, rest) = (page.find("409\n").unwrap(), page.find("5xx\n").unwrap());
    assert!(page[business..rest].lines().all(|line| line.split(" | ").count() <= 3), "a fourth cell");
    let mut rows: Vec<_> = page.lines().filter_map(row).collect();
    let mut kinds: Vec<_> = ALL.iter().map(|Kind { code, status, .. }| (*code, status.as_u16().to_string())).collect();
    rows.sort();
    kinds.sort();
    assert_eq!(rows, kinds);
}
