//! `GET /payments/{id}/action`: the provider's page where the customer authenticates himself. Its address is a secret of
//! his, so it is asked of the provider each time and kept nowhere.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use serde::Serialize;
use tillroll_command_http::{EXECUTE_WITHIN, problem_of};
use tillroll_http::{PathId, Problem, QueryHeaders, Reaching, problems};
use tillroll_log::{Answered, CommandHash, CommandId, ExecuteError, Key, Request};
use tillroll_schemas::payment::LookInto;
use tillroll_schemas::{PaymentId, Timestamp};
use uuid::Uuid;

use super::{PaymentsOwn, PaymentsRead, Till, body_of};
use crate::payment::{Payment, Status};
use crate::provider::Provider;

/// Where the customer has to go, and until when.
#[derive(Serialize)]
struct Action<'a> {
    payment_id: PaymentId,
    url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    action_by: Option<Timestamp>,
}

/// The page. A payment that is being authorised is waited for, two seconds or as `Prefer` says; whose it is, is judged
/// before, so that a stranger is told as fast of one that is there as of one that is not.
pub(super) async fn page<P: Provider>(
    State(till): State<Arc<Till<P>>>,
    caller: Reaching<PaymentsRead, PaymentsOwn>,
    PathId(id): PathId<PaymentId>,
    headers: axum::http::HeaderMap,
) -> Result<impl IntoResponse, Problem> {
    let wait = QueryHeaders::read(&headers)?.wait;
    let mut answered = till.look_into(id).await?;
    let body = body_of(&answered)?;
    caller.reach.require(body.user_id.map(|user| user.0))?;
    if body.status == Status::Pending {
        answered = match till.payments.look(&Key::from(id.to_string()), wait).await {
            Ok(settled) => settled,
            Err(ExecuteError::Unavailable) => return Err(Problem::new(&problems::NO_ACTION_NEEDED)),
            // Where it is served elsewhere, it is asked there.
            Err(error) => return Err(problem_of(error)),
        };
    }
    let body = body_of(&answered)?;
    let (Status::RequiresAction, Some(intent)) = (body.status, &body.intent) else {
        return Err(Problem::new(&problems::NO_ACTION_NEEDED));
    };
    let seen = till.pages.look(id, intent).await?;
    // He may have been there, and its webhook be on its way.
    let url = seen.action.ok_or_else(|| Problem::new(&problems::NO_ACTION_NEEDED))?;
    let action = Action { payment_id: id, url: url.reveal(), action_by: body.action_by };
    Ok(([(header::CACHE_CONTROL, "no-store")], axum::Json(&action).into_response()))
}

impl<P: Provider> Till<P> {
    /// The payment as it stands now. 503 if nobody can say: its owner is on the move, or catching up.
    async fn look_into(&self, id: PaymentId) -> Result<Answered<Payment>, Problem> {
        let command_id = Uuid::new_v5(&id.0, b"look");
        let request = Request {
            key: id.to_string().into(),
            command: LookInto {}.into(),
            id: CommandId(command_id),
            hash: CommandHash::keyed(&self.hash_key, command_id.as_bytes()),
            expected: None,
            actor: "customer".to_owned(),
            correlation: command_id,
            traceparent: None,
        };
        let looked = self.payments.execute(request, EXECUTE_WITHIN).await;
        // It changes nothing, so whoever has the partition now may be asked.
        let anew = |error| if let ExecuteError::LetGo(place) = error { ExecuteError::Elsewhere(place) } else { error };
        looked.map_err(|error| problem_of(anew(error)))
    }
}
