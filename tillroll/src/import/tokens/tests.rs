//! Which of many tokens are worth sending along.

use super::*;

#[test]
fn of_single_records_only_the_furthest_in_each_partition_is_kept() {
    let mut tokens = Tokens::default();
    tokens.add(Some("stock-item.events.v1/1@7"), "", "b");
    tokens.add(Some("stock-item.events.v1/1@3"), "", "a");
    tokens.add(Some("stock-item.events.v1/2@0"), "", "c");
    let mut all = tokens.batches(16, 1_000).concat();
    all.sort();
    assert_eq!(all, ["b", "c"]);
}

#[test]
fn every_order_is_waited_for_by_its_last_answer() {
    let mut tokens = Tokens::default();
    tokens.add(Some("order.events.v1/1@3"), "x", "placed x");
    tokens.add(Some("order.events.v1/1@9"), "x", "delivered x");
    tokens.add(Some("order.events.v1/1@5"), "y", "placed y");
    tokens.add(None, "", "unknown");
    let mut all = tokens.batches(16, 1_000).concat();
    all.sort();
    assert_eq!(all, ["delivered x", "placed y", "unknown"]);
    assert_eq!(tokens.batches(2, 1_000).len(), 2);
    assert_eq!(tokens.batches(16, 10).len(), 3);
}
