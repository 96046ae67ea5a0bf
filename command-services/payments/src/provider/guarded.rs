//! A provider behind a circuit breaker: after some unknown outcomes in a row it is left alone for a moment, then asked
//! again: the first answer closes the circuit, the first failure opens it for longer. Refusals are answers, not failures,
//! and so is what says something of one call alone.

use std::future::Future;
use std::time::Duration;

use failsafe::backoff::EqualJittered;
use failsafe::failure_policy::ConsecutiveFailures;
use failsafe::futures::CircuitBreaker;
use failsafe::{Config, Error, Instrument, StateMachine, backoff, failure_policy};
use tillroll_schemas::Money;
use tillroll_schemas::payment::IntentId;

use super::{Answer, Doubt, IdempotencyKey, Intent, NewIntent, NewRefund, Page, Provider, RefundSeen};

/// A shorter pause could be none.
const LEAST_PAUSE: Duration = Duration::from_secs(2);

/// When the circuit opens, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Circuit {
    /// Unknown outcomes in a row after which it opens.
    pub failures: u32,
    /// How long it stays open the first time; it doubles, with jitter, while probes fail. In whole seconds, at least 2:
    /// half of it may be jitter.
    pub first_pause: Duration,
    /// How long it stays open at most.
    pub longest_pause: Duration,
}

impl Default for Circuit {
    fn default() -> Self {
        Self { failures: 5, first_pause: Duration::from_secs(2), longest_pause: Duration::from_secs(60) }
    }
}

/// A provider behind a circuit breaker. A clone shares its circuit.
#[derive(Clone)]
pub struct Guarded<P> {
    provider: P,
    circuit: Circuit,
    breaker: StateMachine<ConsecutiveFailures<EqualJittered>, Logged>,
}

impl<P: Provider> Guarded<P> {
    /// Guards it.
    pub fn new(provider: P, circuit: Circuit) -> Self {
        let first = circuit.first_pause.max(LEAST_PAUSE);
        let pauses = backoff::equal_jittered(first, circuit.longest_pause.max(first));
        let policy = failure_policy::consecutive_failures(circuit.failures, pauses);
        Self { provider, circuit, breaker: Config::new().failure_policy(policy).instrument(Logged).build() }
    }

    /// The same provider behind a circuit of its own: what fails there opens none here.
    pub fn apart(&self) -> Self
    where
        P: Clone,
    {
        Self::new(self.provider.clone(), self.circuit)
    }

    async fn ask<T: Send>(&self, call: impl Future<Output = Answer<T>> + Send) -> Answer<T> {
        let call = async {
            match call.await {
                Answer::Unknown(doubt) if doubt.is_about_the_provider() => Err(doubt),
                answer => Ok(answer),
            }
        };
        match self.breaker.call(call).await {
            Ok(answer) => answer,
            Err(Error::Inner(doubt)) => Answer::Unknown(doubt),
            Err(Error::Rejected) => Answer::Unknown(Doubt::CircuitOpen),
        }
    }
}

impl<P: Provider> Provider for Guarded<P> {
    async fn create(&self, key: &IdempotencyKey, new: &NewIntent) -> Answer<Intent> {
        self.ask(self.provider.create(key, new)).await
    }

    async fn confirm(&self, key: &IdempotencyKey, intent: &IntentId) -> Answer<Intent> {
        self.ask(self.provider.confirm(key, intent)).await
    }

    async fn capture(&self, key: &IdempotencyKey, intent: &IntentId, amount: Money) -> Answer<Intent> {
        self.ask(self.provider.capture(key, intent, amount)).await
    }

    async fn void(&self, key: &IdempotencyKey, intent: &IntentId) -> Answer<Intent> {
        self.ask(self.provider.void(key, intent)).await
    }

    async fn refund(&self, key: &IdempotencyKey, new: &NewRefund) -> Answer<RefundSeen> {
        self.ask(self.provider.refund(key, new)).await
    }

    async fn retrieve(&self, intent: &IntentId) -> Answer<Intent> {
        self.ask(self.provider.retrieve(intent)).await
    }

    async fn refunds(&self, intent: &IntentId) -> Answer<Vec<RefundSeen>> {
        self.ask(self.provider.refunds(intent)).await
    }

    async fn every_intent(&self, after: Option<&str>) -> Answer<Page<Intent>> {
        self.ask(self.provider.every_intent(after)).await
    }

    async fn every_refund(&self, after: Option<&str>) -> Answer<Page<RefundSeen>> {
        self.ask(self.provider.every_refund(after)).await
    }
}

/// Says when the circuit changes.
#[derive(Clone, Copy, Debug)]
struct Logged;

impl Instrument for Logged {
    fn on_call_rejected(&self) {}

    fn on_open(&self) {
        tracing::warn!("the payment provider fails: it is left alone for a moment");
    }

    fn on_half_open(&self) {
        tracing::info!("the payment provider is asked again");
    }

    fn on_closed(&self) {
        tracing::info!("the payment provider answers");
    }
}

#[cfg(test)]
mod tests;
