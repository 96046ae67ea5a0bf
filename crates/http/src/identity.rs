//! Who calls: what the gateway learnt from the access token, handed to the services under a short-lived MAC.
//! Services trust this header and nothing else; the client's token does not travel past the gateway.

mod caller;
mod reach;
mod roles;
mod seal;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::problem::Problem;
use crate::problems;

pub use caller::{Caller, Verifies};
pub use reach::{Reach, Reaching};
pub use roles::{Role, UnknownRole};
pub use seal::{IdentityKey, IdentityVerifier, MAX_IDENTITY_AGE, UntrustedIdentity};

/// Who calls and what he may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The user, or the machine that acts as one.
    #[serde(rename = "sub")]
    pub subject: String,
    /// Names of roles.
    pub roles: Vec<String>,
    /// What routes ask for, as `orders:read`.
    pub scopes: Vec<String>,
    /// The user in whose name a key for machines acts; nobody for everything else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Uuid>,
    /// The log-in that it rests on, if it rests on one.
    #[serde(flatten)]
    pub login: Option<Login>,
}

/// A log-in of a user: while the session lives and his security epoch is this one, what rests on it is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// The session.
    pub sid: Uuid,
    /// The user's security epoch when he was let in.
    pub epoch: u64,
}

impl Identity {
    /// A user in these roles; `login` is what his token rests on.
    pub fn of_user(user: Uuid, roles: &[Role], login: Option<Login>) -> Self {
        let mut scopes: Vec<_> = roles.iter().flat_map(|role| role.scopes()).map(|&scope| scope.to_owned()).collect();
        scopes.sort_unstable();
        scopes.dedup();
        let roles = roles.iter().map(|role| role.name().to_owned()).collect();
        Self { subject: user.to_string(), roles, scopes, owner: None, login }
    }

    /// The user who calls, or in whose name a machine calls. Staff and operators need not be users.
    pub fn user(&self) -> Option<Uuid> {
        let of_subject = || Uuid::try_parse(&self.subject).ok().filter(|user| user.to_string() == self.subject);
        self.owner.or_else(of_subject)
    }

    /// The user who calls; a caller who is none has nothing of his own: 403.
    pub fn require_user(&self) -> Result<Uuid, Problem> {
        let nobody = || Problem::new(&problems::FORBIDDEN).detail("this is for users, and the access token names none");
        self.user().ok_or_else(nobody)
    }

    /// 403 for a key for machines, where somebody has to call himself.
    pub fn require_no_key(&self) -> Result<(), Problem> {
        if self.owner.is_none() {
            return Ok(());
        }
        Err(Problem::new(&problems::FORBIDDEN).detail("a key for machines may not do this: log in"))
    }

    /// Whether the caller has this scope.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes.iter().any(|held| held == scope)
    }

    /// Whether the caller has this role.
    pub fn has_role(&self, role: Role) -> bool {
        self.roles.iter().any(|held| held == role.name())
    }

    /// The problem of a caller without this scope.
    pub fn require_scope(&self, scope: &str) -> Result<(), Problem> {
        if self.has_scope(scope) {
            return Ok(());
        }
        Err(Problem::new(&problems::FORBIDDEN).detail(format!("this needs the scope {scope}")))
    }

    /// The problem of a caller with none of these scopes.
    pub fn require_any(&self, scopes: &[&str]) -> Result<(), Problem> {
        if scopes.iter().any(|scope| self.has_scope(scope)) {
            return Ok(());
        }
        let detail = format!("this needs one of the scopes {}", scopes.join(", "));
        Err(Problem::new(&problems::FORBIDDEN).detail(detail))
    }
}

#[cfg(test)]
mod tests;
