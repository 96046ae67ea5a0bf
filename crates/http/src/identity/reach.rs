//! Whose objects a caller may touch: everybody's by one scope, his own by another. What is not his is not there.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use uuid::Uuid;

use super::{Caller, Identity, Verifies};
use crate::problem::Problem;
use crate::problems;
use crate::route::Scope;

/// Whose objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Everybody's, and those that are nobody's.
    All,
    /// This user's.
    Own(Uuid),
}

impl Reach {
    /// Whether it goes as far as what belongs to `owner`.
    pub fn covers(self, owner: Option<Uuid>) -> bool {
        match self {
            Self::All => true,
            Self::Own(user) => owner == Some(user),
        }
    }

    /// 404 for what is beyond it, as if it were not there.
    pub fn require(self, owner: Option<Uuid>) -> Result<(), Problem> {
        if self.covers(owner) { Ok(()) } else { Err(Problem::new(&problems::NOT_FOUND)) }
    }
}

impl Identity {
    /// How far the caller reaches where the scope `all` opens everybody's objects and `own` his own; 403 without either.
    pub fn reach(&self, all: &str, own: &str) -> Result<Reach, Problem> {
        if self.has_scope(all) {
            return Ok(Reach::All);
        }
        if self.has_scope(own) {
            return self.require_user().map(Reach::Own);
        }
        Err(Problem::new(&problems::FORBIDDEN).detail(format!("this needs the scope {all} or {own}")))
    }
}

/// A caller with the scope `A` for everybody's objects or `O` for his own: 401 without a caller, 403 without either.
pub struct Reaching<A, O> {
    /// Who.
    pub caller: Caller,
    /// How far.
    pub reach: Reach,
    scopes: PhantomData<(A, O)>,
}

impl<A: Scope, O: Scope, S: Verifies + Send + Sync> FromRequestParts<S> for Reaching<A, O> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let caller = <Caller as FromRequestParts<S>>::from_request_parts(parts, state).await?;
        let reach = caller.reach(A::NAME, O::NAME)?;
        Ok(Self { caller, reach, scopes: PhantomData })
    }
}
