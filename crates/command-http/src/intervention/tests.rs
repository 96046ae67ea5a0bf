//! Why somebody intervenes: what may stand there.

use super::{ReasonBody, RetryBody};

#[test]
fn a_retry_needs_no_reason_and_whatever_else_is_done_needs_one() {
    let retry = |reason: Option<&str>| RetryBody { reason: reason.map(str::to_owned) }.checked();
    let other = |reason: &str| ReasonBody { reason: reason.to_owned() }.checked();
    assert_eq!(retry(None).unwrap(), None);
    assert_eq!(retry(Some("the bank is back")).unwrap().as_deref(), Some("the bank is back"));
    assert_eq!(other("the bank said so").unwrap(), "the bank said so");
    for empty in ["", " \n"] {
        assert_eq!(other(empty).unwrap_err().errors()[0].field, "/reason");
    }
    for unfit in ["x".repeat(501), "a\u{7}b".to_owned()] {
        assert_eq!(retry(Some(&unfit)).unwrap_err().errors()[0].field, "/reason");
        assert_eq!(other(&unfit).unwrap_err().errors()[0].field, "/reason");
    }
}
