//! Each rule of the owner, on the inbox, the floors and the timers has tests here that go red when it is taken out.

pub(crate) mod bench;
mod corners;
mod giving_away;
mod hostile;
mod inbox;
pub(crate) mod keeping;
mod losing;
mod model;
pub(crate) mod owners;
mod panics;
mod reactors;
mod rules;
pub(crate) mod shelf;
mod stored;
mod suspicion;
mod timers;
