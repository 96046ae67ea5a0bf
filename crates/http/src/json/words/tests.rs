//! Every kind of field, refused for every kind of JSON: nothing is told in Rust's words.

use serde::Deserialize;
use serde_json::Value;

use crate::StrictJson;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Inner {
    #[expect(dead_code, reason = "only read")]
    a: i64,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "an object {\"amount\": <whole number>}", deny_unknown_fields)]
struct Described {
    #[expect(dead_code, reason = "only read")]
    amount: i64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Choice {
    Left,
    RightHand,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Tagged {
    Plain {},
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Body {
    whole: Option<i64>,
    count: Option<u32>,
    text: Option<String>,
    yes: Option<bool>,
    ratio: Option<f64>,
    list: Option<Vec<i64>>,
    pair: Option<(i64, i64)>,
    named: Option<std::collections::BTreeMap<String, i64>>,
    inner: Option<Inner>,
    described: Option<Described>,
    choice: Option<Choice>,
    tagged: Option<Tagged>,
    id: Option<uuid::Uuid>,
}

/// What the one field of the body is refused with.
fn said(field: &str, json: &str) -> Option<String> {
    let problem = StrictJson::<Body>::parse(format!("{{\"{field}\":{json}}}").as_bytes()).err()?;
    let said = serde_json::to_value(&problem).unwrap();
    assert_eq!((said["code"].as_str(), said["errors"][0]["code"].as_str()), (Some("invalid_field"), Some("invalid")));
    Some(said["errors"][0]["detail"].as_str().unwrap().to_owned())
}

#[test]
fn what_would_have_been_right_is_said_in_words_of_json() {
    for (field, json, right) in [
        ("whole", "5.00", "a whole number"),
        ("whole", "\"5\"", "a whole number"),
        ("whole", "9223372036854775808", "a smaller whole number"),
        ("count", "-1", "a whole number, 0 or more"),
        ("count", "4294967296", "a smaller whole number"),
        ("text", "5", "a text"),
        ("yes", "\"yes\"", "true or false"),
        ("ratio", "\"1\"", "a number"),
        ("list", "{}", "a list"),
        ("pair", "7", "a list of 2"),
        ("pair", "[1]", "a list of 2"),
        ("named", "[]", "an object"),
        ("inner", "5", "an object"),
        ("described", "255", "an object {\"amount\": <whole number>}"),
        ("choice", "\"middle\"", "`left` or `right_hand`"),
        ("choice", "5", "`left` or `right_hand`"),
        ("tagged", "\"plain\"", "an object"),
        ("tagged", "{\"kind\":\"fancy\"}", "`plain`"),
        ("id", "\"me\"", "a UUID"),
    ] {
        assert_eq!(said(field, json), Some(format!("expected {right}")), "{field}: {json}");
    }
}

#[test]
fn no_field_is_refused_in_rusts_words() {
    let fields = [
        "whole",
        "count",
        "text",
        "yes",
        "ratio",
        "list",
        "pair",
        "named",
        "inner",
        "described",
        "choice",
        "tagged",
        "id",
    ];
    for field in fields {
        for json in
            ["1", "-1", "1.5", "1e300", "18446744073709551615", "true", "\"x\"", "[]", "[1]", "{}", "{\"x\":[]}"]
        {
            let body = format!("{{\"{field}\":{json}}}");
            let Err(problem) = StrictJson::<Body>::parse(body.as_bytes()) else { continue };
            let said: Value = serde_json::to_value(&problem).unwrap();
            let detail = said["errors"][0]["detail"].as_str().unwrap();
            let rust =
                ["i64", "u32", "f64", "struct", "enum", "sequence", "a map", "boolean", "string", "tuple", "unit"];
            assert!(!rust.iter().any(|word| detail.contains(word)), "{body}: {detail}");
        }
    }
}
