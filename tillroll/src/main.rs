//! The `tillroll` binary: every role of the shop's backend, and the operator's command line.

mod aggregate;
mod bounce;
mod config;
mod demo;
mod doctor;
mod health;
mod import;
mod keys;
mod messages;
mod payments;
mod roles;
mod saga;
mod serve;
mod tail;
mod token;
mod topics;
mod up;
mod vault;

use clap::{Parser, Subcommand};
use config::Config;
use std::error::Error;
use std::process::ExitCode;

/// What went wrong, said to a person.
pub type Failure = Box<dyn Error + Send + Sync>;

/// A commerce backend whose only source of truth is a log of events in Kafka.
///
/// Try it: `tillroll up` starts Kafka, PostgreSQL and every role on this machine;
/// `tillroll import online-retail data/online-retail-extract.csv` feeds it real trade;
/// `tillroll tail order.events.v1` shows what happened.
///
/// Settings are environment variables; `tillroll settings` lists them.
#[derive(Parser)]
#[command(version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start Kafka, PostgreSQL and every role on this machine, until Ctrl-C.
    Up(up::UpArgs),
    /// Run roles against a Kafka and a PostgreSQL that are there already.
    Serve(serve::ServeArgs),
    /// Enter trade from a file, as any client could.
    Import(import::ImportArgs),
    /// Print what happened: the admitted events of a topic, or of all.
    Tail(tail::TailArgs),
    /// Look at one aggregate: its events and its state.
    #[command(subcommand)]
    Aggregate(aggregate::AggregateCommand),
    /// See what orders and payments wait for, and mend orders that are stuck.
    #[command(subcommand)]
    Saga(saga::SagaCommand),
    /// Compare the payment provider's books with the log, and mend payments that are stuck.
    #[command(subcommand)]
    Payments(payments::PaymentsCommand),
    /// Look for what is wrong with this installation, and say how to mend it; exit 1 if something is.
    Doctor(doctor::DoctorArgs),
    /// Make or check the topics.
    #[command(subcommand)]
    Topics(topics::TopicsCommand),
    /// Take in a mail that came back.
    Bounce(bounce::BounceArgs),
    /// Look after the keys to personal data.
    #[command(subcommand)]
    Vault(vault::VaultCommand),
    /// Watch a guarantee being kept.
    #[command(subcommand)]
    Demo(demo::DemoCommand),
    /// Print an access token, signed with this installation's key.
    Token(token::TokenArgs),
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// List the environment variables that Tillroll reads.
    Settings,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    // It says which names there are, so it must not fall over a wrong one.
    if let Command::Settings = cli.command {
        config::print_settings();
        return ExitCode::SUCCESS;
    }
    let config = match Config::from_environment() {
        Ok(config) => config,
        Err(error) => return fail(&error),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    match runtime.block_on(run(cli.command, config)) {
        Ok(code) => code,
        Err(error) => fail(error.as_ref()),
    }
}

async fn run(command: Command, config: Config) -> Result<ExitCode, Failure> {
    match command {
        Command::Up(args) => up::run(args, config).await,
        Command::Serve(args) => serve::run(args, config).await,
        Command::Import(args) => import::run(args, config).await,
        Command::Tail(args) => tail::run(args, config).await,
        Command::Aggregate(command) => aggregate::run(command, config).await,
        Command::Saga(command) => saga::run(command, config).await,
        Command::Payments(command) => payments::run(command, config).await,
        Command::Doctor(args) => doctor::run(args, config).await,
        Command::Topics(command) => topics::run(command, config).await,
        Command::Bounce(args) => bounce::run(args, config).await,
        Command::Vault(command) => vault::run(command, config).await,
        Command::Demo(command) => demo::run(command, config).await,
        Command::Token(args) => token::run(&args, &config),
        Command::Keys(command) => keys::run(&command, &config),
        // Printed before there was a configuration.
        Command::Settings => Ok(ExitCode::SUCCESS),
    }
}

/// Says what went wrong, with its causes, in one line.
fn fail(error: &(dyn Error + 'static)) -> ExitCode {
    // Whoever reads the output has seen enough: `tillroll tail | head`.
    let broken_pipe = |error: &std::io::Error| error.kind() == std::io::ErrorKind::BrokenPipe;
    if error.downcast_ref().is_some_and(broken_pipe) {
        return ExitCode::SUCCESS;
    }
    eprintln!("tillroll: {}", said(error));
    ExitCode::FAILURE
}

/// So many of them: `1 payment`, `2 payments`.
fn counted(many: impl TryInto<u64> + ToString, one: &str) -> String {
    let told = many.to_string();
    let plural = if many.try_into().is_ok_and(|many| many == 1) { "" } else { "s" };
    format!("{told} {one}{plural}")
}

/// An error with its causes in one line, none of them twice.
fn said(error: &(dyn Error + 'static)) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !said.contains(&text) {
            said = format!("{said}: {text}");
        }
        cause = error.source();
    }
    said
}
