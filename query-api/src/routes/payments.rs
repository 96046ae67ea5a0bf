//! `GET /payments/{id}`: staff see every payment, customers their own.

use super::place::place;
use crate::failure::column;
use crate::freshness::Reads;
use crate::queries::Queries;
use crate::scopes::{OwnPayments, ReadPayments};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;
use std::sync::Arc;
use tillroll_http::{PathId, Problem, Reaching};
use tillroll_postgres::Row;
use tillroll_schemas::{Currency, Money, PaymentId, Timestamp};
use uuid::Uuid;

const ONE: &str = "
    SELECT p.payment_id, p.order_id, p.user_id, p.reference, p.amount, p.currency, p.captured, p.action_by,
        CASE
            WHEN p.stuck_code IS NOT NULL OR r.stuck_code IS NOT NULL THEN 'stuck'
            WHEN p.status = 'captured' AND r.refunded = p.captured THEN 'refunded'
            ELSE p.status
        END,
        COALESCE(p.stuck_code, r.stuck_code, p.code), COALESCE(r.refunded, 0)::bigint, r.ids, r.amounts, r.reasons,
        r.statuses, r.codes, p.version, p.at_partition, p.at_offset
    FROM payments.payment AS p
    LEFT JOIN LATERAL (
        SELECT SUM(r.amount) FILTER (WHERE r.status = 'refunded') AS refunded,
            MIN(r.code) FILTER (WHERE r.status = 'stuck') AS stuck_code,
            array_agg(r.refund_id ORDER BY r.refund_id) AS ids, array_agg(r.amount ORDER BY r.refund_id) AS amounts,
            array_agg(r.reason ORDER BY r.refund_id) AS reasons, array_agg(r.status ORDER BY r.refund_id) AS statuses,
            array_agg(r.code ORDER BY r.refund_id) AS codes
        FROM payments.refund AS r WHERE r.payment_id = p.payment_id
    ) AS r ON TRUE
    WHERE p.payment_id = $1";

/// A payment as a client sees it.
#[derive(Debug, Serialize)]
struct Payment {
    id: Uuid,
    order_id: Uuid,
    status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
    captured: Option<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refunded: Option<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action_by: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    refunds: Vec<Refund>,
    version: i64,
}

#[derive(Debug, Serialize)]
struct Refund {
    id: Uuid,
    amount: Money,
    status: String,
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
}

/// One payment.
pub(crate) async fn one(
    State(queries): State<Arc<Queries>>,
    caller: Reaching<ReadPayments, OwnPayments>,
    PathId(id): PathId<PaymentId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    queries
        .answered(&headers, Reads::Payments, |reading| async {
            let row = queries.one(ONE, &[&id.0]).await?;
            caller.reach.require(column(&row, 2)?)?;
            let payment = Payment::of(&row)?;
            reading.one(payment.version, place(&row, 17)?, &payment)
        })
        .await
}

impl Payment {
    fn of(row: &Row) -> Result<Self, Problem> {
        let status: String = column(row, 8)?;
        let currency: Option<Currency> = column::<Option<&str>>(row, 5)?.and_then(|text| text.parse().ok());
        let money = |amount: Option<i64>| amount.zip(currency).map(|(amount, currency)| Money { amount, currency });
        let captured = money(column(row, 6)?);
        let refunded = money(Some(column(row, 10)?)).filter(|_| captured.is_some());
        let action_by = column::<Option<Timestamp>>(row, 7)?.filter(|_| status == "requires_action");
        Ok(Self {
            id: column(row, 0)?,
            order_id: column(row, 1)?,
            reference: column(row, 3)?,
            amount: money(column(row, 4)?),
            captured,
            refunded,
            action_by,
            code: column(row, 9)?,
            refunds: currency.map_or(Ok(Vec::new()), |currency| refunds(row, currency))?,
            version: column(row, 16)?,
            status,
        })
    }
}

fn refunds(row: &Row, currency: Currency) -> Result<Vec<Refund>, Problem> {
    let Some(ids) = column::<Option<Vec<Uuid>>>(row, 11)? else { return Ok(Vec::new()) };
    let (amounts, reasons): (Vec<i64>, Vec<String>) = (column(row, 12)?, column(row, 13)?);
    let (statuses, codes): (Vec<String>, Vec<Option<String>>) = (column(row, 14)?, column(row, 15)?);
    let told = statuses.into_iter().zip(codes);
    let refund = |(((id, amount), reason), (status, code))| Refund {
        id,
        amount: Money { amount, currency },
        status,
        reason,
        code,
    };
    Ok(ids.into_iter().zip(amounts).zip(reasons).zip(told).map(refund).collect())
}
