//! Each rule of the owner, on the inbox, the floors and the timers has tests here that go red when it is taken out.

pub(crate) mod bench;
mod corners;
mod inbox;
mod losing;
mod model;
mod owners;
mod panics;
mod reactors;
mod rules;
mod stored;
mod timers;
