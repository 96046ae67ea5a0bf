//! Who gets past a handler's signature, and who does not.

use super::*;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::response::IntoResponse;

use crate::{Identity, IdentityKey, IdentityVerifier, Role, headers, unix_now};

struct CatalogWrite;
impl Scope for CatalogWrite {
    const NAME: &'static str = "catalog:write";
}

fn parts(identity: Option<(&IdentityKey, &[&str])>) -> Parts {
    let mut request = Request::new(Body::empty());
    if let Some((key, scopes)) = identity {
        let scopes = scopes.iter().map(|&scope| scope.to_owned()).collect();
        let identity = Identity { subject: "anna".to_owned(), scopes, ..Role::Customer.held_by("anna") };
        request.headers_mut().insert(&headers::IDENTITY, key.seal(&identity, unix_now()).unwrap());
    }
    request.into_parts().0
}

async fn status(mut parts: Parts, verifier: &IdentityVerifier) -> StatusCode {
    match Allowed::<CatalogWrite>::from_request_parts(&mut parts, verifier).await {
        Ok(allowed) => {
            assert_eq!(allowed.caller.subject, "anna");
            StatusCode::OK
        }
        Err(problem) => problem.into_response().status(),
    }
}

#[tokio::test]
async fn only_a_caller_with_the_scope_gets_past_the_signature() {
    let key = IdentityKey::new(&[7; 32]);
    let verifier = key.verifier();
    assert_eq!(status(parts(None), &verifier).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(parts(Some((&key, &[]))), &verifier).await, StatusCode::FORBIDDEN);
    assert_eq!(status(parts(Some((&key, &["catalog:write"]))), &verifier).await, StatusCode::OK);
}
