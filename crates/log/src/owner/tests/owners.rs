//! The first random simulation: owners that pause, crash and claim whenever they like, over a log that delays, doubles,
//! drops and reorders. What must hold is what the protocol promises to clients.

use super::bench::{Bench, Log, Told, put, take};
use super::shelf::Shelf;
use crate::fold::{Fold, Folded};
use crate::jar::{Jar, JarCommand, JarEvent};
use crate::owner::Phase;
use crate::record::Entry;
use proptest::prelude::*;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use tillroll_kafka::Record;

const OWNERS: usize = 3;
const STEPS: usize = 300;
const KEYS: [&str; 2] = ["a", "b"];

/// SplitMix64 (Steele, Lea, Flood 2014): small, and the same on every machine.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }

    fn index(&mut self, length: usize) -> usize {
        self.roll(length.max(1) as u64) as usize
    }
}

struct Asked {
    key: &'static str,
    command: JarCommand,
    id: u128,
    arrived: usize,
    answered: Option<(usize, Told)>,
}

struct Simulation {
    dice: Dice,
    log: Log,
    owners: Vec<Bench>,
    /// Where each of them keeps what it folds; the first has none.
    shelves: [Arc<Shelf>; OWNERS],
    asked: BTreeMap<u32, Asked>,
    names: u128,
}

impl Simulation {
    fn new(seed: u64) -> Self {
        let log = Log::default();
        let shelves = <[Arc<Shelf>; OWNERS]>::default();
        let mut simulation =
            Self { dice: Dice(seed), log, owners: Vec::new(), shelves, asked: BTreeMap::new(), names: 0 };
        simulation.owners = (0..OWNERS).map(|which| simulation.successor(which)).collect();
        simulation
    }

    /// The next process in that place: it finds what the one before it had kept.
    fn successor(&mut self, which: usize) -> Bench {
        self.names += 1;
        match which {
            0 => Bench::on(&self.log, self.names),
            _ => Bench::over(&self.log, self.names, &self.shelves[which], 1),
        }
    }

    fn step(&mut self) {
        let which = self.dice.index(OWNERS);
        match self.dice.roll(22) {
            20 | 21 => self.owners[which].keep(),
            0..=5 => self.ask(which),
            6..=10 => self.deliver(which),
            11..=15 => {
                let some = self.dice.roll(6);
                (0..some).for_each(|_| _ = self.owners[which].read_one());
            }
            16 | 17 => self.owners[which].claim(),
            18 => {
                self.owners[which].owner.caught_up();
                self.owners[which].perform();
            }
            _ => self.disturb(which),
        }
        self.collect();
    }

    fn ask(&mut self, which: usize) {
        let ticket = self.asked.len() as u32;
        let key = KEYS[self.dice.index(KEYS.len())];
        let command: JarCommand =
            if self.dice.roll(2) == 0 { put(1).into() } else { take(1 + self.dice.roll(2) as u32).into() };
        // Now and then a client repeats an earlier command, maybe at another owner.
        let earlier = (ticket > 0 && self.dice.roll(4) == 0).then(|| self.dice.roll(u64::from(ticket)) as u32);
        let (key, command, id) = match earlier.and_then(|earlier| self.asked.get(&earlier)) {
            Some(asked) => (asked.key, asked.command.clone(), asked.id),
            None => (key, command, u128::from(ticket)),
        };
        let arrived = self.log.borrow().len();
        self.asked.insert(ticket, Asked { key, command: command.clone(), id, arrived, answered: None });
        self.owners[which].request_as(ticket, key, Some(command), id, b"body", None);
    }

    /// Something under way is stored, maybe out of order, maybe twice, maybe never; the owner may hear of a failure
    /// also when it was stored.
    fn deliver(&mut self, which: usize) {
        let owner = &mut self.owners[which];
        if owner.under_way.is_empty() {
            return;
        }
        let index = if self.dice.roll(5) == 0 { self.dice.index(owner.under_way.len()) } else { 0 };
        let (record, appended) = owner.under_way.remove(index);
        let fate = self.dice.roll(20);
        if fate != 0 {
            owner.store_one(record.clone());
        }
        if fate == 1 {
            owner.store_one(record.clone());
        }
        if fate == 2 {
            // A copy that is still somewhere in the network.
            owner.under_way.push((record, appended));
        }
        if fate == 0 || fate == 3 {
            owner.owner.delivery_failed(appended);
            owner.perform();
        }
    }

    fn disturb(&mut self, which: usize) {
        match self.dice.roll(4) {
            0 => {
                // A crash: the process forgets everything, its records may still arrive.
                let late = std::mem::take(&mut self.owners[which].under_way);
                self.owners[which] = self.successor(which);
                self.owners[which].under_way = late;
            }
            1 => {
                let now = self.owners[which].now;
                self.owners[which].owner.drain(now);
            }
            2 => self.owners[which].owner.give_away(),
            _ => self.owners[which].read_all(),
        }
        self.owners[which].perform();
        if self.owners[which].owner.phase() == Phase::Released {
            let late = std::mem::take(&mut self.owners[which].under_way);
            self.collect();
            self.owners[which] = self.successor(which);
            self.owners[which].under_way = late;
        }
    }

    fn collect(&mut self) {
        let now = self.log.borrow().len();
        for owner in &mut self.owners {
            for (ticket, told) in std::mem::take(&mut owner.answers) {
                let asked = self.asked.get_mut(&ticket).unwrap();
                assert!(asked.answered.is_none(), "ticket {ticket} answered twice");
                asked.answered = Some((now, told));
            }
        }
    }

    /// After the storm one owner gets the partition to itself and must be able to serve.
    fn calm(&mut self) {
        for owner in &mut self.owners {
            owner.store();
        }
        self.owners[0].read_all();
        self.collect();
        if matches!(self.owners[0].owner.phase(), Phase::Released | Phase::Draining { .. }) {
            self.owners[0] = self.successor(0);
        }
        let survivor = &mut self.owners[0];
        survivor.read_all();
        survivor.owner.caught_up();
        for _ in 0..4 {
            survivor.claim();
            survivor.settle();
        }
        assert!(matches!(survivor.owner.phase(), Phase::Serving { .. }), "no progress: {:?}", survivor.owner.phase());
        self.collect();
        let last = self.asked.len() as u32;
        self.asked.insert(last, Asked { key: "a", command: put(1).into(), id: 1 << 100, arrived: 0, answered: None });
        self.owners[0].request_as(last, "a", Some(put(1).into()), 1 << 100, b"body", None);
        self.owners[0].settle();
        self.collect();
        assert!(matches!(self.asked[&last].answered, Some((_, Told::Done { .. }))));
    }
}

/// What the log says happened, found by a plain fold: sweets by key after each record, and the events of each command.
struct Truth {
    sweets: Vec<HashMap<String, u32>>,
    events: HashMap<u128, u32>,
}

fn truth(log: &[Record]) -> Truth {
    let mut fold = Fold::<Jar>::default();
    let mut events: HashMap<u128, u32> = HashMap::new();
    let mut now: HashMap<String, u32> = HashMap::new();
    let mut sweets = vec![now.clone()];
    for record in log {
        // Versions must be contiguous: the fold says so.
        if let Folded::Event(Entry::Event(envelope), event) = fold.fold(record).unwrap() {
            for ended in &envelope.ends {
                *events.entry(ended.id.0.as_u128()).or_default() += 1;
            }
            let count = now.entry(envelope.key.to_string()).or_default();
            match &*event {
                JarEvent::Put(put) => *count += put.sweets,
                JarEvent::Taken(taken) => *count -= taken.sweets,
                JarEvent::Looked(_) | JarEvent::Cracked(_) => {}
            }
        }
        sweets.push(now.clone());
    }
    Truth { sweets, events }
}

fn check(simulation: &Simulation) -> (u32, u32) {
    let log = simulation.log.borrow();
    let truth = truth(&log);
    assert!(truth.events.values().all(|count| *count == 1), "a command has two events");
    let (mut answers, mut refusals) = (0, 0);
    for (ticket, asked) in &simulation.asked {
        let Some((answered, told)) = &asked.answered else { continue };
        answers += 1;
        match told {
            Told::Done { .. } | Told::Repeat { .. } => {
                assert_eq!(truth.events.get(&asked.id), Some(&1), "ticket {ticket}: answered, but not admitted");
            }
            Told::TooFew { there } => {
                refusals += 1;
                let between = &truth.sweets[asked.arrived..=*answered];
                let true_then = between.iter().any(|sweets| sweets.get(asked.key).copied().unwrap_or(0) == *there);
                assert!(true_then, "ticket {ticket}: refused with {there}, which was never true meanwhile");
            }
            Told::Elsewhere => {
                let again = simulation.asked.values().filter(|other| other.id == asked.id).count() > 1;
                let admitted = truth.events.contains_key(&asked.id);
                assert!(again || !admitted, "ticket {ticket}: sent elsewhere, but admitted");
            }
            Told::Unavailable | Told::Overloaded => {}
            other => panic!("ticket {ticket}: {other:?}"),
        }
    }
    for owner in &simulation.owners {
        assert_eq!(owner.distrusted, Vec::<String>::new());
        let mut own = Fold::<Jar>::default();
        let position = owner.owner.fold().position.next.0 as usize;
        log[..position].iter().for_each(|record| _ = own.fold(record));
        for key in KEYS {
            let state = |fold: &Fold<Jar>| fold.slot(key).map(|slot| (slot.state.clone(), slot.version));
            let mut kept = owner.owner.fold().clone();
            kept.warm(key).unwrap();
            assert_eq!(state(&kept), state(&own), "two readers disagree");
        }
    }
    (answers, refusals)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn owners_that_pause_crash_and_claim_keep_every_promise(seed in any::<u64>()) {
        let mut simulation = Simulation::new(seed);
        (0..STEPS).for_each(|_| simulation.step());
        simulation.calm();
        check(&simulation);
    }
}

#[test]
fn the_simulation_answers_and_refuses_enough_to_mean_something() {
    let (mut answers, mut refusals) = (0, 0);
    for seed in 0..100 {
        let mut simulation = Simulation::new(seed);
        (0..STEPS).for_each(|_| simulation.step());
        simulation.calm();
        let counted = check(&simulation);
        (answers, refusals) = (answers + counted.0, refusals + counted.1);
    }
    assert!(answers > 1_000 && refusals > 100, "{answers} answers, {refusals} refusals");
}
