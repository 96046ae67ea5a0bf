//! Names of the headers that the standard list of the `http` crate does not have.

use axum::http::HeaderName;

/// Names one request among all of its caller's.
pub static IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// What a read or a decision must cover.
pub static CONSISTENCY_TOKEN: HeaderName = HeaderName::from_static("consistency-token");
/// RFC 7240.
pub static PREFER: HeaderName = HeaderName::from_static("prefer");
/// Names a request in logs and problems.
pub static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// W3C Trace Context.
pub static TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// Who calls, from the gateway to the services.
pub static IDENTITY: HeaderName = HeaderName::from_static("tillroll-identity");
/// Where the event of a command is: `order.events.v1/3@1234`.
pub static LOG_POSITION: HeaderName = HeaderName::from_static("log-position");
/// Where the time went (W3C Server Timing).
pub static SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");
/// The client's address as the gateway sees it, from the gateway to the services.
pub static CLIENT_ADDRESS: HeaderName = HeaderName::from_static("tillroll-client-address");
