//! What clients are told: users with what the vault opens, tokens, sessions.

use super::Desk;
use super::personal::{EMAIL, ProfileBody, USERNAME};
use crate::user::{Status, UserBody};
use serde::Serialize;
use std::collections::BTreeSet;
use tillroll_http::Problem;
use tillroll_schemas::UserId;
use tillroll_schemas::user::Role;

/// A user, as answers show him.
#[derive(Serialize)]
pub(super) struct UserOut {
    pub(super) id: UserId,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_verified: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(flatten)]
    profile: ProfileBody,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    roles: BTreeSet<Role>,
    version: u64,
}

/// What somebody gets who logs in, or refreshes.
#[derive(Serialize)]
pub(super) struct Tokens {
    pub(super) access_token: String,
    pub(super) refresh_token: String,
    pub(super) token_type: &'static str,
    pub(super) expires_in: u64,
    pub(super) session_id: tillroll_schemas::SessionId,
}

/// A user who has just registered, with tokens if he asked for them.
#[derive(Serialize)]
pub(super) struct Registered {
    #[serde(flatten)]
    pub(super) user: UserOut,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub(super) tokens: Option<Tokens>,
}

impl Desk {
    /// The user with what the vault opens.
    pub(super) async fn shown(&self, id: UserId, body: &UserBody) -> Result<UserOut, Problem> {
        let (status, version) = (status_of(body.status), body.version);
        let Some(account) = &body.account else {
            let (profile, roles) = (ProfileBody::default(), BTreeSet::new());
            return Ok(UserOut {
                id,
                status,
                email: None,
                email_verified: None,
                username: None,
                profile,
                roles,
                version,
            });
        };
        Ok(UserOut {
            id,
            status,
            email: self.opened(id, EMAIL, &account.email).await?,
            email_verified: Some(account.email_verified),
            username: self.opened(id, USERNAME, &account.username).await?,
            profile: self.opened_profile(id, &account.profile).await?,
            roles: account.roles.clone(),
            version,
        })
    }
}

fn status_of(status: Status) -> &'static str {
    match status {
        Status::Registering => "registering",
        Status::Failed(_) => "failed",
        Status::Active => "active",
        Status::Suspended => "suspended",
        Status::Erased => "erased",
    }
}
