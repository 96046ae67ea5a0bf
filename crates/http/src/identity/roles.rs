//! Roles, each with the scopes that it gives.

use std::str::FromStr;

use super::Identity;

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
            Self::Staff => &[
                "catalog:write",
                "inventory:write",
                "orders:enter",
                "orders:read",
                "orders:write",
                "analytics:read",
                "users:read",
                "users:write",
                "api-keys:write",
                "payments:read",
                "invoices:read",
                "profile:own",
                "notifications:read",
                "notifications:bounce",
            ],
            Self::Operator => &[
                "orders:operate",
                "orders:read",
                "users:read",
                "users:write",
                "users:erase",
                "payments:operate",
                "payments:read",
                "profile:own",
            ],
            Self::Customer => {
                &["orders:place", "orders:own", "profile:own", "carts:own", "payments:own", "notifications:own"]
            }
        }
    }

    /// This role as held by `subject`.
    pub fn held_by(self, subject: impl Into<String>) -> Identity {
        Identity {
            subject: subject.into(),
            roles: vec![self.name().to_owned()],
            scopes: self.scopes().iter().map(|&scope| scope.to_owned()).collect(),
            owner: None,
            login: None,
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
