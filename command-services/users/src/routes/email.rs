//! The address: verifying that its owner reads it, and changing it.

use super::personal::EMAIL;
use super::{Desk, ME, ProfileOwn, caller_of, himself};
use crate::identity::Email;
use crate::user::UserRejection;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::sync::Arc;
use tillroll_command_http::{Checks, kind_of, rejected};
use tillroll_http::{Allowed, CommandAnswer, CommandHeaders, Problem, StrictJson, problems};
use tillroll_schemas::user::{ChangeEmail, ConfirmEmailVerification, RequestEmailVerification, TokenPurpose};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EmailBody {
    email: String,
    /// His own: whoever has found a telephone unlocked must not take the account over.
    password: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConfirmBody {
    token: String,
}

pub(super) async fn request_verification(
    State(desk): State<Arc<Desk>>,
    allowed: Allowed<ProfileOwn>,
    headers: CommandHeaders,
    all: HeaderMap,
) -> Result<Response, Problem> {
    let user = caller_of(&allowed.caller)?;
    // The address may be anybody's: that is what is to be found out.
    desk.count_mail(user, &desk.is_there(user).await?.account.email_claim.claim, &all).await?;
    let named = desk.of_user(&allowed.caller, user, &headers, "POST", "/email-verification", b"").await?;
    let request_id = named.id.0;
    let token = desk.secrets.mail.hash(TokenPurpose::EmailVerification, user, request_id);
    let answered = desk.ask(named, user, RequestEmailVerification { request_id, token }).await?;
    let body = answered.answer.as_ref().ok_or(&problems::INTERNAL)?;
    let answer = CommandAnswer::accepted(desk.shown(user, body).await?, ME);
    Ok(desk.keys.answer_of(&answered, answer).into_response())
}

pub(super) async fn confirm_verification(
    State(desk): State<Arc<Desk>>,
    allowed: Allowed<ProfileOwn>,
    headers: CommandHeaders,
    StrictJson { value: body, canonical }: StrictJson<ConfirmBody>,
) -> Result<Response, Problem> {
    let user = caller_of(&allowed.caller)?;
    let read = desk.secrets.mail.read(TokenPurpose::EmailVerification, &body.token).ok();
    let token = read.filter(|(whose, _)| *whose == user).map(|(_, hash)| hash);
    let token = token.ok_or_else(|| rejected(&UserRejection::TokenInvalid))?;
    let named =
        desk.of_user(&allowed.caller, user, &headers, "POST", "/email-verification/confirm", &canonical).await?;
    let answered = desk.ask(named, user, ConfirmEmailVerification { token }).await?;
    desk.told(user, &answered).await
}

pub(super) async fn change(
    State(desk): State<Arc<Desk>>,
    allowed: Allowed<ProfileOwn>,
    headers: CommandHeaders,
    all: HeaderMap,
    StrictJson { value: body, .. }: StrictJson<EmailBody>,
) -> Result<Response, Problem> {
    let user = himself(&allowed.caller)?;
    let mut checks = Checks::new();
    let email = checks.take(Email::parse(&body.email), "/email");
    checks.finish()?;
    let email = email.ok_or(&problems::INTERNAL)?;
    let person = desk.proved(user, &all, body.password).await?;
    let canonical = email.reveal().as_bytes();
    let named = desk.of_user(&allowed.caller, user, &headers, "PUT", "/email", canonical).await?;
    desk.count_change(&named, &person).await?;
    let sealed = desk.seal(user, named.id.0, EMAIL, email.reveal()).await?;
    let (claim, epoch) = (desk.secrets.identity.of_email(&email), person.account.epoch);
    let first = desk.ask(named, user, ChangeEmail { epoch, email: sealed, claim: claim.clone() }).await?;
    let (answered, settled) = desk.outcome(user, first, headers.wait).await;
    let body = answered.answer.as_ref().ok_or(&problems::INTERNAL)?;
    let account = body.account.as_ref().ok_or(&problems::NOT_FOUND)?;
    if !settled {
        let answer = CommandAnswer::accepted(desk.shown(user, body).await?, ME);
        return Ok(desk.keys.answer_of(&answered, answer).into_response());
    }
    if account.email_claim.claim == claim {
        return desk.told(user, &answered).await;
    }
    match account.change_failed {
        Some(failure) => Err(Problem::new(kind_of(failure.code()).ok_or(&problems::INTERNAL)?)),
        // The repeat of one that is over: what became of it is not known any more.
        None => {
            Err(rejected(&UserRejection::CredentialsChanged).detail("another change of the address came after this"))
        }
    }
}
