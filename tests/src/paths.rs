//! Where things are: the workspace, the binary under test, Kafka's jars.

use crate::{Failure, Outcome};
use std::path::{Path, PathBuf};

/// The root of the workspace.
pub fn workspace() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).to_owned()
}

/// The binary under test: beside this test's own directory, as cargo lays them out; or that of another build, which
/// `TILLROLL_BINARY` names.
pub(crate) fn tillroll() -> Outcome<PathBuf> {
    if let Some(named) = variable("TILLROLL_BINARY") {
        return Ok(PathBuf::from(named));
    }
    let own = std::env::current_exe()?;
    let beside = own.ancestors().nth(2).map(|built| built.join("tillroll"));
    match beside.filter(|path| path.is_file()) {
        Some(path) => Ok(path),
        None => Err(Failure::from("there is no binary to test: build it first, cargo build --bin tillroll")),
    }
}

/// What the environment says, and nothing if it says nothing.
#[expect(clippy::disallowed_methods, reason = "the tests are their own main: the environment is read here only")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Where stacks and logs of tests are.
pub(crate) fn home() -> PathBuf {
    workspace().join(".tillroll")
}

/// Where Kafka's jars are.
pub(crate) fn jars() -> PathBuf {
    variable(tillroll_devstack::JARS_VARIABLE).map_or_else(|| home().join("kafka-libs"), PathBuf::from)
}
