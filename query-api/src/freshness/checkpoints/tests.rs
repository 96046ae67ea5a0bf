//! When a token is reached, and how old the read models are: only topics that are read count, of the same log.

use super::*;
use std::time::Duration;
use tillroll_schemas::catalogue::{ORDER, PRODUCT, STOCK_ITEM};
use uuid::Uuid;

pub(in crate::freshness) const LOG: Uuid = Uuid::from_u128(1);
const PRODUCTS: (&str, &str) = ("products", PRODUCT.events);
const STOCK: (&str, &str) = ("stock", STOCK_ITEM.events);

pub(in crate::freshness) fn known(places: &[((&str, &str), i32, i64)]) -> Checkpoints {
    let mut known = nothing();
    for ((projection, topic), partition, next) in places {
        let place = ((*projection).to_owned(), (*topic).to_owned());
        let checkpoint = Checkpoint { next: Offset(*next), log: Some(LogId(LOG)) };
        known.places.entry(place).or_default().insert(PartitionId(*partition), checkpoint);
    }
    known
}

fn nothing() -> Checkpoints {
    Checkpoints::unknown(Instant::now())
}

impl Checkpoints {
    /// The same, read from the database then.
    pub(in crate::freshness) fn read_at(self, asked_at: Instant) -> Self {
        Self { asked_at: Some(asked_at), reachable: true, ..self }
    }
}

fn token(topic: &str, partition: i32, offset: i64) -> ConsistencyToken {
    ConsistencyToken::of(LOG, topic, tillroll_http::PartitionId(partition), tillroll_http::Offset(offset))
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
    let other = ConsistencyToken::of(
        Uuid::from_u128(2),
        PRODUCT.events,
        tillroll_http::PartitionId(0),
        tillroll_http::Offset(1),
    );
    assert_eq!(known.reached(Reads::Products, &other), Reached::OtherLog);
}

fn positions(known: &Checkpoints, reads: Reads) -> String {
    known.fresh(reads, Instant::now()).headers()[0].1.to_str().unwrap().to_owned()
}

#[test]
fn positions_are_listed_by_topic_and_partition() {
    let known = known(&[(STOCK, 0, 9), (PRODUCTS, 1, 5), (PRODUCTS, 0, 12)]);
    let known = known.concluded(&nothing(), &Ends::default());
    assert_eq!(positions(&known, Reads::Products), "product.events.v1/0@12,1@5;stock-item.events.v1/0@9");
    assert_eq!(positions(&known, Reads::Orders), "");
}

#[test]
fn what_is_known_of_the_positions_is_listed() {
    let ends = BTreeMap::from([(STOCK_ITEM.events, vec![(PartitionId(0), Offset(7)), (PartitionId(1), Offset(0))])]);
    let ends = Ends { asked_at: Some(Instant::now()), topics: ends };
    let stock_alone = known(&[(STOCK, 1, 4)]).concluded(&nothing(), &ends);
    assert_eq!(positions(&stock_alone, Reads::Products), "stock-item.events.v1/0@0,1@4");
    let products_alone = known(&[(PRODUCTS, 1, 5)]).concluded(&nothing(), &Ends::default());
    assert_eq!(positions(&products_alone, Reads::Products), "product.events.v1/1@5");
}

#[test]
fn the_lag_counts_from_when_the_read_models_were_last_complete() {
    let began = Instant::now();
    let at = |seconds| began + Duration::from_secs(seconds);
    let ends = |at, end| Ends {
        asked_at: Some(at),
        topics: BTreeMap::from([(ORDER.events, vec![(PartitionId(0), Offset(end)), (PartitionId(1), Offset(0))])]),
    };
    let place = ("orders", ORDER.events);
    let lag = |known: &Checkpoints| known.fresh(Reads::Orders, at(5)).headers()[1].1.clone();

    let behind = known(&[(place, 0, 6)]).concluded(&Checkpoints::unknown(began), &ends(at(1), 7));
    assert_eq!(lag(&behind), "5000", "it was never known to be complete: since it is watched");
    let complete = known(&[(place, 0, 7)]).concluded(&behind, &ends(at(1), 7));
    assert_eq!(lag(&complete), "4000");
    let behind = known(&[(place, 0, 8)]).concluded(&complete, &ends(at(3), 9));
    assert_eq!(lag(&behind), "4000", "new records are not in it");
    let unknown = known(&[(place, 0, 9)]).concluded(&behind, &Ends { asked_at: Some(at(3)), ..Ends::default() });
    assert_eq!(lag(&unknown), "4000", "the log does not answer");
    let complete = known(&[(place, 0, 9)]).concluded(&unknown, &ends(at(3), 9));
    assert_eq!(lag(&complete), "2000");
}
