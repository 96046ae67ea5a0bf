//! The state of a membership: what is assigned, what is being revoked, who waits for what.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::types::RDKafkaErrorCode;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use super::flow::Flow;
use super::rebalance::Revoking;
use super::{Confirm, GroupSignal, Line, missing};
use crate::context::client_error;
use crate::error::is_unknown;
use crate::native::EventQueue;
use crate::reading::Slots;
use crate::{KafkaError, Topic};

/// After the process has slept, the client needs so long to learn from its heartbeat what it has missed.
const SETTLE: Duration = Duration::from_millis(1500);
/// The same fault is told again after so long.
const FAULT_AGAIN: Duration = Duration::from_secs(10);
pub(super) struct Member {
    pub(super) queue: EventQueue,
    pub(super) slots: Slots<Flow>,
    pub(super) confirms: Vec<Confirm>,
    pub(super) commits: HashMap<usize, oneshot::Sender<Result<(), KafkaError>>>,
    pub(super) line: Line,
    topics: Vec<Topic>,
    /// Whether somebody looks for them already.
    looking: bool,
    signals: mpsc::Sender<GroupSignal>,
    pub(super) unsent: VecDeque<GroupSignal>,
    pub(super) revoking: Option<Revoking>,
    pub(super) numbers: u64,
    tickets: usize,
    /// Whether the group has ever given it anything, be it nothing.
    pub(super) has_joined: bool,
    session: Duration,
    turned: Instant,
    settled: Option<Instant>,
    fault: Option<(RDKafkaErrorCode, Instant)>,
}

impl Member {
    pub(super) fn new(
        queue: EventQueue,
        topics: Vec<Topic>,
        line: Line,
        signals: mpsc::Sender<GroupSignal>,
        session: Duration,
    ) -> Member {
        Member {
            queue,
            topics,
            looking: false,
            slots: Slots::new(),
            confirms: Vec::new(),
            commits: HashMap::new(),
            line,
            signals,
            unsent: VecDeque::new(),
            revoking: None,
            numbers: 0,
            tickets: 0,
            has_joined: false,
            session,
            turned: Instant::now(),
            settled: None,
            fault: None,
        }
    }

    pub(super) fn is_wanted(&self) -> bool {
        !self.signals.is_closed()
    }

    pub(super) fn has_unfinished_work(&mut self) -> bool {
        let waiting = self.revoking.is_some() || !self.unsent.is_empty() || self.is_settling();
        waiting || self.slots.iter_mut().any(|slot| slot.own.seek.is_some())
    }

    pub(super) fn next_ticket(&mut self) -> usize {
        self.tickets = self.tickets.wrapping_add(1);
        self.tickets
    }

    pub(super) fn committed(&mut self, ticket: usize, outcome: Result<(), RDKafkaErrorCode>) {
        if let Some(answer) = self.commits.remove(&ticket) {
            let outcome = outcome.map_err(|code| KafkaError::broker(super::positions::COMMITTING, code, ""));
            // Nobody waits for it any more: nothing to do.
            drop(answer.send(outcome));
        }
    }

    /// What only needs patience is not told.
    pub(super) fn client_failed(&mut self, code: RDKafkaErrorCode, fatal: bool, reason: &str) {
        let error = KafkaError::broker("being a member of the group", code, reason);
        client_error("group", Some(code), reason);
        if is_unknown(code) {
            if !self.looking {
                self.looking = true;
                missing::look_again(Arc::downgrade(self.queue.consumer()), self.topics.clone(), self.line.clone());
            }
        } else if fatal || !error.is_transient() {
            self.tell_fault(code, error);
        }
    }

    pub(super) fn looked_for_topics(&mut self, missing: Option<KafkaError>) {
        self.looking = false;
        if let Some(error) = missing {
            self.tell_fault(RDKafkaErrorCode::UnknownTopicOrPartition, error);
        }
    }

    fn tell_fault(&mut self, code: RDKafkaErrorCode, error: KafkaError) {
        if !self.fault.is_some_and(|(last, when)| last == code && when.elapsed() < FAULT_AGAIN) {
            self.fault = Some((code, Instant::now()));
            self.unsent.push_back(GroupSignal::Fault(error));
        }
    }

    pub(super) fn send_signals(&mut self) {
        while let Some(signal) = self.unsent.pop_front() {
            match self.signals.try_send(signal) {
                Ok(()) => {}
                Err(TrySendError::Full(signal)) => {
                    self.unsent.push_front(signal);
                    return;
                }
                Err(TrySendError::Closed(_)) => return,
            }
        }
    }

    /// Notices that the process has slept (a stopped process, a suspended machine).
    pub(super) fn watch_the_clock(&mut self) {
        let slept = self.turned.elapsed() > self.session / 2;
        self.turned = Instant::now();
        if slept {
            self.settled = Some(self.turned + SETTLE);
        }
        if self.settled.is_some_and(|until| self.turned >= until) {
            self.settled = None;
        }
    }

    pub(super) fn is_settling(&self) -> bool {
        self.settled.is_some()
    }
}
