//! `tillroll payments reconcile`: compares both books, and prints each difference.

use super::ReconcileArgs;
use super::books::compare;
use crate::Failure;
use crate::config::{Config, PaymentProvider};
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;
use tillroll_log::Node;
use tillroll_payments::provider::stripe::Stripe;
use tillroll_payments::reconciliation::Reconciled;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

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
    writeln!(to, "{compared} payments compared, {under_way} under way, {} differences", differences.len())?;
    if *left_over > 0 {
        writeln!(to, "{left_over} intents without money belong to no payment: nobody will confirm them")?;
    }
    if *foreign > 0 {
        writeln!(to, "{foreign} intents at the provider are not of this shop")?;
    }
    Ok(())
}

async fn provider(config: &Config, node: &Node) -> Result<Stripe, Failure> {
    let urls = match config.payment_provider()? {
        PaymentProvider::Stripe => Vec::new(),
        PaymentProvider::Sandbox if config.role_urls("sandbox")?.is_some() => Vec::new(),
        PaymentProvider::Sandbox => announced(node).await?,
    };
    Ok(config.payment_adapter(|| watch::channel(urls).1)?)
}

async fn announced(node: &Node) -> Result<Vec<String>, Failure> {
    let mut services = node.services().clone();
    let deadline = Instant::now() + FOUND_WITHIN;
    loop {
        let urls = services.urls("sandbox");
        if !urls.is_empty() {
            return Ok(urls);
        }
        if timeout_at(deadline, services.changed()).await.is_err() {
            return Err("no sandbox announces itself; does Tillroll run? TILLROLL_SANDBOX_URL says where it is".into());
        }
    }
}
