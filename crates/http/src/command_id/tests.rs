//! Ids of commands: the same request is the same command for ever, any other request another.

use super::command_id;

#[test]
fn the_same_request_is_the_same_command_for_ever() {
    let id = command_id("staff-1", "POST", "/api/v1/orders", Some("k"));
    assert_eq!(id, command_id("staff-1", "POST", "/api/v1/orders", Some("k")));
    // Ids of commands are in the log: if this fails, every repeat of an old request would be done twice.
    assert_eq!(id.to_string(), "893a74cb-c4ec-50c5-89a1-869b60b17594");
}

#[test]
fn any_difference_is_another_command() {
    let id = command_id("a", "POST", "/x", Some("k"));
    for other in [
        command_id("b", "POST", "/x", Some("k")),
        command_id("a", "PUT", "/x", Some("k")),
        command_id("a", "POST", "/y", Some("k")),
        command_id("a", "POST", "/x", Some("l")),
        command_id("aP", "OST", "/x", Some("k")),
        command_id("a", "POST", "/xk", Some("")),
        command_id("a", "POST", "/x", None),
    ] {
        assert_ne!(id, other);
    }
    assert_ne!(command_id("a", "POST", "/x", None), command_id("a", "POST", "/x", None));
}
