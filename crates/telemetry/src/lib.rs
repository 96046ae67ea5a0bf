//! What every Tillroll process shares about running and being watched: log output, named tasks, the wish to stop.
//! `spawn` is the one home of `tokio::spawn`; `init` is called once, in `main`.

mod log;
mod panics;
mod shutdown;
mod tasks;

pub use log::{Format, InitError, UnknownFormat, init};
pub use shutdown::Shutdown;
pub use tasks::spawn;
