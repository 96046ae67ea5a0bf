//! What the protocol promises, each a property that must hold in every state; and what must be seen somewhere, or the
//! bounds are too narrow to mean anything.

use super::super::bench::Told;
use super::calm::gets_on;
use super::truth::Truth;
use super::world::{Asked, World};
use super::{Ask, Model};
use crate::fold::Fold;
use crate::jar::Jar;
use crate::{CommandId, Void};
use stateright::Property;
use uuid::Uuid;

/// What can be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Promise {
    Answers,
    OneEvent,
    Refusals,
    ReadersAgree,
    Versions,
    GetsOn,
    TopicCommands,
}

pub const ANSWERS: &str = "every answer that names an event names an admitted one, once";
pub const ONE_EVENT: &str = "each command has at most one event";
pub const REFUSALS: &str = "a refusal was true at some moment between its arrival and its answer";
pub const READERS: &str = "no two readers disagree which records are admitted";
pub const VERSIONS: &str = "the versions of an aggregate are 1, 2, 3, …";
pub const GETS_ON: &str = "whoever is left can get on when nothing fails any more";
pub const COMMANDS: &str = "topic commands end in order, and the inbox passes none that has not ended";

pub const ELSEWHERE: &str = "a command that was certainly not carried out has no event";

pub fn properties(sees: &[&'static str]) -> Vec<Property<Model>> {
    let always = [
        Property::always(ANSWERS, |_, world: &World| !world.broken.contains(&Promise::Answers)),
        Property::always(ONE_EVENT, |_, world: &World| !world.broken.contains(&Promise::OneEvent)),
        Property::always(REFUSALS, |_, world: &World| !world.broken.contains(&Promise::Refusals)),
        Property::always(READERS, |_, world: &World| !world.broken.contains(&Promise::ReadersAgree)),
        Property::always(VERSIONS, |_, world: &World| !world.broken.contains(&Promise::Versions)),
        Property::always(COMMANDS, |_, world: &World| !world.broken.contains(&Promise::TopicCommands)),
        Property::always(ELSEWHERE, |_, world: &World| world.elsewhere_is_true()),
        Property::always(GETS_ON, |model: &Model, world: &World| {
            crate::rules::without(model.without, || !world.broken.contains(&Promise::GetsOn) && gets_on(world))
        }),
    ];
    let sometimes = sights().into_iter().filter(|sight| sees.contains(&sight.name));
    always.into_iter().chain(sometimes).collect()
}

pub const DONE: &str = "a command is answered with its event";
pub const REPEATED: &str = "a repeat is answered with the first event";
pub const REFUSED: &str = "a command is refused";
pub const SENT_ON: &str = "a command that was under way is sent on to the next owner";
pub const LOST_CLAIM: &str = "a claim is void because another was first";
pub const OLD_CLAIM: &str = "a record is void because its owner was superseded";
pub const DUPLICATE: &str = "a record is void because it is there already";
pub const GAP: &str = "a record is void because one before it is missing";
pub const ALL_ENDED: &str = "every topic command has ended";

fn sights() -> [Property<Model>; 9] {
    let sight = Property::<Model>::sometimes;
    [
        sight(DONE, |_, world: &World| told(world, |told| matches!(told, Told::Done { .. }))),
        sight(REPEATED, |_, world: &World| told(world, |told| matches!(told, Told::Repeat { .. }))),
        sight(REFUSED, |_, world: &World| told(world, |told| matches!(told, Told::TooFew { .. }))),
        sight(SENT_ON, |_, world: &World| told(world, |told| *told == Told::Elsewhere)),
        sight(LOST_CLAIM, |_, world: &World| world.truth.voids.contains(&Void::LostClaim)),
        sight(OLD_CLAIM, |_, world: &World| world.truth.voids.contains(&Void::OldClaim)),
        sight(DUPLICATE, |_, world: &World| world.truth.voids.contains(&Void::Duplicate)),
        sight(GAP, |_, world: &World| world.truth.voids.contains(&Void::Gap)),
        sight(ALL_ENDED, |_, world: &World| world.truth.has_ended_all()),
    ]
}

fn told(world: &World, what: fn(&Told) -> bool) -> bool {
    world.asked.iter().any(|asked| matches!(asked, Asked::Answered(told) if what(told)))
}

/// What an answer breaks that was given when the log was `now` long to who asked when it was `since` long.
pub fn broken_by(told: &Told, ask: &Ask, truth: &Truth, since: usize, now: usize) -> Option<Promise> {
    let id = CommandId(Uuid::from_u128(ask.id));
    match told {
        Told::Done { version, .. } | Told::Repeat { version } => {
            let seen = truth.now().commands.get(&id);
            (seen.map(|seen| seen.version.0) != Some(*version)).then_some(Promise::Answers)
        }
        Told::TooFew { there } => {
            let sweets = |fold: &Fold<Jar>| fold.slot("jar").map_or(0, |slot| slot.state.sweets);
            (!truth.once(since, now, |fold| sweets(fold) == *there)).then_some(Promise::Refusals)
        }
        Told::VersionMismatch { current } => {
            (!truth.once(since, now, |fold| fold.version("jar").0 == *current)).then_some(Promise::Refusals)
        }
        Told::Unknown => {
            (!truth.once(since, now, |fold| !fold.commands.contains_key(&id))).then_some(Promise::Refusals)
        }
        Told::Elsewhere | Told::Unavailable => None,
        Told::KeyReused | Told::Overloaded | Told::Failed => Some(Promise::Answers),
    }
}
