//! Keys for machines: made, with a secret that is told once, and revoked.

use super::log_in::{role_of, secret};
use super::{API_KEYS, ApiKeysWrite, Desk, named_here};
use crate::api_key::secret::ApiSecret;
use crate::api_key::{ApiKey, State as KeyState};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use tillroll_command_http::{Checks, EXECUTE_WITHIN, problem_of};
use tillroll_http::{Allowed, Caller, CommandAnswer, CommandHeaders, PathId, Problem, StrictJson, problems};
use tillroll_schemas::api_key::{CreateApiKey, Maker, RevokeApiKey, Scope};
use tillroll_schemas::{ApiKeyId, UserId};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateBody {
    /// The user in whose name it acts.
    owner: UserId,
    /// What it is for; no personal data.
    label: String,
    scopes: BTreeSet<Scope>,
}

pub(super) async fn create(
    State(desk): State<Arc<Desk>>,
    allowed: Allowed<ApiKeysWrite>,
    headers: CommandHeaders,
    StrictJson { value: body, canonical }: StrictJson<CreateBody>,
) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    checks.line(&body.label, 1..=100, "/label");
    checks.finish()?;
    if allowed.caller.owner.is_some() {
        // Else a stolen one could outlive its end by what it made in its last moment.
        return Err(Problem::new(&problems::FORBIDDEN).detail("an API key makes no other: log in"));
    }
    let missing = body.scopes.iter().find(|scope| !allowed.caller.has_scope(scope.as_str()));
    if let Some(scope) = missing {
        let detail = format!("nobody gives away what he does not have: {}", scope.as_str());
        return Err(Problem::new(&problems::FORBIDDEN).detail(detail));
    }
    let epoch = desk.may_have(body.owner, &body.scopes, &allowed.caller).await?;
    let named = desk.keys.name::<ApiKey>(&allowed.caller, &headers, "POST", API_KEYS, &canonical).await?;
    let named = named_here(&desk.api_keys, &headers, named, |id| ApiKeyId::of_command(id).to_string());
    let id = ApiKeyId::of_command(named.id.0);
    // Made of the command, so that a repeat tells the same secret.
    let hidden = ApiSecret::new(desk.secrets.api_secret(named.id.0));
    let CreateBody { owner, label, scopes } = body;
    let told = json!({ "id": id, "key": hidden.reveal(id), "owner": owner, "label": label, "scopes": scopes });
    let login = allowed.caller.user().zip(allowed.caller.login);
    let made_by = login.map(|(user, login)| Maker { user: UserId(user), epoch: login.epoch });
    let create = CreateApiKey { hash: hidden.hash(), owner, label, scopes, epoch: Some(epoch), made_by };
    let request = named.request(id.to_string(), create.into());
    let answered = desk.api_keys.execute(request, EXECUTE_WITHIN).await.map_err(problem_of)?;
    let answer = CommandAnswer::created(told, format!("{API_KEYS}/{id}"));
    Ok(secret(desk.keys.answer_of(&answered, answer).into_response()))
}

pub(super) async fn revoke(
    State(desk): State<Arc<Desk>>,
    allowed: Allowed<ApiKeysWrite>,
    PathId(id): PathId<ApiKeyId>,
    headers: CommandHeaders,
) -> Result<Response, Problem> {
    let route = format!("{API_KEYS}/{id}");
    let named = desk.keys.name::<ApiKey>(&allowed.caller, &headers, "DELETE", &route, b"").await?;
    let request = named.request(id.to_string(), RevokeApiKey {}.into());
    let answered = desk.api_keys.execute(request, EXECUTE_WITHIN).await.map_err(problem_of)?;
    let (KeyState::Live(key) | KeyState::Revoked(key)) = &answered.answer else {
        return Err(Problem::new(&problems::NOT_FOUND));
    };
    let body = json!({ "id": id, "owner": key.owner, "label": key.label, "scopes": key.scopes, "revoked": true });
    Ok(desk.keys.answer_of(&answered, CommandAnswer::ok(body)).into_response())
}

impl Desk {
    /// The owner's security epoch; 403 for a key that could do what he may not.
    async fn may_have(&self, owner: UserId, scopes: &BTreeSet<Scope>, caller: &Caller) -> Result<u64, Problem> {
        self.is_there(owner).await?;
        // A role that was taken from him must have been heard of.
        self.hear().await?;
        let account = self.by_id(owner).ok_or_else(|| Problem::new(&problems::NOT_FOUND))?.account;
        let may = |scope: &Scope| account.roles.iter().any(|role| role_of(role).scopes().contains(&scope.as_str()));
        if let Some(scope) = scopes.iter().find(|scope| !may(scope)) {
            let detail = format!("its owner may not do that himself: {}", scope.as_str());
            return Err(Problem::new(&problems::FORBIDDEN).detail(detail));
        }
        // Whoever makes one for himself makes it in the epoch of his log-in, of which the door may not know the end yet.
        let own = caller.login.filter(|_| caller.user() == Some(owner.0));
        Ok(own.map_or(account.epoch, |login| login.epoch.min(account.epoch)))
    }
}
