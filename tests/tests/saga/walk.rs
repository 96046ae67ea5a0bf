//! A random walk: several orders that share their stock, every partition moved one record at a time in any order, and
//! owners, reactors, commands and answers that are lost, doubled or late. TILLROLL_SEED repeats one; it is printed.

use crate::shop::{Fault, PLACES, Place, SKUS, Shop, cancelled_for, is_over, line, order_id, place, postage};
use e2e::seed;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};
use tillroll_orders::order::Life;
use tillroll_schemas::FulfilmentId;
use tillroll_schemas::order::{CancelOrder, CompensateStuck, OrderCommand, RequestFulfilment, RetryStep, StockClaim};
use uuid::Uuid;

const ORDERS: u128 = 4;
const PIECES: i64 = 6;
const CASES: u32 = 400;

/// What may happen next.
#[derive(Clone, Debug)]
enum Happens {
    Placed(u128, Vec<(usize, i64)>),
    Cancelled(u128),
    Delivered(u128, u128, Option<(usize, i64)>),
    /// An operator asks again, or gives a delivery up; so many times before.
    Operated(u128, bool, u128),
    Taken(Place),
    Stored(Place),
    Read(Place),
    /// The reactor's next command stands in its target's partition so many times, readable or not.
    Sent(Place, usize, bool),
    Committed(Place),
    OwnerLost(Place),
    Ticked(Place),
    Seconds(u64),
    Works,
}

fn happens() -> impl Strategy<Value = Happens> {
    let place = prop::sample::select(PLACES.to_vec());
    let order = 0..ORDERS;
    let item = (0..SKUS.len(), 1..4i64);
    prop_oneof![
        3 => (order.clone(), prop::collection::vec(item.clone(), 0..4)).prop_map(|(o, items)| Happens::Placed(o, items)),
        2 => order.clone().prop_map(Happens::Cancelled),
        3 => (order, 0..3u128, prop::option::of(item)).prop_map(|(o, id, item)| Happens::Delivered(o, id, item)),
        2 => (0..ORDERS, any::<bool>(), 0..9u128).prop_map(|(o, retries, nth)| Happens::Operated(o, retries, nth)),
        12 => place.clone().prop_map(Happens::Taken),
        12 => place.clone().prop_map(Happens::Stored),
        16 => place.clone().prop_map(Happens::Read),
        12 => (place.clone(), 1..3usize).prop_map(|(place, times)| Happens::Sent(place, times, true)),
        1 => place.clone().prop_map(|place| Happens::Sent(place, 1, false)),
        4 => place.clone().prop_map(Happens::Committed),
        3 => place.clone().prop_map(Happens::OwnerLost),
        3 => place.prop_map(Happens::Ticked),
        2 => (1..400u64).prop_map(Happens::Seconds),
        1 => Just(Happens::Works),
    ]
}

/// Whether it was a command that nobody will ever read.
fn happen(shop: &mut Shop, what: &Happens) -> bool {
    match what {
        Happens::Placed(order, items) => {
            let lines = items.iter().map(|(shelf, pieces)| line(*shelf, *pieces)).chain([postage()]);
            asked(shop, *order, 1, place(lines.collect()));
        }
        Happens::Cancelled(order) => asked(shop, *order, 2, CancelOrder { by: None, reason: None }),
        Happens::Delivered(order, id, item) => {
            let claim = |(shelf, pieces): (usize, i64)| StockClaim {
                sku: crate::shop::sku(shelf),
                quantity: crate::shop::quantity(pieces),
            };
            let items = item.map(|item| vec![claim(item)]);
            asked(shop, *order, 3, RequestFulfilment { fulfilment_id: FulfilmentId(Uuid::from_u128(*id)), items });
        }
        Happens::Operated(order, true, nth) => {
            asked(shop, *order, 10 + nth, RetryStep { reason: None });
        }
        Happens::Operated(order, false, nth) => {
            asked(shop, *order, 30 + nth, CompensateStuck { reason: "given up".to_owned() });
        }
        Happens::Taken(place) => drop(shop.site(*place).take()),
        Happens::Stored(place) => drop(shop.site(*place).store()),
        Happens::Read(place) => drop(shop.site(*place).read()),
        Happens::Sent(place, times, readable) => {
            let Some(letter) = shop.site(*place).send() else { return false };
            shop.fault = (!readable).then_some(Fault::Unreadable(letter.type_name, ""));
            for _ in 0..*times {
                shop.route(letter.clone());
            }
            return !readable && shop.fault.take().is_none();
        }
        Happens::Committed(place) => shop.site(*place).commit(),
        Happens::OwnerLost(place) => shop.site(*place).lose_owner(),
        Happens::Ticked(place) => shop.site(*place).tick(),
        Happens::Seconds(seconds) => {
            shop.now += std::time::Duration::from_secs(*seconds);
            let now = shop.now;
            PLACES.into_iter().for_each(|place| shop.site(place).set_clock(now));
        }
        Happens::Works => shop.run(),
    }
    false
}

/// A client asks, and does not wait for the answer. The same body comes under the same key.
fn asked(shop: &mut Shop, order: u128, kind: u128, command: impl Into<OrderCommand>) {
    let command = command.into();
    let id = Uuid::new_v5(&Uuid::from_u128(order * 100 + kind), format!("{command:?}").as_bytes());
    shop.orders.request(id, &order_id(order).to_string(), &command);
}

fn assert_ended(shop: &Shop, some_unreadable: bool) {
    shop.assert_lawful();
    let mut held = [0; SKUS.len()];
    for order in (0..ORDERS).map(order_id) {
        let Some(state) = shop.orders.state(&order.to_string()) else {
            assert_eq!(shop.claims(order), [], "pieces of an order that does not exist");
            continue;
        };
        assert!(is_over(state), "{order} goes on for ever: {state:?}");
        let claims = shop.claims(order);
        claims.iter().for_each(|(shelf, pieces)| held[*shelf] += pieces);
        match (&state.life, state.life.stuck()) {
            (_, Some(reason)) => assert!(some_unreadable && !reason.detail.is_empty(), "{order} is stuck: {reason:?}"),
            (Life::Confirmed(sold), None) => {
                let left = (0..SKUS.len()).filter_map(|shelf| Some((shelf, *sold.left.get(&crate::shop::sku(shelf))?)));
                assert_eq!(claims, left.collect::<Vec<_>>(), "{order}");
            }
            (Life::Fulfilled(_), None) => assert_eq!(claims, [], "{order}"),
            (other, None) => {
                assert!(cancelled_for(state).is_some_and(|code| !code.is_empty()), "{order}: {other:?}");
                assert_eq!(claims, [], "{order}");
            }
        }
    }
    for (shelf, held) in held.into_iter().enumerate() {
        let levels = shop.levels(shelf);
        assert_eq!(levels.on_hand, shop.counted(shelf), "pieces came from nowhere or went there");
        assert_eq!(levels.reserved + levels.committed, held, "pieces are held for nobody");
    }
}

#[test]
fn whatever_happens_in_whatever_order_stock_is_kept_and_every_order_ends() {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed().to_le_bytes());
    let config = Config { cases: CASES, failure_persistence: None, max_shrink_iters: 2_000, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let story = prop::collection::vec(happens(), 0..300);
    let walked = runner.run(&story, |story| {
        let mut shop = Shop::new(PIECES);
        let mut some_unreadable = false;
        for what in &story {
            some_unreadable |= happen(&mut shop, what);
        }
        shop.settle();
        assert_ended(&shop, some_unreadable);
        Ok(())
    });
    match walked {
        Ok(()) => {}
        Err(TestError::Fail(why, story)) => panic!("{why}\n{story:#?}"),
        Err(TestError::Abort(why)) => panic!("{why}"),
    }
}
