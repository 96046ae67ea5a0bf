//! `tillroll payments reconcile`: two looks at both books; what both looks show is a difference.

use super::ReconcileArgs;
use crate::Failure;
use crate::config::{Config, PaymentProvider};
use crate::saga::found;
use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;
use tillroll_log::Node;
use tillroll_payments::payment::Payment;
use tillroll_payments::provider::stripe::Stripe;
use tillroll_payments::provider::{Answer, Page, Provider};
use tillroll_payments::reconciliation::{Booked, Books, Reconciled, reconcile};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout_at};

/// Between the two looks: what was on its way at the first has arrived by the second.
const BETWEEN: Duration = Duration::from_secs(2);
/// How long a sandbox that announces itself is looked for.
const FOUND_WITHIN: Duration = Duration::from_secs(5);
/// How often a page is asked for that was not given.
const ATTEMPTS: u32 = 5;

pub async fn run(args: &ReconcileArgs, config: &Config) -> Result<ExitCode, Failure> {
    let node = config.connect().await?;
    let provider = provider(config, &node).await?;
    let mut told = reconcile(&books(&node, &provider).await?);
    if !told.differences.is_empty() {
        sleep(BETWEEN).await;
        let again = reconcile(&books(&node, &provider).await?);
        let lasting = again.differences.iter().filter(|difference| told.differences.contains(difference));
        told = Reconciled { differences: lasting.cloned().collect(), ..again };
    }
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

/// Both books. The provider's are read first: what he has by then and the log does not is no matter of haste.
async fn books(node: &Node, provider: &Stripe) -> Result<Books, Failure> {
    let intents = every(async |after| provider.every_intent(after).await).await?;
    let refunds = every(async |after| provider.every_refund(after).await).await?;
    let folded = found::folded::<Payment>(node, None).await?;
    let log: BTreeMap<_, _> =
        folded.iter().filter_map(|(id, folded)| Some((id.parse().ok()?, Booked::of(&folded.state)))).collect();
    Ok(Books { log, intents, refunds })
}

async fn every<T>(ask: impl AsyncFn(Option<&str>) -> Answer<Page<T>>) -> Result<Vec<T>, Failure> {
    let mut all = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = patiently(async || ask(after.as_deref()).await).await?;
        all.extend(page.items);
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(all),
        }
    }
}

async fn patiently<T>(ask: impl AsyncFn() -> Answer<T>) -> Result<T, Failure> {
    let mut attempt = 1;
    loop {
        match ask().await {
            Answer::Done(page) => return Ok(page),
            Answer::Refused { code, .. } => return Err(format!("the payment provider refuses: {code}").into()),
            Answer::Unknown(doubt) if attempt == ATTEMPTS => {
                return Err(format!("the payment provider does not answer: {doubt:?}").into());
            }
            Answer::Unknown(_) => {}
        }
        sleep(Duration::from_secs(1) * attempt).await;
        attempt += 1;
    }
}
