//! `POST /payments/{id}/saga/retry`, `…/compensate`, `…/complete`: what an operator does with a payment that is stuck.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use tillroll_command_http::{EXECUTE_WITHIN, ReasonBody, RetryBody, problem_of};
use tillroll_http::{Allowed, CommandAnswer, CommandHeaders, PathId, Problem, StrictJson};
use tillroll_schemas::PaymentId;
use tillroll_schemas::payment::{CompleteCall, PaymentCommand, RefuseCall, RetryCall};

use super::{PaymentsOperate, Till, body_of, path_of};
use crate::payment::Payment;
use crate::provider::Provider;

/// Has the provider asked again.
pub(super) async fn retry<P: Provider>(
    State(till): State<Arc<Till<P>>>,
    allowed: Allowed<PaymentsOperate>,
    PathId(id): PathId<PaymentId>,
    headers: CommandHeaders,
    body: Option<StrictJson<RetryBody>>,
) -> Result<impl IntoResponse, Problem> {
    let body = body.unwrap_or_else(StrictJson::absent);
    let command = RetryCall { reason: body.value.checked()? };
    let asked = Asked { id, action: "retry", canonical: &body.canonical };
    operate(&till, &allowed, &headers, asked, command.into()).await
}

/// The provider has moved no money by the call, and will not.
pub(super) async fn compensate<P: Provider>(
    State(till): State<Arc<Till<P>>>,
    allowed: Allowed<PaymentsOperate>,
    PathId(id): PathId<PaymentId>,
    headers: CommandHeaders,
    body: StrictJson<ReasonBody>,
) -> Result<impl IntoResponse, Problem> {
    let command = RefuseCall { reason: body.value.checked()? };
    let asked = Asked { id, action: "compensate", canonical: &body.canonical };
    operate(&till, &allowed, &headers, asked, command.into()).await
}

/// The call counts as done.
pub(super) async fn complete<P: Provider>(
    State(till): State<Arc<Till<P>>>,
    allowed: Allowed<PaymentsOperate>,
    PathId(id): PathId<PaymentId>,
    headers: CommandHeaders,
    body: StrictJson<ReasonBody>,
) -> Result<impl IntoResponse, Problem> {
    let command = CompleteCall { reason: body.value.checked()? };
    let asked = Asked { id, action: "complete", canonical: &body.canonical };
    operate(&till, &allowed, &headers, asked, command.into()).await
}

/// What is asked of which payment.
struct Asked<'a> {
    id: PaymentId,
    action: &'static str,
    canonical: &'a [u8],
}

/// 200 with the payment as it stands after the operator's event; what the provider says to it comes later.
async fn operate<P: Provider>(
    till: &Till<P>,
    allowed: &Allowed<PaymentsOperate>,
    headers: &CommandHeaders,
    asked: Asked<'_>,
    command: PaymentCommand,
) -> Result<impl IntoResponse + use<P>, Problem> {
    let route = format!("{}/saga/{}", path_of(asked.id), asked.action);
    let named = till.keys.name::<Payment>(&allowed.caller, headers, "POST", &route, asked.canonical).await?;
    let request = named.request(asked.id.to_string(), command);
    let answered = till.payments.execute(request, EXECUTE_WITHIN).await.map_err(problem_of)?;
    let body = body_of(&answered)?.clone();
    Ok(till.keys.answer_of(&answered, CommandAnswer::ok(body)))
}
