//! `GET /orders` and `GET /orders/{id}`: all for staff, for customers their own.

mod body;
pub(crate) mod history;

use super::moments::{Moment, in_order};
use super::place::place;
use super::select::{Conditions, counted};
use crate::failure::column;
use crate::freshness::Reads;
use crate::paging::{ByTime, Paging};
use crate::queries::Queries;
use crate::scopes::{OwnOrders, ReadOrders};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use body::Order;
use serde::Deserialize;
use std::sync::Arc;
use tillroll_http::{PathId, Problem, Reach, Reaching, StrictQuery, problems};
use tillroll_schemas::OrderId;
use uuid::Uuid;

/// The columns of an order and, as arrays, of its lines and of what was delivered of it. The `order` is named `o`.
macro_rules! order_columns {
    () => {
        "o.order_id, o.reference, o.customer, o.country, o.status, o.payment_method, o.currency, o.net, o.tax, o.gross,
        o.refunded, o.placed_at, o.recorded_at, o.cancellation_code, o.cancellation_detail, o.version, o.at_partition,
        o.at_offset, l.skus, l.names, l.quantities, l.unit_prices, l.line_totals, l.tax_rates, f.skus, f.quantities,
        o.user_id, o.payment_id, o.payment_status, o.action_by, o.owed"
    };
}

/// Where the arrays come from.
macro_rules! order_parts {
    () => {
        "LEFT JOIN LATERAL (
            SELECT array_agg(l.sku) AS skus, array_agg(l.name) AS names, array_agg(l.quantity) AS quantities,
                array_agg(l.unit_price) AS unit_prices, array_agg(l.line_total) AS line_totals,
                array_agg(l.tax_rate) AS tax_rates
            FROM (
                SELECT l.sku, l.name, l.quantity, l.unit_price, l.line_total, l.tax_rate
                FROM orders.order_line AS l WHERE l.order_id = o.order_id ORDER BY l.line
            ) AS l
        ) AS l ON TRUE
        LEFT JOIN LATERAL (
            SELECT array_agg(f.sku) AS skus, array_agg(f.quantity) AS quantities
            FROM orders.fulfilled AS f WHERE f.order_id = o.order_id
        ) AS f ON TRUE"
    };
}

const ONE: &str = concat!(
    "SELECT ",
    order_columns!(),
    ", o.shipping_address FROM orders.order AS o ",
    order_parts!(),
    " WHERE o.order_id = $1"
);

/// The column of the user whose order it is.
const USER: usize = 26;
/// The column of where one order is sent; lists do not show it.
const ADDRESS: usize = 31;

/// A customer is known by his orders.
const CUSTOMER: &str = "SELECT 1 FROM orders.order AS o WHERE o.customer = $1 LIMIT 1";

/// What the list is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    status: Option<Status>,
    /// His reference.
    customer: Option<String>,
    /// The user whose they are.
    user: Option<Uuid>,
    /// Whether something was credited that did not arrive.
    owed: Option<bool>,
    /// Placed then or later.
    from: Option<Moment>,
    /// Placed before.
    to: Option<Moment>,
    page: Option<i64>,
    limit: Option<i64>,
    cursor: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Pending,
    RequiresAction,
    Confirmed,
    Fulfilled,
    Cancelled,
    Stuck,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::RequiresAction => "requires_action",
            Self::Confirmed => "confirmed",
            Self::Fulfilled => "fulfilled",
            Self::Cancelled => "cancelled",
            Self::Stuck => "stuck",
        }
    }
}

/// One order.
pub(crate) async fn one(
    State(queries): State<Arc<Queries>>,
    reaching: Reaching<ReadOrders, OwnOrders>,
    PathId(id): PathId<OrderId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    queries
        .answered(&headers, Reads::Orders, |reading| async {
            let row = queries.one(ONE, &[&id.0]).await?;
            reaching.reach.require(column(&row, USER)?)?;
            let mut order = Order::of(&row)?;
            let mut place = place(&row, 16)?.to_string();
            if let (Some(user), Some(address)) = (column(&row, USER)?, column::<Option<String>>(&row, ADDRESS)?) {
                let address = queries.opened_address(user, &address).await?;
                // Its end changes no row, and whoever kept the answer has to hear of it.
                if address.is_null() {
                    place.push_str(".erased");
                }
                order.is_sent_to(address);
            }
            reading.one(order.version(), place, &order)
        })
        .await
}

/// Orders, those placed last first.
pub(crate) async fn list(
    State(queries): State<Arc<Queries>>,
    reaching: Reaching<ReadOrders, OwnOrders>,
    StrictQuery(asked): StrictQuery<Asked>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let paging = Paging::<ByTime>::of("orders", asked.page, asked.limit, asked.cursor.as_deref())?;
    in_order(asked.from, asked.to)?;
    let user = whose(reaching.reach, asked.user)?;
    queries
        .answered(&headers, Reads::Orders, |reading| async {
            let (sql, conditions) = statement(&asked, user, &paging);
            let rows = queries.rows(&sql, &conditions.params()).await?;
            let (orders, total) = counted(&rows, 31, Order::of)?;
            // Whether somebody else is a customer is none of a customer's business.
            if let (Some(customer), true, Reach::All) = (&asked.customer, orders.is_empty(), reaching.reach) {
                queries.one(CUSTOMER, &[customer]).await?;
            }
            let list = paging.list(orders, total, |order| ByTime { at: order.placed_at(), id: order.id() });
            reading.list(&list.extent(), &list, |list| body::table(list.items()))
        })
        .await
}

/// Whose orders are listed; everybody's if nothing is said. Another's are not there for a customer.
fn whose(reach: Reach, asked: Option<Uuid>) -> Result<Option<Uuid>, Problem> {
    match (reach, asked) {
        (Reach::All, asked) => Ok(asked),
        (Reach::Own(user), Some(other)) if other != user => Err(Problem::new(&problems::NOT_FOUND)),
        (Reach::Own(user), _) => Ok(Some(user)),
    }
}

/// One statement for both: what is on the page, and how many there are in all if pages are numbered.
fn statement(asked: &Asked, user: Option<Uuid>, paging: &Paging<ByTime>) -> (String, Conditions) {
    let mut conditions = Conditions::default();
    if let Some(status) = asked.status {
        conditions.and("o.status = ?", status.name());
    }
    if let Some(customer) = &asked.customer {
        conditions.and("o.customer = ?", customer.clone());
    }
    if let Some(user) = user {
        conditions.and("o.user_id = ?", user);
    }
    if let Some(owed) = asked.owed {
        conditions.push(if owed { "o.owed > 0" } else { "o.owed <= 0" });
    }
    if let Some(Moment(from)) = asked.from {
        conditions.and("o.placed_at >= ?", from);
    }
    if let Some(Moment(to)) = asked.to {
        conditions.and("o.placed_at < ?", to);
    }
    let total = conditions.total("orders.order AS o", paging);
    if let Some(ByTime { at, id }) = paging.after() {
        conditions.and_two("(o.placed_at, o.order_id) < (?, !)", *at, *id);
    }
    let (limit, offset) = conditions.window(paging);
    let sql = format!(
        concat!(
            "SELECT ",
            order_columns!(),
            ", c.total
        FROM (SELECT {total} AS total) AS c
        LEFT JOIN (
            SELECT o.order_id, o.reference, o.customer, o.country, o.status, o.payment_method, o.currency, o.net, o.tax,
                o.gross, o.refunded, o.placed_at, o.recorded_at, o.cancellation_code, o.cancellation_detail, o.version,
                o.at_partition, o.at_offset, o.user_id, o.payment_id, o.payment_status, o.action_by, o.owed
            FROM orders.order AS o {conditions}
            ORDER BY o.placed_at DESC, o.order_id DESC LIMIT {limit} OFFSET {offset}
        ) AS o ON TRUE ",
            order_parts!(),
            " ORDER BY o.placed_at DESC, o.order_id DESC"
        ),
        total = total,
        conditions = conditions.sql(),
        limit = limit,
        offset = offset,
    );
    (sql, conditions)
}
