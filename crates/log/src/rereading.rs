//! Reading again what a restored fold holds already: to meet its last record, and for the reactor's sake if that is
//! behind. Pure; the argument why no reaction is lost or doubled is in docs/log-protocol.md, rule 8.

use crate::fold::{Distrust, FoldError};
use crate::owner::Caused;
use crate::record::{Entry, read_entry};
use crate::{Aggregate, Body, Cause, Offset, PositionMismatch, StoredPosition, Verdict};
use std::sync::Arc;
use tillroll_kafka::Record;

/// The way from where reading begins to where a restored fold reads on.
#[derive(Debug)]
pub(crate) struct Rereading {
    /// What the fold was stored at.
    fold: StoredPosition,
    /// How far the reactor is.
    reactor: StoredPosition,
    met: bool,
}

/// What a record below the restored fold's next one is for.
#[derive(Debug)]
pub(crate) enum Reread<A: Aggregate> {
    /// The reactor is done with it.
    Known,
    /// It causes nothing; the reactor's position after it.
    Passed(StoredPosition),
    /// The reactor has to see it; its position after it.
    Admitted(Cause, Caused<A>, StoredPosition),
}

/// Why reading again ends before the fold's next record.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RereadFault {
    /// The restored fold is not of this log.
    #[error(transparent)]
    Distrust(#[from] Distrust),
    /// This build cannot say what the record causes.
    #[error(transparent)]
    Fold(#[from] FoldError),
}

impl Rereading {
    /// From two stored positions; the fold's names a last record.
    pub(crate) fn new(fold: StoredPosition, reactor: StoredPosition) -> Self {
        Self { fold, reactor, met: false }
    }

    /// Where reading begins: both positions have to meet their records.
    pub(crate) fn begin(&self) -> Offset {
        match self.reactor.next < self.fold.next {
            true => self.reactor.begin().min(self.fold.begin()),
            false => self.fold.begin(),
        }
    }

    /// Whether the record comes before the fold's next one. If not, nothing is read again any more.
    pub(crate) fn covers(&self, record: &Record) -> bool {
        record.offset < self.fold.next
    }

    /// Whether the fold's last record was met, and nothing below its next one is to come.
    pub(crate) fn is_over(&self, read: Offset) -> bool {
        self.met && read.next() >= self.fold.next
    }

    /// Takes the next record that the fold holds already.
    pub(crate) fn record<A: Aggregate>(&mut self, record: &Record) -> Result<Reread<A>, RereadFault> {
        let reread = self.react(record)?;
        if self.fold.begin() == record.offset {
            self.fold.meet(record).map_err(Distrust::from)?;
            self.met = true;
        }
        if record.offset.next() < self.fold.next {
            return Ok(reread);
        }
        // A reactor that was behind has judged the same records as the fold, and so must have come to the same.
        if self.reactor.next == self.fold.next && self.reactor != self.fold {
            return Err(Distrust::OtherHistory { next: self.fold.next }.into());
        }
        match self.met {
            true => Ok(reread),
            false => Err(Distrust::from(self.missing()).into()),
        }
    }

    /// The record to be met is not there at all.
    pub(crate) fn missing(&self) -> PositionMismatch {
        let expected = self.fold.last.map_or_else(uuid::Uuid::nil, |last| last.id);
        PositionMismatch { expected, at: self.fold.begin().0, found: None }
    }

    fn react<A: Aggregate>(&mut self, record: &Record) -> Result<Reread<A>, FoldError> {
        if record.offset < self.reactor.next {
            return Ok(Reread::Known);
        }
        let verdict = self.reactor.pass(record);
        let position = self.reactor.clone();
        Ok(match (verdict, self.caused(record, verdict)?) {
            (Verdict::Admitted, Some((cause, caused))) => Reread::Admitted(cause, caused, position),
            (Verdict::Admitted | Verdict::Claimed | Verdict::Void(_), _) => Reread::Passed(position),
        })
    }

    fn caused<A: Aggregate>(&self, record: &Record, verdict: Verdict) -> Result<Option<(Cause, Caused<A>)>, FoldError> {
        if verdict != Verdict::Admitted {
            return Ok(None);
        }
        Ok(match read_entry(record)? {
            Entry::Event(envelope) => {
                let value = record.value.as_deref().unwrap_or_default();
                let event = A::Event::decode(&envelope.type_name, value)
                    .map_err(|source| FoldError::Body { at: envelope.at.clone(), source })?;
                Some(((&envelope).into(), Caused::Event { event: Arc::new(event) }))
            }
            Entry::Settled(envelope, settled) => Some(((&envelope).into(), Caused::Settled { settled })),
            Entry::Mark(_) => None,
        })
    }
}

#[cfg(test)]
mod tests;
