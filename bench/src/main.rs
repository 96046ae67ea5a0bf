//! Measures the command path over HTTP, each figure beside a limit that is measured in the same run: an empty handler
//! of the same server, and a bare produce-and-read-back loop. Ratios are what to quote; machines are noisy.

mod limits;
mod load;
mod report;
mod system;

use clap::Parser;
use load::{Load, Target};
use report::Report;
use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;
use system::System;
use tillroll_devstack::{Data, Mode, Stack, StackConfig, Tuning};

/// What went wrong, said to a person.
pub type Failure = Box<dyn Error + Send + Sync>;

/// Measures commands over HTTP beside their limits. Needs target/release/tillroll (`cargo build --release`).
#[derive(Parser)]
struct Args {
    /// Clients at once, each in a closed loop; one row each.
    #[arg(long, value_delimiter = ',', default_value = "1,64")]
    clients: Vec<usize>,
    /// Seconds of each measurement, after a warm-up of a third of that.
    #[arg(long, default_value_t = 6)]
    seconds: u64,
    /// Different SKUs that the commands go to.
    #[arg(long, default_value_t = 500)]
    skus: usize,
    /// Print JSON instead of text.
    #[arg(long)]
    json: bool,
    /// Serve an empty handler on that port and nothing else (the limit runs in a process of its own).
    #[arg(long, hide = true)]
    empty_handler: Option<u16>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.into()),
    };
    let done = match args.empty_handler {
        Some(port) => runtime.block_on(limits::serve_empty_handler(port)),
        None => runtime.block_on(measure(&args)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

fn fail(error: &Failure) -> ExitCode {
    eprintln!("bench: {error}");
    ExitCode::FAILURE
}

#[expect(clippy::disallowed_methods, reason = "configuration of a bench is read here")]
async fn measure(args: &Args) -> Result<(), Failure> {
    let lookup = |name: &str| std::env::var(name).ok();
    let config = StackConfig::from_lookup(".tillroll", Data::Fresh, lookup)?;
    let config = StackConfig { broker_tuning: Tuning::Bench, ..config };
    let stack = Stack::from_mode(Mode::from_lookup(lookup)?, config).await?;
    let system = System::start(stack.bootstrap_servers(), stack.database_url()).await?;
    let empty = limits::EmptyHandler::start().await?;
    let skus = system.prepare(args.skus).await?;
    let mut report = Report::default();
    let seconds = Duration::from_secs(args.seconds);
    for clients in &args.clients {
        let load = |target| Load { clients: *clients, seconds, target };
        let limit = load(Target::empty(empty.address())).run().await?;
        let command = load(system.inventory(&skus)).run().await?;
        let gateway = load(system.gateway(&skus)).run().await?;
        report.row("empty handler", *clients, limit, limit);
        report.row("command, role's listener", *clients, command, limit);
        report.row("command, gateway", *clients, gateway, limit);
    }
    let bare = limits::produce_and_read_back(stack.bootstrap_servers(), seconds).await?;
    report.bare(bare);
    report.memory(system.resident_kib()?);
    report.print(args.json);
    system.stop().await?;
    empty.stop().await?;
    stack.stop().await?;
    Ok(())
}
