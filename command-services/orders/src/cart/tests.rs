//! What a cart does, sentence by sentence, and what is true of it whatever it is asked.

use super::*;
use crate::samples::{at, line, place, quantity, sku};
use proptest::prelude::*;
use std::collections::BTreeSet;
use tillroll_schemas::order::{PlaceOrder, Reason};
use tillroll_testkit::{assert_twice_adds_nothing, story};

struct Given(CartState);

struct Decided(Result<Option<CartEvent>, Rejection>);

fn given(events: &[CartEvent]) -> Given {
    Given(events.iter().fold(CartState::default(), Cart::evolve))
}

impl Given {
    fn when(&self, command: impl Into<CartCommand>) -> Decided {
        Decided(Cart::decide(&self.0, &command.into(), at(0)))
    }

    fn holds(&self) -> Vec<(String, i64)> {
        let CartAnswer { items, .. } = Cart::answer(&"user".into(), None, &self.0);
        items.iter().map(|(sku, quantity)| (sku.to_string(), quantity.get())).collect()
    }
}

impl Decided {
    fn then(self, event: impl Into<CartEvent>) {
        assert_eq!(self.0, Ok(Some(event.into())));
    }
    fn then_nothing(self) {
        assert_eq!(self.0, Ok(None));
    }
    fn then_refused(self, rejection: Rejection) {
        assert_eq!(self.0, Err(rejection));
    }
}

const USER: UserId = UserId(Uuid::from_u128(7));

fn put(text: &str, pieces: i64) -> PutItem {
    PutItem { sku: sku(text), quantity: quantity(pieces) }
}

fn has(text: &str, pieces: i64) -> CartEvent {
    ItemPut { sku: sku(text), quantity: quantity(pieces) }.into()
}

/// The order for so many of each, as the handler prices it.
fn priced(items: &[(&str, i64)]) -> PlaceOrder {
    place(items.iter().map(|(text, pieces)| line(text, *pieces, 255)).collect())
}

fn check_out(items: &[(&str, i64)]) -> CheckOut {
    CheckOut { user_id: USER, order: priced(items) }
}

fn checked_out(version: u64, items: &[(&str, i64)]) -> CartEvent {
    CheckedOut { order_id: order_of(USER, version), order: priced(items) }.into()
}

fn reason() -> Reason {
    Reason { code: "insufficient_stock".to_owned(), detail: "MUG could not be reserved".to_owned() }
}

#[test]
fn what_is_put_in_lies_in_it_with_as_many_pieces_as_were_said_last() {
    given(&[]).when(put("MUG", 2)).then(ItemPut { sku: sku("MUG"), quantity: quantity(2) });
    given(&[has("MUG", 2)]).when(put("MUG", 2)).then_nothing();
    given(&[has("MUG", 2)]).when(put("MUG", 5)).then(ItemPut { sku: sku("MUG"), quantity: quantity(5) });
    assert_eq!(given(&[has("MUG", 2), has("BOWL", 1), has("MUG", 5)]).holds(), [("BOWL".into(), 1), ("MUG".into(), 5)]);
}

#[test]
fn what_is_taken_out_is_gone_and_taking_it_out_again_is_nothing() {
    let filled = [has("MUG", 2), has("BOWL", 1)];
    given(&filled).when(RemoveItem { sku: sku("MUG") }).then(ItemRemoved { sku: sku("MUG") });
    given(&[]).when(RemoveItem { sku: sku("MUG") }).then_nothing();
    given(&filled).when(ClearCart {}).then(Cleared {});
    given(&[]).when(ClearCart {}).then_nothing();
    assert_eq!(given(&[has("MUG", 2), Cleared {}.into()]).holds(), []);
}

#[test]
fn it_holds_so_many_products_and_no_more() {
    let filled: Vec<CartEvent> = (0..MOST_ITEMS).map(|nth| has(&format!("MUG-{nth}"), 1)).collect();
    given(&filled).when(put("ONE-MORE", 1)).then_refused(Rejection::Full);
    given(&filled).when(put("MUG-0", 9)).then(ItemPut { sku: sku("MUG-0"), quantity: quantity(9) });
}

#[test]
fn it_is_checked_out_once_and_no_other_checkout_passes_for_that_one() {
    let items = [("BOWL", 1), ("MUG", 2)];
    let filled = [has("MUG", 2), has("BOWL", 1)];
    given(&filled).when(check_out(&items)).then(checked_out(2, &items));
    let under_way = [filled.as_slice(), &[checked_out(2, &items)]].concat();
    given(&under_way).when(check_out(&items)).then_refused(Rejection::CheckoutInProgress);
    let told = Cart::answer(&"user".into(), None, &given(&under_way).0);
    assert_eq!(told.order_id, Some(order_of(USER, 2)));
}

#[test]
fn nothing_is_bought_that_does_not_lie_in_it() {
    given(&[]).when(check_out(&[])).then_refused(Rejection::Empty);
    for priced in [&[("MUG", 1)][..], &[("MUG", 2), ("BOWL", 1)], &[("BOWL", 2)], &[]] {
        given(&[has("MUG", 2)]).when(check_out(priced)).then_refused(Rejection::Changed);
    }
}

#[test]
fn what_is_being_bought_does_not_change() {
    let under_way = [has("MUG", 2), checked_out(1, &[("MUG", 2)])];
    given(&under_way).when(put("BOWL", 1)).then_refused(Rejection::CheckoutInProgress);
    given(&under_way).when(RemoveItem { sku: sku("MUG") }).then_refused(Rejection::CheckoutInProgress);
    given(&under_way).when(ClearCart {}).then_refused(Rejection::CheckoutInProgress);
    given(&under_way).when(LookInto {}).then_nothing();
}

#[test]
fn an_order_that_is_good_empties_it_and_one_that_is_off_leaves_it_as_it_was() {
    let (under_way, order_id) = ([has("MUG", 2), checked_out(1, &[("MUG", 2)])], order_of(USER, 1));
    given(&under_way).when(RecordBought { order_id }).then(Bought { order_id });
    given(&under_way).when(Reopen { order_id, reason: reason() }).then(Reopened { order_id, reason: reason() });
    let bought = [under_way.as_slice(), &[Bought { order_id }.into()]].concat();
    assert_eq!(given(&bought).holds(), []);
    let reopened = [under_way.as_slice(), &[Reopened { order_id, reason: reason() }.into()]].concat();
    assert_eq!(given(&reopened).holds(), [("MUG".to_owned(), 2)]);
    given(&reopened).when(check_out(&[("MUG", 2)])).then(checked_out(3, &[("MUG", 2)]));
}

#[test]
fn what_becomes_of_another_order_is_nothing_to_it() {
    let (under_way, other) = ([has("MUG", 2), checked_out(1, &[("MUG", 2)])], order_of(USER, 9));
    given(&under_way).when(RecordBought { order_id: other }).then_nothing();
    given(&under_way).when(Reopen { order_id: other, reason: reason() }).then_nothing();
    given(&[has("MUG", 2)]).when(RecordBought { order_id: order_of(USER, 1) }).then_nothing();
}

#[test]
fn a_checkout_that_is_repeated_when_it_is_over_names_its_order_still() {
    let bought = given(&[has("MUG", 2), checked_out(1, &[("MUG", 2)]), Bought { order_id: order_of(USER, 1) }.into()]);
    let told = Cart::answer(&"user".into(), Some(&checked_out(1, &[("MUG", 2)])), &bought.0);
    assert_eq!((told.order_id, told.items.len(), told.under_way), (Some(order_of(USER, 1)), 0, None));
}

fn some_sku() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["MUG", "BOWL", "TRAY"])
}

/// Commands of one customer and his orders; checkouts are priced from any content, mostly not the cart's.
fn some_command() -> impl Strategy<Value = CartCommand> {
    let items = prop::collection::btree_map(some_sku(), 1..3_i64, 0..3);
    prop_oneof![
        4 => (some_sku(), 1..3_i64).prop_map(|(sku, pieces)| put(sku, pieces).into()),
        1 => some_sku().prop_map(|text| RemoveItem { sku: sku(text) }.into()),
        1 => Just(ClearCart {}.into()),
        1 => Just(LookInto {}.into()),
        4 => items.prop_map(|items| check_out(&items.into_iter().collect::<Vec<_>>()).into()),
        2 => (0..12_u64).prop_map(|version| RecordBought { order_id: order_of(USER, version) }.into()),
        2 => (0..12_u64).prop_map(|version| Reopen { order_id: order_of(USER, version), reason: reason() }.into()),
    ]
}

proptest! {
    #[test]
    fn whatever_is_asked_no_order_is_made_twice_and_each_is_what_lay_in_the_cart(
        commands in prop::collection::vec(some_command(), 0..60),
    ) {
        let (mut state, mut orders) = (CartState::default(), BTreeSet::new());
        for command in commands {
            let Ok(Some(event)) = Cart::decide(&state, &command, at(0)) else { continue };
            if let CartEvent::CheckedOut(made) = &event {
                prop_assert!(orders.insert(made.order_id), "{} is made twice", made.order_id);
                let items = Cart::answer(&"user".into(), None, &state).items;
                prop_assert!(!items.is_empty() && covers(&made.order.lines, &items));
            }
            state = Cart::evolve(state, &event);
            // Whatever it was, at once again it is nothing new.
            let again = Cart::decide(&state, &command, at(0));
            prop_assert!(!matches!(again, Ok(Some(_))), "{again:?}");
        }
    }

    #[test]
    fn a_command_that_is_applied_twice_adds_nothing(story in story(prop::collection::vec(some_command(), 0..20))) {
        assert_twice_adds_nothing::<Cart>("user", &story);
    }
}
