//! What a stock item does, sentence by sentence; `properties` holds what is true of every history.

mod properties;

use super::*;
use tillroll_schemas::{FulfilmentId, OrderId};
use uuid::Uuid;

/// The behaviour of an aggregate: given what happened, when this is asked, then that happens.
struct Given(State);

struct Decided(Decision);

/// Given that these commands were carried out, one after the other.
fn given(commands: &[StockItemCommand]) -> Given {
    Given(commands.iter().fold(State::default(), |state, command| {
        match StockItem::decide(&state, command, Timestamp::UNIX_EPOCH) {
            Ok(Some(event)) => StockItem::evolve(state, &event),
            Ok(None) | Err(_) => panic!("{command:?} does nothing after what was given before it"),
        }
    }))
}

impl Given {
    fn when(&self, command: impl Into<StockItemCommand>) -> Decided {
        Decided(StockItem::decide(&self.0, &command.into(), Timestamp::UNIX_EPOCH))
    }
}

impl Decided {
    fn then(self, event: impl Into<StockItemEvent>) {
        assert_eq!(self.0, Ok(Some(event.into())));
    }
    fn then_nothing(self) {
        assert_eq!(self.0, Ok(None));
    }
    fn then_refused(self, rejection: Rejection) {
        assert_eq!(self.0, Err(rejection));
    }
}

fn pieces(pieces: i64) -> Quantity {
    Quantity::new(pieces).unwrap()
}

fn order(n: u128) -> OrderId {
    OrderId(Uuid::from_u128(n))
}

fn delivery(n: u128) -> FulfilmentId {
    FulfilmentId(Uuid::from_u128(n))
}

fn minute(n: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + chrono::Duration::minutes(n)
}

fn levels(on_hand: i64, reserved: i64, committed: i64) -> Levels {
    Levels { on_hand, reserved, committed }
}

fn receive(n: i64) -> StockItemCommand {
    ReceiveStock { quantity: pieces(n), note: None }.into()
}

fn adjust(delta: i64) -> StockItemCommand {
    AdjustStock { delta, note: None }.into()
}

fn write_off(n: i64) -> StockItemCommand {
    WriteOffStock { quantity: pieces(n), note: None }.into()
}

fn reserve(by: u128, n: i64, until: i64) -> StockItemCommand {
    ReserveStock { order_id: order(by), quantity: pieces(n), expires_at: minute(until) }.into()
}

fn commit(by: u128, n: i64) -> StockItemCommand {
    CommitStock { order_id: order(by), quantity: pieces(n) }.into()
}

fn release(by: u128) -> StockItemCommand {
    ReleaseStock { order_id: order(by) }.into()
}

fn fulfil(by: u128, n: i64) -> StockItemCommand {
    FulfilStock { order_id: order(by), fulfilment_id: delivery_of(by, n), quantity: pieces(n) }.into()
}

/// A delivery of an order is known by its size.
fn delivery_of(by: u128, n: i64) -> FulfilmentId {
    delivery(by << 64 | u128::from(n.unsigned_abs()))
}

fn expire(deadline: i64) -> StockItemCommand {
    ExpireReservations { deadline: minute(deadline) }.into()
}

#[test]
fn received_pieces_are_on_hand_and_available() {
    let note = Some("initial stock".to_owned());
    given(&[receive(5)]).when(ReceiveStock { quantity: pieces(7), note: note.clone() }).then(Received {
        quantity: pieces(7),
        note,
        levels: levels(12, 0, 0),
    });
}

#[test]
fn a_count_finds_pieces_or_misses_them() {
    given(&[]).when(adjust(3)).then(Adjusted { delta: 3, note: None, levels: levels(3, 0, 0) });
    given(&[receive(5)]).when(adjust(-5)).then(Adjusted { delta: -5, note: None, levels: levels(0, 0, 0) });
    given(&[receive(5)]).when(adjust(0)).then_nothing();
}

#[test]
fn spoilt_pieces_are_written_off() {
    let event = WrittenOff { quantity: pieces(2), note: None, levels: levels(3, 0, 0) };
    given(&[receive(5)]).when(write_off(2)).then(event);
}

#[test]
fn pieces_that_an_order_holds_are_neither_written_off_nor_counted_away() {
    let held = given(&[receive(10), reserve(1, 4, 15), reserve(2, 3, 15), commit(2, 3)]);
    held.when(write_off(4)).then_refused(Rejection::InsufficientStock { available: 3 });
    held.when(adjust(-4)).then_refused(Rejection::InsufficientStock { available: 3 });
    held.when(adjust(-3)).then(Adjusted { delta: -3, note: None, levels: levels(7, 4, 3) });
}

#[test]
fn no_stock_item_grows_beyond_what_can_be_counted() {
    let full = Given(State { levels: levels(MOST_ON_HAND, 0, 0), ..State::default() });
    full.when(receive(1)).then_refused(Rejection::StockOverflow);
    full.when(adjust(i64::MAX)).then_refused(Rejection::StockOverflow);
    full.when(adjust(i64::MIN)).then_refused(Rejection::InsufficientStock { available: MOST_ON_HAND });
    assert!(tillroll_log::Rejection::detail(&Rejection::InsufficientStock { available: 3 }).contains("3 available"));
}

#[test]
fn pieces_are_held_for_an_order_until_the_expiry() {
    let event = Reserved { order_id: order(1), quantity: pieces(6), expires_at: minute(15), levels: levels(10, 6, 0) };
    given(&[receive(10)]).when(reserve(1, 6, 15)).then(event);
}

#[test]
fn no_more_pieces_are_held_than_are_available() {
    let held = given(&[receive(10), reserve(1, 6, 15)]);
    held.when(reserve(2, 5, 15)).then_refused(Rejection::InsufficientStock { available: 4 });
    given(&[]).when(reserve(2, 1, 15)).then_refused(Rejection::InsufficientStock { available: 0 });
}

#[test]
fn an_order_holds_or_has_bought_its_pieces_once() {
    given(&[receive(10), reserve(1, 6, 15)]).when(reserve(1, 6, 15)).then_nothing();
    given(&[receive(10), reserve(1, 6, 15), commit(1, 6)]).when(reserve(1, 6, 15)).then_nothing();
    given(&[receive(10), reserve(1, 6, 15), commit(1, 6)]).when(commit(1, 6)).then_nothing();
}

#[test]
fn committed_pieces_no_longer_lapse() {
    let held = given(&[receive(10), reserve(1, 6, 15)]);
    held.when(commit(1, 6)).then(Committed { order_id: order(1), quantity: pieces(6), levels: levels(10, 0, 6) });
    assert_eq!(StockItem::deadline(&held.0), Some(minute(15)));
    let sold = given(&[receive(10), reserve(1, 6, 15), commit(1, 6)]);
    assert_eq!(StockItem::deadline(&sold.0), None);
}

#[test]
fn a_lapsed_reservation_is_still_committed_if_stock_suffices() {
    let lapsed = given(&[receive(10), reserve(1, 6, 15), expire(15)]);
    lapsed.when(commit(1, 6)).then(Committed { order_id: order(1), quantity: pieces(6), levels: levels(10, 0, 6) });
    let sold_to_another = given(&[receive(10), reserve(1, 6, 15), expire(15), reserve(2, 6, 30)]);
    sold_to_another.when(commit(1, 6)).then_refused(Rejection::InsufficientStock { available: 4 });
}

#[test]
fn an_order_may_commit_more_or_fewer_pieces_than_it_held_if_they_are_there() {
    let held = given(&[receive(10), reserve(1, 6, 15)]);
    held.when(commit(1, 10)).then(Committed { order_id: order(1), quantity: pieces(10), levels: levels(10, 0, 10) });
    held.when(commit(1, 2)).then(Committed { order_id: order(1), quantity: pieces(2), levels: levels(10, 0, 2) });
    held.when(commit(1, 11)).then_refused(Rejection::InsufficientStock { available: 10 });
}

#[test]
fn released_pieces_are_available_again() {
    given(&[receive(10), reserve(1, 6, 15)]).when(release(1)).then(Released {
        order_id: order(1),
        quantity: pieces(6),
        levels: levels(10, 0, 0),
    });
    given(&[receive(10), reserve(1, 6, 15), commit(1, 6), fulfil(1, 4)]).when(release(1)).then(Released {
        order_id: order(1),
        quantity: pieces(2),
        levels: levels(6, 0, 0),
    });
}

#[test]
fn a_release_that_overtook_its_reservation_refuses_it_when_it_comes() {
    let overtaken = given(&[receive(10)]);
    overtaken.when(release(1)).then(ReleaseRecorded { order_id: order(1), levels: levels(10, 0, 0) });
    let overtaken = given(&[receive(10), release(1)]);
    overtaken.when(release(1)).then_nothing();
    overtaken.when(reserve(1, 6, 15)).then_refused(Rejection::Released);
    overtaken.when(commit(1, 6)).then_refused(Rejection::Released);
}

#[test]
fn an_order_that_was_released_gets_no_pieces_any_more() {
    let released = given(&[receive(10), reserve(1, 6, 15), release(1)]);
    released.when(release(1)).then_nothing();
    released.when(reserve(1, 6, 15)).then_refused(Rejection::Released);
    released.when(commit(1, 6)).then_refused(Rejection::Released);
}

#[test]
fn a_delivery_takes_committed_pieces_out_of_the_warehouse() {
    let sold = given(&[receive(10), reserve(1, 6, 15), commit(1, 6)]);
    let (order_id, fulfilment_id) = (order(1), delivery_of(1, 4));
    sold.when(fulfil(1, 4)).then(Fulfilled { order_id, fulfilment_id, quantity: pieces(4), levels: levels(6, 0, 2) });
    let rest = given(&[receive(10), reserve(1, 6, 15), commit(1, 6), fulfil(1, 4)]);
    rest.when(fulfil(1, 3)).then_refused(Rejection::NotCommitted);
    let fulfilment_id = delivery_of(1, 2);
    rest.when(fulfil(1, 2)).then(Fulfilled { order_id, fulfilment_id, quantity: pieces(2), levels: levels(4, 0, 0) });
}

#[test]
fn a_delivery_that_is_asked_for_again_takes_nothing_more() {
    let sold = [receive(10), reserve(1, 6, 15), commit(1, 6)];
    let rest = given(&[sold.as_slice(), &[fulfil(1, 3)]].concat());
    rest.when(fulfil(1, 3)).then_nothing();
    let all = given(&[sold.as_slice(), &[fulfil(1, 6)]].concat());
    all.when(fulfil(1, 6)).then_nothing();
}

#[test]
fn only_committed_pieces_are_delivered() {
    given(&[receive(10)]).when(fulfil(1, 1)).then_refused(Rejection::NotCommitted);
    given(&[receive(10), reserve(1, 6, 15)]).when(fulfil(1, 1)).then_refused(Rejection::NotCommitted);
    given(&[receive(10), reserve(1, 6, 15), commit(1, 6), fulfil(1, 6)])
        .when(fulfil(1, 1))
        .then_refused(Rejection::NotCommitted);
}

#[test]
fn a_reservation_lapses_when_its_expiry_has_passed() {
    let held = given(&[receive(10), reserve(1, 6, 30), reserve(2, 3, 15)]);
    assert_eq!(StockItem::deadline(&held.0), Some(minute(15)));
    let on_deadline = StockItem::on_deadline(minute(15)).unwrap();
    held.when(on_deadline).then(ReservationExpired {
        order_id: order(2),
        quantity: pieces(3),
        levels: levels(10, 6, 0),
    });
    held.when(expire(14)).then_nothing();
    given(&[receive(10)]).when(expire(15)).then_nothing();
}

#[test]
fn reservations_that_lapse_together_lapse_one_after_the_other() {
    let held = [receive(10), reserve(1, 6, 15), reserve(2, 3, 15)];
    let one_left = [&held[..], &[expire(15)]].concat();
    assert_eq!(StockItem::deadline(&given(&one_left).0), Some(minute(15)));
    let none_left = [&one_left[..], &[expire(15)]].concat();
    assert_eq!(StockItem::deadline(&given(&none_left).0), None);
    given(&none_left).when(expire(15)).then_nothing();
}

#[test]
fn five_hundred_orders_for_a_hundred_pieces_sell_exactly_a_hundred() {
    let mut state = given(&[receive(100)]).0;
    let mut sold = 0;
    for n in 0..500 {
        for command in [reserve(n, 1, 15), commit(n, 1)] {
            match StockItem::decide(&state, &command, Timestamp::UNIX_EPOCH) {
                Ok(Some(event)) => {
                    sold += i64::from(matches!(event, StockItemEvent::Committed(_)));
                    state = StockItem::evolve(state, &event);
                }
                Ok(None) => panic!("no order asks twice"),
                Err(rejection) => assert_eq!(rejection, Rejection::InsufficientStock { available: 0 }),
            }
        }
    }
    assert_eq!((sold, state.levels), (100, levels(100, 0, 100)));
}

#[test]
fn a_repeat_is_told_the_levels_that_the_first_was_told() {
    let now = given(&[receive(5), receive(7)]).0;
    let first = Received { quantity: pieces(5), note: None, levels: levels(5, 0, 0) }.into();
    assert_eq!(StockItem::answer(&"85123A".into(), Some(&first), &now), levels(5, 0, 0));
    assert_eq!(StockItem::answer(&"85123A".into(), None, &now), levels(12, 0, 0));
}

#[test]
fn every_rejection_that_staff_can_meet_is_of_a_known_kind_of_problem() {
    for rejection in [Rejection::InsufficientStock { available: 0 }, Rejection::StockOverflow] {
        let code = tillroll_log::Rejection::code(&rejection);
        assert!(tillroll_command_http::kind_of(code).is_some(), "{code}");
    }
}
