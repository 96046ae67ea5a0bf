//! A user at a glance: his profile, his last orders and the notifications that he has not read, asked for at once. A part
//! that fails is null, with the reason; the others are told all the same.

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, Limited};
use serde_json::{Map, Value, json};
use tillroll_http::{Access, IdentityKey, Problem, problems, unix_now};
use uuid::Uuid;

use crate::forward::Forwarder;
use crate::routes::{PREFIX, Route, Target, Upstream, query_for};

/// Orders and notifications that are shown.
const SHOWN: usize = 5;
/// No page of them is nearly as large.
const LARGEST_PART: usize = 4 * 1024 * 1024;

/// How old the oldest part is at most, as each part says of itself.
static LAG: HeaderName = HeaderName::from_static("read-model-lag-ms");

/// Of the client's headers what concerns each part.
static PASSED: [HeaderName; 4] = [
    HeaderName::from_static("consistency-token"),
    HeaderName::from_static("prefer"),
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("x-request-id"),
];

/// Whose overview.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The caller's.
    Own,
    /// That of the user in the path.
    Users,
}

/// One part as its role answered.
enum Part {
    Told { body: Value, lag: Option<u64> },
    Failed { status: StatusCode, reason: Value },
}

pub(crate) async fn answer(
    forwarder: &Forwarder,
    key: &IdentityKey,
    whose: Whose,
    access: &Access,
    asked: &Parts,
) -> Result<Response, Problem> {
    let user = match whose {
        Whose::Own => access.identity.require_user()?,
        Whose::Users => user_in(&asked.uri).ok_or_else(|| Problem::new(&problems::NOT_FOUND))?,
    };
    let identity = access.sealed(key, unix_now()).ok_or(&problems::INTERNAL)?;
    let [profile, orders, notifications] = paths(whose, user);
    let ask = |path| part(forwarder, path, &asked.headers, identity.clone());
    let (profile, orders, notifications) = tokio::join!(ask(profile), ask(orders), ask(notifications));
    if let Part::Failed { status: StatusCode::NOT_FOUND, .. } = profile {
        return Err(Problem::new(&problems::NOT_FOUND));
    }
    Ok(together([("profile", profile), ("orders", orders), ("unread_notifications", notifications)]))
}

/// The user of `/users/{id}/overview`.
fn user_in(uri: &Uri) -> Option<Uuid> {
    uri.path().strip_prefix(PREFIX)?.split('/').nth(2)?.parse().ok()
}

fn paths(whose: Whose, user: Uuid) -> [String; 3] {
    let orders = format!("{PREFIX}/orders?user={user}&limit={SHOWN}");
    let unread = format!("unread=true&limit={SHOWN}");
    match whose {
        Whose::Own => [format!("{PREFIX}/users/me"), orders, format!("{PREFIX}/notifications?{unread}")],
        Whose::Users => {
            [format!("{PREFIX}/users/{user}"), orders, format!("{PREFIX}/users/{user}/notifications?{unread}")]
        }
    }
}

async fn part(forwarder: &Forwarder, path: String, asked: &HeaderMap, identity: HeaderValue) -> Part {
    static PART: Route = query_for(Target::Role(Upstream::QueryApi));
    let mut request = Request::new(Body::empty());
    match path.parse() {
        Ok(uri) => *request.uri_mut() = uri,
        Err(_) => return failed(StatusCode::INTERNAL_SERVER_ERROR, &Value::Null),
    }
    for name in &PASSED {
        for value in asked.get_all(name) {
            request.headers_mut().append(name, value.clone());
        }
    }
    let answered = forwarder.forward(&PART, Upstream::QueryApi, request, Some(identity)).await;
    read(answered.unwrap_or_else(IntoResponse::into_response)).await
}

async fn read(response: Response) -> Part {
    let status = response.status();
    let lag = response.headers().get(&LAG).and_then(|lag| lag.to_str().ok()?.parse().ok());
    let body = Limited::new(response.into_body(), LARGEST_PART).collect().await;
    let body = body.map(|body| body.to_bytes()).unwrap_or_else(|_| Bytes::new());
    match serde_json::from_slice(&body) {
        Ok(body) if status.is_success() => Part::Told { body, lag },
        Ok(problem) => failed(status, &problem),
        Err(_) => failed(StatusCode::BAD_GATEWAY, &Value::Null),
    }
}

/// Why a part is not told: the code and the words of its problem, if it was one.
fn failed(status: StatusCode, problem: &Value) -> Part {
    let code = problem["code"].as_str().unwrap_or(problems::UNAVAILABLE.code);
    let detail = problem["detail"].as_str().or(problem["title"].as_str()).unwrap_or(problems::UNAVAILABLE.title);
    Part::Failed { status, reason: json!({ "code": code, "detail": detail }) }
}

fn together(parts: [(&'static str, Part); 3]) -> Response {
    let (mut body, mut reasons, mut oldest) = (Map::new(), Map::new(), None);
    for (name, part) in parts {
        let told = match part {
            Part::Told { body, lag } => {
                oldest = oldest.max(lag);
                body
            }
            Part::Failed { reason, .. } => {
                reasons.insert(name.to_owned(), reason);
                Value::Null
            }
        };
        body.insert(name.to_owned(), told);
    }
    body.insert("failed".to_owned(), Value::Object(reasons));
    let mut response = Response::new(Body::from(Value::Object(body).to_string()));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    headers.extend(oldest.map(|oldest| (LAG.clone(), HeaderValue::from(oldest))));
    response
}
