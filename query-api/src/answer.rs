//! Answers of queries: how fresh they are, whether the client has them already, and JSON or CSV as it prefers.

use crate::freshness::Fresh;
use crate::pdf::Printer;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::SecondsFormat;
use serde::Serialize;
use std::fmt::Display;
use tillroll_http::headers::none_matches;
use tillroll_http::{Problem, problems};
use tillroll_schemas::Timestamp;
use uuid::Uuid;

/// Where a list goes on, also for those who read CSV.
static NEXT_CURSOR: HeaderName = HeaderName::from_static("next-cursor");
/// How many there are in all, also for those who read CSV.
static TOTAL_COUNT: HeaderName = HeaderName::from_static("total-count");

/// Answers may be kept, but every use is asked for again; those that need a scope by their client only.
const SHARED: HeaderValue = HeaderValue::from_static("no-cache");
const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-cache");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const PDF: HeaderValue = HeaderValue::from_static("application/pdf");
const CSV: HeaderValue = HeaderValue::from_static("text/csv; charset=utf-8; header=present");

/// One reading of the read models, from its token to its answer.
pub(crate) struct Reading<'a> {
    asked: &'a HeaderMap,
    fresh: Fresh,
    cache: HeaderValue,
}

/// The two forms of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Csv,
}

/// A list in CSV: the names of its columns, and its rows.
pub(crate) struct Table {
    pub(crate) columns: &'static [&'static str],
    pub(crate) rows: Vec<Vec<String>>,
}

/// A time in CSV, as it is in JSON.
pub(crate) fn moment(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// What of a list stands in headers too.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extent {
    pub(crate) next_cursor: Option<String>,
    pub(crate) total: Option<i64>,
}

impl<'a> Reading<'a> {
    pub(crate) fn new(asked: &'a HeaderMap, fresh: Fresh) -> Self {
        Self { asked, fresh, cache: PRIVATE }
    }

    /// What is answered is for everybody.
    pub(crate) fn public(self) -> Self {
        Self { cache: SHARED, ..self }
    }

    /// One resource at a version; `place` tells rows of the same version apart that differ (a dot goes between them,
    /// so that the tag serves `If-Match` too).
    pub(crate) fn one<B: Serialize>(self, version: i64, place: impl Display, body: &B) -> Result<Response, Problem> {
        let etag = format!("\"{version}.{place}\"");
        if !none_matches(self.asked, &etag) {
            return Ok(self.finish(StatusCode::NOT_MODIFIED, &etag, None));
        }
        let json = json(body)?;
        Ok(self.finish(StatusCode::OK, &etag, Some((JSON, json))))
    }

    /// One document that never changes: JSON, or PDF if the client likes that better.
    pub(crate) async fn one_or_pdf<B: Serialize + Send + 'static>(
        self,
        version: i64,
        place: impl Display,
        body: B,
        printer: &Printer,
        print: fn(&B) -> Result<Vec<u8>, Problem>,
    ) -> Result<Response, Problem> {
        let as_pdf = match self.prefers("application/pdf", "application/*") {
            Some(preferred) => preferred,
            None => {
                let there = "there are application/json and application/pdf";
                return Err(Problem::new(&problems::NOT_ACCEPTABLE).detail(there));
            }
        };
        // The two forms are two representations: each has a tag of its own.
        let etag = format!("\"{version}.{place}{}\"", if as_pdf { ".pdf" } else { "" });
        let (status, content) = match (none_matches(self.asked, &etag), as_pdf) {
            (false, _) => (StatusCode::NOT_MODIFIED, None),
            (true, true) => (StatusCode::OK, Some((PDF, printer.print(move || print(&body)).await?))),
            (true, false) => (StatusCode::OK, Some((JSON, json(&body)?))),
        };
        let mut response = self.finish(status, &etag, content);
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept"));
        Ok(response)
    }

    /// A list or a report, in the form that the client prefers.
    pub(crate) fn list<B: Serialize>(
        self,
        extent: &Extent,
        body: &B,
        table: impl FnOnce(&B) -> Table,
    ) -> Result<Response, Problem> {
        let (media_type, bytes) = match self.format()? {
            Format::Json => (JSON, json(body)?),
            Format::Csv => (CSV, table(body).write()?),
        };
        // Rows of a list have no version in common: the tag is that of the very bytes.
        let etag = format!("\"{}\"", Uuid::new_v5(&Uuid::NAMESPACE_OID, &bytes).simple());
        let (status, body) = match none_matches(self.asked, &etag) {
            true => (StatusCode::OK, Some((media_type, bytes))),
            false => (StatusCode::NOT_MODIFIED, None),
        };
        let mut response = self.finish(status, &etag, body);
        let headers = response.headers_mut();
        headers.insert(header::VARY, HeaderValue::from_static("accept"));
        headers.extend(extent.total.map(|total| (TOTAL_COUNT.clone(), HeaderValue::from(total))));
        let cursor = extent.next_cursor.as_ref().and_then(|cursor| HeaderValue::try_from(cursor).ok());
        headers.extend(cursor.map(|cursor| (NEXT_CURSOR.clone(), cursor)));
        Ok(response)
    }

    fn format(&self) -> Result<Format, Problem> {
        let csv = self.prefers("text/csv", "text/*");
        csv.map(|csv| if csv { Format::Csv } else { Format::Json })
            .ok_or_else(|| Problem::new(&problems::NOT_ACCEPTABLE).detail("there are application/json and text/csv"))
    }

    /// Whether the client likes this media type better than JSON; nothing if it takes neither.
    fn prefers(&self, media_type: &str, range: &str) -> Option<bool> {
        let lines = self.asked.get_all(header::ACCEPT).iter().filter_map(|line| line.to_str().ok());
        preferred(lines, [media_type, range, "*/*"])
    }

    fn finish(self, status: StatusCode, etag: &str, body: Option<(HeaderValue, Vec<u8>)>) -> Response {
        let mut response = status.into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, self.cache);
        headers.extend(HeaderValue::try_from(etag).ok().map(|etag| (header::ETAG, etag)));
        headers.extend(self.fresh.headers());
        if let Some((media_type, bytes)) = body {
            headers.insert(header::CONTENT_TYPE, media_type);
            *response.body_mut() = Body::from(bytes);
        }
        response
    }
}

fn json<B: Serialize>(body: &B) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(body).map_err(|error| {
        tracing::error!(%error, "answer cannot be written as JSON");
        Problem::new(&problems::INTERNAL)
    })
}

impl Table {
    /// RFC 4180, with a line of names.
    fn write(self) -> Result<Vec<u8>, Problem> {
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        let write = || {
            writer.write_record(self.columns)?;
            self.rows.into_iter().try_for_each(|row| writer.write_record(row.into_iter().map(no_formula)))
        };
        let written: csv::Result<()> = write();
        written
            .map_err(|error| error.to_string())
            .and_then(|()| writer.into_inner().map_err(|error| error.to_string()))
            .map_err(|error| {
                tracing::error!(error, "answer cannot be written as CSV");
                Problem::new(&problems::INTERNAL)
            })
    }
}

/// The cell, with a `'` before what a spreadsheet would take for a formula and carry out: some cells are in clients' own
/// words (OWASP, "CSV Injection"). A number is none, whatever its sign.
fn no_formula(cell: String) -> String {
    let begins_so = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    if begins_so && cell.parse::<i128>().is_err() { format!("'{cell}") } else { cell }
}

/// Whether these `Accept` lines like the other form better than JSON (RFC 9110, 12.5.1); not if they like both the
/// same. The other form goes by its media type and the ranges that take it, the most specific first.
fn preferred<'a>(lines: impl Iterator<Item = &'a str>, other: [&str; 3]) -> Option<bool> {
    let ranges: Vec<(String, u32)> = lines.flat_map(|line| line.split(',')).filter_map(range).collect();
    if ranges.is_empty() {
        return Some(false);
    }
    // The most specific range that takes the media type says how well it is liked.
    let quality = |candidates: [&str; 3]| {
        let said = candidates.iter().find_map(|wanted| ranges.iter().find(|(range, _)| range == wanted));
        said.map_or(0, |(_, quality)| *quality)
    };
    let json = quality(["application/json", "application/*", "*/*"]);
    match (json, quality(other)) {
        (0, 0) => None,
        (json, other) => Some(other > json),
    }
}

/// A media range with its quality in thousandths.
fn range(text: &str) -> Option<(String, u32)> {
    let mut parts = text.split(';').map(str::trim);
    let range = parts.next().filter(|range| !range.is_empty())?.to_ascii_lowercase();
    let quality = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    Some((range, quality.map_or(1000, thousandths)))
}

/// `0.75` → 750; what is not of that form counts as 0.
fn thousandths(text: &str) -> u32 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{fraction:0<3}");
    match (whole, digits.get(..3).and_then(|digits| digits.parse::<u32>().ok())) {
        ("1", Some(_)) => 1000,
        ("0", Some(thousandths)) => thousandths,
        _ => 0,
    }
}

#[cfg(test)]
mod tests;
