//! A process that owns the partition or wants to: the shipped owner, and what its runtime would keep beside it.

use super::super::bench::{Number, at};
use crate::jar::Jar;
use crate::owner::{Effect, Owner, OwnerConfig, Phase};
use crate::{ClaimId, LogId, Offset, PartitionId, TopicId};
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::hash::{DefaultHasher, Hasher};
use uuid::Uuid;

pub struct Seat {
    pub owner: Owner<Jar, Number>,
    /// The owner waits for the runtime to let it claim.
    pub wants_claim: bool,
    /// The next command to be taken from the commands topic, once it was told where to begin.
    pub commands_from: Option<usize>,
    /// Dead letters that are not acknowledged.
    pub letters: Vec<Offset>,
    /// How often this seat has claimed, earlier lives included: its claims are named after it.
    claims: u64,
    name: usize,
    /// What tells its states apart.
    pub digest: u64,
}

impl Clone for Seat {
    fn clone(&self) -> Self {
        Self { owner: copy(&self.owner), letters: self.letters.clone(), ..*self }
    }
}

/// A copy of an owner whose effects were taken.
fn copy(owner: &Owner<Jar, Number>) -> Owner<Jar, Number> {
    assert!(owner.effects.is_empty(), "an owner is copied between two inputs");
    Owner {
        config: owner.config.clone(),
        writer: owner.writer.clone(),
        fold: owner.fold.clone(),
        phase: owner.phase,
        tried: owner.tried.clone(),
        line: owner.line.clone(),
        requests: owner.requests.clone(),
        commands: owner.commands.clone(),
        timers: owner.timers.clone(),
        mandate: owner.mandate.clone(),
        doubts: owner.doubts,
        effects: Vec::new(),
    }
}

impl Seat {
    pub fn new(name: usize) -> Self {
        let owner = fresh();
        Self { owner, wants_claim: false, commands_from: None, letters: Vec::new(), claims: 0, name, digest: 0 }
    }

    /// The process is gone, and another takes its place that knows nothing.
    pub fn crash(&mut self) {
        *self = Self { claims: self.claims, ..Self::new(self.name) };
    }

    /// How many records it has read.
    pub fn read(&self) -> usize {
        self.owner.fold().position.next.0 as usize
    }

    /// The group has given the partition to somebody else. The commands by topic are read on, from the log.
    pub fn give_away(&mut self) {
        self.owner.give_away();
    }

    pub fn claim(&mut self) {
        self.claims += 1;
        self.wants_claim = false;
        let name = [self.name as u64, self.claims].map(u64::to_be_bytes).concat();
        let claim = ClaimId(Uuid::new_v5(&Uuid::nil(), &name));
        self.owner.claim(claim, LogId(Uuid::from_u128(99)), at(0));
    }

    /// Keeps what the runtime would keep of an effect; the rest is for the world.
    pub fn take(&mut self, effect: &Effect<Jar, Number>) {
        match effect {
            Effect::WantClaim { .. } => self.wants_claim = true,
            Effect::Serving { read_commands_from } if self.commands_from.is_none() => {
                self.commands_from = Some(read_commands_from.unwrap_or_default().0 as usize);
            }
            Effect::DeadLetter { command, .. } => self.letters.push(command.offset),
            _ => {}
        }
    }

    /// Everything that its future depends on. Its fold is one of the log if `agrees`, and then told by how far it is.
    /// How often it tried in vain is left out: only delays depend on that. There are no deadlines, so no timers.
    pub fn seal(&mut self, agrees: bool) {
        let owner = &self.owner;
        let phase: &dyn Debug = match &owner.phase {
            Phase::Claiming { .. } => &"claiming",
            phase => phase,
        };
        let tried: BTreeSet<_> = owner.tried.iter().collect();
        let inside = (phase, &owner.mandate, tried, owner.line.shown(), &owner.requests, &owner.commands);
        let beside = (self.wants_claim, self.commands_from, &self.letters, self.claims, self.read(), agrees);
        let mut hasher = DefaultHasher::new();
        hasher.write(format!("{inside:?} {beside:?}").as_bytes());
        self.digest = hasher.finish();
    }
}

fn fresh() -> Owner<Jar, Number> {
    Owner::new(OwnerConfig {
        topic: "jar.events.v1".into(),
        partition: PartitionId(0),
        partitions: 1,
        commands_topic: TopicId(Uuid::from_u128(77)),
        instance: String::new(),
        url: String::new(),
        build: String::new(),
        max_requests: 8,
        max_in_flight: 8,
        max_record_bytes: 64 * 1024,
    })
}
