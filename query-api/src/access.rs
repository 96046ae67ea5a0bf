//! Who may read what, as types in the handlers' signatures, and ids in paths.

use crate::service::Queries;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use std::marker::PhantomData;
use std::sync::Arc;
use tillroll_http::{Caller, Problem, problems};

/// What a caller must be allowed to do.
pub(crate) trait Scope {
    /// As it stands in access tokens.
    const NAME: &'static str;
}

macro_rules! scopes {
    ($($name:ident = $text:literal),+ $(,)?) => {
        $(#[doc = concat!("`", $text, "`")]
        pub(crate) struct $name;
        impl Scope for $name {
            const NAME: &'static str = $text;
        })+
    };
}

scopes! {
    ReadOrders = "orders:read",
    ReadInventory = "inventory:write",
    ReadAnalytics = "analytics:read",
}

/// A caller who has the scope: 401 without a caller, 403 without the scope.
pub(crate) struct Allowed<S>(PhantomData<S>);

impl<S: Scope> FromRequestParts<Arc<Queries>> for Allowed<S> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<Queries>) -> Result<Self, Problem> {
        let caller = <Caller as FromRequestParts<Arc<Queries>>>::from_request_parts(parts, state).await?;
        caller.require_scope(S::NAME)?;
        Ok(Self(PhantomData))
    }
}

/// The one id in the route's path. A text that is no such id names nothing: 404.
pub(crate) struct PathId<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for PathId<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(id)) => Ok(Self(id)),
            Err(_) => Err(Problem::new(&problems::NOT_FOUND)),
        }
    }
}
