//! Log output of a process: one line per event on standard error, as text for people or JSON for machines.
//! Standard output stays free for what a command prints as its result.

use std::fmt;
use std::str::FromStr;

use tracing::{Event, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::{self, JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent};
use tracing_subscriber::registry::LookupSpan;

use crate::panics;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// For people at a terminal.
    #[default]
    Text,
    /// One JSON object a line, with the service's name.
    Json,
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(UnknownFormat(text.to_owned())),
        }
    }
}

/// The log format is neither `text` nor `json`.
#[derive(Debug, thiserror::Error)]
#[error("log format is text or json, not {0:?}")]
pub struct UnknownFormat(String);

/// Why log output could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// The filter is not in the syntax of `tracing_subscriber::EnvFilter`.
    #[error("log filter {filter:?} is malformed")]
    Filter {
        /// The filter as given.
        filter: String,
        /// What is wrong with it.
        #[source]
        source: tracing_subscriber::filter::ParseError,
    },
    /// Something else set up logging first.
    #[error("log output is already set up")]
    Twice(#[source] tracing::subscriber::SetGlobalDefaultError),
}

/// Sets up log output for the process and has panics logged. `filter` is in the syntax `info,tillroll_log=debug`.
pub fn init(service: &'static str, format: Format, filter: &str) -> Result<(), InitError> {
    let filter =
        EnvFilter::try_new(filter).map_err(|source| InitError::Filter { filter: filter.to_owned(), source })?;
    let ansi = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(ansi).with_writer(std::io::stderr);
    let installed = match format {
        Format::Text => tracing::subscriber::set_global_default(lines.finish()),
        Format::Json => {
            let named = Named { service, inner: format::format().json().flatten_event(true) };
            tracing::subscriber::set_global_default(lines.json().event_format(named).finish())
        }
    };
    installed.map_err(InitError::Twice)?;
    panics::install();
    Ok(())
}

/// The JSON format with the service's name as first member of every line.
pub(crate) struct Named {
    pub(crate) service: &'static str,
    pub(crate) inner: format::Format<format::Json>,
}

impl<S> FormatEvent<S, JsonFields> for Named
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn format_event(&self, ctx: &FmtContext<'_, S, JsonFields>, mut out: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut line = String::with_capacity(256);
        self.inner.format_event(ctx, Writer::new(&mut line), event)?;
        let members = line.strip_prefix('{').unwrap_or(&line);
        write!(out, "{{\"service\":\"{}\",{members}", self.service)
    }
}
