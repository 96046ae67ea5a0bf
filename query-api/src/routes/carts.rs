//! `GET /cart`: the caller's own, at the catalogue's prices of now.

use super::place::place;
use crate::failure::column;
use crate::freshness::Reads;
use crate::queries::Queries;
use crate::scopes::OwnCarts;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;
use std::sync::Arc;
use tillroll_http::{Allowed, Problem};
use tillroll_postgres::Row;
use tillroll_schemas::{Currency, Money, Quantity};
use uuid::Uuid;

/// A row for each item, at least one if there is a cart.
const CART: &str = "
    SELECT c.order_id, c.version, c.at_partition, c.at_offset, i.sku, i.quantity, p.name, p.price_amount, p.currency,
        p.archived, p.version
    FROM orders.cart AS c
    LEFT JOIN orders.cart_item AS i ON i.user_id = c.user_id
    LEFT JOIN catalog.product AS p ON p.sku = i.sku
    WHERE c.user_id = $1
    ORDER BY i.sku";

/// The same resource as commands to it answer.
#[derive(Debug, Default, Serialize)]
struct Cart {
    items: Vec<Item>,
    net: Option<Money>,
    order_id: Option<Uuid>,
    version: i64,
}

#[derive(Debug, Serialize)]
struct Item {
    sku: String,
    name: Option<String>,
    quantity: i64,
    unit_price: Option<Money>,
    line_total: Option<Money>,
    sold: bool,
}

/// The caller's cart. Who has never used one has an empty one.
pub(crate) async fn own(
    State(queries): State<Arc<Queries>>,
    allowed: Allowed<OwnCarts>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let user = allowed.caller.require_user()?;
    queries
        .answered(&headers, Reads::Carts, |reading| async {
            let rows = queries.rows(CART, &[&user]).await?;
            let (mut cart, at) = match rows.first() {
                None => (Cart::default(), "0".to_owned()),
                Some(row) => {
                    (Cart { order_id: column(row, 0)?, version: column(row, 1)?, ..Cart::default() }, place(row, 2)?)
                }
            };
            for row in &rows {
                cart.items.extend(Item::of(row)?);
            }
            cart.net = net(&cart.items);
            reading.one(cart.version, format_args!("{at}.{}", prices(&rows)?), &cart)
        })
        .await
}

impl Item {
    /// Nothing, if nothing lies in the cart.
    fn of(row: &Row) -> Result<Option<Self>, Problem> {
        let (Some(sku), Some(quantity)) = (column::<Option<String>>(row, 4)?, column::<Option<i64>>(row, 5)?) else {
            return Ok(None);
        };
        let (amount, currency): (Option<i64>, Option<String>) = (column(row, 7)?, column(row, 8)?);
        let currency = currency.and_then(|currency| currency.parse::<Currency>().ok());
        let unit_price = amount.zip(currency).map(|(amount, currency)| Money { amount, currency });
        let pieces = Quantity::new(quantity).ok();
        Ok(Some(Self {
            sku,
            name: column(row, 6)?,
            quantity,
            unit_price,
            line_total: unit_price.zip(pieces).and_then(|(price, pieces)| price.times(pieces).ok()),
            sold: column::<Option<bool>>(row, 9)? == Some(false),
        }))
    }
}

/// The sum of what is sold, if it can be said in one currency.
fn net(items: &[Item]) -> Option<Money> {
    let mut totals = items.iter().filter(|item| item.sold).map(|item| item.line_total);
    let first = totals.next().flatten()?;
    totals.try_fold(first, |sum, next| sum.plus(next?).ok())
}

/// The versions of the products, for the tag: the same cart at other prices is another answer.
fn prices(rows: &[Row]) -> Result<String, Problem> {
    let mut versions = Vec::with_capacity(rows.len() * 8);
    for row in rows {
        versions.extend(column::<Option<i64>>(row, 10)?.unwrap_or_default().to_be_bytes());
    }
    Ok(Uuid::new_v5(&Uuid::NAMESPACE_OID, &versions).simple().to_string())
}
