//! Query strings, read strictly: every fault names its parameter.

use axum::extract::FromRequestParts;
use axum::http::Request;
use serde::Deserialize;

use super::{StrictQuery, refuse_parameters};
use crate::problem::Problem;

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    page: Option<u32>,
    category: Option<String>,
    archived: Option<bool>,
}

async fn read(query: &str) -> Result<Page, Problem> {
    let (mut parts, ()) = Request::builder().uri(format!("/products?{query}")).body(()).unwrap().into_parts();
    StrictQuery::from_request_parts(&mut parts, &()).await.map(|StrictQuery(page)| page)
}

#[tokio::test]
async fn parameters_are_read_and_faults_name_them() {
    let page = read("page=2&category=a%20b").await.unwrap();
    assert_eq!(page, Page { page: Some(2), category: Some("a b".into()), archived: None });
    for (query, code, field, kind) in [
        ("pgae=1", "unknown_field", "pgae", "unknown_field"),
        ("page=x", "invalid_field", "page", "invalid"),
        ("page=-1", "invalid_field", "page", "invalid"),
        ("page=99999999999", "invalid_field", "page", "invalid"),
        ("page=1&page=2", "invalid_field", "page", "duplicate"),
    ] {
        let problem = read(query).await.unwrap_err();
        let error = &problem.errors()[0];
        assert_eq!(
            (problem.code(), error.field.as_str(), error.code.as_ref()),
            (code, field, kind),
            "{query}: {problem:?}"
        );
    }
}

#[test]
fn a_route_without_parameters_takes_an_empty_query_string_alone() {
    let refused = |target: &str| refuse_parameters(&target.parse().unwrap());
    for target in ["/cart", "/cart?", "/cart?&&"] {
        assert!(refused(target).is_ok(), "{target}");
    }
    for target in ["/cart?limit=9", "/cart?&limit", "/cart?limit=1&limit=2", "/cart?l%69mit=", "/cart?limit=9&page=1"] {
        let problem = refused(target).unwrap_err();
        assert_eq!((problem.code(), problem.errors()[0].field.as_str()), ("unknown_field", "limit"), "{target}");
    }
    assert!(refused("/cart?=x").is_err() && refused("/cart?a:%20b%60%20c=x").is_err());
}

#[tokio::test]
async fn a_fault_says_what_would_be_right() {
    for (query, right) in [
        ("page=x", "expected a whole number"),
        ("page=", "expected a whole number"),
        ("page=1.5", "expected a whole number"),
        ("page=99999999999", "expected a smaller number"),
        ("archived=maybe", "expected true or false"),
    ] {
        let problem = read(query).await.unwrap_err();
        assert_eq!(problem.errors()[0].detail, right, "{query}");
    }
}
