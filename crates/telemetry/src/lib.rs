//! What every Tillroll process shares about running and being watched: log output, named tasks, the wish to stop.
//! `spawn` is the one home of `tokio::spawn`; `init` is called once, in `main`.

mod crash;
mod log;
mod panics;
mod shutdown;
mod tasks;

#[cfg(debug_assertions)]
pub use crash::arm_crash;
pub use crash::{Crash, CrashPoint, Fate, NoCrash, crash_point};
pub use log::{Format, InitError, UnknownFormat, init};
pub use shutdown::Shutdown;
pub use tasks::spawn;
