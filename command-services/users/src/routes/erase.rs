//! `DELETE /users/me`, and for operators `DELETE /users/{id}`: the person is forgotten. His key is destroyed before the
//! answer, or as soon as the vault is there; what became unreadable is told by the receipt, once every reader has passed
//! the event.

use super::{Desk, ProfileOwn, UsersErase, himself};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use std::sync::Arc;
use tillroll_http::{Allowed, Caller, CommandAnswer, CommandHeaders, PathId, Problem, problems};
use tillroll_schemas::UserId;
use tillroll_schemas::user::EraseUser;

pub(super) async fn erase(
    State(desk): State<Arc<Desk>>,
    allowed: Allowed<ProfileOwn>,
    headers: CommandHeaders,
) -> Result<Response, Problem> {
    let user = himself(&allowed.caller)?;
    desk.erase(&allowed.caller, user, &headers).await
}

/// For whoever cannot ask himself: he is locked out, or has lost his password and his address. Who it was that asked is
/// the event's actor.
pub(super) async fn erase_by_operator(
    State(desk): State<Arc<Desk>>,
    allowed: Allowed<UsersErase>,
    PathId(user): PathId<UserId>,
    headers: CommandHeaders,
) -> Result<Response, Problem> {
    allowed.caller.require_no_key()?;
    desk.erase(&allowed.caller, user, &headers).await
}

impl Desk {
    async fn erase(&self, caller: &Caller, user: UserId, headers: &CommandHeaders) -> Result<Response, Problem> {
        let named = self.of_user(caller, user, headers, "DELETE", "", b"").await?;
        let erasure = named.id.0;
        let answered = self.ask(named, user, EraseUser {}).await?;
        if answered.at.is_none() {
            // He was forgotten before, by another command: this one has no receipt.
            return Err(Problem::new(&problems::NOT_FOUND));
        }
        self.shred(user).await;
        let path = format!("/api/v1/erasures/{erasure}");
        let told = json!({ "erasure_id": erasure, "user_id": user, "status": "erasing" });
        Ok(self.keys.answer_of(&answered, CommandAnswer::accepted(told, path)).into_response())
    }

    /// Destroys the key before the answer, if the vault is there. The event stands and nobody is let in again to ask
    /// anew, so he is told of his receipt all the same: the event's effect destroys the key.
    async fn shred(&self, user: UserId) {
        if let Err(error) = self.vault.erase(user.0).await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(user.id = %user, error, "a key is not destroyed yet");
        }
    }
}
