//! How many text messages each person was sent in this hour, as far as this process knows. Each is paid for, to a number
//! that nobody has proved to be his who orders and calls off as often as he likes.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tillroll_schemas::{Timestamp, UserId};

/// So many go to one person in an hour; the rest later.
const MOST_AN_HOUR: u32 = 10;
/// So many people are remembered; of more it begins anew.
const MOST_PEOPLE: usize = 100_000;

/// Counts text messages by their recipients.
#[derive(Debug, Default)]
pub struct Texted(Mutex<Hour>);

#[derive(Debug, Default)]
struct Hour {
    /// Hours since 1970.
    number: i64,
    sent: HashMap<UserId, u32>,
}

impl Texted {
    /// Whether one more may go to this person now. If so it counts, until [`Self::was_not_sent`].
    pub(super) fn may(&self, to: UserId, now: Timestamp) -> bool {
        let (mut hour, number) = (self.hour(), now.timestamp().div_euclid(3_600));
        if hour.number != number || (hour.sent.len() >= MOST_PEOPLE && !hour.sent.contains_key(&to)) {
            *hour = Hour { number, sent: HashMap::new() };
        }
        let sent = hour.sent.entry(to).or_default();
        let may = *sent < MOST_AN_HOUR;
        *sent += u32::from(may);
        may
    }

    /// It was not taken.
    pub(super) fn was_not_sent(&self, to: UserId) {
        if let Some(sent) = self.hour().sent.get_mut(&to) {
            *sent = sent.saturating_sub(1);
        }
    }

    fn hour(&self) -> MutexGuard<'_, Hour> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
