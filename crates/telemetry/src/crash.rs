//! Named places at which a test kills the whole process, as a failing machine would (SIGKILL, no destructor), or
//! freezes it, as an overloaded one would (SIGSTOP).
//!
//! Only builds with debug assertions have them. In others a point is nothing, and there is no way to arm one.

use std::fmt;
use std::str::FromStr;

/// Makes the enum, its names and the list of all of them from one line per point.
macro_rules! points {
    ($($(#[$meta:meta])* $point:ident = $name:literal,)*) => {
        /// A place at which the process can be made to die.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum CrashPoint {
            $($(#[$meta])* $point,)*
        }

        impl CrashPoint {
            /// Every point.
            pub const ALL: &'static [Self] = &[$(Self::$point,)*];

            /// Its name in the setting.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$point => $name,)*
                }
            }
        }
    };
}

points! {
    /// An owner has decided and has not handed its record to the producer.
    BeforeProduce = "before-produce",
    /// The producer has the record; the broker may or may not.
    AfterProduce = "after-produce",
    /// The broker has acknowledged the record, and the owner has not read it back.
    AfterAcknowledgement = "after-acknowledgement",
    /// The record was read back, and its client has not been answered.
    BeforeAnswer = "before-answer",
    /// A reactor has handed one of its commands to the producer, and not yet the next.
    AfterCommandProduce = "after-command-produce",
    /// A reactor's commands are acknowledged, and its position is not committed.
    BeforePositionCommit = "before-position-commit",
    /// A reactor's position is committed, and the partition does not know it.
    AfterPositionCommit = "after-position-commit",
    /// An effect has asked the outside world, and the commands that record what came of it are not sent.
    AfterEffect = "after-effect",
    /// What changed in an owner's fold is made ready for its local store, and not written.
    BeforeStoreBatch = "before-store-batch",
    /// The local store holds it, and the owner does not know it.
    AfterStoreBatch = "after-store-batch",
    /// A projector has moved its checkpoint, and has not written the rows.
    BetweenCheckpointAndRows = "between-checkpoint-and-rows",
    /// A projector has written checkpoint and rows, and has not committed them.
    BeforeRowsCommit = "before-rows-commit",
    /// Checkpoint and rows are committed, and the projector does not know it.
    AfterRowsCommit = "after-rows-commit",
}

impl fmt::Display for CrashPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A point, at which passing of it (from 1) it happens, and what: `before-produce:17`, `before-produce:17:frozen`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crash {
    /// Where.
    pub point: CrashPoint,
    /// When.
    pub passing: u32,
    /// What.
    pub fate: Fate,
}

/// What happens to the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is gone.
    Killed,
    /// It stands still until it is told to go on (SIGCONT).
    Frozen,
}

const FROZEN: &str = ":frozen";

/// Not a point and a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither a point nor a number from 1 on")]
pub struct NoCrash;

impl FromStr for Crash {
    type Err = NoCrash;

    fn from_str(text: &str) -> Result<Self, NoCrash> {
        let (text, fate) = match text.strip_suffix(FROZEN) {
            Some(text) => (text, Fate::Frozen),
            None => (text, Fate::Killed),
        };
        let (name, passing) = text.split_once(':').ok_or(NoCrash)?;
        let point = CrashPoint::ALL.iter().copied().find(|point| point.name() == name).ok_or(NoCrash)?;
        match passing.parse() {
            Ok(passing) if passing > 0 => Ok(Self { point, passing, fate }),
            Ok(_) | Err(_) => Err(NoCrash),
        }
    }
}

impl fmt::Display for Crash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.point, self.passing)?;
        match self.fate {
            Fate::Killed => Ok(()),
            Fate::Frozen => f.write_str(FROZEN),
        }
    }
}

#[cfg(debug_assertions)]
pub use armed::{arm_crash, crash_point};

/// The place itself: nothing, in this build.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub fn crash_point(_point: CrashPoint) {}

#[cfg(debug_assertions)]
mod armed {
    use super::{Crash, CrashPoint, Fate};
    use nix::sys::signal::{Signal, raise};
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    static ARMED: OnceLock<Crash> = OnceLock::new();
    static PASSED: AtomicU32 = AtomicU32::new(0);

    /// Arms the point for this process, once.
    pub fn arm_crash(crash: Crash) {
        // A second call finds the first one's point.
        let _armed_before = ARMED.set(crash);
    }

    /// The place itself: the process ends or stops here if this is the passing that was armed.
    pub fn crash_point(point: CrashPoint) {
        let Some(crash) = ARMED.get().filter(|crash| crash.point == point) else { return };
        if PASSED.fetch_add(1, Ordering::Relaxed) + 1 == crash.passing {
            eprintln!("crash point {crash}");
            let signal = match crash.fate {
                Fate::Killed => Signal::SIGKILL,
                Fate::Frozen => Signal::SIGSTOP,
            };
            // Nobody can be told if it fails, and the test notices that the process goes on.
            let _raised = raise(signal);
        }
    }
}

#[cfg(test)]
mod tests;
