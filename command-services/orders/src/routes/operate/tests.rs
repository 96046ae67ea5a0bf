//! An order that is stuck again is not said to be mended.

use serde_json::json;
use tillroll_schemas::order::Reason;

use super::still_stuck;

#[test]
fn an_order_that_is_stuck_again_is_a_conflict_that_says_why() {
    let why = Reason { code: "dead_lettered".to_owned(), detail: "MUG could not be released".to_owned() };
    let told = serde_json::to_value(still_stuck(&why)).unwrap();
    assert_eq!((&told["code"], &told["status"]), (&json!("still_stuck"), &json!(409)));
    assert_eq!((&told["reason"], &told["detail"]), (&json!("dead_lettered"), &json!("MUG could not be released")));
    assert!(include_str!("../../../../../docs/problems.md").contains("| `still_stuck` |"));
}
