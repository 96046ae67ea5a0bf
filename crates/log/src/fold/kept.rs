//! What a fold keeps outside of memory: what changed goes to a local store, what nobody used lately is forgotten here
//! and read again from there. Must hold: what is forgotten stands there as it was; what is given out to be stored is
//! the fold after one and the same record, whole.

use super::{Fold, FoldError, Seen, Slot};
use crate::record::{Claim, Inbox};
use crate::source::Windows;
use crate::{Aggregate, CommandId, Key, Offset, PositionMismatch, StoredPosition, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

/// Where a fold finds what it does not hold in memory. Reading blocks for some microseconds.
pub trait Cold<A: Aggregate>: fmt::Debug + Send + Sync + 'static {
    /// The aggregate as it was stored last.
    fn slot(&self, key: &str) -> Result<Option<Slot<A>>, ColdFault>;
    /// How the command has ended, if it is stored.
    fn seen(&self, id: CommandId) -> Result<Option<Seen>, ColdFault>;
}

/// The local store cannot say what it holds.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ColdFault(#[source] Box<dyn std::error::Error + Send + Sync>);

impl ColdFault {
    /// Because of this.
    pub fn new(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(why.into())
    }
}

/// Why what is kept locally is not relied on: it is wiped, and the partition folded from its beginning.
#[derive(Debug, thiserror::Error)]
pub enum Distrust {
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] ColdFault),
    /// It was made from another log.
    #[error("it is of another log: {0}")]
    NotMet(#[from] PositionMismatch),
    /// What it was made from is not there any more.
    #[error("it had read to offset {next}, the topic ends at {end}: the topic was truncated or made again")]
    BeyondEnd {
        /// Where it would read on.
        next: Offset,
        /// The topic's end.
        end: Offset,
    },
    /// The next event does not follow what it holds.
    #[error("what follows does not fit it: {0}")]
    Gap(Box<FoldError>),
    /// It judged the records that it has read otherwise than they are judged now.
    #[error("another history leads to offset {next}")]
    OtherHistory {
        /// Where it would read on.
        next: Offset,
    },
}

/// All of a fold but its aggregates, its deadlines and its commands by HTTP.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// How far it is, with the arbiter.
    pub position: StoredPosition,
    /// The last claim admitted.
    pub claim: Option<Claim>,
    /// How far commands by topic have ended.
    pub inbox: Option<Inbox>,
    /// Which of them.
    pub windows: Windows,
    /// How many aggregates there are.
    pub aggregates: u64,
}

/// What changed since it was stored last, to be stored in one piece.
#[derive(Debug)]
pub struct Changes<A: Aggregate> {
    /// What there is one of.
    pub head: Head,
    /// The aggregates.
    pub slots: Vec<(Key, Slot<A>)>,
    /// The deadlines that they have now.
    pub deadlines: Vec<(Key, Option<Timestamp>)>,
    /// The commands that came by HTTP.
    pub commands: Vec<(CommandId, Seen)>,
}

#[derive(Clone, Debug, Default)]
struct Changed {
    slots: HashSet<Key>,
    deadlines: HashSet<Key>,
}

/// The fold's side of its local store.
#[derive(Clone, Debug)]
pub(super) struct Kept<A: Aggregate> {
    cold: Arc<dyn Cold<A>>,
    /// Aggregates held in memory beyond those that have to be.
    cache: usize,
    restored: bool,
    /// Counts the trims: what was used in which.
    round: u64,
    changed: Changed,
    /// Given out to be stored, and not known to be.
    saving: Option<Saving>,
    stored: Offset,
}

#[derive(Clone, Debug)]
struct Saving {
    next: Offset,
    changed: Changed,
    commands: HashMap<CommandId, Seen>,
}

impl<A: Aggregate> Kept<A> {
    fn new(cold: Arc<dyn Cold<A>>, cache: usize, stored: Option<Offset>) -> Self {
        let (changed, saving, restored) = (Changed::default(), None, stored.is_some());
        Self { cold, cache, restored, round: 0, changed, saving, stored: stored.unwrap_or_default() }
    }

    /// The aggregate was changed, and with it its deadline if so.
    pub(super) fn changed(&mut self, key: &Key, deadline: bool) {
        if !self.changed.slots.contains(key) {
            self.changed.slots.insert(key.clone());
        }
        if deadline {
            self.changed.deadlines.insert(key.clone());
        }
    }

    pub(super) fn round(&self) -> u64 {
        self.round
    }

    fn must_stay(&self, key: &str) -> bool {
        let saving = self.saving.as_ref().is_some_and(|saving| saving.changed.slots.contains(key));
        saving || self.changed.slots.contains(key)
    }
}

impl<A: Aggregate> Fold<A> {
    /// An empty fold over an empty store that holds at most about `cache` aggregates in memory.
    pub fn over(cold: Arc<dyn Cold<A>>, cache: usize) -> Self {
        Self { kept: Some(Kept::new(cold, cache, None)), ..Self::default() }
    }

    /// The fold as it was stored.
    pub fn restored(head: Head, deadlines: Vec<(Timestamp, Key)>, cold: Arc<dyn Cold<A>>, cache: usize) -> Self {
        let kept = Some(Kept::new(cold, cache, Some(head.position.next)));
        let Head { position, claim, inbox, windows, aggregates } = head;
        let deadlines = deadlines.into_iter().collect();
        Self { position, claim, inbox, windows, aggregates, deadlines, kept, ..Self::default() }
    }

    /// Whether it began from what an earlier process had stored.
    pub fn is_restored(&self) -> bool {
        self.kept.as_ref().is_some_and(|kept| kept.restored)
    }

    /// Brings the aggregate into memory, if there is one: before it is asked for, always.
    pub fn warm(&mut self, key: &str) -> Result<(), ColdFault> {
        let Some(kept) = &self.kept else { return Ok(()) };
        let round = kept.round;
        if let Some(slot) = self.slots.get_mut(key) {
            slot.used = round;
        } else if let Some(mut slot) = kept.cold.slot(key)? {
            slot.used = round;
            self.slots.insert(key.into(), slot);
        }
        Ok(())
    }

    /// How a command that came with a hash has ended, for as long as the log.
    pub fn seen(&self, id: CommandId) -> Result<Option<Seen>, ColdFault> {
        let saving = || self.kept.as_ref()?.saving.as_ref()?.commands.get(&id);
        match (self.commands.get(&id).or_else(saving), &self.kept) {
            (Some(seen), _) => Ok(Some(*seen)),
            (None, Some(kept)) => kept.cold.seen(id),
            (None, None) => Ok(None),
        }
    }

    /// What is to be stored now; nothing if it stands there already, is on its way, or if the fold is not whole: an
    /// admitted record could not be folded.
    pub fn changes(&mut self) -> Option<Changes<A>> {
        if self.torn {
            return None;
        }
        let kept = self.kept.as_mut().filter(|kept| kept.saving.is_none() && kept.stored < self.position.next)?;
        let (changed, commands) = (std::mem::take(&mut kept.changed), std::mem::take(&mut self.commands));
        let slot = |key: &Key| Some((key.clone(), self.slots.get(key)?.clone()));
        let deadline = |key: &Key| (key.clone(), self.slots.get(key).and_then(|slot| slot.deadline));
        let changes = Changes {
            head: Head {
                position: self.position.clone(),
                claim: self.claim.clone(),
                inbox: self.inbox,
                windows: self.windows.clone(),
                aggregates: self.aggregates,
            },
            slots: changed.slots.iter().filter_map(slot).collect(),
            deadlines: changed.deadlines.iter().map(deadline).collect(),
            commands: commands.iter().map(|(id, seen)| (*id, *seen)).collect(),
        };
        kept.saving = Some(Saving { next: self.position.next, changed, commands });
        Some(changes)
    }

    /// What was given out stands in the store.
    pub fn stored(&mut self) {
        if let Some(kept) = &mut self.kept
            && let Some(saving) = kept.saving.take()
        {
            kept.stored = saving.next;
        }
    }

    /// What was given out could not be stored: it is given out again.
    pub fn not_stored(&mut self) {
        if let Some(kept) = &mut self.kept
            && let Some(saving) = kept.saving.take()
        {
            kept.changed.slots.extend(saving.changed.slots);
            kept.changed.deadlines.extend(saving.changed.deadlines);
            self.commands.extend(saving.commands);
        }
    }

    /// Forgets aggregates that stand in the store, those first that were not used for longest, until no more than the
    /// cache are held. Those that `stays` names are held, and those that are not stored yet.
    pub fn trim(&mut self, stays: impl Fn(&str) -> bool) {
        let Some(kept) = &mut self.kept else { return };
        kept.round += 1;
        // In steps of an eighth: looking at each of them costs something.
        if self.slots.len() <= kept.cache + kept.cache / 8 {
            return;
        }
        let idle = self.slots.iter().filter(|(key, _)| !kept.must_stay(key) && !stays(key));
        let mut idle: Vec<_> = idle.map(|(key, slot)| (slot.used, key.clone())).collect();
        let surplus = (self.slots.len() - kept.cache).min(idle.len());
        if surplus < idle.len() {
            idle.select_nth_unstable(surplus);
        }
        for (_, key) in idle.iter().take(surplus) {
            self.slots.remove(key);
        }
    }

    /// How many aggregates are held in memory.
    pub fn held(&self) -> usize {
        self.slots.len()
    }
}
