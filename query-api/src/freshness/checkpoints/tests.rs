//! When a token is reached, and how old the read models are: only topics that are read count, of the same log.

use super::*;
use std::time::Duration;
use tillroll_schemas::catalogue::{ORDER, PRODUCT, STOCK_ITEM};

const LOG: Uuid = Uuid::from_u128(1);
const PRODUCTS: (&str, &str) = ("products", PRODUCT.events);
const STOCK: (&str, &str) = ("stock", STOCK_ITEM.events);

fn known(places: &[((&str, &str), i32, i64)]) -> Checkpoints {
    let mut known = Checkpoints::default();
    for ((projection, topic), partition, next) in places {
        let place = ((*projection).to_owned(), (*topic).to_owned());
        known.places.entry(place).or_default().insert(*partition, Checkpoint { next: *next, log: Some(LOG) });
    }
    known
}

fn token(topic: &str, partition: i32, offset: i64) -> ConsistencyToken {
    ConsistencyToken::of(LOG, topic, partition, offset)
}

#[test]
fn a_token_is_reached_when_every_projection_has_passed_its_records() {
    let known = known(&[(PRODUCTS, 0, 5), (STOCK, 1, 9)]);
    let mut both = token(PRODUCT.events, 0, 4);
    both.merge(&token(STOCK_ITEM.events, 1, 8));
    assert_eq!(known.reached(Reads::Products, &both), Reached::Yes);
    assert_eq!(known.reached(Reads::Products, &token(PRODUCT.events, 0, 5)), Reached::NotYet);
    assert_eq!(known.reached(Reads::Products, &token(PRODUCT.events, 1, 0)), Reached::NotYet);
    assert_eq!(known.reached(Reads::Orders, &token(ORDER.events, 0, 0)), Reached::NotYet);
}

#[test]
fn topics_that_are_not_read_do_not_count() {
    assert_eq!(known(&[]).reached(Reads::Products, &token(ORDER.events, 0, 99)), Reached::Yes);
}

#[test]
fn an_offset_of_another_log_says_nothing() {
    let known = known(&[(PRODUCTS, 0, 5)]);
    let other = ConsistencyToken::of(Uuid::from_u128(2), PRODUCT.events, 0, 1);
    assert_eq!(known.reached(Reads::Products, &other), Reached::OtherLog);
}

#[test]
fn positions_are_listed_by_topic_and_partition() {
    let known = known(&[(STOCK, 0, 9), (PRODUCTS, 1, 5), (PRODUCTS, 0, 12)]);
    let known = known.concluded(&Checkpoints::default(), &Ends::default());
    let positions = known.fresh(Reads::Products, Instant::now()).positions;
    assert_eq!(positions.unwrap(), "product.events.v1/0@12,1@5;stock-item.events.v1/0@9");
    assert_eq!(known.fresh(Reads::Orders, Instant::now()).positions, None);
}

#[test]
fn the_lag_counts_from_when_the_read_models_were_last_complete() {
    let began = Instant::now();
    let ends = |at, end| Ends { asked_at: Some(at), topics: BTreeMap::from([(ORDER.events, vec![(0, end), (1, 0)])]) };
    let place = ("orders", ORDER.events);
    let later = began + Duration::from_secs(3);
    let lag = |known: &Checkpoints| known.fresh(Reads::Orders, began + Duration::from_secs(5)).lag;

    let behind = known(&[(place, 0, 6)]).concluded(&Checkpoints::default(), &ends(began, 7));
    assert_eq!(lag(&behind), None, "it was never known to be complete");
    let complete = known(&[(place, 0, 7)]).concluded(&behind, &ends(began, 7));
    assert_eq!(lag(&complete), Some(Duration::from_secs(5)));
    let behind = known(&[(place, 0, 8)]).concluded(&complete, &ends(later, 9));
    assert_eq!(lag(&behind), Some(Duration::from_secs(5)), "new records are not in it");
    let unknown = known(&[(place, 0, 9)]).concluded(&behind, &Ends { asked_at: Some(later), ..Ends::default() });
    assert_eq!(lag(&unknown), Some(Duration::from_secs(5)), "the log does not answer");
    let complete = known(&[(place, 0, 9)]).concluded(&unknown, &ends(later, 9));
    assert_eq!(lag(&complete), Some(Duration::from_secs(2)));
}
