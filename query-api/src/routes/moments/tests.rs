//! What a date and a moment mean in a query; anything that could be read in two ways is refused.

use super::*;

#[test]
fn a_date_is_its_first_moment() {
    assert_eq!(parse("2010-12-01"), parse("2010-12-01T00:00:00Z"));
    assert_eq!(parse("2010-12-01T01:30:00+01:30"), parse("2010-12-01"));
}

#[test]
fn anything_else_is_refused() {
    for text in ["", "2010", "2010-13-01", "2010-12-01T08:26", "0000-01-01", "12010-01-01", "yesterday"] {
        assert_eq!(parse(text), None, "{text}");
    }
}

#[test]
fn only_midnight_begins_a_day() {
    assert!(parse("2010-12-01T00:00:00Z").unwrap().day("from").is_ok());
    assert!(parse("2010-12-01T00:00:01Z").unwrap().day("from").is_err());
}
