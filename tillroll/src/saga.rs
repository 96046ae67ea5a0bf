//! `tillroll saga`: what sagas wait for, folded from the log; and what an operator does with one that is stuck, asked
//! of the public door like any other command. Each action is an event of the order, with who, when and why.

pub mod action;
pub mod found;

use crate::config::Config;
use crate::{Failure, counted};
use action::{Action, Resource};
use clap::{Args, Subcommand};
use found::Found;
use serde_json::Value;
use std::io::Write;
use std::process::ExitCode;
use std::str::FromStr;
use tillroll_orders::order::Order;
use tillroll_payments::payment::Payment;
use tillroll_schemas::OrderId;
use uuid::Uuid;

#[derive(Subcommand)]
pub enum SagaCommand {
    /// List the sagas that are under way, of orders and of payments. Reads the whole topics of both.
    List(ListArgs),
    /// Show what one saga waits for.
    Show(ShowArgs),
    /// Have those asked again that a stuck saga waits for.
    Retry(RetryArgs),
    /// Give a stuck delivery up of which nothing has left, and the order with it.
    Compensate(ReasonArgs),
    /// Say that a stuck step was seen to by hand: it counts as done.
    Complete(ReasonArgs),
}

#[derive(Args)]
pub struct ListArgs {
    /// Only those that cannot go on by themselves.
    #[arg(long, conflicts_with = "open")]
    stuck: bool,
    /// Only those that can.
    #[arg(long)]
    open: bool,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

/// An id that was typed.
pub fn typed_id<T: FromStr>(text: &str) -> Result<T, String> {
    let wrong = "an id is a UUID, as `tillroll saga list`, `tillroll tail order` and `tillroll tail payment` print it";
    text.parse().map_err(|_| wrong.to_owned())
}

#[derive(Args)]
pub struct ShowArgs {
    /// The order's id.
    #[arg(value_parser = typed_id::<OrderId>)]
    id: OrderId,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub struct RetryArgs {
    #[command(flatten)]
    pub of: ActionArgs,
    /// Why now. No personal data.
    #[arg(long)]
    pub reason: Option<String>,
}

#[derive(Args)]
pub struct ReasonArgs {
    #[command(flatten)]
    pub of: ActionArgs,
    /// Why. No personal data.
    #[arg(long)]
    pub reason: String,
}

#[derive(Args)]
pub struct ActionArgs {
    /// The id of the order, or of the payment.
    #[arg(value_parser = typed_id::<Uuid>)]
    pub id: Uuid,
    /// Who does it, as it will stand in `ce_actor` of the event [operator, or whom TILLROLL_TOKEN names]. No personal
    /// data.
    #[arg(long = "as", value_name = "SUBJECT")]
    subject: Option<String>,
    /// The gateway [that of the running `tillroll up`, or http://127.0.0.1:8080].
    #[arg(long)]
    url: Option<String>,
}

pub async fn run(command: SagaCommand, config: Config) -> Result<ExitCode, Failure> {
    match command {
        SagaCommand::List(args) => list(&args, &config).await,
        SagaCommand::Show(args) => show(&args, &config).await,
        SagaCommand::Retry(args) => act(&args.of, Action::Retry(args.reason), &config).await,
        SagaCommand::Compensate(args) => act(&args.of, Action::Compensate(args.reason), &config).await,
        SagaCommand::Complete(args) => act(&args.of, Action::Complete(args.reason), &config).await,
    }
}

async fn list(args: &ListArgs, config: &Config) -> Result<ExitCode, Failure> {
    let node = config.connect().await?;
    let mut sagas = found::sagas::<Order>(&node, None).await?;
    sagas.extend(found::sagas::<Payment>(&node, None).await?);
    print(args, "saga", sagas)
}

/// Those that are wanted, the oldest first, and how many: `of` is the word for one.
pub fn print(args: &ListArgs, of: &str, mut sagas: Vec<Found>) -> Result<ExitCode, Failure> {
    let wanted = |saga: &Found| match saga.status.stuck {
        Some(_) => !args.open,
        None => !args.stuck,
    };
    sagas.retain(wanted);
    sagas.sort_by(|a, b| (a.since, &a.id).cmp(&(b.since, &b.id)));
    let mut out = std::io::stdout().lock();
    for saga in &sagas {
        if args.json { writeln!(out, "{}", saga.json())? } else { writeln!(out, "{}", saga.line())? }
    }
    if !args.json {
        writeln!(out, "{}", counted(sagas.len(), of))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn show(args: &ShowArgs, config: &Config) -> Result<ExitCode, Failure> {
    let id = args.id.to_string();
    let sagas = found::sagas::<Order>(&config.connect().await?, Some(&id)).await?;
    let mut out = std::io::stdout().lock();
    match sagas.first() {
        Some(saga) if args.json => writeln!(out, "{}", saga.json())?,
        Some(saga) => saga.print(&mut out)?,
        None if args.json => writeln!(out, "{}", Value::Null)?,
        None => writeln!(out, "order {id}: nothing is under way")?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn act(args: &ActionArgs, action: Action, config: &Config) -> Result<ExitCode, Failure> {
    let id = args.id.to_string();
    // The version names the command: the same action on the same state is the same command, however often it is sent.
    let version = found::version::<Order>(&config.connect().await?, &id).await?;
    let told = action.send(Resource::Order, args, version, config).await?;
    writeln!(std::io::stdout().lock(), "{told}")?;
    Ok(ExitCode::SUCCESS)
}
