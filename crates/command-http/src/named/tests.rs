//! Conditional commands: `If-Match` names one version, and a tag that is none never matches.

use super::*;

fn code(if_match: Option<IfMatch>) -> Result<Option<Version>, &'static str> {
    expected_version(if_match.as_ref()).map_err(|problem| problem.code())
}

#[test]
fn a_command_is_conditional_on_one_version() {
    assert_eq!(code(None), Ok(None));
    assert_eq!(code(Some(IfMatch::Any)), Ok(None));
    assert_eq!(code(Some(IfMatch::OneOf(vec![7]))), Ok(Some(Version(7))));
    assert_eq!(code(Some(IfMatch::OneOf(vec![7, 8]))), Err("invalid_header"));
}

#[test]
fn a_tag_that_is_no_version_never_matches() {
    assert_eq!(code(Some(IfMatch::OneOf(vec![]))), Err("version_mismatch"));
}
