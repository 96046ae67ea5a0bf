//! What an answer says of the partition that it could not reach: a header between instances, which no client sees.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use tillroll_http::Problem;
use tillroll_log::{PartitionId, Place};

/// `order.events.v1/3` if the command was certainly not carried out here; with `?` behind it if it may have been.
pub(crate) static NOT_HERE: HeaderName = HeaderName::from_static("tillroll-not-here");

/// A partition that is not served where it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NotHere {
    /// The events topic.
    pub(crate) topic: String,
    /// The partition.
    pub(crate) partition: PartitionId,
    /// Whether the command was certainly not carried out.
    pub(crate) certain: bool,
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
        Some(Self { topic: topic.to_owned(), partition: PartitionId(partition.parse().ok()?), certain })
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
