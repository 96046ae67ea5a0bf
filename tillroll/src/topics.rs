//! `tillroll topics`: making them as they must be, and finding out where they are not.

use crate::Failure;
use crate::config::Config;
use clap::Subcommand;
use std::process::ExitCode;
use tillroll_log::{Environment, Node};
use tillroll_schemas::catalogue;

#[derive(Subcommand)]
pub enum TopicsCommand {
    /// Make the topics that are missing; those that are there stay as they are.
    Create {
        /// Replicas of each. If absent: 3 in production, in development as many as there are brokers, at most 3.
        #[arg(long)]
        replication: Option<i32>,
    },
    /// Compare the topics with what they must be; exit 1 and say how to mend if something differs.
    Check,
}

/// How many replicas a new topic gets where nobody says it. In production three, whatever is there: fewer are refused.
pub async fn default_replication(node: &Node) -> Result<i32, Failure> {
    match node.config().environment {
        Environment::Development => Ok(i32::try_from(node.admin().brokers().await?.clamp(1, 3))?),
        Environment::Production => Ok(3),
    }
}

#[expect(clippy::print_stdout, reason = "the command's output")]
pub async fn run(command: TopicsCommand, config: Config) -> Result<ExitCode, Failure> {
    let node = config.connect().await?;
    match command {
        TopicsCommand::Create { replication } => {
            let replication = match replication {
                Some(replication) => replication,
                None => default_replication(&node).await?,
            };
            let created = node.create_topics(&catalogue::AGGREGATES, replication).await?;
            for name in &created {
                println!("created {name}");
            }
            println!("{} created", crate::counted(created.len(), "topic"));
            Ok(ExitCode::SUCCESS)
        }
        TopicsCommand::Check => {
            let findings = node.check_topics(&catalogue::AGGREGATES).await?;
            for finding in &findings {
                println!("{finding}");
            }
            println!("{} findings", findings.len());
            Ok(if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
    }
}
