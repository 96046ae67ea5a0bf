//! `tillroll import online-retail FILE`: enters a real shop's invoices through the public door, as any client could.
//!
//! `rows` and `plan` are pure: the file, and what it means. `send` carries the plan out. Keys are made of the file's
//! own numbers, so importing twice, or breaking off and importing again, changes nothing.

mod amount;
pub mod client;
pub mod patience;
mod plan;
mod progress;
mod records;
mod rows;
mod send;
mod settle;
mod summary;
mod tokens;

use crate::Failure;
use crate::config::Config;
use client::ClientError;
pub use client::{Ask, Client};
pub use patience::Patience;
use progress::Progress;
use records::RecordCounter;
use send::{Refusal, SendError, Sender};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use summary::Summary;

/// Longer than any import.
const TOKEN_FOR: Duration = Duration::from_secs(24 * 3600);

/// What to import.
#[derive(Debug, clap::Args)]
pub struct ImportArgs {
    /// The kind of file.
    #[command(subcommand)]
    source: ImportSource,
}

#[derive(Debug, clap::Subcommand)]
enum ImportSource {
    /// A CSV file with the columns of "Online Retail" (UCI Machine Learning Repository).
    OnlineRetail(OnlineRetail),
}

#[derive(Debug, clap::Args)]
struct OnlineRetail {
    /// The CSV file.
    file: PathBuf,
    /// Invoices under way at a time.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1024))]
    concurrency: u16,
    /// The gateway [that of the running `tillroll up`, or http://127.0.0.1:8080].
    #[arg(long)]
    url: Option<String>,
    /// An access token of the role staff [TILLROLL_TOKEN, or one minted from this installation's key].
    #[arg(long, conflicts_with = "token_file")]
    token: Option<String>,
    /// A file with an access token.
    #[arg(long)]
    token_file: Option<PathBuf>,
    /// Gives up after this many seconds in which no request succeeded.
    #[arg(long, default_value_t = 120)]
    patience: u64,
}

/// Why an import failed.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read.
    #[error("cannot read {}", .path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It says what cannot be.
    #[error("{}: {source}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        source: rows::FileFault,
    },
    /// There is no token, and none can be minted.
    #[error("no access token: give --token, --token-file or TILLROLL_TOKEN: {0}")]
    NoToken(Failure),
    /// The server, or the way to it.
    #[error(transparent)]
    Send(#[from] SendError),
    /// The server, or the way to it.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The file says that it happened, the shop says that it cannot be.
    #[error("{} refused:\n{}", .0.len(), .0.iter().map(|refusal| format!("  {}: {}", refusal.what, refusal.why)).collect::<Vec<_>>().join("\n"))]
    Refused(Vec<Refusal>),
    /// The summary cannot be printed.
    #[error("cannot write to the standard output")]
    Output(#[from] std::io::Error),
}

/// Imports, and prints what came of it.
pub async fn run(args: ImportArgs, config: Config) -> Result<ExitCode, Failure> {
    let ImportSource::OnlineRetail(args) = args.source;
    import(&args, &config).await?;
    Ok(ExitCode::SUCCESS)
}

async fn import(args: &OnlineRetail, config: &Config) -> Result<(), ImportError> {
    let plan = read_plan(&args.file)?;
    let url = args.url.clone().unwrap_or_else(|| config.gateway_url());
    let client = Client::new(&url, &token(args, config)?, Patience::new(Duration::from_secs(args.patience)))?;
    let counter = match config.bootstrap_servers() {
        Ok(servers) => RecordCounter::find(&config.kafka(&servers)).await,
        Err(_) => None,
    };
    let before = count(counter.as_ref()).await;

    let (sums, days) = (plan.sums, days(&plan));
    let sku = plan.products.first().map(|product| product.body.sku.clone());
    let began = Instant::now();
    let outcome = Sender::new(client.clone()).send(plan, usize::from(args.concurrency), &Progress::new()).await?;
    if !outcome.refusals.is_empty() {
        let mut refusals = outcome.refusals;
        refusals.sort_by(|a, b| a.what.cmp(&b.what));
        return Err(ImportError::Refused(refusals));
    }
    settle::wait_for_reads(&client, &outcome, sku.as_ref()).await?;
    let took = began.elapsed();
    let shown = settle::net_sales(&client, &days).await?;
    let records = before.zip(count(counter.as_ref()).await).map(|(before, after)| after - before);
    Summary { sums, took, records, shown }.print(&mut std::io::stdout().lock())?;
    Ok(())
}

fn read_plan(path: &Path) -> Result<plan::Plan, ImportError> {
    let file = std::fs::read(path).map_err(|source| ImportError::Read { path: path.to_owned(), source })?;
    rows::read(&file)
        .and_then(|rows| plan::plan(&rows))
        .map_err(|source| ImportError::File { path: path.to_owned(), source })
}

fn token(args: &OnlineRetail, config: &Config) -> Result<String, ImportError> {
    match (&args.token, &args.token_file, &config.token) {
        (Some(token), _, _) => Ok(token.clone()),
        (None, Some(path), _) => {
            std::fs::read_to_string(path).map_err(|source| ImportError::Read { path: path.clone(), source })
        }
        (None, None, Some(token)) => Ok(token.clone()),
        (None, None, None) => crate::token::staff(config, TOKEN_FOR).map_err(ImportError::NoToken),
    }
}

async fn count(counter: Option<&RecordCounter>) -> Option<i64> {
    counter?.count().await
}

/// The days on which the plan sells or credits something.
fn days(plan: &plan::Plan) -> BTreeSet<String> {
    let steps = plan.invoices.iter().flat_map(|invoice| &invoice.steps);
    let times = steps.filter_map(|step| match step {
        plan::Step::Order(order) => Some(order.placed_at),
        plan::Step::Credit(note) => Some(note.placed_at),
        plan::Step::Stock { .. } => None,
    });
    times.map(|at| at.format("%Y-%m-%d").to_string()).collect()
}
