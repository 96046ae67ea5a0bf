//! `tillroll payments reconcile`: compares both books, and prints each difference.

use super::ReconcileArgs;
use super::books::compare;
use crate::config::{Config, PaymentProvider};
use crate::roles::announced;
use crate::{Failure, counted};
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;
use tillroll_gateway::Urls;
use tillroll_log::Node;
use tillroll_payments::provider::stripe::Stripe;
use tillroll_payments::reconciliation::Reconciled;
use tokio::sync::watch;
use tokio::time::timeout;

/// How long a sandbox that announces itself is looked for.
const FOUND_WITHIN: Duration = Duration::from_secs(5);

pub async fn run(args: &ReconcileArgs, config: &Config) -> Result<ExitCode, Failure> {
    let node = config.connect().await?;
    let provider = provider(config, &node).await?;
    let told = compare(&node, &provider).await?;
    let mut out = std::io::stdout().lock();
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&told)?)?;
    } else {
        print(&told, &mut out)?;
    }
    Ok(if told.differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print(told: &Reconciled, to: &mut impl Write) -> std::io::Result<()> {
    let Reconciled { compared, under_way, left_over, foreign, differences } = told;
    differences.iter().try_for_each(|difference| writeln!(to, "{difference}"))?;
    let (compared, differing) = (counted(*compared, "payment"), counted(differences.len(), "difference"));
    writeln!(to, "{compared} compared, {under_way} under way, {differing}")?;
    if *left_over > 0 {
        let intents = counted(*left_over, "intent");
        writeln!(to, "of no payment: {intents} without money, which nobody will confirm")?;
    }
    if *foreign > 0 {
        writeln!(to, "not of this shop: {} at the provider", counted(*foreign, "intent"))?;
    }
    Ok(())
}

async fn provider(config: &Config, node: &Node) -> Result<Stripe, Failure> {
    let urls = match config.payment_provider()? {
        PaymentProvider::Stripe => watch::channel(Vec::new()).1,
        PaymentProvider::Sandbox if config.role_urls("sandbox")?.is_some() => watch::channel(Vec::new()).1,
        PaymentProvider::Sandbox => sandbox(node).await?,
    };
    Ok(config.payment_books(|| urls)?)
}

/// Where the sandbox is, as that is known from one moment to the next: what is read first may have been said by a
/// process that is dead by now.
async fn sandbox(node: &Node) -> Result<Urls, Failure> {
    let mut urls = announced(node, "sandbox", None);
    match timeout(FOUND_WITHIN, urls.wait_for(|urls| !urls.is_empty())).await {
        Ok(Ok(_)) => {}
        Ok(Err(_)) | Err(_) => {
            return Err("no sandbox announces itself; does Tillroll run? TILLROLL_SANDBOX_URL says where it is".into());
        }
    }
    Ok(urls)
}
