//! Strict bodies: read in one way or refused with the place, within limits of size, depth and time.
//! Equal bodies have equal canonical bytes.

use axum::body::Body;
use axum::extract::{FromRequest, OptionalFromRequest, Request};
use axum::http::HeaderMap;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{MAX_DEPTH, SMALL_BODY, StrictJson};
use crate::problem::Problem;

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    #[serde(default)]
    lines: Vec<Line>,
    #[serde(default)]
    note: Option<String>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    sku: String,
    quantity: u32,
}

fn parse(body: impl AsRef<[u8]>) -> Result<StrictJson<Order>, Problem> {
    StrictJson::parse(body.as_ref())
}

fn refused(body: impl AsRef<[u8]>) -> Problem {
    parse(body).unwrap_err()
}

/// Code, field and the field's code of a refusal.
fn fault(body: &str) -> (&'static str, String, String) {
    let problem = refused(body);
    let error = problem.errors()[0].clone();
    (problem.code(), error.field, error.code.into_owned())
}

fn owned(code: &'static str, field: &str, kind: &str) -> (&'static str, String, String) {
    (code, field.to_owned(), kind.to_owned())
}

#[test]
fn a_good_body_is_read() {
    let body = parse(r#" {"note":"x","lines":[{"quantity":2,"sku":"A"}]} "#).unwrap();
    assert_eq!(body.value, Order { lines: vec![Line { sku: "A".into(), quantity: 2 }], note: Some("x".into()) });
    assert_eq!(body.canonical, br#"{"lines":[{"quantity":2,"sku":"A"}],"note":"x"}"#);
}

#[test]
fn faults_name_the_field_by_json_pointer() {
    assert_eq!(fault(r#"{"nope":1}"#), owned("unknown_field", "/nope", "unknown_field"));
    let nested = r#"{"lines":[{"sku":"A","quantity":1},{"sku":"B","quantity":1,"a/b~":0}]}"#;
    assert_eq!(fault(nested), owned("unknown_field", "/lines/1/a~1b~0", "unknown_field"));
    assert_eq!(fault(r#"{"lines":[{"sku":"A"}]}"#), owned("invalid_field", "/lines/0/quantity", "missing"));
    for quantity in
        ["-1", "4294967296", "1.5", "1.0", "\"1\"", "null", "true", "[]", "{}", "1e3", "18446744073709551616"]
    {
        let body = format!(r#"{{"lines":[{{"sku":"A","quantity":{quantity}}}]}}"#);
        assert_eq!(fault(&body), owned("invalid_field", "/lines/0/quantity", "invalid"), "{quantity}");
    }
    assert_eq!(fault(r#"{"lines":{}}"#), owned("invalid_field", "/lines", "invalid"));
    assert_eq!(fault("7"), owned("invalid_field", "", "invalid"));
}

#[test]
fn a_refusal_never_quotes_a_value() {
    let problem = refused(r#"{"lines":"4111 1111 1111 1111"}"#);
    let text = serde_json::to_string(&problem).unwrap();
    assert!(!text.contains("4111") && text.contains("expected a list"), "{text}");
}

#[test]
fn a_long_name_is_cut_before_it_is_repeated() {
    let problem = refused(format!(r#"{{"{}":1}}"#, "x".repeat(10_000)));
    assert_eq!(problem.code(), "unknown_field");
    assert!(serde_json::to_vec(&problem).unwrap().len() < 600);
}

#[test]
fn what_is_not_json_is_refused_with_its_place() {
    let cases: [&[u8]; 16] = [
        b"",
        b" ",
        b"{",
        b"{]",
        b"{} {}",
        b"{}x",
        b"{'note':1}",
        b"{\"note\":01}",
        b"{\"note\":NaN}",
        b"\xef\xbb\xbf{}",
        b"{\"note\":\"\xff\"}",
        br#"{"note":"\ud800"}"#,
        br#"{"note":"\udc00\ud800"}"#,
        b"{\"note\":\"\x00\"}",
        b"{\"note\":1e999}",
        b"{,}",
    ];
    for body in cases {
        let problem = refused(body);
        assert_eq!(problem.code(), "malformed_json", "{}", String::from_utf8_lossy(body));
        assert_eq!(problem.status(), 400);
    }
    assert!(refused("{\n  \"note\": }").to_string().contains("line 2 column 11"));
}

#[test]
fn what_two_parsers_could_read_differently_is_refused() {
    for body in [
        r#"{"note":"a","note":"b"}"#,
        r#"{"note":"a","\u006eote":"b"}"#,
        r#"{"lines":[{"sku":"A","sku":"A","quantity":1}]}"#,
        r#"{"note":"\u0000"}"#,
        r#"{"\u0000":1}"#,
    ] {
        assert_eq!(refused(body).code(), "malformed_json", "{body}");
    }
}

#[test]
fn nesting_ends_at_the_limit() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(super::canonical::canonical(&nested(MAX_DEPTH)).is_ok());
    assert_eq!(refused(nested(MAX_DEPTH + 1)).code(), "malformed_json");
    assert_eq!(refused("[".repeat(60_000)).code(), "malformed_json");
    assert_eq!(refused(r#"{"a":"#.repeat(10_000)).code(), "malformed_json");
}

#[test]
fn equal_bodies_have_one_canonical_form() {
    let one = parse("{\"note\":\"\\u00e9\\/\",\"lines\":[]}").unwrap();
    let two = parse("{ \"lines\" : [ ],\n\"note\" : \"é/\" }").unwrap();
    assert_eq!(one.canonical, two.canonical);
    assert_ne!(one.canonical, parse(r#"{"lines":[],"note":"e/"}"#).unwrap().canonical);
    assert_eq!(StrictJson::<Order>::absent().canonical, parse("{ }").unwrap().canonical);
}

fn request(content_type: &[&str], body: impl Into<Body>) -> Request {
    let mut request = Request::new(body.into());
    for value in content_type {
        request.headers_mut().append("content-type", value.parse().unwrap());
    }
    request
}

async fn extract(request: Request) -> Result<StrictJson<Order>, Problem> {
    <StrictJson<Order> as FromRequest<()>>::from_request(request, &()).await
}

#[tokio::test]
async fn only_json_is_taken() {
    for good in [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        "application/json;charset=\"UTF-8\"",
    ] {
        assert!(extract(request(&[good], "{}")).await.is_ok(), "{good}");
    }
    for bad in ["text/plain", "application/jsonx", "application/problem+json", "application/json; charset=utf-16", ""] {
        assert_eq!(extract(request(&[bad], "{}")).await.unwrap_err().status(), 415, "{bad}");
    }
    assert_eq!(extract(request(&[], "{}")).await.unwrap_err().status(), 415);
    assert_eq!(extract(request(&["application/json", "text/plain"], "{}")).await.unwrap_err().status(), 415);
    let mut packed = request(&["application/json"], "{}");
    packed.headers_mut().insert("content-encoding", "gzip".parse().unwrap());
    assert_eq!(extract(packed).await.unwrap_err().status(), 415);
}

#[tokio::test]
async fn a_body_may_have_its_limit_and_not_a_byte_more() {
    let of_length = |length: usize| format!("{{\"note\":\"{}\"}}", "x".repeat(length - 11));
    assert!(extract(request(&["application/json"], of_length(SMALL_BODY))).await.is_ok());
    let long = extract(request(&["application/json"], of_length(SMALL_BODY + 1))).await;
    assert_eq!(long.unwrap_err().code(), "body_too_large");
    let wide = request(&["application/json"], of_length(SMALL_BODY + 1));
    assert!(<StrictJson<Order, { crate::LARGE_BODY }> as FromRequest<()>>::from_request(wide, &()).await.is_ok());
    let mut announced = request(&["application/json"], "{}");
    announced.headers_mut().insert("content-length", "9999999999".parse().unwrap());
    assert_eq!(extract(announced).await.unwrap_err().code(), "body_too_large");
}

#[tokio::test]
async fn a_body_in_many_pieces_is_put_together_within_the_limit() {
    let pieces = |count: usize| {
        let (sender, receiver) = tokio::sync::mpsc::channel::<Vec<u8>>(1);
        tillroll_telemetry::spawn("pieces", async move {
            let _ = sender.send(b"{\"note\":\"".to_vec()).await;
            for _ in 0..count {
                let _ = sender.send(vec![b'x'; 1000]).await;
            }
            let _ = sender.send(b"\"}".to_vec()).await;
        });
        Body::new(Pieces(receiver))
    };
    let body = extract(request(&["application/json"], pieces(60))).await.unwrap();
    assert_eq!(body.value.note.unwrap().len(), 60_000);
    assert_eq!(extract(request(&["application/json"], pieces(70))).await.unwrap_err().code(), "body_too_large");
}

struct Pieces(tokio::sync::mpsc::Receiver<Vec<u8>>);

impl axum::body::HttpBody for Pieces {
    type Data = axum::body::Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Self::Data>, Self::Error>>> {
        self.0.poll_recv(cx).map(|piece| piece.map(|bytes| Ok(hyper::body::Frame::data(bytes.into()))))
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let (_sender, receiver) = tokio::sync::mpsc::channel(1);
    let waiting = super::read_body(&HeaderMap::new(), Body::new(Pieces(receiver)), 10).await;
    assert_eq!(waiting.unwrap_err().code(), "request_timed_out");
}

#[tokio::test]
async fn a_body_may_be_left_out_where_the_route_says_so() {
    async fn optional(request: Request) -> Result<Option<StrictJson<Order>>, Problem> {
        <StrictJson<Order> as OptionalFromRequest<()>>::from_request(request, &()).await
    }
    assert!(optional(request(&[], "")).await.unwrap().is_none());
    assert!(optional(request(&["application/json"], "{}")).await.unwrap().is_some());
    assert_eq!(optional(request(&[], "{}")).await.unwrap_err().status(), 415);
    assert_eq!(optional(request(&["application/json"], "")).await.unwrap_err().code(), "malformed_json");
}

#[test]
fn an_array_of_values_is_no_object_at_any_depth() {
    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        a: u8,
    }
    #[derive(Debug, PartialEq, serde::Deserialize)]
    enum Choice {
        Named { a: u8 },
        Held(Inner),
    }
    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        one: Option<Inner>,
        #[serde(default)]
        many: Vec<Inner>,
        #[serde(default)]
        choice: Option<Choice>,
        #[serde(default)]
        pair: Option<(u8, Inner)>,
    }
    let read = |body: &str| StrictJson::<Outer>::parse(body.as_bytes()).map(|read| read.value);
    let whole = r#"{"one":{"a":1},"many":[{"a":2}],"choice":{"Named":{"a":3}},"pair":[4,{"a":5}]}"#;
    let one = Some(Inner { a: 1 });
    let expected = Outer {
        one,
        many: vec![Inner { a: 2 }],
        choice: Some(Choice::Named { a: 3 }),
        pair: Some((4, Inner { a: 5 })),
    };
    assert_eq!(read(whole).unwrap(), expected);
    for (body, pointer) in [
        (r#"[null]"#, ""),
        (r#"{"one":[1]}"#, "/one"),
        (r#"{"many":[[2]]}"#, "/many/0"),
        (r#"{"choice":{"Named":[3]}}"#, "/choice/Named"),
        (r#"{"choice":{"Held":[3]}}"#, "/choice/Held"),
        (r#"{"pair":[4,[5]]}"#, "/pair/1"),
    ] {
        let problem = read(body).unwrap_err();
        let said = serde_json::to_value(&problem).unwrap();
        assert_eq!((problem.code(), said["errors"][0]["field"].as_str()), ("invalid_field", Some(pointer)), "{said}");
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        "[^\\x00]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map("[^\\x00]{0,4}", inner, 0..6).prop_map(|map| json!(map)),
        ]
    })
}

proptest! {
    #[test]
    fn the_canonical_form_says_the_same_and_is_its_own_canonical_form(value in any_json()) {
        let canonical = super::canonical::canonical(&serde_json::to_string_pretty(&value).unwrap()).unwrap();
        prop_assert_eq!(&serde_json::from_slice::<Value>(&canonical).unwrap(), &value);
        let again = super::canonical::canonical(std::str::from_utf8(&canonical).unwrap()).unwrap();
        prop_assert_eq!(again, canonical);
    }

    #[test]
    fn no_bytes_make_it_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Err(problem) = parse(body) {
            prop_assert_eq!(problem.status(), 400);
        }
    }

    #[test]
    fn no_text_like_json_makes_it_panic(body in "[\\[\\]{}\":,0-9a-z\\\\ue.+-]{0,80}") {
        if let Err(problem) = parse(body) {
            prop_assert_eq!(problem.status(), 400);
        }
    }

    #[test]
    fn a_good_body_cut_short_is_malformed(cut in 1usize..46) {
        let body = r#"{"note":"x","lines":[{"quantity":2,"sku":"A"}]}"#;
        prop_assert_eq!(refused(&body[..cut]).code(), "malformed_json");
    }
}
