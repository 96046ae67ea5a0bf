//! A credit note that puts pieces back on the shelf: its one step, and what can go wrong with it.

use crate::shop::{Fault, Place, Shop, line};
use tillroll_schemas::credit_note::{CreditNoteEvent, IssueCreditNote};

/// Issues the note, twice if the first request is not answered.
fn issue(shop: &mut Shop) {
    let lines = vec![line(0, 2), line(1, 1)];
    let (reference, reason) = ("C536379".to_owned(), "came back".to_owned());
    let customer = None;
    let command =
        IssueCreditNote { reference, customer, country: None, placed_at: None, lines, restock: true, reason }.into();
    let id = shop.next_request();
    for _ in 0..2 {
        let number = shop.credit_notes.request(id, "note", &command);
        shop.run();
        if shop.credit_notes.told(number).is_some() {
            return;
        }
    }
    panic!("nobody answers");
}

fn on_hand(shop: &Shop) -> [i64; 3] {
    [0, 1, 2].map(|shelf| shop.levels(shelf).on_hand)
}

fn assert_issued_once(shop: &Shop) {
    shop.assert_lawful();
    let issued = |(_, event): &(_, CreditNoteEvent)| matches!(event, CreditNoteEvent::Issued(_));
    assert_eq!(shop.credit_notes.events().iter().filter(|event| issued(event)).count(), 1);
}

#[test]
fn what_came_back_is_put_on_the_shelf_once_whoever_is_lost_on_the_way() {
    for name in ["credit-note.issued.v1", "stock-item.received.v1"] {
        for fault in [Fault::LostBefore(name), Fault::LostAfter(name), Fault::LostAfterSending(name)] {
            for twice in [false, true] {
                let mut shop = Shop::new(5);
                (shop.fault, shop.twice) = (Some(fault), twice);
                issue(&mut shop);
                assert_eq!(shop.fault, None, "{fault:?} did not strike");
                shop.settle();
                assert_issued_once(&shop);
                assert_eq!(on_hand(&shop), [7, 6, 5], "{fault:?}");
            }
        }
    }
}

#[test]
fn what_came_back_while_its_stock_item_was_away_is_put_on_the_shelf_later() {
    let mut shop = Shop::new(5);
    shop.away.insert(Place::Shelf(0));
    issue(&mut shop);
    shop.pass(3_600);
    shop.away.clear();
    shop.settle();
    assert_issued_once(&shop);
    assert_eq!(on_hand(&shop), [7, 6, 5]);
}

/// Nothing tells the note; the dead letter is for a person.
#[test]
fn what_nobody_could_read_stays_off_the_shelf_and_holds_up_nothing() {
    let mut shop = Shop::new(5);
    shop.fault = Some(Fault::Unreadable("stock-item.receive", ""));
    issue(&mut shop);
    shop.settle();
    assert_issued_once(&shop);
    assert_eq!(on_hand(&shop), [5, 6, 5]);
}
