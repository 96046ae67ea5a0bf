//! Sessions: refreshing their tokens, and ending them.

use super::log_in::secret;
use super::{Desk, ProfileOwn, SESSIONS, caller_of};
use crate::session::{Rejection, Session, State as SessionState};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use tillroll_command_http::{EXECUTE_WITHIN, Named, problem_of, rejected};
use tillroll_http::{Allowed, CommandAnswer, CommandHeaders, PathId, Problem, StrictJson, problems};
use tillroll_log::{Answered, Key};
use tillroll_schemas::SessionId;
use tillroll_schemas::session::{LogOut, RefreshSession, Revocation, RevokeSession, SessionCommand};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RefreshBody {
    refresh_token: String,
}

/// Newer tokens for a refresh token. The answer may be lost and asked for again; a token that is long spent ends the
/// session, for somebody has stolen one.
pub(super) async fn refresh(
    State(desk): State<Arc<Desk>>,
    headers: CommandHeaders,
    StrictJson { value: body, .. }: StrictJson<RefreshBody>,
) -> Result<Response, Problem> {
    let over = || rejected(&Rejection::Over);
    let presented = desk.secrets.refresh.read(&body.refresh_token).map_err(|_| over())?;
    let (session, key) = (presented.session, Key::from(presented.session.to_string()));
    let (user, epoch) = match desk.sessions.look(&key, EXECUTE_WITHIN).await.map_err(problem_of)?.answer {
        SessionState::Live(live) => (live.user_id, live.epoch),
        SessionState::Over { .. } | SessionState::NotOpened => return Err(over()),
    };
    // An epoch that is behind would permit: all that was said of people until now is heard first.
    refresh_people(&desk).await?;
    let person = desk.by_id(user).filter(|person| !person.suspended).ok_or_else(over)?;
    // What was heard of him may be older than the session.
    let epoch = person.account.epoch.max(epoch);
    // Named by chance, never by the token or by a key: a spent token that comes again is another command, and seen.
    let headers = CommandHeaders { idempotency_key: None, ..headers };
    let mut named = desk.named_for::<Session>("", &headers, &format!("{SESSIONS}/refresh"), b"").await?;
    named.hash = desk.keys.hash_of(body.refresh_token.as_bytes());
    named.actor = user.to_string();
    let answered = desk.of_session(named, session, RefreshSession { generation: presented.generation, epoch }).await?;
    let SessionState::Live(live) = &answered.answer else { return Err(over()) };
    let generation = answered.answer.successor_of(presented.generation).ok_or_else(over)?;
    let tokens = desk.tokens(session, live, generation, &person.account.roles)?;
    Ok(secret(desk.keys.answer_of(&answered, CommandAnswer::ok(tokens)).into_response()))
}

/// Logs out: ends the session that the caller's token is of.
pub(super) async fn log_out(
    State(desk): State<Arc<Desk>>,
    allowed: Allowed<ProfileOwn>,
    headers: CommandHeaders,
) -> Result<Response, Problem> {
    caller_of(&allowed.caller)?;
    let login = allowed.caller.login.ok_or_else(|| Problem::new(&problems::NOT_FOUND))?;
    let session = SessionId(login.sid);
    // Which one is current is another on each of his devices: under one key each logs out of its own.
    let route = format!("{SESSIONS}/{session}");
    let named = desk.keys.name::<Session>(&allowed.caller, &headers, "DELETE", &route, b"").await?;
    let answered = desk.of_session(named, session, LogOut {}).await?;
    ended(&desk, session, &answered)
}

/// Ends one of the caller's sessions.
pub(super) async fn end(
    State(desk): State<Arc<Desk>>,
    allowed: Allowed<ProfileOwn>,
    PathId(session): PathId<SessionId>,
    headers: CommandHeaders,
) -> Result<Response, Problem> {
    let user = caller_of(&allowed.caller)?;
    let route = format!("{SESSIONS}/{session}");
    let named = desk.keys.name::<Session>(&allowed.caller, &headers, "DELETE", &route, b"").await?;
    let revoke = RevokeSession { of: Some(user), cause: Revocation::ByUser };
    let answered = desk.of_session(named, session, revoke).await?;
    ended(&desk, session, &answered)
}

async fn refresh_people(desk: &Desk) -> Result<(), Problem> {
    tillroll_command_http::refresh(&desk.people).await
}

/// Nobody is told that a session has ended which has not.
fn ended(desk: &Desk, session: SessionId, answered: &Answered<Session>) -> Result<Response, Problem> {
    match answered.answer {
        SessionState::Over { .. } => {
            let body = json!({ "session_id": session, "status": "ended" });
            Ok(desk.keys.answer_of(answered, CommandAnswer::ok(body)).into_response())
        }
        SessionState::Live(_) | SessionState::NotOpened => Err(Problem::new(&problems::INTERNAL)),
    }
}

impl Desk {
    async fn of_session(
        &self,
        named: Named,
        session: SessionId,
        command: impl Into<SessionCommand>,
    ) -> Result<Answered<Session>, Problem> {
        let request = named.request(session.to_string(), command.into());
        self.sessions.execute(request, EXECUTE_WITHIN).await.map_err(problem_of)
    }
}
