//! What staff do with accounts: roles, and locking them. No key for machines does it: what one that was stolen had made of
//! an account would outlive the key.

use super::{Desk, UsersWrite};
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::sync::Arc;
use tillroll_command_http::Checks;
use tillroll_http::{Allowed, Caller, CommandHeaders, PathId, Problem, Role as Held, StrictJson, problems};
use tillroll_schemas::UserId;
use tillroll_schemas::user::{ChangeRoles, ReinstateUser, Role, SuspendUser};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RolesBody {
    roles: BTreeSet<Role>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SuspensionBody {
    /// No personal data: it stands in the log for ever.
    reason: String,
}

pub(super) async fn change_roles(
    State(desk): State<Arc<Desk>>,
    allowed: Allowed<UsersWrite>,
    PathId(user): PathId<UserId>,
    headers: CommandHeaders,
    StrictJson { value: body, canonical }: StrictJson<RolesBody>,
) -> Result<Response, Problem> {
    desk.may_change(&allowed.caller, user, body.roles.contains(&Role::Operator)).await?;
    let named = desk.of_user(&allowed.caller, user, &headers, "PUT", "/roles", &canonical).await?;
    let answered = desk.ask(named, user, ChangeRoles { roles: body.roles }).await?;
    desk.told(user, &answered).await
}

pub(super) async fn suspend(
    State(desk): State<Arc<Desk>>,
    allowed: Allowed<UsersWrite>,
    PathId(user): PathId<UserId>,
    headers: CommandHeaders,
    StrictJson { value: body, canonical }: StrictJson<SuspensionBody>,
) -> Result<Response, Problem> {
    let mut checks = Checks::new();
    checks.line(&body.reason, 1..=500, "/reason");
    checks.finish()?;
    desk.may_change(&allowed.caller, user, false).await?;
    let named = desk.of_user(&allowed.caller, user, &headers, "POST", "/suspension", &canonical).await?;
    let answered = desk.ask(named, user, SuspendUser { reason: body.reason }).await?;
    desk.told(user, &answered).await
}

pub(super) async fn reinstate(
    State(desk): State<Arc<Desk>>,
    allowed: Allowed<UsersWrite>,
    PathId(user): PathId<UserId>,
    headers: CommandHeaders,
) -> Result<Response, Problem> {
    desk.may_change(&allowed.caller, user, false).await?;
    let named = desk.of_user(&allowed.caller, user, &headers, "DELETE", "/suspension", b"").await?;
    let answered = desk.ask(named, user, ReinstateUser {}).await?;
    desk.told(user, &answered).await
}

impl Desk {
    /// 403 for keys for machines; and for whoever is no operator, where the user is one or is made one: else staff could
    /// keep every operator out.
    async fn may_change(&self, caller: &Caller, user: UserId, makes_operator: bool) -> Result<(), Problem> {
        caller.require_no_key()?;
        // That he was made one must have been heard of.
        self.hear().await?;
        let is_operator = || self.by_id(user).is_some_and(|person| person.account.roles.contains(&Role::Operator));
        if caller.has_role(Held::Operator) || !(makes_operator || is_operator()) {
            return Ok(());
        }
        Err(Problem::new(&problems::FORBIDDEN).detail("only operators make, unmake and lock operators"))
    }
}
