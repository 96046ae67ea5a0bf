//! Deadlines: data in events, fired by the owner as commands of its own. No fold depends on time, and `decide` never
//! compares the time with a deadline.

use super::commands::timer_command;
use super::line::Asked;
use super::{Alarm, Effect, Owner, Ticket};
use crate::{Aggregate, Key, Offset, Timestamp};
use std::collections::HashSet;

/// Older knowledge of the broker's clock than this is not relied on.
const FRESH: chrono::TimeDelta = chrono::TimeDelta::seconds(10);
/// Clocks further apart than this stop the firing.
const TOLERATED_SKEW: chrono::TimeDelta = chrono::TimeDelta::seconds(5);

#[derive(Clone, Debug, Default)]
pub(super) struct Timers {
    read_back: Option<ReadBack>,
    probe: Probe,
    skewed: bool,
    wants_mark: bool,
    resting: HashSet<(Timestamp, Key)>,
}

/// When a record of our own was last read back, by our clock and by the broker's.
#[derive(Clone, Copy, Debug)]
struct ReadBack {
    ours: Timestamp,
    brokers: Timestamp,
}

/// Deadlines fire only after every topic command that was recorded before has been decided.
#[derive(Clone, Debug, Default)]
enum Probe {
    #[default]
    None,
    Asked {
        at: Timestamp,
    },
    Known {
        at: Timestamp,
        end: Offset,
    },
}

impl Timers {
    pub(super) fn read_back(&mut self, recorded_at_ms: i64, now: Timestamp) {
        self.read_back = Some(ReadBack { ours: now, brokers: crate::record::millis(recorded_at_ms) });
        self.wants_mark = false;
    }

    pub(super) fn restart(&mut self) {
        // One that is asked for is still to come, and must not answer a later one.
        if matches!(self.probe, Probe::Known { .. }) {
            self.probe = Probe::None;
        }
        self.wants_mark = false;
    }

    pub(super) fn wants_mark(&self) -> bool {
        self.wants_mark
    }
}

impl<A: Aggregate, T: Ticket> Owner<A, T> {
    /// Time has passed: call it at least once a second.
    pub fn tick(&mut self, now: Timestamp) {
        self.requests.forget_gone();
        self.decide_commands(now);
        self.probe_if_due(now);
        self.flush(now);
    }

    /// Before a due deadline fires, the end of the commands partition has to be known.
    pub(super) fn probe_if_due(&mut self, now: Timestamp) {
        if self.serving().is_none() || !self.has_due(now) {
            return;
        }
        if self.trusts_clock(now) && matches!(self.timers.probe, Probe::None) {
            self.timers.probe = Probe::Asked { at: now };
            self.effects.push(Effect::ProbeCommandsEnd);
        }
    }

    /// The commands partition ended there when it was asked for.
    pub fn commands_end(&mut self, end: Offset, now: Timestamp) {
        if let Probe::Asked { at } = self.timers.probe {
            self.timers.probe = Probe::Known { at, end };
        }
        self.fire_due(now);
        self.flush(now);
    }

    /// The end could not be had: the next tick asks again.
    pub fn probe_failed(&mut self) {
        self.timers.probe = Probe::None;
    }

    fn has_due(&self, now: Timestamp) -> bool {
        self.fold.due(now).any(|due| !self.timers.resting.contains(due))
    }

    /// The owner's clock, checked against its newest read-back (a mark is asked for if that is old).
    fn trusts_clock(&mut self, now: Timestamp) -> bool {
        let fresh = self.timers.read_back.filter(|read_back| now - read_back.ours <= FRESH);
        let Some(ReadBack { ours, brokers }) = fresh else {
            self.timers.wants_mark = true;
            return false;
        };
        let skew = ours - brokers;
        let trusted = skew.abs() <= TOLERATED_SKEW;
        if !trusted && !self.timers.skewed {
            self.effects.push(Effect::Alarm(Alarm::ClockSkew { milliseconds: skew.num_milliseconds() }));
        }
        self.timers.skewed = !trusted;
        if !trusted {
            // The next look needs a newer read-back.
            self.timers.read_back = None;
        }
        trusted
    }

    pub(super) fn fire_due(&mut self, now: Timestamp) {
        let Probe::Known { at, end } = self.timers.probe else { return };
        if self.serving().is_none() || self.commands.next() < end {
            return;
        }
        self.timers.probe = Probe::None;
        let due: Vec<_> = self.fold.due(at).filter(|due| !self.timers.resting.contains(due)).cloned().collect();
        for (deadline, key) in due {
            if self.line.len() >= self.config.max_in_flight {
                return;
            }
            self.fire(deadline, key, now);
        }
    }

    fn fire(&mut self, deadline: Timestamp, key: Key, now: Timestamp) {
        if !self.warm(&key) {
            return;
        }
        let Some(slot) = self.fold.slot(&key) else { return };
        let id = timer_command(slot.last_event, deadline);
        let still = self.line.state(&self.fold, &key).and_then(|(state, _)| A::deadline(state));
        // A record under way has moved the deadline already.
        if still != Some(deadline) {
            return;
        }
        let event = A::on_deadline(deadline).map(|command| self.decide(&key, &command, now));
        let appended = match event {
            Some(Ok(Ok(Some(next)))) => self.append_event(&key, next, Asked::Timer(id), now).is_ok(),
            _ => false,
        };
        if !appended {
            self.timers.resting.insert((deadline, key.clone()));
            self.effects.push(Effect::Alarm(Alarm::DeadlineWithoutEvent { key }));
        }
    }
}
