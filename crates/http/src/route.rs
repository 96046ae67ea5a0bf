//! Extractors that refuse before a body is read: a caller without the route's scope, a path that names nothing.

use std::marker::PhantomData;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::identity::{Caller, Verifies};
use crate::problem::Problem;
use crate::problems;

/// What a caller must be allowed to do, as a type, so that a handler's signature says it.
pub trait Scope {
    /// As it stands in access tokens: `catalog:write`.
    const NAME: &'static str;
}

/// A caller who has the scope: 401 without a caller, 403 without the scope.
pub struct Allowed<C> {
    /// Who.
    pub caller: Caller,
    scope: PhantomData<C>,
}

impl<C: Scope, S: Verifies + Send + Sync> FromRequestParts<S> for Allowed<C> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let caller = <Caller as FromRequestParts<S>>::from_request_parts(parts, state).await?;
        caller.require_scope(C::NAME)?;
        Ok(Self { caller, scope: PhantomData })
    }
}

/// The one id in the route's path. A text that is no such id names nothing: 404.
#[derive(Clone, Debug)]
pub struct PathId<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for PathId<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(id)) => Ok(Self(id)),
            Err(_) => Err(Problem::new(&problems::NOT_FOUND)),
        }
    }
}

#[cfg(test)]
mod tests;
