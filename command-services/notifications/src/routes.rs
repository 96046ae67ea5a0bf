//! HTTP → commands of notifications and preferences: a user reads his messages and says what he wants; whoever takes in
//! mails that came back hands them on.

mod bodies;
mod bounces;

use crate::notification::Notification;
use crate::preference::Preference;
use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{post, put};
use std::sync::Arc;
use tillroll_command_http::{CommandKeys, EXECUTE_WITHIN, problem_of};
use tillroll_http::{
    Allowed, CommandAnswer, CommandHeaders, IdentityVerifier, PathId, Problem, Scope, StrictJson, Verifies, problems,
};
use tillroll_log::Commands;
use tillroll_schemas::notification::MarkRead;
use tillroll_schemas::preference::{Choices, Choose, PreferenceCommand};
use tillroll_schemas::{NotificationId, UserId};

const NOTIFICATIONS: &str = "/api/v1/notifications";

/// The router's state.
struct Messages {
    keys: CommandKeys,
    notifications: Commands<Notification>,
    preferences: Commands<Preference>,
    /// Of Message-IDs.
    domain: String,
}

impl Verifies for Messages {
    fn identities(&self) -> &IdentityVerifier {
        self.keys.identities()
    }
}

/// A user, for what is his own.
struct OwnNotifications;

impl Scope for OwnNotifications {
    const NAME: &'static str = "notifications:own";
}

/// The routes.
pub(crate) fn router(
    notifications: Commands<Notification>,
    preferences: Commands<Preference>,
    domain: String,
    keys: CommandKeys,
) -> Router {
    Router::new()
        .route("/api/v1/notifications/{id}/read", put(read))
        .route("/api/v1/notifications/preferences", put(choose))
        .route("/api/v1/notifications/bounces", post(bounces::record))
        .with_state(Arc::new(Messages { keys, notifications, preferences, domain }))
}

async fn read(
    State(messages): State<Arc<Messages>>,
    allowed: Allowed<OwnNotifications>,
    PathId(id): PathId<NotificationId>,
    headers: CommandHeaders,
) -> Result<impl IntoResponse, Problem> {
    let user_id = UserId(allowed.caller.require_user()?);
    let path = format!("{NOTIFICATIONS}/{id}/read");
    let named = messages.keys.name::<Notification>(&allowed.caller, &headers, "PUT", &path, b"").await?;
    let request = named.request(id.to_string(), MarkRead { user_id }.into());
    let answered = messages.notifications.execute(request, EXECUTE_WITHIN).await.map_err(problem_of)?;
    let body = bodies::notification(id, &answered).ok_or_else(|| Problem::new(&problems::NOT_FOUND))?;
    Ok(messages.keys.answer_of(&answered, CommandAnswer::ok(body)))
}

async fn choose(
    State(messages): State<Arc<Messages>>,
    allowed: Allowed<OwnNotifications>,
    headers: CommandHeaders,
    body: StrictJson<Choices>,
) -> Result<impl IntoResponse, Problem> {
    let user_id = UserId(allowed.caller.require_user()?);
    let path = format!("{NOTIFICATIONS}/preferences");
    let named = messages.keys.name::<Preference>(&allowed.caller, &headers, "PUT", &path, &body.canonical).await?;
    let command: PreferenceCommand = Choose { choices: body.value }.into();
    let request = named.request(user_id.to_string(), command);
    let answered = messages.preferences.execute(request, EXECUTE_WITHIN).await.map_err(problem_of)?;
    let body = bodies::preferences(&answered);
    Ok(messages.keys.answer_of(&answered, CommandAnswer::ok(body)))
}

#[cfg(test)]
mod tests;
