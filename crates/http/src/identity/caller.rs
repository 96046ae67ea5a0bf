//! The caller of a route, as an extractor: absent or untrusted is 401, wherever the route is mounted.

use std::ops::Deref;
use std::sync::Arc;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;

use super::{Identity, IdentityVerifier};
use crate::clock::unix_now;
use crate::headers::IDENTITY;
use crate::problem::Problem;
use crate::problems;

/// A router's state that can tell a true identity from a false one. Implemented for `Arc` of such a state too.
pub trait Verifies {
    /// The verifier to ask.
    fn identities(&self) -> &IdentityVerifier;
}

impl Verifies for IdentityVerifier {
    fn identities(&self) -> &IdentityVerifier {
        self
    }
}

impl<T: Verifies> Verifies for Arc<T> {
    fn identities(&self) -> &IdentityVerifier {
        self.as_ref().identities()
    }
}

/// Who calls. `Option<Caller>` where a route is public: absent is `None`, false is 401 all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller(pub Arc<Identity>);

impl Deref for Caller {
    type Target = Identity;

    fn deref(&self) -> &Identity {
        &self.0
    }
}

impl Caller {
    /// Who calls according to these headers; `None` if they do not say.
    pub fn read(headers: &HeaderMap, verifier: &IdentityVerifier) -> Result<Option<Self>, Problem> {
        let untrusted = || Problem::new(&problems::UNAUTHENTICATED);
        let mut values = headers.get_all(&IDENTITY).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return if headers.contains_key(&IDENTITY) { Err(untrusted()) } else { Ok(None) };
        };
        let text = value.to_str().map_err(|_| untrusted())?;
        verifier.open(text, unix_now()).map(|identity| Some(Self(identity))).map_err(|_| untrusted())
    }
}

impl<S: Verifies + Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Self::read(&parts.headers, state.identities())?.ok_or_else(|| Problem::new(&problems::UNAUTHENTICATED))
    }
}

impl<S: Verifies + Send + Sync> OptionalFromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Problem> {
        Self::read(&parts.headers, state.identities())
    }
}
