//! `tillroll topics`: making them as they must be, and finding out where they are not.

use crate::Failure;
use crate::config::Config;
use clap::Subcommand;
use std::process::ExitCode;
use tillroll_log::Environment;
use tillroll_schemas::catalogue;

#[derive(Subcommand)]
pub enum TopicsCommand {
    /// Make the topics that are missing; those that are there stay as they are.
    Create {
        /// Replicas of each; 3 in production, 1 in development if absent.
        #[arg(long)]
        replication: Option<i32>,
    },
    /// Compare the topics with what they must be; exit 1 and say how to mend if something differs.
    Check,
}

pub fn default_replication(environment: Environment) -> i32 {
    match environment {
        Environment::Development => 1,
        Environment::Production => 3,
    }
}

#[expect(clippy::print_stdout, reason = "the command's output")]
pub async fn run(command: TopicsCommand, config: Config) -> Result<ExitCode, Failure> {
    let node = config.connect().await?;
    match command {
        TopicsCommand::Create { replication } => {
            let replication = replication.unwrap_or(default_replication(config.environment));
            let created = node.create_topics(&catalogue::AGGREGATES, replication).await?;
            for name in &created {
                println!("created {name}");
            }
            println!("{} topics created", created.len());
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
