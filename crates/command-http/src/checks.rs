//! What a handler checks of a body's fields before it asks the log; every field that is wrong is named at once.

use std::ops::RangeInclusive;
use tillroll_http::{Problem, problems};

/// As long as a reason may be, in characters.
const LONGEST_REASON: usize = 500;

/// The fields found wrong so far.
#[derive(Debug, Default)]
pub struct Checks {
    wrong: Vec<(String, String)>,
}

impl Checks {
    /// Nothing found wrong yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// `field` is a JSON pointer (`/lines/0/sku`), `otherwise` says what it has to be.
    pub fn require(&mut self, holds: bool, field: impl Into<String>, otherwise: impl Into<String>) {
        if !holds {
            self.wrong.push((field.into(), otherwise.into()));
        }
    }

    /// The value, or a note that it is none.
    pub fn take<T, E: std::fmt::Display>(&mut self, parsed: Result<T, E>, field: impl Into<String>) -> Option<T> {
        parsed.map_err(|why| self.require(false, field, why.to_string())).ok()
    }

    /// A text on one line: so many characters, none of them a control character, not white space alone.
    pub fn line(&mut self, text: &str, characters: RangeInclusive<usize>, field: impl Into<String>) {
        let fits = characters.contains(&text.chars().count()) && (text.is_empty() || !text.trim().is_empty());
        let (least, most) = (characters.start(), characters.end());
        let otherwise = format!("{least} to {most} characters on one line, not only white space");
        self.require(fits && !text.contains(char::is_control), field, otherwise);
    }

    /// A text that may have several lines: at most so many characters, no control characters but line ends and tabs.
    pub fn text(&mut self, text: &str, most: usize, field: impl Into<String>) {
        let unfit = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
        let fits = text.chars().count() <= most && !text.contains(unfit);
        self.require(fits, field, format!("at most {most} characters, no control characters"));
    }

    /// Why staff or an operator does what he does, for people: something, and no more than fits a line or two.
    pub fn reason(&mut self, reason: &str) {
        self.require(!reason.trim().is_empty(), "/reason", "a reason");
        self.optional_reason(Some(reason));
    }

    /// The same, if he says it.
    pub fn optional_reason(&mut self, reason: Option<&str>) {
        self.text(reason.unwrap_or_default(), LONGEST_REASON, "/reason");
    }

    /// Everything that was found wrong, as one 400.
    pub fn finish(self) -> Result<(), Problem> {
        if self.wrong.is_empty() {
            return Ok(());
        }
        let problem = Problem::new(&problems::INVALID_FIELD);
        Err(self
            .wrong
            .into_iter()
            .fold(problem, |problem, (field, detail)| problem.error(field, problems::INVALID_FIELD.code, detail)))
    }
}

#[cfg(test)]
mod tests;
