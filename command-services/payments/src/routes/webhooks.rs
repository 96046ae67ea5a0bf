//! `POST /webhooks/payments`: the provider says how a payment stands. The signature over the raw body says that it is
//! he. The same event, however often it comes, is one command; whatever order events come in, the payment takes what is
//! new to it.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use tillroll_command_http::{EXECUTE_WITHIN, problem_of};
use tillroll_http::{Problem, problems, unix_now};
use tillroll_log::{CommandHash, CommandId, Request};

use super::Till;
use crate::provider::Provider;
use crate::webhook::{Notice, SIGNATURE_HEADER, notice, verify};

/// Who stands in events that a webhook has caused.
const ACTOR: &str = "payment-provider";

/// 204 when it is durable, says nothing new, or is not about a payment of ours. Anything else and the provider comes
/// again.
pub(super) async fn take<P: Provider>(
    State(till): State<Arc<Till<P>>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let signature = headers.get(SIGNATURE_HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    verify(signature, &body, &till.secrets, unix_now())
        .map_err(|error| Problem::new(&problems::SIGNATURE_INVALID).detail(error.to_string()))?;
    let read = notice(&body).map_err(|error| {
        tracing::error!(%error, "a webhook of the payment provider cannot be read");
        Problem::new(&problems::MALFORMED_JSON).detail(error.to_string())
    })?;
    let Some(Notice { command_id, payment, command }) = read else { return Ok(StatusCode::NO_CONTENT) };
    let request = Request {
        key: payment.to_string().into(),
        command,
        id: CommandId(command_id),
        // The event's id alone: a repeat of it may say differently how many deliveries are outstanding.
        hash: CommandHash::keyed(&till.hash_key, command_id.as_bytes()),
        expected: None,
        actor: ACTOR.to_owned(),
        correlation: command_id,
        traceparent: None,
    };
    till.payments.execute(request, EXECUTE_WITHIN).await.map_err(problem_of)?;
    Ok(StatusCode::NO_CONTENT)
}
