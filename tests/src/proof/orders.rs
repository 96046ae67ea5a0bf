//! Orders: where each one stands after its last event.

use super::Admitted;
use std::collections::BTreeMap;

/// Every order with what it is in the end.
pub(super) fn statuses<'a>(admitted: &'a [Admitted<'a>]) -> BTreeMap<&'a str, &'static str> {
    let mut statuses = BTreeMap::new();
    for event in admitted.iter().filter(|event| event.is_of("order")) {
        if let Some(status) = after(event) {
            statuses.insert(event.key, status);
        }
    }
    statuses
}

/// What an order is after the event; none if it stays what it was.
pub(super) fn after(event: &Admitted<'_>) -> Option<&'static str> {
    match event.kind {
        "order.stock-answered.v1" | "order.payment-answered.v1" | "order.payment-captured.v1" => None,
        "order.invoiced.v1" | "order.refund-requested.v1" | "order.refunded.v1" => None,
        // What is beside the order's own life: its papers, and money that goes back.
        "order.step-overdue.v1" | "order.step-retried.v1" | "order.step-completed.v1" | "order.stuck.v1"
            if event.body["step"] == "invoice" || event.body["step"] == "refund" =>
        {
            None
        }
        "order.refund-refused.v1" if event.body["was_off"] != true => None,
        "order.confirmed.v1" | "order.fulfilment-requested.v1" => Some("confirmed"),
        "order.fulfilled.v1" if event.body["complete"] == true => Some("fulfilled"),
        "order.fulfilled.v1" => Some("confirmed"),
        "order.step-overdue.v1" | "order.step-retried.v1" | "order.step-completed.v1"
            if event.body["step"] == "fulfil" || event.body["step"] == "capture" =>
        {
            Some("confirmed")
        }
        "order.cancelled.v1" => Some("cancelled"),
        "order.stuck.v1" | "order.refund-refused.v1" => Some("stuck"),
        "order.payment-action-required.v1" => Some("requires_action"),
        "order.placed.v1"
        | "order.placed.v2"
        | "order.payment-requested.v1"
        | "order.payment-authorised.v1"
        | "order.undo-requested.v1"
        | "order.stock-reserved.v1"
        | "order.stock-committed.v1"
        | "order.compensation-started.v1"
        | "order.step-overdue.v1"
        | "order.step-retried.v1"
        | "order.step-completed.v1" => Some("pending"),
        _ => Some("unknown"),
    }
}

pub(super) fn ended(admitted: &[Admitted<'_>]) -> Vec<String> {
    let pending = statuses(admitted).into_iter().filter(|(_, status)| matches!(*status, "pending" | "requires_action"));
    let mut breaches: Vec<String> = pending.map(|(order, _)| format!("order {order} is still under way")).collect();
    let silent = |event: &&Admitted<'_>| {
        event.kind == "order.stuck.v1" && event.body["reason"]["code"].as_str().is_none_or(str::is_empty)
    };
    breaches.extend(admitted.iter().filter(silent).map(|event| format!("{} gives no reason", event.record.place())));
    breaches
}
