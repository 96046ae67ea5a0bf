//! What shows of a plaintext.

use super::Plaintext;

#[test]
fn a_plaintext_is_read_from_a_body_and_does_not_show() {
    let read: Plaintext = serde_json::from_str(r#""canary""#).unwrap();
    assert_eq!(read.as_str(), "canary");
    assert_eq!(format!("{read:?}"), "Plaintext(secret)");
}
