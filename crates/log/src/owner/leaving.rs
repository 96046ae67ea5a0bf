//! The ends of an owner: it serves on until the next one has claimed, or drains, or lets go at once.

use super::{Effect, Mandate, Owner, Phase, Reply, Ticket};
use crate::{Aggregate, Timestamp};

impl<A: Aggregate, T: Ticket> Owner<A, T> {
    /// The group has given the partition to somebody else: serve on until he claims, and claim no more (rule 1).
    pub fn give_away(&mut self) {
        match self.phase {
            Phase::Serving { .. } => self.mandate = Mandate::Interim,
            Phase::CatchingUp | Phase::Claiming { .. } => self.release(),
            Phase::Draining { .. } | Phase::Released | Phase::Faulted => {}
        }
    }

    /// Takes nothing new, and ends when what is under way is read back (rule 6).
    pub fn drain(&mut self, now: Timestamp) {
        self.commands.clear();
        match self.phase {
            Phase::Serving { claim } => {
                self.phase = Phase::Draining { claim };
                self.refuse_waiting();
                self.flush(now);
            }
            Phase::Faulted | Phase::Released | Phase::Draining { .. } => {}
            Phase::CatchingUp | Phase::Claiming { .. } => self.release(),
        }
    }

    /// Ends it now, drained or not: what is under way stays unanswered.
    pub fn release(&mut self) {
        self.phase = Phase::Released;
        self.commands.clear();
        let (requests, _) = self.line.void_all();
        self.requests.requeue_barrier();
        self.requests.requeue(requests);
        self.refuse_waiting();
    }

    /// The next owner has claimed: what was decided under this owner's claim is void, for certain, and can be asked of
    /// him. What waits to be decided is not certain: it may have been under way when the log had to be read anew.
    pub(super) fn pass_on(&mut self) {
        let (requests, _) = self.line.void_all();
        let tickets = requests.into_iter().chain(self.requests.take_barrier()).map(|request| request.ticket);
        self.effects.extend(tickets.map(|ticket| Effect::Answer { ticket, reply: Reply::Elsewhere }));
    }
}
