//! The smallest aggregate that needs everything the owner does: a jar of sweets. It is no part of the library: the
//! tests, the tests with a broker and `examples/jar.rs` compile this file as a module of their own.

use serde::{Deserialize, Serialize};
use std::panic::resume_unwind;
use tillroll_log::{Aggregate, AggregateTopics, Key, Rejection, Timestamp, bodies};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Put {
    pub sweets: u32,
    /// The jar has to be looked at by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look_by: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Taken {
    pub sweets: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Looked {}

/// Nobody can say what is in a cracked jar: the answer panics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cracked {}

bodies! {
    pub enum JarEvent {
        Put(Put) = "jar.put.v1",
        Taken(Taken) = "jar.taken.v1",
        Looked(Looked) = "jar.looked.v1",
        Cracked(Cracked) = "jar.cracked.v1",
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Take {
    pub sweets: u32,
}

/// Takes whatever is left; nothing if the jar is empty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Empty {}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Look {}

/// Two of them cannot be joined: trying to panics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Crack {}

/// The decision panics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Smash {}

bodies! {
    pub enum JarCommand {
        Put(Put) = "jar.put",
        Take(Take) = "jar.take",
        Empty(Empty) = "jar.empty",
        Look(Look) = "jar.look",
        Crack(Crack) = "jar.crack",
        Smash(Smash) = "jar.smash",
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct JarState {
    pub sweets: u32,
    pub look_by: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooFew {
    pub there: u32,
}

impl Rejection for TooFew {
    fn code(&self) -> &'static str {
        "too_few"
    }
    fn detail(&self) -> String {
        format!("{} are there", self.there)
    }
}

/// Panics, as a defect does; without the noise.
fn breaks(why: &'static str) -> ! {
    resume_unwind(Box::new(why))
}

#[derive(Clone, Debug)]
pub struct Jar;

impl Aggregate for Jar {
    const TOPICS: AggregateTopics = AggregateTopics::new("jar", "jar.events.v1", "jar.commands.v1");
    const STATE_SCHEMA: u32 = 1;
    type State = JarState;
    type Command = JarCommand;
    type Event = JarEvent;
    type Rejection = TooFew;
    /// How many sweets are there.
    type Answer = u32;

    fn decide(state: &JarState, command: &JarCommand, _at: Timestamp) -> Result<Option<JarEvent>, TooFew> {
        match command {
            JarCommand::Put(put) => Ok(Some(put.clone().into())),
            JarCommand::Take(Take { sweets }) if *sweets > state.sweets => Err(TooFew { there: state.sweets }),
            JarCommand::Take(Take { sweets }) => Ok(Some(Taken { sweets: *sweets }.into())),
            JarCommand::Empty(Empty {}) if state.sweets == 0 => Ok(None),
            JarCommand::Empty(Empty {}) => Ok(Some(Taken { sweets: state.sweets }.into())),
            JarCommand::Look(Look {}) => Ok(state.look_by.map(|_| Looked {}.into())),
            JarCommand::Crack(Crack {}) => Ok(Some(Cracked {}.into())),
            JarCommand::Smash(Smash {}) => breaks("smashed"),
        }
    }

    fn evolve(state: JarState, event: &JarEvent) -> JarState {
        match event {
            JarEvent::Put(Put { sweets, look_by }) => {
                JarState { sweets: state.sweets + sweets, look_by: look_by.or(state.look_by) }
            }
            JarEvent::Taken(Taken { sweets }) => JarState { sweets: state.sweets - sweets, ..state },
            JarEvent::Looked(Looked {}) => JarState { look_by: None, ..state },
            JarEvent::Cracked(Cracked {}) => state,
        }
    }

    fn answer(_key: &Key, event: Option<&JarEvent>, state: &JarState) -> u32 {
        match event {
            Some(JarEvent::Cracked(Cracked {})) => breaks("cracked"),
            _ => state.sweets,
        }
    }

    fn join(first: &mut JarCommand, next: JarCommand) -> Result<(), JarCommand> {
        match (first, next) {
            (JarCommand::Put(first), JarCommand::Put(next)) => {
                first.sweets += next.sweets;
                Ok(())
            }
            (JarCommand::Take(first), JarCommand::Take(next)) => {
                first.sweets += next.sweets;
                Ok(())
            }
            (JarCommand::Crack(Crack {}), JarCommand::Crack(Crack {})) => breaks("splinters"),
            (_, next) => Err(next),
        }
    }

    fn deadline(state: &JarState) -> Option<Timestamp> {
        state.look_by
    }

    fn on_deadline(_deadline: Timestamp) -> Option<JarCommand> {
        Some(Look {}.into())
    }

    fn settled(state: &JarState) -> bool {
        state.look_by.is_none()
    }
}
