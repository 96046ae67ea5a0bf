//! Read models: folded once more, plainly, and compared with the tables column by column.

use super::{Admitted, orders};
use crate::Outcome;
use crate::rows::texts;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Rows by table and key, each as the text of its columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown(pub BTreeMap<(&'static str, String), String>);

const TABLES: [(&str, &str); 4] = [
    (
        "stock",
        "SELECT sku, concat_ws(' ', on_hand, reserved, committed, version, at_partition, at_offset)
           FROM inventory.stock",
    ),
    (
        "product",
        "SELECT sku, concat_ws(' ', price_amount, currency, tax_rate, tracked, archived, version, at_partition,
                at_offset, name) FROM catalog.product",
    ),
    (
        "order",
        "SELECT order_id::text, concat_ws(' ', status, net, tax, gross, version, at_partition, at_offset,
                coalesce(customer, '-'), coalesce(cancellation_code, '-'), coalesce(reference, '-'),
                coalesce(country, '-')) FROM orders.order",
    ),
    (
        "sales",
        "SELECT concat_ws(' ', dimension, day, currency, key),
                concat_ws(' ', gross, credits, quantity, orders, credit_notes) FROM sales.total",
    ),
];

impl Shown {
    /// What the tables say.
    pub async fn read(database_url: &str) -> Outcome<Self> {
        let mut rows = BTreeMap::new();
        for (table, sql) in TABLES {
            for row in texts(database_url, sql).await? {
                let [key, text] = row.as_slice() else { return Err("not two columns".into()) };
                rows.insert((table, key.clone()), text.clone());
            }
        }
        Ok(Self(rows))
    }
}

pub(super) fn differences(folded: &Shown, shown: &Shown) -> Vec<String> {
    let keys: BTreeSet<_> = folded.0.keys().chain(shown.0.keys()).collect();
    let differ = keys.into_iter().filter(|key| folded.0.get(*key) != shown.0.get(*key));
    differ.map(|key| format!("{key:?}: {:?} in the log, {:?} shown", folded.0.get(key), shown.0.get(key))).collect()
}

/// What the tables must say.
pub(super) fn folded(admitted: &[Admitted<'_>]) -> Shown {
    let mut rows = BTreeMap::new();
    let mut sums: BTreeMap<String, [i64; 5]> = BTreeMap::new();
    let mut open: BTreeMap<&str, Order> = BTreeMap::new();
    for event in admitted.iter().filter(|event| event.version.is_some()) {
        let key = event.key.to_owned();
        match event.record.topic.as_str() {
            "stock-item.events.v1" => _ = rows.insert(("stock", key), stock(event)),
            "product.events.v1" => _ = rows.insert(("product", key), product(event)),
            "order.events.v1" => {
                let order = open.entry(event.key).or_default();
                order.take(event);
                rows.insert(("order", key), order.row(event));
            }
            _ => {}
        }
        count(&mut sums, event);
    }
    rows.extend(sums.into_iter().map(|(key, sums)| (("sales", key), sums.map(|sum| sum.to_string()).join(" "))));
    Shown(rows)
}

fn place(event: &Admitted<'_>) -> String {
    format!("{} {} {}", event.version.unwrap_or_default(), event.record.partition, event.record.offset)
}

fn stock(event: &Admitted<'_>) -> String {
    let levels = ["on_hand", "reserved", "committed"].map(|name| event.body["levels"][name].to_string());
    format!("{} {}", levels.join(" "), place(event))
}

fn product(event: &Admitted<'_>) -> String {
    let body = &event.body;
    let letter = |truth: bool| if truth { "t" } else { "f" };
    format!(
        "{} {} {} {} {} {} {}",
        body["price"]["amount"],
        text(&body["price"]["currency"]),
        body["tax_rate"].as_i64().unwrap_or_default(),
        letter(body["tracked"] != false),
        letter(event.kind == "product.archived.v1"),
        place(event),
        text(&body["name"])
    )
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("-")
}

/// An order as its row has it.
#[derive(Default)]
struct Order {
    status: &'static str,
    sums: String,
    who: [String; 3],
    cancellation: String,
}

impl Order {
    fn take(&mut self, event: &Admitted<'_>) {
        let body = &event.body;
        self.status = orders::after(event).unwrap_or(self.status);
        if event.kind.starts_with("order.placed.") {
            self.sums = ["net", "tax", "gross"].map(|sum| body["totals"][sum]["amount"].to_string()).join(" ");
            self.who =
                [&body["customer"]["reference"], &body["reference"], &body["country"]].map(|who| text(who).to_owned());
            "-".clone_into(&mut self.cancellation);
        }
        if matches!(event.kind, "order.compensation-started.v1" | "order.cancelled.v1") {
            text(&body["reason"]["code"]).clone_into(&mut self.cancellation);
        }
    }

    fn row(&self, event: &Admitted<'_>) -> String {
        let [customer, reference, country] = &self.who;
        let Self { status, sums, cancellation, .. } = self;
        format!("{status} {sums} {} {customer} {cancellation} {reference} {country}", place(event))
    }
}

/// Adds what the event sells or credits: gross, credits, pieces, orders, credit notes.
fn count(sums: &mut BTreeMap<String, [i64; 5]>, event: &Admitted<'_>) {
    let (document, dated, amount, place) = match event.kind {
        "order.confirmed.v1" => (&event.body["sale"], "dated", "amount", 0),
        "order.cancelled.v1" | "order.refunded.v1" => (&event.body["credit"], "dated", "amount", 1),
        "credit-note.issued.v1" => (&event.body, "placed_at", "line_total", 1),
        _ => return,
    };
    let mut touched = BTreeSet::new();
    for line in document["lines"].as_array().into_iter().flatten() {
        let day: String = text(&document[dated]).chars().take(10).collect();
        let or_none = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let keys = [
            ("day", String::new()),
            ("country", or_none(&document["country"])),
            ("category", or_none(&line["category"])),
            ("product", or_none(&line["sku"])),
            ("customer", or_none(&document["customer"]["reference"])),
        ];
        for (dimension, key) in keys {
            let row = format!("{dimension} {day} {} {key}", text(&line[amount]["currency"]));
            let sum = sums.entry(row.clone()).or_default();
            sum[place] += line[amount]["amount"].as_i64().unwrap_or_default();
            if place == 0 {
                sum[2] += line["quantity"].as_i64().unwrap_or_default();
            }
            touched.insert(row);
        }
    }
    let counted = match event.kind {
        "order.confirmed.v1" => 3,
        "credit-note.issued.v1" => 4,
        _ => return,
    };
    for row in touched {
        sums.entry(row).or_default()[counted] += 1;
    }
}
