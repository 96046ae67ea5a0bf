//! `tillroll payments`: whether the provider and the log say the same of money, and what an operator does with a
//! payment that is stuck.

mod books;
mod reconcile;
pub mod schedule;

use crate::Failure;
use crate::config::Config;
use crate::saga::action::{Action, Resource};
use crate::saga::{ActionArgs, ListArgs, ReasonArgs, RetryArgs, found, typed_id};
use clap::{Args, Subcommand};
use std::io::Write;
use std::process::ExitCode;
use tillroll_payments::payment::Payment;
use tillroll_schemas::PaymentId;

#[derive(Subcommand)]
pub enum PaymentsCommand {
    /// Compare the provider's books with the log, and report each difference; exit 1 if there is one.
    ///
    /// Asks the provider (TILLROLL_PAYMENT_PROVIDER, with its key) for every intent and every refund, and folds the
    /// topic of payments. It changes nothing. Differences are: an intent or a refund that only one of them knows,
    /// another amount held, taken or given back, another currency. What is told was there in two looks, two seconds
    /// apart; payments that wait for the provider are counted as under way and not judged, so run it again later for
    /// these. For each difference look at `tillroll aggregate show payment ID` and at the provider's own dashboard;
    /// what was done there by hand is put right by hand, since the log is never changed. The role `payments` does the same
    /// by itself, daily (TILLROLL_RECONCILE_SECONDS).
    Reconcile(ReconcileArgs),
    /// List the payments that wait for somebody. Reads the whole topic of payments.
    List(ListArgs),
    /// Show what one payment waits for.
    Show(ShowArgs),
    /// Have the provider asked again for what is stuck.
    Retry(RetryArgs),
    /// Say that the provider has taken, or given back, no money by the stuck call, and will not.
    Compensate(ReasonArgs),
    /// Say that the provider did what the stuck call asks, as you have seen: it counts as done.
    Complete(ReasonArgs),
}

#[derive(Args)]
pub struct ReconcileArgs {
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub struct ShowArgs {
    /// The payment's id.
    #[arg(value_parser = typed_id::<PaymentId>)]
    id: PaymentId,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

pub async fn run(command: PaymentsCommand, config: Config) -> Result<ExitCode, Failure> {
    match command {
        PaymentsCommand::Reconcile(args) => reconcile::run(&args, &config).await,
        PaymentsCommand::List(args) => {
            let sagas = found::sagas::<Payment>(&config.connect().await?, None).await?;
            crate::saga::print(&args, "payment", sagas)
        }
        PaymentsCommand::Show(args) => show(&args, &config).await,
        PaymentsCommand::Retry(args) => act(&args.of, Action::Retry(args.reason), &config).await,
        PaymentsCommand::Compensate(args) => act(&args.of, Action::Compensate(args.reason), &config).await,
        PaymentsCommand::Complete(args) => act(&args.of, Action::Complete(args.reason), &config).await,
    }
}

async fn show(args: &ShowArgs, config: &Config) -> Result<ExitCode, Failure> {
    let id = args.id.to_string();
    let sagas = found::sagas::<Payment>(&config.connect().await?, Some(&id)).await?;
    let mut out = std::io::stdout().lock();
    match sagas.first() {
        Some(saga) if args.json => writeln!(out, "{}", saga.json())?,
        Some(saga) => saga.print(&mut out)?,
        None if args.json => writeln!(out, "null")?,
        None => writeln!(out, "payment {id}: nothing is under way")?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn act(args: &ActionArgs, action: Action, config: &Config) -> Result<ExitCode, Failure> {
    let id = args.id.to_string();
    // The version names the command: the same action on the same state is the same command, however often it is sent.
    let version = found::version::<Payment>(&config.connect().await?, &id).await?;
    let told = action.send(Resource::Payment, args, version, config).await?;
    writeln!(std::io::stdout().lock(), "{told}")?;
    Ok(ExitCode::SUCCESS)
}
