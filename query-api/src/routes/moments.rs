//! `from` and `to`: a date, which stands for its first moment in UTC, or a moment as in RFC 3339.

use crate::failure::parameter;
use chrono::{DateTime, Datelike, NaiveDate, NaiveTime};
use serde::{Deserialize, Deserializer, de};
use tillroll_http::Problem;
use tillroll_schemas::Timestamp;

/// The begin, included, or the end, excluded, of a span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(pub(super) Timestamp);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let expected = || de::Error::custom("expected a date (2010-12-01) or a moment (2010-12-01T08:26:00Z)");
        parse(&text).ok_or_else(expected)
    }
}

fn parse(text: &str) -> Option<Moment> {
    let moment = match NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        Ok(date) => date.and_time(NaiveTime::MIN).and_utc(),
        Err(_) => DateTime::parse_from_rfc3339(text).ok()?.to_utc(),
    };
    // What PostgreSQL and ISO 8601 both know without signs.
    (1..=9999).contains(&moment.year()).then_some(Moment(moment))
}

impl Moment {
    /// The day that begins then; a report by days cannot begin or end at any other moment.
    pub(super) fn day(self, name: &'static str) -> Result<NaiveDate, Problem> {
        if self.0.time() == NaiveTime::MIN {
            return Ok(self.0.date_naive());
        }
        Err(parameter(name, "a date, or midnight UTC: sales are kept by day"))
    }
}

/// Refuses a span that ends before it begins.
pub(super) fn in_order(from: Option<Moment>, to: Option<Moment>) -> Result<(), Problem> {
    match (from, to) {
        (Some(from), Some(to)) if to < from => Err(parameter("to", "not before `from`")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
