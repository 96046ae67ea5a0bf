//! `GET /payments/{id}/action`: the provider's page where the customer authenticates himself. Its address is a secret of
//! his, so it is asked of the provider each time and kept nowhere.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::Serialize;
use tillroll_command_http::problem_of;
use tillroll_http::problems::{Kind, kind};
use tillroll_http::{PathId, Problem, QueryHeaders, Reach, Reaching, problems};
use tillroll_log::{ExecuteError, Key};
use tillroll_schemas::{PaymentId, Timestamp};

use super::{PaymentsOwn, PaymentsRead, Till, body_of};
use crate::payment::Status;
use crate::provider::{Answer, Provider};

static NO_ACTION_NEEDED: Kind = kind(
    "no_action_needed",
    StatusCode::CONFLICT,
    "No action needed",
    "The payment does not wait for the customer: not yet, or no more.",
);

/// Where the customer has to go, and until when.
#[derive(Serialize)]
struct Action<'a> {
    payment_id: PaymentId,
    url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    action_by: Option<Timestamp>,
}

/// The page. A payment that is being authorised is waited for, two seconds or as `Prefer` says.
pub(super) async fn page<P: Provider>(
    State(till): State<Arc<Till<P>>>,
    caller: Reaching<PaymentsRead, PaymentsOwn>,
    PathId(id): PathId<PaymentId>,
    headers: axum::http::HeaderMap,
) -> Result<impl IntoResponse, Problem> {
    let wait: Duration = QueryHeaders::read(&headers)?.wait;
    let answered = match till.payments.look(&Key::from(id.to_string()), wait).await {
        Ok(answered) => answered,
        Err(ExecuteError::Unavailable) => return Err(not_yet(&caller.reach)),
        // Where it is served elsewhere, it is asked there.
        Err(error) => return Err(problem_of(error)),
    };
    let body = body_of(&answered)?;
    caller.reach.require(body.user_id.map(|user| user.0))?;
    let (Status::RequiresAction, Some(intent)) = (body.status, &body.intent) else {
        return Err(Problem::new(&NO_ACTION_NEEDED));
    };
    let seen = match till.provider.retrieve(intent).await {
        Answer::Done(seen) => seen,
        Answer::Refused { .. } | Answer::Unknown(_) => {
            return Err(Problem::new(&problems::UNAVAILABLE).detail("the payment provider does not answer"));
        }
    };
    // He may have been there, and its webhook be on its way.
    let url = seen.action.ok_or_else(|| Problem::new(&NO_ACTION_NEEDED))?;
    let action = Action { payment_id: id, url: url.reveal(), action_by: body.action_by };
    Ok(([(header::CACHE_CONTROL, "no-store")], axum::Json(&action).into_response()))
}

/// Whose a payment is that is being authorised is not known here, so only those are told who may see every one.
fn not_yet(reach: &Reach) -> Problem {
    Problem::new(match reach {
        Reach::All => &NO_ACTION_NEEDED,
        Reach::Own(_) => &problems::NOT_FOUND,
    })
}
