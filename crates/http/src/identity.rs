//! Who calls: what the gateway learnt from the access token, handed to the services under a short-lived MAC.
//! Services trust this header and nothing else; the client's token does not travel past the gateway.

mod caller;
mod seal;

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::problem::Problem;
use crate::problems;

pub use caller::{Caller, Verifies};
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
}

impl Identity {
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
}

/// The roles that there are, each with the scopes that it gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Runs the shop.
    Staff,
    /// Buys.
    Customer,
    /// Runs the installation.
    Operator,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Staff, Self::Customer, Self::Operator];

    /// Its name in tokens.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Staff => "staff",
            Self::Customer => "customer",
            Self::Operator => "operator",
        }
    }

    /// What it may do.
    pub const fn scopes(self) -> &'static [&'static str] {
        match self {
            Self::Staff => {
                &["catalog:write", "inventory:write", "orders:enter", "orders:read", "orders:write", "analytics:read"]
            }
            Self::Operator => &["orders:operate", "orders:read"],
            Self::Customer => &[],
        }
    }

    /// This role as held by `subject`.
    pub fn held_by(self, subject: impl Into<String>) -> Identity {
        Identity {
            subject: subject.into(),
            roles: vec![self.name().to_owned()],
            scopes: self.scopes().iter().map(|&scope| scope.to_owned()).collect(),
        }
    }
}

/// The name is not that of a role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a role is staff, customer or operator, not {0:?}")]
pub struct UnknownRole(String);

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|role| role.name() == name).ok_or_else(|| UnknownRole(name.to_owned()))
    }
}

#[cfg(test)]
mod tests;
