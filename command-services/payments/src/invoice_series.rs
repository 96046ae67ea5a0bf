//! `invoice-series`, key: the month, `2026-11`. Invoices and credit notes get numbers, one after the other.
//!
//! Must hold: numbers are 1, 2, 3, … without gaps; a document has one number for ever, however often it is asked for;
//! the series follows from the date that the cause has fixed, never from the clock.

mod numbers;
mod tax;

use serde::{Deserialize, Serialize};
use tillroll_log::{Aggregate, AggregateTopics, Key, Timestamp};
use tillroll_schemas::catalogue;
use tillroll_schemas::invoice_series::{
    DocumentIssued, InvoiceSeriesCommand, InvoiceSeriesEvent, IssueDocument, NumberRecalled, Series,
};

pub use numbers::Numbers;
pub use tax::{Sums, sums};

/// The aggregate.
#[derive(Debug)]
pub struct InvoiceSeries;

/// What has been issued.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SeriesState {
    /// Which month it is, once anything was issued.
    pub series: Option<Series>,
    /// Who has which number.
    pub numbers: Numbers,
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvoiceRejection {
    /// The date belongs to another series.
    WrongSeries,
    /// The date is of no year with four digits: no series could be named after it.
    DateOutOfRange,
    /// There is nothing on it.
    NoLines,
    /// A line is below 0.
    NegativeLine,
    /// The lines are in two currencies.
    CurrencyMismatch,
    /// The sums are too large.
    TooLarge,
    /// The series has no number left.
    SeriesFull,
}

impl InvoiceRejection {
    /// Every one of them.
    pub const ALL: [Self; 7] = [
        Self::WrongSeries,
        Self::DateOutOfRange,
        Self::NoLines,
        Self::NegativeLine,
        Self::CurrencyMismatch,
        Self::TooLarge,
        Self::SeriesFull,
    ];
}

impl tillroll_log::Rejection for InvoiceRejection {
    fn code(&self) -> &'static str {
        match self {
            Self::WrongSeries => "wrong_series",
            Self::DateOutOfRange => "date_out_of_range",
            Self::NoLines => "no_lines",
            Self::NegativeLine => "negative_line",
            Self::CurrencyMismatch => "currency_mismatch",
            Self::TooLarge => "amount_too_large",
            Self::SeriesFull => "series_full",
        }
    }

    fn detail(&self) -> String {
        match self {
            Self::WrongSeries => "the document's date belongs to another series",
            Self::DateOutOfRange => "the document's year has more than four digits, or lies before the year 0",
            Self::NoLines => "a document has at least one line",
            Self::NegativeLine => "no line is below 0, on a credit note neither",
            Self::CurrencyMismatch => "a document is in one currency",
            Self::TooLarge => "the amounts are too large",
            Self::SeriesFull => "the series has no number left",
        }
        .to_owned()
    }
}

/// The number of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbered {
    /// In which series.
    pub series: Series,
    /// Which.
    pub number: u32,
}

impl Aggregate for InvoiceSeries {
    const TOPICS: AggregateTopics = catalogue::INVOICE_SERIES;
    const STATE_SCHEMA: u32 = 2;
    type State = SeriesState;
    type Command = InvoiceSeriesCommand;
    type Event = InvoiceSeriesEvent;
    type Rejection = InvoiceRejection;
    /// The number; nothing if nothing was asked for.
    type Answer = Option<Numbered>;

    fn decide(
        state: &SeriesState,
        command: &InvoiceSeriesCommand,
        _at: Timestamp,
    ) -> Result<Option<InvoiceSeriesEvent>, InvoiceRejection> {
        match command {
            InvoiceSeriesCommand::Issue(command) => issue(state, command).map(Some),
        }
    }

    fn evolve(mut state: SeriesState, event: &InvoiceSeriesEvent) -> SeriesState {
        match event {
            InvoiceSeriesEvent::DocumentIssued(event) => {
                state.series = Some(event.series);
                state.numbers.give(event.document.id());
            }
            InvoiceSeriesEvent::NumberRecalled(_) => {}
        }
        state
    }

    fn answer(_key: &Key, event: Option<&InvoiceSeriesEvent>, _state: &SeriesState) -> Option<Numbered> {
        event.map(|event| match event {
            InvoiceSeriesEvent::DocumentIssued(e) => Numbered { series: e.series, number: e.number },
            InvoiceSeriesEvent::NumberRecalled(e) => Numbered { series: e.series, number: e.number },
        })
    }

    fn occurred_at(event: &InvoiceSeriesEvent) -> Option<Timestamp> {
        match event {
            InvoiceSeriesEvent::DocumentIssued(event) => Some(event.dated),
            InvoiceSeriesEvent::NumberRecalled(_) => None,
        }
    }
}

/// A reaction knows only records, so a number that is asked for again is told by an event of its own.
fn issue(state: &SeriesState, command: &IssueDocument) -> Result<InvoiceSeriesEvent, InvoiceRejection> {
    let series = Series::of(command.dated);
    if series.to_string().parse() != Ok(series) {
        return Err(InvoiceRejection::DateOutOfRange);
    }
    if state.series.is_some_and(|mine| mine != series) {
        return Err(InvoiceRejection::WrongSeries);
    }
    let IssueDocument { document, dated, user_id, customer, country, buyer, lines } = command.clone();
    if let Some(number) = state.numbers.of(document.id()) {
        return Ok(NumberRecalled { series, number, document }.into());
    }
    let number = state.numbers.next().ok_or(InvoiceRejection::SeriesFull)?;
    let Sums { lines, rates, totals } = sums(lines)?;
    Ok(DocumentIssued { series, number, document, dated, user_id, customer, country, buyer, lines, rates, totals }
        .into())
}

#[cfg(test)]
mod tests;
