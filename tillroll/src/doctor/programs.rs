//! What a native stack needs on this machine. Where Kafka and PostgreSQL are somebody else's, nothing.

use super::Finding;
use crate::config::Config;
use tillroll_devstack::{Mode, prerequisites};

pub fn look(config: &Config) -> Vec<Finding> {
    let stack = match config.stack() {
        Ok((Mode::Native, stack)) if !config.names_brokers() => stack,
        Ok(_) => return Vec::new(),
        Err(error) => {
            let mend = "`tillroll settings` says what it may be";
            return vec![Finding::problem("programs", error.to_string(), mend)];
        }
    };
    let finding = |found: tillroll_devstack::Prerequisite| match found.found {
        Ok(path) => Finding::ok("programs", format!("{}: {}", found.name, path.display())),
        Err(error) => Finding::problem("programs", error.to_string(), "scripts/setup"),
    };
    prerequisites(&stack).into_iter().map(finding).collect()
}
