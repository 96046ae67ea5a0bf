//! Lines as a client asks for them, and what the catalogue makes of them: priced, named and frozen, or refused.

use std::sync::Arc;

use serde::Deserialize;
use tillroll_command_http::Checks;
use tillroll_http::{Problem, problems};
use tillroll_schemas::order::Line;
use tillroll_schemas::{Money, Quantity, Sku};

use crate::pricing::{self, LinesRefused};
use crate::product_facts::Facts;

/// Lines that one order or credit note may have.
pub(super) const MOST_LINES: usize = 10_000;

/// One line as a client asks for it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WantedLine {
    pub(super) sku: Sku,
    pub(super) quantity: Quantity,
    /// Staff only: the agreed price; the catalogue's if absent.
    pub(super) unit_price: Option<Money>,
    /// The price that the customer was shown.
    pub(super) expected_unit_price: Option<Money>,
}

/// A product as the catalogue has it now.
pub(super) struct Product {
    /// Its version.
    pub(super) version: u64,
    /// What is known of it.
    pub(super) facts: Arc<Facts>,
}

/// Whether products count that are no longer sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Archived {
    /// They cannot be ordered.
    Refused,
    /// What was sold can be credited.
    Taken,
}

/// What can be said of lines without the catalogue.
pub(super) fn check(lines: &[WantedLine], checks: &mut Checks) {
    checks.require((1..=MOST_LINES).contains(&lines.len()), "/lines", format!("1 to {MOST_LINES} lines"));
    for (place, line) in lines.iter().enumerate() {
        for (name, price) in [("unit_price", line.unit_price), ("expected_unit_price", line.expected_unit_price)] {
            if let Some(price) = price {
                check_price(price, &format!("/lines/{place}/{name}"), checks);
            }
        }
    }
}

fn check_price(price: Money, field: &str, checks: &mut Checks) {
    if price.amount < 0 {
        checks.require(false, format!("{field}/amount"), "0 or more minor units");
    }
    if !price.currency.is_in_use() {
        checks.require(false, format!("{field}/currency"), "the ISO 4217 code of a currency in use");
    }
}

/// The lines with everything frozen that could change later; or what is wrong with them, line by line.
pub(super) fn frozen(
    wanted: &[WantedLine],
    archived: Archived,
    look_up: impl Fn(&Sku) -> Option<Product>,
) -> Result<Vec<Line>, Problem> {
    let sold = |product: &Product| archived == Archived::Taken || !product.facts.archived;
    let mut lines = Vec::with_capacity(wanted.len());
    let mut unknown = Vec::new();
    let mut changed = Vec::new();
    for (place, line) in wanted.iter().enumerate() {
        let Some(product) = look_up(&line.sku).filter(sold) else {
            unknown.push(place);
            continue;
        };
        let unit_price = line.unit_price.unwrap_or(product.facts.price);
        if line.expected_unit_price.is_some_and(|expected| expected != unit_price) {
            changed.push((place, unit_price));
        }
        lines.push(of_product(line, unit_price, product));
    }
    if !unknown.is_empty() {
        return Err(unknown_products(wanted, &unknown));
    }
    if !changed.is_empty() {
        return Err(price_changed(&changed));
    }
    summable(&lines).map_err(|why| refused(&why, wanted.iter().map(|line| &line.sku)))?;
    Ok(lines)
}

fn of_product(line: &WantedLine, unit_price: Money, product: Product) -> Line {
    let Facts { name, category, price: _, tax_rate, tracked, archived: _ } = product.facts.as_ref();
    Line {
        sku: line.sku.clone(),
        name: name.clone(),
        category: category.clone(),
        quantity: line.quantity,
        unit_price,
        // The decision sums; what a handler says of it would not be believed.
        line_total: Money::zero(unit_price.currency),
        tax_rate: *tax_rate,
        tracked: *tracked,
        product_version: product.version,
    }
}

fn summable(lines: &[Line]) -> Result<(), LinesRefused> {
    pricing::totals(lines)?;
    pricing::pieces(lines)?;
    Ok(())
}

fn unknown_products(wanted: &[WantedLine], places: &[usize]) -> Problem {
    let kind = &problems::UNKNOWN_PRODUCT;
    places.iter().fold(Problem::new(kind), |problem, place| {
        let detail =
            wanted.get(*place).map_or(String::new(), |line| format!("the catalogue does not sell {}", line.sku));
        problem.error(format!("/lines/{place}/sku"), kind.code, detail)
    })
}

fn price_changed(changed: &[(usize, Money)]) -> Problem {
    let kind = &problems::PRICE_CHANGED;
    changed.iter().fold(Problem::new(kind), |problem, (place, now)| {
        let detail = format!("the price is {} {} in minor units", now.amount, now.currency);
        problem.error(format!("/lines/{place}/expected_unit_price"), kind.code, detail)
    })
}

/// Lines that cannot be summed, as a problem; `skus` are the lines' own, in their order.
pub(super) fn refused<'a>(why: &LinesRefused, skus: impl IntoIterator<Item = &'a Sku>) -> Problem {
    let invalid =
        |field: String| Problem::new(&problems::INVALID_FIELD).error(field, problems::INVALID_FIELD.code, why.detail());
    let mut skus = skus.into_iter();
    let mut at = |sku: &Sku| skus.position(|other| other == sku).map_or("/lines".to_owned(), |n| format!("/lines/{n}"));
    match why {
        LinesRefused::NoLines => invalid("/lines".to_owned()),
        LinesRefused::NegativePrice(sku) => invalid(format!("{}/unit_price", at(sku))),
        LinesRefused::QuantityOverflow(sku) => invalid(format!("{}/quantity", at(sku))),
        LinesRefused::CurrencyMismatch(..) => Problem::new(&problems::CURRENCY_MISMATCH).detail(why.detail()),
        LinesRefused::AmountOverflow => Problem::new(&problems::AMOUNT_OVERFLOW).detail(why.detail()),
    }
}

#[cfg(test)]
pub(super) mod tests;
