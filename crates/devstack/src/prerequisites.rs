//! What native servers need on this machine, for whoever asks before he starts them.

use std::path::PathBuf;

use crate::account::Account;
use crate::{StackConfig, StackError, kafka, programs};

/// Something that has to be on this machine.
#[derive(Debug)]
pub struct Prerequisite {
    /// `Java`, `Kafka's jars`, `PostgreSQL`.
    pub name: &'static str,
    /// Where it is, or why it cannot be used and how to mend that.
    pub found: Result<PathBuf, StackError>,
}

/// Everything that a native stack with this configuration needs; nothing is started.
#[must_use]
pub fn prerequisites(config: &StackConfig) -> Vec<Prerequisite> {
    let postgres = || Account::for_postgres().and_then(|_account| programs::postgres_dir());
    vec![
        Prerequisite { name: "Java", found: programs::java() },
        Prerequisite { name: "Kafka's jars", found: kafka::jars(&config.jars) },
        Prerequisite { name: "PostgreSQL", found: postgres() },
    ]
}
