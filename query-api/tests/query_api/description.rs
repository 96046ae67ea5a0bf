//! Every answer that a test gets is one that the public description has: its status, and its headers.

use crate::shop::Answer;
use axum::http::HeaderName;
use serde_json::Value;
use std::sync::LazyLock;

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../gateway/openapi.json")).unwrap());

/// Headers of every answer alike: the server's own, and those that HTTP itself explains.
const EVERYWHERE: [&str; 3] = ["content-type", "content-length", "cache-control"];
/// Headers of an answer that are described and may be missing.
const SOMETIMES: [&str; 3] = ["X-Request-Id", "Total-Count", "Next-Cursor"];

/// The value that a `$ref` stands for, or the value itself.
fn resolved(value: &Value) -> &Value {
    let pointer = value.get("$ref").and_then(Value::as_str);
    pointer.map_or(value, |pointer| DOCUMENT.pointer(pointer.strip_prefix('#').unwrap()).unwrap())
}

/// The description of what this path's query may answer.
fn responses(path: &str) -> &'static Value {
    let segments: Vec<_> = path.split('?').next().unwrap().split('/').collect();
    let fits = |template: &str| {
        let template: Vec<_> = template.split('/').collect();
        let same = |(held, asked): (&&str, &&str)| held.starts_with('{') || held == asked;
        template.len() == segments.len() && template.iter().zip(&segments).all(same)
    };
    let (_, item) = DOCUMENT["paths"].as_object().unwrap().iter().find(|(template, _)| fits(template)).unwrap();
    &item["get"]["responses"]
}

/// The paths of all queries that have parameters, with an id where one is wanted.
pub fn queries_with_parameters() -> Vec<String> {
    let has_some = |item: &(&String, &Value)| {
        let parameters = item.1["get"]["parameters"].as_array();
        parameters.into_iter().flatten().any(|parameter| resolved(parameter)["in"] == "query")
    };
    let id = "0190d4c8-0000-7000-8000-000000000000";
    let paths = DOCUMENT["paths"].as_object().unwrap();
    paths.iter().filter(has_some).map(|(path, _)| path.replace("{id}", id)).collect()
}

/// Fails unless the description has this answer to a query of this path.
pub fn assert_described(path: &str, answer: &Answer) {
    let (status, headers) = (answer.status.as_u16().to_string(), &answer.headers);
    let response = responses(path).get(&status).unwrap_or_else(|| panic!("{path}: {status} is not described"));
    let described = resolved(response)["headers"].as_object().unwrap();
    for name in headers.keys().map(HeaderName::as_str).filter(|name| !EVERYWHERE.contains(name)) {
        let known = described.keys().any(|held| held.eq_ignore_ascii_case(name));
        assert!(known, "{path}: {name} of {status} is not described");
    }
    if answer.status.as_u16() < 400 {
        for name in described.keys().filter(|name| !SOMETIMES.contains(&name.as_str())) {
            assert!(headers.contains_key(name.as_str()), "{path}: {name} of {status} is described and missing");
        }
        let media_type = answer.header("content-type").split(';').next().unwrap();
        let content = &resolved(response)["content"];
        assert!(media_type.is_empty() || content.get(media_type).is_some(), "{path}: {status} as {media_type}");
    }
}
