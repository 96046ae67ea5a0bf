//! The provider's books and the log's, looked at twice: what both looks show is a difference.

use crate::Failure;
use crate::saga::found;
use std::collections::BTreeMap;
use std::time::Duration;
use tillroll_log::Node;
use tillroll_payments::payment::Payment;
use tillroll_payments::provider::stripe::Stripe;
use tillroll_payments::provider::{Answer, Page, Provider};
use tillroll_payments::reconciliation::{Booked, Books, Reconciled, reconcile};
use tokio::time::sleep;

/// Between the two looks: what was on its way at the first has arrived by the second.
const BETWEEN: Duration = Duration::from_secs(2);
/// How often a page is asked for that was not given.
const ATTEMPTS: u32 = 5;

/// What the provider and the log say differently, lastingly. Reads all of both.
pub async fn compare(node: &Node, provider: &Stripe) -> Result<Reconciled, Failure> {
    let first = reconcile(&books(node, provider).await?);
    if first.differences.is_empty() {
        return Ok(first);
    }
    sleep(BETWEEN).await;
    let again = reconcile(&books(node, provider).await?);
    let lasting = again.differences.iter().filter(|difference| first.differences.contains(difference));
    Ok(Reconciled { differences: lasting.cloned().collect(), ..again })
}

/// Both books. The provider's are read first: what he has by then and the log does not is no matter of haste.
async fn books(node: &Node, provider: &Stripe) -> Result<Books, Failure> {
    let intents = every(provider, |after| async move { provider.every_intent(after.as_deref()).await }).await?;
    let refunds = every(provider, |after| async move { provider.every_refund(after.as_deref()).await }).await?;
    let folded = found::folded::<Payment>(node, None).await?;
    let log: BTreeMap<_, _> =
        folded.iter().filter_map(|(id, folded)| Some((id.parse().ok()?, Booked::of(&folded.state)))).collect();
    Ok(Books { log, intents, refunds })
}

/// All pages. `ask` takes what it owns: a future that borrows it could not be moved between threads.
async fn every<T, F>(provider: &Stripe, ask: impl Fn(Option<String>) -> F) -> Result<Vec<T>, Failure>
where
    F: Future<Output = Answer<Page<T>>>,
{
    let mut all = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = patiently(provider, || ask(after.clone())).await?;
        all.extend(page.items);
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(all),
        }
    }
}

async fn patiently<T, F: Future<Output = Answer<T>>>(provider: &Stripe, ask: impl Fn() -> F) -> Result<T, Failure> {
    let mut attempt = 1;
    loop {
        match ask().await {
            Answer::Done(page) => return Ok(page),
            Answer::Refused { code, .. } => return Err(format!("the payment provider refuses: {code}").into()),
            Answer::Unknown(doubt) if attempt == ATTEMPTS => {
                let place = provider.address().unwrap_or_else(|| "an address that nobody announces".to_owned());
                return Err(format!("the payment provider at {place} does not answer: {doubt:?}").into());
            }
            Answer::Unknown(_) => {}
        }
        sleep(Duration::from_secs(1) * attempt).await;
        attempt += 1;
    }
}

#[cfg(test)]
mod tests;
