//! What the owner does about its local store (rule 8): it warms before it looks, and begins anew when what is kept
//! cannot be relied on.

use super::{Alarm, Effect, Mandate, Owner, Phase, Ticket};
use crate::fold::{Changes, Cold, Distrust, Fold, FoldError};
use crate::{Aggregate, Key};
use std::sync::Arc;

impl<A: Aggregate, T: Ticket> Owner<A, T> {
    /// Forgets everything that it has folded and wants the log from the beginning. What is under way may be in the log
    /// or not: it is decided again, as when the owner is in doubt, for a log begins with a claim.
    pub fn fold_anew(&mut self, why: Distrust) {
        match self.phase {
            Phase::Released | Phase::Faulted => return,
            // The next owner reads the log anyway.
            _ if self.mandate == Mandate::Interim => self.release(),
            Phase::Draining { .. } => self.release(),
            Phase::CatchingUp | Phase::Claiming { .. } | Phase::Serving { .. } => self.phase = Phase::CatchingUp,
        }
        self.fold = Fold::default();
        self.tried.clear();
        self.effects.push(Effect::FoldAnew { why });
    }

    /// Keeps what it will fold in an empty store, with at most about `cache` aggregates in memory. Only for an owner
    /// that has folded nothing yet.
    pub fn keep(&mut self, cold: Arc<dyn Cold<A>>, cache: usize) {
        if self.fold.position == crate::StoredPosition::default() {
            self.fold = Fold::over(cold, cache);
        }
    }

    /// What is to be stored now, if anything.
    pub fn changes(&mut self) -> Option<Changes<A>> {
        self.fold.changes()
    }

    /// What was given out stands in the store, or it could not be stored.
    pub fn stored(&mut self, stands: bool) {
        match stands {
            true => self.fold.stored(),
            false => self.fold.not_stored(),
        }
    }

    /// Forgets what stands in the store and was not used lately.
    pub fn trim(&mut self) {
        let line = &self.line;
        self.fold.trim(|key| line.touches(key));
    }

    /// Looks at the confirmed state of an aggregate; nothing if the store cannot tell it and the owner begins anew.
    pub fn look<S>(&mut self, key: &Key, at: impl FnOnce(&A::State) -> S) -> Option<S> {
        self.warm(key).then(|| match self.fold.slot(key) {
            Some(slot) => at(&slot.state),
            None => at(&A::State::default()),
        })
    }

    /// Brings the aggregate into memory. If that fails the owner has begun anew, and nothing may be said of it.
    pub(super) fn warm(&mut self, key: &Key) -> bool {
        match self.fold.warm(key) {
            Ok(()) => true,
            Err(fault) => {
                self.fold_anew(fault.into());
                false
            }
        }
    }

    /// An admitted record cannot be folded. If what it follows was stored by an earlier process that may be at fault;
    /// else it is a bad deploy.
    pub(super) fn unfolded(&mut self, error: FoldError) {
        match error {
            FoldError::Cold(fault) => self.fold_anew(fault.into()),
            FoldError::Version { .. } if self.fold.is_restored() => self.fold_anew(Distrust::Gap(Box::new(error))),
            FoldError::Version { .. } | FoldError::Body { .. } | FoldError::Envelope(_) => {
                self.fault(Alarm::from(error));
            }
        }
    }
}
