//! What is wrong is refused, told by its problem, and leaves nothing behind: tables of requests, each with the one
//! status and the one code of `docs/problems.md` that it must get.

#[path = "bad_input/bodies.rs"]
mod bodies;
#[path = "bad_input/callers.rs"]
mod callers;
#[path = "bad_input/headers.rs"]
mod headers;
#[path = "bad_input/numbers.rs"]
mod numbers;
#[path = "bad_input/sense.rs"]
mod sense;

use crate::shop::add_product;
use e2e::{Answer, Ask, Http, Outcome, System, own};
use hyper::Method;
use std::collections::BTreeMap;
use tillroll_schemas::catalogue;

#[test]
fn bad_input_gets_its_problem_and_leaves_no_record() -> Outcome {
    own(|system| async move {
        let http = system.http();
        let mut rows = Vec::new();
        for route in &ROUTES {
            rows.extend(bodies::rows(&http, route));
            rows.extend(headers::rows(&http, route));
            rows.push(headers::of_another_log(&system, route)?);
            rows.extend(callers::rows(&system, route).await?);
        }
        rows.extend(numbers::rows(&http));
        rows.extend(sense::malformed(&http));
        assert_eq!(nothing_but_problems(&system, rows).await?, BTreeMap::new(), "not even a mark");
        // What is well formed is decided by an owner, which may write a mark before it says no.
        let mut added = nothing_but_problems(&system, sense::refused(&http)).await?;
        added.retain(|(_, kind), _| kind != "log.mark.v1");
        assert_eq!(added, BTreeMap::new());
        Ok(())
    })
}

#[test]
fn an_array_of_values_is_no_object() -> Outcome {
    own(|system| async move {
        let rows = ROUTES.iter().flat_map(|route| bodies::nameless(&system.http(), route)).collect();
        assert_eq!(nothing_but_problems(&system, rows).await?, BTreeMap::new());
        Ok(())
    })
}

#[test]
fn every_problem_says_in_words_what_is_wrong() -> Outcome {
    own(|system| async move {
        let http = system.http();
        for ask in [
            http.get("/nowhere"),
            http.get("/products/NOT-THERE"),
            http.ask(Method::DELETE, "/orders"),
            http.with_token(None).get("/orders"),
            ORDERS.bare(&http).bytes(ORDERS.good()),
            ORDERS.bare(&http).key("a b").bytes(ORDERS.good()),
            ORDERS.ask(&http).bytes(ORDERS.body.replace('@', "0")),
            STOCK.ask(&http).bytes("{\"x\":1}"),
        ] {
            let problem = ask.send().await?.json();
            assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{problem}");
        }
        Ok(())
    })
}

/// Sends all, and returns the records that this has added to any topic.
async fn nothing_but_problems(system: &System, rows: Vec<Row>) -> Outcome<BTreeMap<(String, String), usize>> {
    // What is refused is refused of a shop that could have carried it out.
    add_product(&system.http(), "BAD", 100, 10).await?;
    system.caught_up().await?;
    let topics = system.topics()?;
    let before = topics.ends().await?;
    let mut wrong = Vec::new();
    for Row { what, send, status, code } in rows {
        let (path, answer) = match send {
            Send::Whole(ask) => (ask.path(), ask.send().await?),
            Send::Announced(ask, bytes) => (ask.path(), ask.announce(bytes).await?),
        };
        wrong.extend(faults(&answer, status, code, &path).map(|fault| format!("{what}: {fault}")));
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    topics.added(&before, &topics.ends().await?).await
}

/// What is wrong with a refusal; nothing if it is the problem that it must be.
fn faults(answer: &Answer, status: u16, code: &str, path: &str) -> Option<String> {
    let problem = answer.json();
    let text = |member: &str| problem[member].as_str().unwrap_or_default().to_owned();
    let mut faults = Vec::new();
    let mut expect = |what: &str, found: String, expected: String| {
        if found != expected {
            faults.push(format!("{what} is `{found}`, not `{expected}`"));
        }
    };
    expect("the status", answer.status.to_string(), status.to_string());
    expect("the code", text("code"), code.to_owned());
    expect("Content-Type", answer.header("content-type").to_owned(), "application/problem+json".to_owned());
    expect("`status`", problem["status"].to_string(), status.to_string());
    expect("`type`", text("type"), format!("/problems/{code}"));
    expect("`instance`", text("instance"), path.to_owned());
    expect("`request_id`", text("request_id"), answer.header("x-request-id").to_owned());
    let empty = ["title", "request_id"].into_iter().filter(|member| text(member).is_empty());
    faults.extend(empty.map(|member| format!("`{member}` says nothing")));
    let body = || String::from_utf8_lossy(&answer.bytes).into_owned();
    (!faults.is_empty()).then(|| format!("{}; the body: {}", faults.join("; "), body()))
}

/// A request that must be refused.
struct Row {
    what: String,
    send: Send,
    status: u16,
    code: &'static str,
}

enum Send {
    Whole(Ask),
    /// The head alone, announcing so many bytes.
    Announced(Ask, usize),
}

fn row(what: impl Into<String>, ask: Ask, status: u16, code: &'static str) -> Row {
    Row { what: what.into(), send: Send::Whole(ask), status, code }
}

/// A command that all tables are tried on.
struct Route {
    name: &'static str,
    method: Method,
    path: &'static str,
    /// A body that would be carried out; `@` stands for a number.
    body: &'static str,
    /// Such a body, or a part of it, as an array of its values in the order of the fields.
    nameless: [&'static str; 2],
    /// Bytes that a body may have.
    limit: usize,
    key_required: bool,
    /// Where its events are.
    topic: &'static str,
    /// Whether nothing, or an empty object, is no body for it.
    body_required: bool,
    /// A scope that is not enough for it.
    other_scope: &'static str,
}

const ROUTES: [Route; 6] = [ORDERS, CREDIT_NOTES, FULFILMENTS, PRODUCTS, REVISION, STOCK];

const ORDERS: Route = Route {
    name: "POST /orders",
    method: Method::POST,
    path: "/orders",
    body: r#"{"lines":[{"sku":"BAD","quantity":@}],"payment":{"method":"on_account"}}"#,
    nameless: [
        r#"[[{"sku":"BAD","quantity":1}],{"method":"on_account"},null,null,null,null]"#,
        r#"{"lines":[["BAD",1,null,null]],"payment":{"method":"on_account"}}"#,
    ],
    limit: 1024 * 1024,
    key_required: true,
    topic: catalogue::ORDER.events,
    body_required: true,
    other_scope: "orders:read",
};

const CREDIT_NOTES: Route = Route {
    name: "POST /credit-notes",
    method: Method::POST,
    path: "/credit-notes",
    body: r#"{"reference":"bad","lines":[{"sku":"BAD","quantity":@,"unit_price":{"amount":1,"currency":"GBP"}}],"reason":"bad"}"#,
    nameless: [
        r#"["bad",null,null,null,[{"sku":"BAD","quantity":1,"unit_price":{"amount":1,"currency":"GBP"}}],false,"bad"]"#,
        r#"{"reference":"bad","lines":[["BAD",1,{"amount":1,"currency":"GBP"}]],"reason":"bad"}"#,
    ],
    limit: 1024 * 1024,
    key_required: true,
    topic: catalogue::CREDIT_NOTE.events,
    body_required: true,
    other_scope: "orders:read",
};

/// Of an order that is not there: whoever knows that has read the request first.
const FULFILMENTS: Route = Route {
    name: "POST fulfilments",
    method: Method::POST,
    path: "/orders/00000000-0000-5000-8000-000000000000/fulfilments",
    body: r#"{"lines":[{"sku":"BAD","quantity":@}]}"#,
    nameless: [r#"[[{"sku":"BAD","quantity":1}]]"#, r#"{"lines":[["BAD",1]]}"#],
    limit: 1024 * 1024,
    key_required: true,
    topic: catalogue::ORDER.events,
    body_required: false,
    other_scope: "orders:enter",
};

const PRODUCTS: Route = Route {
    name: "POST /products",
    method: Method::POST,
    path: "/products",
    body: r#"{"sku":"BAD-2","name":"Bad","price":{"amount":@,"currency":"GBP"}}"#,
    nameless: [
        r#"["BAD-2","Bad","",null,{"amount":1,"currency":"GBP"},0,true,0]"#,
        r#"{"sku":"BAD-2","name":"Bad","price":[1,"GBP"]}"#,
    ],
    limit: 64 * 1024,
    key_required: false,
    topic: catalogue::PRODUCT.events,
    body_required: true,
    other_scope: "inventory:write",
};

const REVISION: Route = Route {
    name: "PUT /products/{sku}",
    method: Method::PUT,
    path: "/products/BAD",
    body: r#"{"name":"Worse","price":{"amount":@,"currency":"GBP"}}"#,
    nameless: [
        r#"[null,"Worse","",null,{"amount":1,"currency":"GBP"},0,null]"#,
        r#"{"name":"Worse","price":[1,"GBP"]}"#,
    ],
    limit: 64 * 1024,
    key_required: false,
    topic: catalogue::PRODUCT.events,
    body_required: true,
    other_scope: "inventory:write",
};

const STOCK: Route = Route {
    name: "PATCH inventory",
    method: Method::PATCH,
    path: "/products/BAD/inventory",
    body: r#"{"delta":@,"reason":"adjusted"}"#,
    nameless: [r#"[1,"adjusted",null]"#, r#"[1,"adjusted"]"#],
    limit: 64 * 1024,
    key_required: true,
    topic: catalogue::STOCK_ITEM.events,
    body_required: true,
    other_scope: "catalog:write",
};

impl Route {
    fn good(&self) -> String {
        self.body.replace('@', "1")
    }

    /// With everything but key and body.
    fn bare(&self, http: &Http) -> Ask {
        http.ask(self.method.clone(), self.path).header("content-type", "application/json")
    }

    /// With everything but a body. The key is always the same: had one been carried out, the next would be 422.
    fn ask(&self, http: &Http) -> Ask {
        self.bare(http).key("bad")
    }
}
