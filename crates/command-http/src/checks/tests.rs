//! Checks of fields: everything wrong is named at once, and texts keep to their limits.

use super::*;

fn fields(check: impl FnOnce(&mut Checks)) -> Vec<String> {
    let mut checks = Checks::new();
    check(&mut checks);
    checks.finish().err().map_or(Vec::new(), |p| p.errors().iter().map(|error| error.field.clone()).collect())
}

#[test]
fn every_wrong_field_is_named_at_once() {
    let wrong = fields(|checks| {
        checks.require(false, "/a", "must hold");
        checks.require(true, "/b", "must hold");
        checks.take("x".parse::<u8>(), "/c");
    });
    assert_eq!(wrong, ["/a", "/c"]);
}

#[test]
fn a_line_has_so_many_characters_and_none_that_break_it() {
    for good in ["x", "Grüße", "a b"] {
        assert_eq!(fields(|checks| checks.line(good, 1..=5, "/name")), [""; 0], "{good:?}");
    }
    for bad in ["", "   ", "sixsix", "a\nb", "a\u{7f}"] {
        assert_eq!(fields(|checks| checks.line(bad, 1..=5, "/name")), ["/name"], "{bad:?}");
    }
    assert_eq!(fields(|checks| checks.line("", 0..=5, "/name")), [""; 0]);
}

#[test]
fn a_text_may_have_lines() {
    assert_eq!(fields(|checks| checks.text("a\r\n\tb", 5, "/note")), [""; 0]);
    assert_eq!(fields(|checks| checks.text("a\u{1b}", 5, "/note")), ["/note"]);
    assert_eq!(fields(|checks| checks.text("ääääää", 5, "/note")), ["/note"]);
}
