//! From a body to a command: one command per reason, and only for products of which stock is kept.

use super::*;
use serde_json::json;

fn change(delta: i64, reason: &str) -> Result<StockItemCommand, String> {
    read(json!({"delta": delta, "reason": reason}))
}

fn read(body: serde_json::Value) -> Result<StockItemCommand, String> {
    let read = StrictJson::<Change>::parse(body.to_string().as_bytes());
    read.and_then(|body| body.value.command())
        .map_err(|problem| problem.errors().iter().map(|error| error.field.as_str()).collect())
}

fn pieces(pieces: i64) -> Quantity {
    Quantity::new(pieces).unwrap()
}

#[test]
fn each_reason_is_a_command_of_its_own() {
    assert_eq!(change(5, "received"), Ok(ReceiveStock { quantity: pieces(5), note: None }.into()));
    assert_eq!(change(-5, "written_off"), Ok(WriteOffStock { quantity: pieces(5), note: None }.into()));
    assert_eq!(change(-5, "adjusted"), Ok(AdjustStock { delta: -5, note: None }.into()));
    assert_eq!(change(5, "adjusted"), Ok(AdjustStock { delta: 5, note: None }.into()));
}

#[test]
fn a_change_that_contradicts_its_reason_is_refused() {
    let beyond = Quantity::MAX + 1;
    for (delta, reason) in [
        (0, "received"),
        (-1, "received"),
        (beyond, "received"),
        (0, "written_off"),
        (1, "written_off"),
        (-beyond, "written_off"),
        (i64::MIN, "written_off"),
        (0, "adjusted"),
        (beyond, "adjusted"),
        (i64::MIN, "adjusted"),
    ] {
        assert_eq!(change(delta, reason), Err("/delta".to_owned()), "{delta} {reason}");
    }
    assert!(change(-Quantity::MAX, "adjusted").is_ok());
    assert_eq!(change(1, "stolen"), Err("/reason".to_owned()));
}

#[test]
fn a_note_is_kept_and_bounded() {
    let noted = |note: String| read(json!({"delta": 1, "reason": "received", "note": note}));
    let note = Some("counted twice".to_owned());
    assert_eq!(noted("counted twice".to_owned()), Ok(ReceiveStock { quantity: pieces(1), note }.into()));
    assert_eq!(noted("n".repeat(501)), Err("/note".to_owned()));
    assert!(noted("ü".repeat(500)).is_ok());
}

#[test]
fn only_products_whose_stock_is_kept_get_stock() {
    let code = |tracking| refusal(tracking).map(|problem| problem.code());
    assert_eq!(code(Tracking::Unknown), Some("not_found"));
    assert_eq!(code(Tracking::Untracked), Some("untracked_product"));
    assert_eq!(code(Tracking::Tracked), None);
}
