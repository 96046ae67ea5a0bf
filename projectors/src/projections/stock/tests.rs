//! Stock as rows: the last event of a stock item makes its row.

use super::*;
use crate::samples::{envelope, quantity};
use tillroll_schemas::stock_item::Received;

#[test]
fn the_last_event_of_a_stock_item_makes_its_row() {
    let mut batch = Batch::default();
    for (version, on_hand) in [(1, 10), (2, 15)] {
        let levels = Levels { on_hand, reserved: 1, committed: 2 };
        let received = StockItemEvent::from(Received { quantity: quantity(5), note: None, levels });
        Stock::fold(&mut batch, &envelope("stock-item.events.v1", "LAMP", version, 40), &received);
    }
    let levels = Levels { on_hand: 15, reserved: 1, committed: 2 };
    let row = Row { levels, version: Version(2), partition: PartitionId(3), offset: Offset(40) };
    assert_eq!(batch, Batch(BTreeMap::from([("LAMP".into(), row)])));
}
