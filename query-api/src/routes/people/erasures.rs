//! `GET /erasures/{id}`: the receipt. It is given only once nobody can read the person's texts any more: the key is
//! destroyed, every read model has passed the event, and no process can have the key in memory. What the law wants kept
//! with the documents of what he bought is told apart.

use crate::failure::column;
use crate::freshness::Reads;
use crate::queries::Queries;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::NaiveDate;
use serde::Serialize;
use std::sync::Arc;
use tillroll_http::{PathId, Problem};
use tillroll_postgres::Row;
use tillroll_schemas::{Buyer, Timestamp, catalogue};
use tillroll_vault::Caching;
use uuid::Uuid;

/// The erasure, and how many read models have not passed its event: of those that there have to be, also where one has
/// no checkpoint, since it is being made again; and of any other that has one.
const ONE: &str = "
    SELECT e.user_id, e.erased_at,
        (SELECT count(*)
         FROM (SELECT c.projection, c.next_offset FROM projection.checkpoint AS c
               WHERE c.topic = $2 AND c.partition = e.at_partition) AS reached
         FULL JOIN UNNEST($3::text[]) AS expected (projection) ON expected.projection = reached.projection
         WHERE reached.next_offset IS NULL OR reached.next_offset <= e.at_offset),
        ARRAY(SELECT jsonb_object_keys(a.had) AS field ORDER BY field),
        EXISTS (SELECT FROM people.session AS s WHERE s.user_id = e.user_id AND s.device IS NOT NULL),
        EXISTS (SELECT FROM orders.cart AS c WHERE c.user_id = e.user_id AND c.addressed),
        EXISTS (SELECT FROM orders.order AS o WHERE o.user_id = e.user_id AND o.shipping_address IS NOT NULL)
    FROM people.erasure AS e
    LEFT JOIN people.account AS a ON a.user_id = e.user_id
    WHERE e.erasure_id = $1";

/// What everybody has who ever registered.
const ACCOUNT: [&str; 3] = ["email", "username", "password"];
/// Where an order is sent.
const ADDRESS: &str = "shipping_address";
/// Where what is sealed under fiscal keys may be, which outlive the person.
const KEPT: [&str; 5] = [
    catalogue::CART.events,
    catalogue::ORDER.commands,
    catalogue::ORDER.events,
    catalogue::INVOICE_SERIES.commands,
    catalogue::INVOICE_SERIES.events,
];
const REASON: &str = "name and address stand on invoices and credit notes for as long as the law wants these kept";

/// The texts of the person that were sealed into a topic, by the names of their fields.
#[derive(Debug, PartialEq, Serialize)]
struct Texts {
    topic: &'static str,
    fields: Vec<String>,
}

#[derive(Serialize)]
struct Receipt {
    erasure_id: Uuid,
    user_id: Uuid,
    /// `erasing` until nobody can read it any more.
    status: &'static str,
    erased_at: Timestamp,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unreadable: Vec<Texts>,
    /// What stays readable by law, if he has bought anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    kept: Option<Kept>,
}

/// What is kept for a term.
#[derive(Serialize)]
struct Kept {
    /// The last day of it.
    until: NaiveDate,
    reason: &'static str,
    texts: Vec<Texts>,
}

/// Whoever knows the id may ask: the person himself has no access any more, and it says nothing of him.
pub(crate) async fn one(
    State(queries): State<Arc<Queries>>,
    PathId(id): PathId<Uuid>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    queries
        .answered(&headers, Reads::Users, |reading| async {
            let (topic, readers) = (catalogue::USER.events, Reads::projections_of(catalogue::USER.events));
            let row = queries.one(ONE, &[&id, &topic, &readers]).await?;
            let (user_id, behind): (Uuid, i64) = (column(&row, 0)?, column(&row, 2)?);
            let destroyed = queries.destroyed(user_id).await?;
            let forgotten = destroyed.is_some_and(|age| age >= Caching::default().longest);
            let over = forgotten && behind == 0;
            let (status, version) = if over { ("erased", 2) } else { ("erasing", 1) };
            let (unreadable, seen) = if over { unreadable(&row)? } else { (Vec::new(), String::new()) };
            let until = if over { queries.kept_until(user_id).await? } else { None };
            let kept = until.map(kept);
            // What is read of other topics comes later, and the end of the term changes no row either.
            let place = until.map_or_else(|| format!("{status}{seen}"), |until| format!("{status}{seen}.{until}"));
            let receipt = Receipt { erasure_id: id, user_id, status, erased_at: column(&row, 1)?, unreadable, kept };
            reading.one(version, place, &receipt)
        })
        .await
}

/// Where a document of his may have left its buyer.
fn kept(until: NaiveDate) -> Kept {
    let texts = KEPT.map(|topic| Texts { topic, fields: vec![Buyer::FIELD.to_owned()] });
    Kept { until, reason: REASON, texts: texts.into() }
}

/// What the person had, as far as the read models have seen it, and what tells that from what they see later. A cart that
/// is checked out asks for its order by a command, which holds the same sealed address.
fn unreadable(row: &Row) -> Result<(Vec<Texts>, String), Problem> {
    let had: Vec<String> = column(row, 3)?;
    let (device, cart, order): (bool, bool, bool) = (column(row, 4)?, column(row, 5)?, column(row, 6)?);
    let account = ACCOUNT.iter().map(|field| (*field).to_owned()).chain(had).collect();
    let others = [
        (device, catalogue::SESSION.events, "device"),
        (cart, catalogue::CART.events, ADDRESS),
        (cart, catalogue::ORDER.commands, ADDRESS),
        (order, catalogue::ORDER.events, ADDRESS),
    ];
    let seen = [(device, ".device"), (cart, ".cart"), (order, ".order")];
    let seen = seen.into_iter().filter(|(there, _)| *there).map(|(_, what)| what).collect();
    let others = others.into_iter().filter(|(there, ..)| *there);
    let others = others.map(|(_, topic, field)| Texts { topic, fields: vec![field.to_owned()] });
    let account = Texts { topic: catalogue::USER.events, fields: account };
    Ok(([account].into_iter().chain(others).collect(), seen))
}
