//! Stock: levels, and the claims of orders on them.

use super::{Admitted, orders};
use serde_json::Value;
use std::collections::BTreeMap;

/// An order's claim on a SKU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Claim {
    Reserved(i64),
    Committed(i64),
    Ended,
}

/// A SKU as this module counts it.
#[derive(Default)]
struct Item<'a> {
    on_hand: i64,
    claims: BTreeMap<&'a str, Claim>,
    breaches: Vec<String>,
}

impl<'a> Item<'a> {
    fn take(&mut self, event: &'a Admitted<'a>) {
        let pieces = event.body["quantity"].as_i64().unwrap_or_default();
        let order = event.body["order_id"].as_str().unwrap_or_default();
        match event.kind {
            "stock-item.received.v1" => self.on_hand += pieces,
            "stock-item.adjusted.v1" => self.on_hand += event.body["delta"].as_i64().unwrap_or_default(),
            "stock-item.written-off.v1" => self.on_hand -= pieces,
            "stock-item.release-recorded.v1" => self.becomes(event, order, &[None], Claim::Ended),
            "stock-item.reserved.v1" => self.becomes(event, order, &[None], Claim::Reserved(pieces)),
            // One that has lapsed is made again.
            "stock-item.committed.v1" => {
                let before = [Some(Claim::Reserved(pieces)), Some(Claim::Ended), None];
                self.becomes(event, order, &before, Claim::Committed(pieces));
            }
            "stock-item.reservation-expired.v1" => {
                self.becomes(event, order, &[Some(Claim::Reserved(pieces))], Claim::Ended);
            }
            "stock-item.released.v1" => {
                let before = [Some(Claim::Reserved(pieces)), Some(Claim::Committed(pieces))];
                self.becomes(event, order, &before, Claim::Ended);
            }
            "stock-item.fulfilled.v1" => self.leaves(event, order, pieces),
            _ => self.breaches.push(format!("{}: {} is unknown", event.record.place(), event.kind)),
        }
    }

    fn becomes(&mut self, event: &Admitted<'_>, order: &'a str, before: &[Option<Claim>], after: Claim) {
        let is = self.claims.insert(order, after);
        if !before.contains(&is) {
            self.breaches.push(format!("{}: {} of a claim that was {is:?}", event.record.place(), event.kind));
        }
    }

    fn leaves(&mut self, event: &Admitted<'_>, order: &'a str, pieces: i64) {
        self.on_hand -= pieces;
        match self.claims.get(order).copied() {
            Some(Claim::Committed(held)) if held > pieces => {
                _ = self.claims.insert(order, Claim::Committed(held - pieces))
            }
            Some(Claim::Committed(held)) if held == pieces => _ = self.claims.insert(order, Claim::Ended),
            is => self.breaches.push(format!("{}: {pieces} left of a claim that was {is:?}", event.record.place())),
        }
    }

    /// What must stand in the event, and in the row.
    fn levels(&self) -> [i64; 3] {
        let sum = |of: fn(&Claim) -> i64| self.claims.values().map(of).sum();
        let reserved = |claim: &Claim| if let Claim::Reserved(pieces) = claim { *pieces } else { 0 };
        let committed = |claim: &Claim| if let Claim::Committed(pieces) = claim { *pieces } else { 0 };
        [self.on_hand, sum(reserved), sum(committed)]
    }
}

/// The levels that an event states.
fn stated(body: &Value) -> [i64; 3] {
    ["on_hand", "reserved", "committed"].map(|name| body["levels"][name].as_i64().unwrap_or(i64::MIN))
}

pub(super) fn levels(admitted: &[Admitted<'_>]) -> Vec<String> {
    let mut items: BTreeMap<&str, Item<'_>> = BTreeMap::new();
    let mut breaches = Vec::new();
    for event in admitted.iter().filter(|event| event.is_of("stock-item")) {
        let item = items.entry(event.key).or_default();
        item.take(event);
        let counted = item.levels();
        let [on_hand, reserved, committed] = counted;
        if counted != stated(&event.body) || reserved < 0 || committed < 0 || on_hand - reserved - committed < 0 {
            let place = event.record.place();
            breaches.push(format!("{place}: {} is {counted:?}, stated {:?}", event.key, stated(&event.body)));
        }
    }
    breaches
}

pub(super) fn ends(admitted: &[Admitted<'_>]) -> Vec<String> {
    let mut items: BTreeMap<&str, Item<'_>> = BTreeMap::new();
    for event in admitted.iter().filter(|event| event.is_of("stock-item")) {
        items.entry(event.key).or_default().take(event);
    }
    let ended = orders::statuses(admitted);
    let mut breaches = Vec::new();
    for (sku, item) in items {
        breaches.extend(item.breaches);
        for (order, claim) in item.claims {
            let holds = match (claim, ended.get(order).copied().unwrap_or("unknown")) {
                (Claim::Ended, _) | (Claim::Committed(_), "confirmed") => continue,
                (Claim::Reserved(_) | Claim::Committed(_), status) => status,
            };
            breaches.push(format!("order {order} is {holds} and has a claim on {sku}: {claim:?}"));
        }
    }
    breaches
}
