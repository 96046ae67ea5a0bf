//! From a body to a command.

use super::*;
use serde_json::json;
use tillroll_schemas::notification::Channel;
use tillroll_schemas::preference::Kind;

fn read(body: serde_json::Value) -> Option<Choices> {
    StrictJson::<Choices>::parse(body.to_string().as_bytes()).ok().map(|body| body.value)
}

#[test]
fn preferences_are_kinds_with_their_channels() {
    let expected = Choices([(Kind::Delivery, [Channel::Email, Channel::Push].into())].into());
    assert_eq!(read(json!({"delivery": ["email", "push"]})), Some(expected));
    assert_eq!(read(json!({"weather": ["email"]})), None, "a kind that there is not");
    assert_eq!(read(json!({"delivery": ["pigeon"]})), None, "a channel that there is not");
}
