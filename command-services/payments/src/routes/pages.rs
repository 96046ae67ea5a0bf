//! How often the provider is asked for customers' pages. A customer asks when he likes, and the provider counts all that
//! its account asks: so pages have a circuit of their own, and are asked for few at once and no faster than somebody can
//! read them. When that was last is kept for a second; where the page is, nowhere.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tillroll_command_http::EXECUTE_WITHIN;
use tillroll_http::{Problem, problems};
use tillroll_schemas::PaymentId;
use tillroll_schemas::payment::IntentId;
use tokio::sync::Semaphore;

use crate::provider::guarded::Guarded;
use crate::provider::{Answer, Intent, Provider};

/// Calls that are under way at once: at some hundred milliseconds each, far from the rate that a provider allows (Stripe:
/// 100 a second, 25 in test mode).
const AT_ONCE: usize = 4;
/// Between two calls about one payment.
const PAUSE: Duration = Duration::from_secs(1);

/// The way to the pages.
pub(crate) struct Pages<P> {
    provider: Guarded<P>,
    under_way: Semaphore,
    asked: Mutex<Asked>,
}

impl<P: Provider> Pages<P> {
    /// Asks that provider, whose circuit nobody else needs.
    pub(crate) fn new(provider: Guarded<P>) -> Self {
        Self { provider, under_way: Semaphore::new(AT_ONCE), asked: Mutex::default() }
    }

    /// How the payment's intent stands now.
    pub(super) async fn look(&self, payment: PaymentId, intent: &IntentId) -> Result<Intent, Problem> {
        let unavailable = |why| Problem::new(&problems::UNAVAILABLE).detail(why);
        if !self.asked.lock().unwrap_or_else(PoisonError::into_inner).may(payment, Instant::now()) {
            return Err(Problem::new(&problems::RATE_LIMITED).detail("the page of this payment was asked for just now"));
        }
        let turn = tokio::time::timeout(EXECUTE_WITHIN, self.under_way.acquire()).await;
        let Ok(Ok(_turn)) = turn else { return Err(unavailable("too many customers are at the bank's door")) };
        match self.provider.retrieve(intent).await {
            Answer::Done(seen) => Ok(seen),
            Answer::Refused { .. } | Answer::Unknown(_) => Err(unavailable("the payment provider does not answer")),
        }
    }
}

/// When each payment's page was asked for, as long as that is within the pause.
#[derive(Default)]
struct Asked(HashMap<PaymentId, Instant>);

impl Asked {
    /// Whether it may be asked for now; if so, it is.
    fn may(&mut self, payment: PaymentId, now: Instant) -> bool {
        self.0.retain(|_, asked| now.saturating_duration_since(*asked) < PAUSE);
        let may = !self.0.contains_key(&payment);
        if may {
            self.0.insert(payment, now);
        }
        may
    }
}

#[cfg(test)]
mod tests;
