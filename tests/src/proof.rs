//! A second, plain reading of everything that a system has written: it shares no rule with the code under test.
//!
//! `Roll` is the topics as bytes, `Roll::admitted` its own arbiter; the other modules check one promise each and
//! return every breach as a sentence. No breach, no sentence.

mod admitted;
mod claims;
mod commands;
mod letters;
mod orders;
mod roll;
mod rows;

pub use admitted::Admitted;
pub use commands::{Answered, Asked};
pub use roll::{Roll, Written};
pub use rows::Shown;

use std::fmt;

/// What one promise came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The promise's number in the list of invariants.
    pub number: u8,
    /// The promise.
    pub promise: &'static str,
    /// Every breach, for people.
    pub breaches: Vec<String>,
}

impl Verdict {
    /// A promise with what speaks against it.
    pub fn new(number: u8, promise: &'static str, breaches: Vec<String>) -> Self {
        Self { number, promise, breaches }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.breaches.as_slice() {
            [] => write!(f, "{:2}  holds   {}", self.number, self.promise),
            [first, ..] => {
                write!(
                    f,
                    "{:2}  BROKEN  {}: {} breaches, the first: {first}",
                    self.number,
                    self.promise,
                    self.breaches.len()
                )
            }
        }
    }
}

/// Everything that the topics alone can show, with what clients were told (nothing, if nobody kept a journal).
pub fn of_the_log(roll: &Roll, told: &[Answered]) -> Vec<Verdict> {
    let admitted = roll.admitted();
    vec![
        Verdict::new(1, "an answered command's event is admitted exactly once", commands::answered(&admitted, told)),
        Verdict::new(2, "a refused command left nothing, and its refusal was true", commands::refused(&admitted, told)),
        Verdict::new(3, "one effect per idempotency key", commands::one_effect(&admitted)),
        Verdict::new(4, "versions are 1..n in one partition", commands::versions(&admitted)),
        Verdict::new(5, "stock is never below what is claimed of it", claims::levels(&admitted)),
        Verdict::new(7, "every checkout has ended, or is stuck with a reason", orders::ended(&admitted)),
        Verdict::new(8, "every claim on stock ends exactly once", claims::ends(&admitted)),
        Verdict::new(
            13,
            "a bad command is one letter, and what follows is processed",
            letters::one_each(roll, &admitted),
        ),
        Verdict::new(16, "two arbiters agree on every record", admitted::disagreements(roll)),
    ]
}

/// Whether rows say what the log says.
pub fn of_the_rows(roll: &Roll, shown: &Shown) -> Verdict {
    Verdict::new(
        9,
        "rows are an independent fold of the log",
        rows::differences(&rows::folded(&roll.admitted()), shown),
    )
}

#[cfg(test)]
mod tests;
