//! Who calls: from the bearer token of a request, and whether that is enough for a route.

use std::sync::Arc;

use axum::http::{HeaderMap, header};
use tillroll_http::{AccessKeys, Problem, problems};

use crate::routes::Access;

/// What the request's token allows, if the route lets it in. `None`: a public route, and no token.
pub(crate) fn admit(
    headers: &HeaderMap,
    access: Access,
    keys: &AccessKeys,
    now: u64,
) -> Result<Option<Arc<tillroll_http::Access>>, Problem> {
    let token = bearer(headers)?;
    let verified = token.map(|token| keys.verify(token, now)).transpose()?;
    match (access, &verified) {
        (Access::Public, _) => {}
        (Access::Scope(scope), Some(access)) => access.identity.require_scope(scope)?,
        (Access::Scope(_), None) => return Err(Problem::new(&problems::UNAUTHENTICATED)),
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
