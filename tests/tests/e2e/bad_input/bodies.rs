//! Bodies that no route takes, whatever it is for: no JSON, too much of it, or JSON that says a thing twice.

use super::{Route, Row, Send, row};
use e2e::Http;

pub fn rows(http: &Http, route: &Route) -> Vec<Row> {
    let good = route.good();
    let open = good.strip_suffix('}').unwrap_or(&good);
    let first = good.trim_start_matches('{');
    let member = first.split(':').next().unwrap_or_default();
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(5_000), close.repeat(5_000));
    let texts = [
        ("white space", " \n".to_owned(), "malformed_json"),
        ("half an object", open.to_owned(), "malformed_json"),
        ("two values", format!("{good} {good}"), "malformed_json"),
        ("a trailing comma", format!("{open},}}"), "malformed_json"),
        ("single quotation marks", good.replace('"', "'"), "malformed_json"),
        ("a comment", format!("{good} // that is all"), "malformed_json"),
        ("a byte order mark", format!("\u{feff}{good}"), "malformed_json"),
        ("a control character in a text", format!("{open},\"x\":\"\u{1}\"}}"), "malformed_json"),
        ("half a surrogate pair", format!("{open},\"x\":\"\\ud800\"}}"), "malformed_json"),
        ("a member twice", format!("{open},{first}"), "malformed_json"),
        ("a member twice, spelled with an escape", format!("{open},{}", escaped(first)), "malformed_json"),
        ("an unknown member twice", format!("{open},\"x\":1,\"x\":1}}"), "malformed_json"),
        ("a member of a member twice", format!("{open},\"x\":{{\"y\":1,\"y\":2}}}}"), "malformed_json"),
        ("arrays nested deeply", deep("[", "]"), "malformed_json"),
        ("objects nested deeply", deep("{\"x\":", "}"), "malformed_json"),
        ("deep nesting in a member", format!("{open},\"x\":{}}}", deep("[", "]")), "malformed_json"),
        ("an array", format!("[{good}]"), "invalid_field"),
        ("a text", "\"{}\"".to_owned(), "invalid_field"),
        ("null", "null".to_owned(), "invalid_field"),
        ("an unknown field", format!("{open},\"discount\":5}}"), "unknown_field"),
        ("a field in another case", good.replace(member, &member.to_uppercase()), "unknown_field"),
    ];
    let required = [("nothing", String::new(), "malformed_json"), ("no member", "{}".to_owned(), "invalid_field")];
    let ask = || route.ask(http);
    let mut rows: Vec<Row> = texts
        .into_iter()
        .chain(required.into_iter().filter(|_| route.body_required))
        .map(|(what, text, code)| row(format!("{}, {what}", route.name), ask().bytes(text), 400, code))
        .collect();
    for (what, bytes) in
        [("invalid UTF-8", &b"\"\xff\""[..]), ("an overlong encoding", b"\"\xc0\xaf\""), ("UTF-16", UTF_16)]
    {
        let body = [open.as_bytes(), b",\"x\":", bytes, b"}"].concat();
        rows.push(row(format!("{}, {what}", route.name), ask().bytes(body), 400, "malformed_json"));
    }
    rows.extend(large(http, route));
    rows
}

const UTF_16: &[u8] = b"\xff\xfe\"\0";

/// Bodies in which an array stands for an object.
pub fn nameless(http: &Http, route: &Route) -> Vec<Row> {
    let refused = |body| row(format!("{}, {body}", route.name), route.ask(http).bytes(body), 400, "invalid_field");
    route.nameless.map(refused).into()
}

/// `"lines"` as `"\u006cines"`: the same name (RFC 8259, section 8.3).
fn escaped(members: &str) -> String {
    let letter = members.as_bytes().get(1).copied().unwrap_or_default();
    format!("\"\\u{letter:04x}{}", &members[2..])
}

/// Bodies around the limit.
fn large(http: &Http, route: &Route) -> [Row; 3] {
    const UNKNOWN: &str = "{\"discount\":5}";
    let padded = |bytes: usize| format!("{UNKNOWN}{}", " ".repeat(bytes - UNKNOWN.len()));
    let ask = || route.ask(http);
    let just = format!("{}, as many bytes as may be", route.name);
    let more = format!("{}, a byte too many", route.name);
    let announced = format!("{}, a byte too many announced", route.name);
    [
        row(just, ask().bytes(padded(route.limit)), 400, "unknown_field"),
        row(more, ask().bytes(padded(route.limit + 1)), 413, "body_too_large"),
        Row { what: announced, send: Send::Announced(ask(), route.limit + 1), status: 413, code: "body_too_large" },
    ]
}
