//! From here on nothing fails: one owner is left, and runs as its runtime would run it. It must come to serve, and
//! answer all that it was asked. A deterministic and fair schedule, so that this is decided in every state.

use super::super::bench::Told;
use super::world::{Asked, World};
use crate::owner::Phase;

/// Rounds after which an owner that has not come to rest never will.
const ROUNDS: usize = 24;

/// Whether each owner, left alone, gets on: if all that is under way arrives, and if none of it does.
pub fn gets_on(world: &World) -> bool {
    (0..world.seats.len()).all(|survivor| {
        [true, false].iter().all(|arrives| {
            let mut world = world.clone();
            if *arrives {
                everything_arrives(&mut world)
            } else {
                everything_is_lost(&mut world, survivor)
            }
            is_well(&mut world, survivor)
        })
    })
}

fn everything_arrives(world: &mut World) {
    for record in std::mem::take(&mut world.under_way) {
        world.store(&record);
    }
}

fn everything_is_lost(world: &mut World, survivor: usize) {
    for index in (0..world.under_way.len()).rev() {
        if world.under_way[index].seat == survivor && !world.under_way[index].given_up {
            world.fail(index);
        }
    }
    world.under_way.clear();
}

fn is_well(world: &mut World, survivor: usize) -> bool {
    let mut rests = (0..ROUNDS).any(|_| !round(world, survivor));
    // It takes one more command, and answers that too.
    world.asked.push(Asked::NotYet);
    world.ask(survivor, world.asked.len() - 1);
    rests &= (0..ROUNDS).any(|_| !round(world, survivor));
    let done = matches!(world.asked.last(), Some(Asked::Answered(Told::Done { .. })));
    let serves = matches!(world.seats[survivor].owner.phase(), Phase::Serving { .. });
    let waits = |asked: &Asked| matches!(asked, Asked::Waiting { seat, .. } if *seat == survivor);
    rests && serves && done && !world.asked.iter().any(waits) && world.truth.has_ended_all() && world.broken.is_empty()
}

/// Does everything once that can be done; whether anything could.
fn round(world: &mut World, survivor: usize) -> bool {
    let mut moved = !world.under_way.is_empty();
    everything_arrives(world);
    while world.has_record_for(survivor) {
        world.read(survivor);
        moved = true;
    }
    match world.seats[survivor].owner.phase() {
        Phase::Released => world.crash(survivor),
        Phase::CatchingUp => world.catch_up(survivor),
        Phase::Claiming { .. } if world.seats[survivor].wants_claim => world.act(survivor, super::seat::Seat::claim),
        Phase::Serving { .. } => return serve(world, survivor) || moved,
        Phase::Draining { .. } if !moved => world.act(survivor, |seat| seat.owner.release()),
        Phase::Claiming { .. } | Phase::Draining { .. } | Phase::Faulted => return moved,
    }
    true
}

fn serve(world: &mut World, survivor: usize) -> bool {
    let letters = world.seats[survivor].letters.len();
    (0..letters).for_each(|_| world.letter(survivor));
    let command = world.has_command_for(survivor);
    if command {
        world.command(survivor);
    }
    letters > 0 || command
}
