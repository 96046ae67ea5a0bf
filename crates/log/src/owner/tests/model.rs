//! Every step of small worlds, not some of large ones: the shipped owner, fold and arbiter under stateright, with the
//! aggregate of the random simulations. Without any one rule it finds what that rule is for.

mod calm;
mod promises;
mod seat;
mod trials;
mod truth;
mod world;

use crate::jar::JarCommand;
use crate::owner::Phase;
use crate::rules::{Rule, without};
use std::sync::Arc;
use tillroll_kafka::Record;
use world::{Asked, World};

/// A command by HTTP. Two with one id are a command and its repeat.
#[derive(Clone, Debug)]
pub struct Ask {
    id: u128,
    command: Option<JarCommand>,
    expected: Option<u64>,
}

/// What may still go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Left {
    /// Claims, wanted ones included.
    claims: u8,
    /// Records that are stored and may be stored again.
    doubles: u8,
    /// Appends that are said to have failed, whether they have or not.
    failures: u8,
    crashes: u8,
    revocations: u8,
    /// Partitions that are given to somebody else while they are served.
    gifts: u8,
}

/// How large a world is.
#[derive(Debug)]
pub struct Bounds {
    owners: usize,
    /// The first owner serves already; otherwise nobody has claimed.
    served: bool,
    asks: Vec<Ask>,
    /// What is asked when nothing fails any more.
    last_ask: Ask,
    /// The commands topic.
    topic: Vec<Arc<Record>>,
    left: Left,
    longest_log: usize,
}

/// One thing that happens: to an owner, or to a record under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A client asks that owner for that.
    Ask(usize, usize),
    /// It reads to the present end for the first time.
    CatchUp(usize),
    Claim(usize),
    /// It reads one record.
    Read(usize),
    /// A record under way is stored: any of them, whatever came before it.
    Store(usize),
    /// The same, and a copy stays under way.
    Double(usize),
    Fail(usize),
    Crash(usize),
    Revoke(usize),
    GiveAway(usize),
    /// The time that it has to drain is over.
    LetGo(usize),
    /// The partition is assigned to it again.
    Assign(usize),
    /// It takes the next command by topic.
    Command(usize),
    /// A dead letter is acknowledged.
    Letter(usize),
}

/// The model: bounds, and the rule that is taken out, if any.
#[derive(Clone)]
pub struct Model {
    bounds: Arc<Bounds>,
    without: Option<Rule>,
    sees: &'static [&'static str],
}

impl World {
    fn has_command_for(&self, which: usize) -> bool {
        self.seats[which].commands_from.is_some_and(|next| next < self.bounds.topic.len())
    }

    /// What an owner may do or suffer next.
    fn steps_of(&self, which: usize, steps: &mut Vec<Step>) {
        let seat = &self.seats[which];
        let phase = seat.owner.phase();
        match phase {
            Phase::CatchingUp => steps.push(Step::CatchUp(which)),
            Phase::Released => steps.push(Step::Assign(which)),
            _ if self.has_record_for(which) => steps.push(Step::Read(which)),
            _ => {}
        }
        if seat.wants_claim && matches!(phase, Phase::Claiming { .. }) && self.left.claims > 0 {
            steps.push(Step::Claim(which));
        }
        if matches!(phase, Phase::Draining { .. }) {
            steps.push(Step::LetGo(which));
        }
        if self.left.crashes > 0 && phase != Phase::CatchingUp {
            steps.push(Step::Crash(which));
        }
        if self.left.revocations > 0 && matches!(phase, Phase::Serving { .. } | Phase::Claiming { .. }) {
            steps.push(Step::Revoke(which));
        }
        if self.left.gifts > 0 && matches!(phase, Phase::Serving { .. }) {
            steps.push(Step::GiveAway(which));
        }
        if self.has_command_for(which) && matches!(phase, Phase::Serving { .. } | Phase::Claiming { .. }) {
            steps.push(Step::Command(which));
        }
        if !seat.letters.is_empty() {
            steps.push(Step::Letter(which));
        }
        let asks = self.asked.iter().enumerate().filter(|(_, asked)| **asked == Asked::NotYet);
        if !matches!(phase, Phase::Draining { .. } | Phase::Released | Phase::Faulted) {
            steps.extend(asks.map(|(ask, _)| Step::Ask(which, ask)));
        }
    }

    /// What may become of the records under way.
    fn steps_of_records(&self, steps: &mut Vec<Step>) {
        for (index, record) in self.under_way.iter().enumerate() {
            if self.log.len() < self.bounds.longest_log {
                steps.push(Step::Store(index));
                if self.left.doubles > 0 {
                    steps.push(Step::Double(index));
                }
            }
            if self.left.failures > 0 && !record.given_up {
                steps.push(Step::Fail(index));
            }
        }
    }
}

impl stateright::Model for Model {
    type State = World;
    type Action = Step;

    fn init_states(&self) -> Vec<World> {
        let mut world = World::new(&self.bounds);
        world.left.claims += 1;
        if self.bounds.served {
            for step in [Step::CatchUp(0), Step::Claim(0), Step::Store(0), Step::Read(0)] {
                world.take(step);
            }
            world.seal_all(&World::new(&self.bounds));
            world.left = self.bounds.left;
        }
        vec![world]
    }

    fn actions(&self, world: &World, steps: &mut Vec<Step>) {
        (0..world.seats.len()).for_each(|which| world.steps_of(which, steps));
        world.steps_of_records(steps);
    }

    fn next_state(&self, world: &World, step: Step) -> Option<World> {
        without(self.without, || {
            let mut next = world.clone();
            next.take(step);
            next.seal_all(world);
            Some(next)
        })
    }

    fn properties(&self) -> Vec<stateright::Property<Self>> {
        promises::properties(self.sees)
    }
}
