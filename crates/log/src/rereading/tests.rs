//! What a restored fold holds already is met, and shown to a reactor that is behind: nothing is left out, nothing comes
//! twice, and another log is noticed.

use super::*;
use crate::fold::Fold;
use crate::jar::Jar;
use crate::owner::tests::keeping::history;
use crate::owner::tests::owners::Dice;
use crate::owner::tests::shelf::Shelf;
use crate::runtime::outbox::Outbox;
use proptest::prelude::*;

/// The position after so many records.
fn position(log: &[Record], until: usize) -> StoredPosition {
    let mut position = StoredPosition::default();
    log[..until].iter().for_each(|record| _ = position.pass(record));
    position
}

/// What a reactor has to see: events and settled records.
fn causes(log: &[Record]) -> Vec<Offset> {
    let mut fold = Fold::<Jar>::default();
    let caused = |entry: &Entry| !matches!(entry, Entry::Mark(_));
    let folded = log.iter().map(|record| (record.offset, fold.fold(record).unwrap()));
    let admitted = folded.filter(|(_, folded)| match folded {
        crate::fold::Folded::Event(entry, _) | crate::fold::Folded::Other(entry) => caused(entry),
        crate::fold::Folded::Claimed(_) | crate::fold::Folded::Void(_) => false,
    });
    admitted.map(|(offset, _)| offset).collect()
}

/// Reads again all that the fold holds, and gives what the reactor was shown.
fn reread(log: &[Record], fold: &StoredPosition, reactor: &StoredPosition) -> Result<Vec<Offset>, RereadFault> {
    let mut rereading = Rereading::new(fold.clone(), reactor.clone());
    let mut shown = Vec::new();
    for record in log.get(rereading.begin().0 as usize..).unwrap_or_default() {
        if !rereading.covers(record) {
            return Err(Distrust::from(rereading.missing()).into());
        }
        if let Reread::Admitted(cause, ..) = rereading.record::<Jar>(record)? {
            shown.push(cause.at.offset);
        }
        if rereading.is_over(record.offset) {
            return Ok(shown);
        }
    }
    Err(Distrust::from(rereading.missing()).into())
}

/// A process that folds, stores, reacts and commits, and dies whenever it likes.
struct Life<'a> {
    log: &'a [Record],
    fold: Fold<Jar>,
    rereading: Option<Rereading>,
    outbox: Outbox,
    next: usize,
    /// Shown to the reactor in this life.
    shown: Vec<Offset>,
}

impl<'a> Life<'a> {
    fn begin(log: &'a [Record], shelf: &std::sync::Arc<Shelf>, committed: &StoredPosition) -> Self {
        let fold = shelf.fold(1);
        let rereading = fold.is_restored().then(|| Rereading::new(fold.position.clone(), committed.clone()));
        let next = rereading.as_ref().map_or(0, |rereading| rereading.begin().0 as usize);
        Self { log, fold, rereading, outbox: Outbox::starting_at(committed.clone()), next, shown: Vec::new() }
    }

    fn read(&mut self) -> bool {
        let Some(record) = self.log.get(self.next) else { return false };
        self.next += 1;
        let (is_cause, position) = match &mut self.rereading {
            Some(rereading) => match rereading.record::<Jar>(record).unwrap() {
                Reread::Known => return self.arrive(record),
                Reread::Passed(position) => (false, position),
                Reread::Admitted(_, _, position) => (true, position),
            },
            None => {
                let is_cause = match self.fold.fold(record).unwrap() {
                    crate::fold::Folded::Event(..) => true,
                    crate::fold::Folded::Other(entry) => !matches!(entry, Entry::Mark(_)),
                    crate::fold::Folded::Claimed(_) | crate::fold::Folded::Void(_) => false,
                };
                (is_cause, self.fold.position.clone())
            }
        };
        if is_cause && self.outbox.is_new(record.offset) {
            self.shown.push(record.offset);
        }
        self.outbox.read(record.offset, usize::from(is_cause), position);
        self.arrive(record)
    }

    fn arrive(&mut self, record: &Record) -> bool {
        if self.rereading.as_ref().is_some_and(|rereading| rereading.is_over(record.offset)) {
            self.rereading = None;
        }
        true
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rule_8_no_reaction_is_lost_or_doubled_whichever_of_batch_and_commit_a_crash_prevents(seed in any::<u64>()) {
        let (log, mut dice) = (history(seed), Dice(seed));
        let causes = causes(&log);
        let shelf = std::sync::Arc::new(Shelf::default());
        let (mut committed, mut sent) = (StoredPosition::default(), std::collections::BTreeSet::new());
        let mut life = Life::begin(&log, &shelf, &committed);
        for step in 0.. {
            prop_assert!(step < 100_000, "{} of {} causes were ever sent", sent.len(), causes.len());
            let goes_on = life.read();
            // A command is acknowledged at some time after it was sent.
            for offset in life.shown.iter().filter(|_| dice.roll(2) == 0) {
                sent.insert(*offset);
                life.outbox.acknowledged(*offset);
            }
            if dice.roll(4) == 0 && let Some(changes) = life.fold.changes() {
                shelf.put(changes);
                life.fold.stored();
            }
            if dice.roll(4) == 0 && let Some(position) = life.outbox.to_commit() {
                life.outbox.committed(position.next);
                committed = position;
                let below = causes.iter().filter(|offset| **offset < committed.next);
                prop_assert!(below.clone().all(|offset| sent.contains(offset)), "the floor passes what was not sent");
            }
            if dice.roll(12) == 0 {
                prop_assert!(life.shown.windows(2).all(|two| two[0] < two[1]), "twice in one life, or out of order");
                if dice.roll(6) == 0 {
                    committed = StoredPosition::default();
                }
                life = Life::begin(&log, &shelf, &committed);
            } else if !goes_on && sent.len() == causes.len() {
                break;
            }
        }
        prop_assert_eq!(sent.into_iter().collect::<Vec<_>>(), causes);
    }

    #[test]
    fn rule_8_a_reactor_sees_exactly_what_it_has_not_committed(seed in any::<u64>(), fold in 0usize..400, reactor in 0usize..400) {
        let log = history(seed);
        let (fold, reactor) = (1 + fold % log.len(), reactor % (log.len() + 1));
        let expected: Vec<_> = causes(&log[..fold]).into_iter().filter(|at| at.0 >= reactor as i64).collect();
        let shown = reread(&log, &position(&log, fold), &position(&log, reactor));
        prop_assert_eq!(shown.map_err(|fault| fault.to_string()), Ok(expected));
    }

    #[test]
    fn rule_8_a_store_of_another_log_is_noticed(seed in any::<u64>(), fold in 0usize..400, reactor in 0usize..400) {
        let (log, other) = (history(seed), history(seed.wrapping_add(1)));
        let stored = position(&log, 2 + fold % (log.len() - 1));
        // Ids are made of claim, place and time, and both logs have the same claims: some of them are the same.
        prop_assume!(other.get(stored.begin().0 as usize).is_none_or(|record| stored.meet(record).is_err()));
        prop_assert!(reread(&other, &stored, &position(&other, reactor % other.len())).is_err());
    }
}

#[test]
fn rule_8_a_store_that_has_judged_otherwise_than_the_reactor_is_noticed() {
    let log = history(3);
    let mut stored = position(&log, log.len());
    let reactor = position(&log, 2);
    assert!(reread(&log, &stored, &reactor).is_ok());
    stored.arbiter.next_ordinal = stored.arbiter.next_ordinal.next();
    let noticed = reread(&log, &stored, &reactor).unwrap_err().to_string();
    assert_eq!(noticed, format!("another history leads to offset {}", log.len()));
}
