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
         WHERE reached.next_offset IS NULL OR reached.next_offset <= e.at_offset)
    FROM people.erasure AS e
    WHERE e.erasure_id = $1";

/// Every text that may have been sealed under the person's key, by the events topic that has it; a command on its way to
/// its aggregate holds the same sealed text.
const UNREADABLE: [Texts; 4] = [
    Texts {
        topic: catalogue::USER.events,
        fields: &["email", "username", "name", "first_name", "last_name", "bio", "address", "password"],
    },
    Texts { topic: catalogue::SESSION.events, fields: &["device"] },
    Texts { topic: catalogue::CART.events, fields: &["shipping_address"] },
    Texts { topic: catalogue::ORDER.events, fields: &["shipping_address"] },
];

/// The same of what is sealed under fiscal keys, which outlive him.
const KEPT: [Texts; 3] = [
    Texts { topic: catalogue::CART.events, fields: &[Buyer::FIELD] },
    Texts { topic: catalogue::ORDER.events, fields: &[Buyer::FIELD] },
    Texts { topic: catalogue::INVOICE_SERIES.events, fields: &[Buyer::FIELD] },
];

const REASON: &str = "name and address stand on invoices and credit notes for as long as the law wants these kept";

#[derive(Serialize)]
struct Texts {
    topic: &'static str,
    fields: &'static [&'static str],
}

#[derive(Serialize)]
struct Receipt {
    erasure_id: Uuid,
    user_id: Uuid,
    /// `erasing` until nobody can read it any more.
    status: &'static str,
    erased_at: Timestamp,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unreadable: Vec<&'static Texts>,
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
    texts: &'static [Texts],
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
            let unreadable = if over { UNREADABLE.iter().collect() } else { Vec::new() };
            let until = if over { queries.kept_until(user_id).await? } else { None };
            let kept = until.map(|until| Kept { until, reason: REASON, texts: &KEPT });
            // The end of the term changes no row either.
            let place = until.map_or_else(|| status.to_owned(), |until| format!("{status}.{until}"));
            let receipt = Receipt { erasure_id: id, user_id, status, erased_at: column(&row, 1)?, unreadable, kept };
            reading.one(version, place, &receipt)
        })
        .await
}
