//! How fresh the read models are: one task polls the checkpoints, often while somebody waits for a token and seldom
//! otherwise; another asks where the log ends.

mod checkpoints;
mod watcher;

use crate::EndOffsets;
use axum::http::{HeaderName, HeaderValue};
use checkpoints::{Checkpoints, Reached};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tillroll_http::{ConsistencyToken, Problem, problems};
use tillroll_postgres::Pool;
use tillroll_schemas::catalogue::{
    API_KEY, CART, CREDIT_NOTE, INVOICE_SERIES, NOTIFICATION, ORDER, PAYMENT, PREFERENCE, PRODUCT, SESSION, STOCK_ITEM,
    USER,
};
use tillroll_telemetry::{Shutdown, spawn};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout_at};

/// How far the read models are that were read: `topic/partition@next,…;topic/…`.
static READ_MODEL_POSITION: HeaderName = HeaderName::from_static("read-model-position");
/// Milliseconds since the read models were last known to hold everything that was in the log.
static READ_MODEL_LAG_MS: HeaderName = HeaderName::from_static("read-model-lag-ms");

/// The read models that a resource is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reads {
    /// Products with their stock.
    Products,
    /// Orders.
    Orders,
    /// Sales.
    Sales,
    /// Carts, at the catalogue's prices.
    Carts,
    /// Users.
    Users,
    /// Sessions, with the users that they are of.
    Sessions,
    /// Keys for machines.
    ApiKeys,
    /// Payments.
    Payments,
    /// Invoices and credit notes.
    Invoices,
    /// Notifications.
    Notifications,
    /// What people want of them.
    Preferences,
}

impl Reads {
    const ALL: [Self; 11] = [
        Self::Products,
        Self::Orders,
        Self::Sales,
        Self::Carts,
        Self::Users,
        Self::Sessions,
        Self::ApiKeys,
        Self::Payments,
        Self::Invoices,
        Self::Notifications,
        Self::Preferences,
    ];

    /// The projections, each with a topic that it reads.
    pub(crate) const fn sources(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Products => &[("products", PRODUCT.events), ("stock", STOCK_ITEM.events)],
            Self::Orders => &[("orders", ORDER.events)],
            Self::Sales => &[("sales", ORDER.events), ("sales", CREDIT_NOTE.events)],
            Self::Carts => &[("carts", CART.events), ("products", PRODUCT.events)],
            Self::Users => &[("users", USER.events)],
            Self::Sessions => &[("sessions", SESSION.events), ("users", USER.events)],
            Self::ApiKeys => &[("api-keys", API_KEY.events)],
            Self::Notifications => &[("notifications", NOTIFICATION.events)],
            Self::Preferences => &[("preferences", PREFERENCE.events)],
            Self::Payments => &[("payments", PAYMENT.events)],
            Self::Invoices => &[("invoices", INVOICE_SERIES.events)],
        }
    }

    /// Every projection that reads the topic, each once, whether it has a checkpoint or not.
    pub(crate) fn projections_of(topic: &str) -> Vec<&'static str> {
        let sources = Self::ALL.into_iter().flat_map(Self::sources);
        let reading: BTreeSet<_> = sources.filter(|(_, read)| *read == topic).map(|(name, _)| *name).collect();
        reading.into_iter().collect()
    }
}

/// How fresh an answer is at least.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fresh {
    /// `topic/partition@next,partition@next;topic/…`, as far as it is known; nothing until the checkpoints were read
    /// once.
    positions: Option<HeaderValue>,
    /// Time since the read models were last known to hold everything that was in the log; until they did once, since
    /// they have been watched.
    lag: Duration,
}

impl Fresh {
    /// As headers of an answer, whatever it is.
    pub(crate) fn headers(&self) -> [(HeaderName, HeaderValue); 2] {
        let positions = self.positions.clone().unwrap_or(HeaderValue::from_static(""));
        let lag = u64::try_from(self.lag.as_millis()).unwrap_or(u64::MAX);
        [(READ_MODEL_POSITION.clone(), positions), (READ_MODEL_LAG_MS.clone(), HeaderValue::from(lag))]
    }

    /// The problem, saying how fresh the read models were that it was found in.
    pub(crate) fn told_by(&self, problem: Problem) -> Problem {
        self.headers().into_iter().fold(problem, |problem, (name, value)| problem.header(name, value))
    }
}

/// Knows how fresh the read models are. Clones share what they know.
#[derive(Clone)]
pub(crate) struct Freshness(Arc<Shared>);

pub(super) struct Shared {
    known: watch::Sender<Arc<Checkpoints>>,
    waiting: AtomicUsize,
    /// Somebody began to wait.
    hurry: Notify,
}

/// One who waits, for as long as it lives.
struct Waiting<'a>(&'a Shared);

impl<'a> Waiting<'a> {
    fn begin(shared: &'a Shared) -> Self {
        shared.waiting.fetch_add(1, Ordering::SeqCst);
        shared.hurry.notify_one();
        Self(shared)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Freshness {
    /// Watches until `shutdown` is requested.
    pub(crate) fn watch(pool: Pool, ends: impl EndOffsets, shutdown: &Shutdown) -> Self {
        let known = watch::Sender::new(Arc::new(Checkpoints::unknown(Instant::now())));
        let shared = Arc::new(Shared { known, waiting: AtomicUsize::new(0), hurry: Notify::new() });
        let (ends_known, ends_seen) = watch::channel(Arc::default());
        for (name, work) in watcher::tasks(shared.clone(), pool, ends, ends_known, ends_seen) {
            let shutdown = shutdown.clone();
            drop(spawn(name, async move {
                tokio::select! {
                    () = shutdown.requested() => {}
                    () = work => {}
                }
            }));
        }
        Self(shared)
    }

    /// How fresh what is read from now on will be, at least.
    pub(crate) fn now(&self, reads: Reads) -> Fresh {
        self.0.known.borrow().fresh(reads, Instant::now())
    }

    /// Waits until the read models hold everything that the token asks for, or 503 when the patience is over.
    pub(crate) async fn reach(
        &self,
        reads: Reads,
        token: &ConsistencyToken,
        patience: Duration,
    ) -> Result<(), Problem> {
        let arrived = Instant::now();
        let mut known = self.0.known.subscribe();
        if known.borrow_and_update().reached(reads, token) == Reached::Yes {
            return Ok(());
        }
        let _waiting = Waiting::begin(&self.0);
        let deadline = arrived + patience;
        while let Ok(Ok(())) = timeout_at(deadline, known.changed()).await {
            let seen = known.borrow_and_update().clone();
            match seen.reached(reads, token) {
                Reached::Yes => return Ok(()),
                // What was read before the token arrived may be of the log before the token's own.
                Reached::OtherLog if seen.read_since(arrived) => {
                    return Err(Problem::new(&problems::TOKEN_OF_ANOTHER_LOG));
                }
                Reached::OtherLog | Reached::NotYet => {}
            }
        }
        if known.borrow().reachable {
            return Err(Problem::new(&problems::READ_MODEL_BEHIND));
        }
        Err(Problem::new(&problems::UNAVAILABLE).detail("the read models cannot be reached"))
    }
}

#[cfg(test)]
mod tests;
