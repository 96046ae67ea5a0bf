//! What an answer says of the partition that it could not reach: a header between instances, which no client sees.

use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use tillroll_http::Problem;
use tillroll_log::{PartitionId, Place};

/// `order.events.v1/3` if the command was certainly not carried out here; with `?` behind it if it may have been.
pub(crate) static NOT_HERE: HeaderName = HeaderName::from_static("tillroll-not-here");

/// On the same answer: the path of what is asked there instead, without a body.
pub(crate) static INSTEAD: HeaderName = HeaderName::from_static("tillroll-instead");

/// A partition that is not served where it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NotHere {
    /// The events topic.
    pub(crate) topic: String,
    /// The partition.
    pub(crate) partition: PartitionId,
    /// Whether the command was certainly not carried out.
    pub(crate) certain: bool,
    /// What is asked there, if it is not the same again: the answer is good, and there may be a better one.
    pub(crate) instead: Option<PathAndQuery>,
}

impl NotHere {
    /// What the answer says, if it says that.
    pub(crate) fn read(headers: &HeaderMap) -> Option<Self> {
        let text = headers.get(&NOT_HERE)?.to_str().ok()?;
        let (place, certain) = match text.strip_suffix('?') {
            Some(place) => (place, false),
            None => (text, true),
        };
        let (topic, partition) = place.rsplit_once('/')?;
        let partition = PartitionId(partition.parse().ok()?);
        let instead = headers.get(&INSTEAD).and_then(|path| PathAndQuery::try_from(path.as_bytes()).ok());
        Some(Self { topic: topic.to_owned(), partition, certain, instead })
    }
}

/// Says so on a problem.
pub(crate) fn mark(problem: Problem, place: Place, certain: bool) -> Problem {
    let doubt = if certain { "" } else { "?" };
    match HeaderValue::try_from(format!("{}/{}{doubt}", place.topic, place.partition.0)) {
        Ok(value) => problem.header(NOT_HERE.clone(), value),
        Err(_) => problem,
    }
}

/// This answer to a command that was carried out here, unless whoever serves that partition has a better one to a POST
/// of `path` without a body; 204 is none. Asked only of commands with a key.
pub fn better_there(mut answer: Response, place: Place, path: &str) -> Response {
    let not_here = HeaderValue::try_from(format!("{}/{}?", place.topic, place.partition.0));
    if let (Ok(not_here), Ok(path)) = (not_here, HeaderValue::try_from(path)) {
        answer.headers_mut().insert(&NOT_HERE, not_here);
        answer.headers_mut().insert(&INSTEAD, path);
    }
    answer
}
