//! Measures Tillroll, each figure beside a limit that is measured in the same run. Ratios are what to quote; machines
//! are noisy. What each measurement does stands at the head of its file in `measurements`.

mod bare;
mod empty;
mod http;
mod load;
mod long_log;
mod measured;
mod measurements;
mod nginx;
mod pgbench;
mod report;
mod requests;
mod run;
mod scale;
mod shop;
mod tillroll;
mod usage;

use clap::{Parser, Subcommand};
use std::error::Error;
use std::process::ExitCode;

/// What went wrong, said to a person.
pub type Failure = Box<dyn Error + Send + Sync>;

const EXAMPLES: &str = "\
Examples:
  cargo build --release -p tillroll -p tillroll-bench
  target/release/tillroll-bench commands             the command path at 1, 64, 256 and 512 clients
  target/release/tillroll-bench all --seconds 10     everything, for figures to quote
  target/release/tillroll-bench all --quick          only that everything works; figures mean nothing
  target/release/tillroll-bench checkout --json      for machines

Each run starts a broker and a PostgreSQL of its own (TILLROLL_KAFKA_LIBS says where Kafka's jars are, .tillroll/kafka-libs
otherwise) and the `tillroll` beside this program. With TILLROLL_STACK=external it uses the servers that
KAFKA_BOOTSTRAP_SERVERS and DATABASE_URL name, which must hold nothing of Tillroll, and leaves its records there.

A missed target is printed and is no failure. The status is 1 if anything was refused, the budget is exceeded, or
something did not work.";

/// Measures Tillroll, each figure beside a limit that is measured in the same run.
#[derive(Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    #[command(subcommand)]
    what: What,
    /// Counted seconds of each load, after a warm-up of a third of that.
    #[arg(long, global = true, default_value_t = 6)]
    seconds: u64,
    /// Records of the log that the catch-ups fold.
    #[arg(long, global = true, default_value_t = 300_000)]
    records: u64,
    /// Clients of the command path, each number a row.
    #[arg(long, global = true, value_delimiter = ',', default_values_t = [1, 64, 256, 512])]
    clients: Vec<usize>,
    /// Short and small, for CI; overrides the three above.
    #[arg(long, global = true)]
    quick: bool,
    /// Print JSON instead of text; progress goes to standard error in any case.
    #[arg(long, global = true)]
    json: bool,
}

/// A measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Subcommand)]
pub enum What {
    /// Commands over HTTP until durable and read back, beside an empty handler and a bare append + read-back.
    Commands,
    /// Everybody at one SKU, beside the same load over 2,000 SKUs.
    HotKey,
    /// A starting owner folds a long topic, beside a bare consumer of the same topic.
    OwnerCatchUp,
    /// A read model made from a long topic, beside COPY into a stage and a merge of the same rows.
    ProjectorCatchUp,
    /// GET /products/{sku} at 1, 8 and 64 clients, beside pgbench -S -M prepared.
    PointQuery,
    /// An empty role behind the gateway, beside the empty handler alone and nginx as its proxy.
    Gateway,
    /// Log-ins by password, beside argon2 alone.
    LogIn,
    /// Whole orders of three lines: until confirmed and until visible, at 20 a second and as fast as it goes.
    Checkout,
    /// Kafka clients, threads and memory of `serve all`, idle and under load, against the budget.
    Budget,
    /// All of these.
    All,
    /// Serves the limit of an empty handler on that port.
    #[command(hide = true)]
    EmptyHandler { port: u16 },
}

fn main() -> ExitCode {
    let args = Args::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.into()),
    };
    match runtime.block_on(carry_out(&args)) {
        Ok(code) => code,
        Err(error) => fail(&error),
    }
}

async fn carry_out(args: &Args) -> Result<ExitCode, Failure> {
    if let What::EmptyHandler { port } = args.what {
        empty::serve(port).await?;
        return Ok(ExitCode::SUCCESS);
    }
    let scale = match args.quick {
        true => scale::Scale::quick(),
        false => scale::Scale::full(args.seconds, args.records, &args.clients),
    };
    let mut report = report::Report::default();
    let outcome = run::run(args.what, &scale, &mut report).await;
    // What was measured before something went wrong is not lost.
    report.print(args.json);
    outcome?;
    let failures = report.failures();
    failures.iter().for_each(|failure| eprintln!("bench: failed: {failure}"));
    Ok(if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn fail(error: &Failure) -> ExitCode {
    eprintln!("bench: {error}");
    ExitCode::FAILURE
}
