//! Who calls: from the bearer token or API key of a request, and whether that is enough for a route.

use std::sync::Arc;

use axum::http::{HeaderMap, header};
use tillroll_http::{AccessKeys, Problem, problems};
use tillroll_schemas::api_key::secret::ApiSecret;

use crate::revocation::Revocations;
use crate::routes::Access;

/// What the request's token or API key allows, if the route lets it in. `None`: a public route, and neither.
pub(crate) async fn admit(
    headers: &HeaderMap,
    access: Access,
    keys: &AccessKeys,
    revocations: &Revocations,
    now: u64,
) -> Result<Option<Arc<tillroll_http::Access>>, Problem> {
    let verified = match bearer(headers)? {
        None => None,
        Some(text) if ApiSecret::is_meant_by(text) => Some(revocations.access_by_key(text).await?),
        Some(token) => {
            let access = keys.verify(token, now)?;
            revocations.check(&access.identity)?;
            Some(access)
        }
    };
    match (access, &verified) {
        (Access::Public, _) => {}
        (Access::Scope(_) | Access::Any(_), None) => return Err(Problem::new(&problems::UNAUTHENTICATED)),
        (Access::Scope(scope), Some(access)) => access.identity.require_scope(scope)?,
        (Access::Any(scopes), Some(access)) => access.identity.require_any(scopes)?,
    }
    Ok(verified)
}

/// The token of `Authorization: Bearer <token>` (RFC 6750, 2.1; the scheme's case does not matter).
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (value, None) = (values.next(), values.next()) else {
        return Err(unusable());
    };
    let Some(value) = value else { return Ok(None) };
    let (scheme, token) = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(unusable)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(unusable());
    }
    Ok(Some(token))
}

fn unusable() -> Problem {
    Problem::new(&problems::UNAUTHENTICATED).detail("Authorization must be one header of the form: Bearer <token>")
}
