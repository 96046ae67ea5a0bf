//! Whom an order's event is told: its customer, if he has an account. The event carries what the message needs.

use super::{Ending, Life};
use std::collections::BTreeMap;
use tillroll_schemas::Sku;
use tillroll_schemas::notification::MessageLine;
use tillroll_schemas::order::{Line, OrderEvent, Placed, StockClaim, Told};

/// Lines of a message.
const LINES: usize = 50;

/// The event, with who is told of it.
pub(super) fn told(life: &Life, mut event: OrderEvent) -> OrderEvent {
    let Some(order) = life.order() else { return event };
    let Some(user_id) = order.user_id else { return event };
    // That it is off he was told when it was, whatever became of the money since.
    if matches!(life, Life::Compensating(Ending { again: true, .. })) {
        return event;
    }
    let (lines, all) = match &event {
        OrderEvent::Confirmed(_) => (order.lines.iter().take(LINES).map(line).collect(), order.lines.len()),
        OrderEvent::Fulfilled(fulfilled) => (delivered(order, &fulfilled.items), fulfilled.items.len()),
        _ => (Vec::new(), 0),
    };
    if let Some(told) = event.told_mut() {
        let further_lines = u32::try_from(all.saturating_sub(LINES)).unwrap_or(u32::MAX);
        *told = Some(Box::new(Told { user_id, totals: order.totals, lines, further_lines }));
    }
    event
}

fn line(line: &Line) -> MessageLine {
    let Line { sku, name, quantity, line_total, .. } = line.clone();
    MessageLine { sku, name, quantity, line_total }
}

/// The first of what leaves, by the names under which it was ordered.
fn delivered(order: &Placed, items: &[StockClaim]) -> Vec<MessageLine> {
    let ordered: BTreeMap<&Sku, &Line> = order.lines.iter().rev().map(|line| (&line.sku, line)).collect();
    let named = |item: &StockClaim| {
        let ordered = ordered.get(&item.sku)?;
        Some(MessageLine { quantity: item.quantity, ..line(ordered) })
    };
    items.iter().take(LINES).filter_map(named).collect()
}

#[cfg(test)]
mod tests;
