//! Setting another password: by the one before, or by a token that goes to the address. Who asks for a token learns
//! nothing of who has an account: the same answer after the same work.

use super::log_in::not_now;
use super::people::Person;
use super::{Desk, ProfileOwn, USERS, address_of, himself};
use crate::password::{Password, policy};
use crate::user::{User, UserRejection};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use std::sync::{Arc, PoisonError};
use std::time::Instant;
use tillroll_command_http::{Checks, EXECUTE_WITHIN, INVALID_CREDENTIALS, Named, problem_of, rejected};
use tillroll_http::{Allowed, CommandHeaders, Problem, StrictJson, problems};
use tillroll_log::{ExecuteError, Key};
use tillroll_schemas::UserId;
use tillroll_schemas::identity_claim::ClaimKey;
use tillroll_schemas::user::{ChangePassword, RequestPasswordReset, ResetPassword, TokenPurpose};
use uuid::Uuid;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeBody {
    current_password: String,
    new_password: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ResetBody {
    email: Option<String>,
    username: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConfirmBody {
    token: String,
    new_password: String,
}

pub(super) async fn change(
    State(desk): State<Arc<Desk>>,
    allowed: Allowed<ProfileOwn>,
    headers: CommandHeaders,
    all: HeaderMap,
    StrictJson { value: body, .. }: StrictJson<ChangeBody>,
) -> Result<Response, Problem> {
    let user = himself(&allowed.caller)?;
    let password = strong(body.new_password, "/new_password")?;
    let person = desk.proved(user, &all, body.current_password).await?;
    let mut named = desk.of_user(&allowed.caller, user, &headers, "PUT", "/password", b"").await?;
    let (password, hash) = desk.hashed(user, named.id.0, password).await?;
    named.hash = desk.keys.hash_of(hash.0.as_bytes());
    desk.count_change(&named, &person).await?;
    let answered = desk.ask(named, user, ChangePassword { password, epoch: person.account.epoch }).await?;
    desk.told(user, &answered).await
}

pub(super) async fn request_reset(
    State(desk): State<Arc<Desk>>,
    headers: CommandHeaders,
    all: HeaderMap,
    StrictJson { value: body, .. }: StrictJson<ResetBody>,
) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    let claim = desk.named_by(body.email.as_deref(), body.username.as_deref(), &mut checks);
    checks.finish()?;
    let claim = claim.ok_or(&problems::INTERNAL)?;
    // Nobody is asked for all the same: it is refused, as durably as a real one is taken.
    let nobody = UserId(Uuid::new_v5(&Uuid::NAMESPACE_OID, claim.as_str().as_bytes()));
    let whose = || desk.by_claim(&claim).map_or(nobody, |person| person.id);
    desk.count_mail(whose(), &claim, &all).await?;
    desk.hear().await?;
    let user = whose();
    // A version that is another, or a body that is spelled otherwise, is noticed of somebody who is there alone.
    let headers = CommandHeaders { if_match: None, ..headers };
    let (whom, route) = (claim.as_str(), format!("{USERS}/password-resets"));
    let mut named = desk.named_for::<User>(whom, &headers, &route, whom.as_bytes()).await?;
    let request_id = named.id.0;
    named.actor = user.to_string();
    let token = desk.secrets.mail.hash(TokenPurpose::PasswordReset, user, request_id);
    let request = named.request(user.to_string(), RequestPasswordReset { request_id, token }.into());
    match desk.users.execute(request, EXECUTE_WITHIN).await {
        Ok(_) | Err(ExecuteError::Rejected(_)) => {
            let body = json!({ "status": "a mail is sent if there is such an account" });
            Ok((StatusCode::ACCEPTED, Json(body)).into_response())
        }
        Err(error) => Err(problem_of(error)),
    }
}

pub(super) async fn confirm_reset(
    State(desk): State<Arc<Desk>>,
    headers: CommandHeaders,
    StrictJson { value: body, .. }: StrictJson<ConfirmBody>,
) -> Result<Response, Problem> {
    let password = strong(body.new_password, "/new_password")?;
    let read = desk.secrets.mail.read(TokenPurpose::PasswordReset, &body.token);
    let (user, token) = read.map_err(|_| rejected(&UserRejection::TokenInvalid))?;
    let mut named =
        desk.named_for::<User>(&user.to_string(), &headers, &format!("{USERS}/password-resets/confirm"), b"").await?;
    desk.is_there(user).await.map_err(of_nobody)?;
    // Whoever has any token that was ever sent may come with it in any number.
    let hash = desk.hash_for_stranger(named.id.0, password).await?;
    let password = desk.kept(user, named.id.0, &hash).await?;
    named.hash = desk.keys.hash_of([token.as_str(), &hash.0].join("\0").as_bytes());
    named.actor = user.to_string();
    desk.ask(named, user, ResetPassword { token, password }).await.map_err(of_nobody)?;
    Ok(Json(json!({ "status": "changed" })).into_response())
}

/// Of whom a token is nobody is told.
fn of_nobody(problem: Problem) -> Problem {
    match problem.code() {
        "not_found" | "user_suspended" | "registration_in_progress" => rejected(&UserRejection::TokenInvalid),
        _ => problem,
    }
}

fn strong(text: String, field: &str) -> Result<Password, Problem> {
    let password = Password::typed(text);
    let mut checks = Checks::new();
    checks.take(policy::check(&password), field);
    checks.finish().map(|()| password)
}

impl Desk {
    /// Somebody has a mail sent to whoever has this address or name. Whatever comes of it counts, once: what is asked of
    /// a user whom another instance serves goes on to it, and is counted there.
    pub(super) async fn count_mail(&self, user: UserId, claim: &ClaimKey, all: &HeaderMap) -> Result<(), Problem> {
        if self.users.elsewhere(&Key::from(user.to_string())).is_some() {
            return Ok(());
        }
        self.counters.count_mail(claim, address_of(all)).await.map_err(not_now)
    }

    /// Somebody changes what a mail to the address that he has until then tells of. That may be anybody's: he counts,
    /// so that he has not one stranger after the other written to. The address does not: strangers could keep its owner
    /// from a new password. What was taken before sends nothing again.
    pub(super) async fn count_change(&self, named: &Named, person: &Person) -> Result<(), Problem> {
        let key = Key::from(person.id.to_string());
        let seen = self.users.seen(&key, named.id, named.hash, EXECUTE_WITHIN).await.map_err(problem_of)?;
        if seen.is_some() {
            return Ok(());
        }
        let counted = self.changes.lock().unwrap_or_else(PoisonError::into_inner).count(&person.id, Instant::now());
        counted.map_err(not_now)
    }

    /// Somebody who has proved that he knows his password; guesses at it count like log-ins.
    pub(super) async fn proved(&self, user: UserId, all: &HeaderMap, password: String) -> Result<Person, Problem> {
        let person = self.is_there(user).await?;
        let claim = person.account.email_claim.claim.clone();
        let from = address_of(all);
        let turn = self.counters.turn(&claim, from).await.map_err(not_now)?;
        let known = self.knows(turn, &Password::typed(password), || self.by_id(user)).await?;
        let person = known.ok_or_else(|| Problem::new(&INVALID_CREDENTIALS))?;
        self.is_known_by_all(&person, &claim, from);
        Ok(person)
    }
}
