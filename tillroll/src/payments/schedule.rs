//! The role `payments` compares the provider's books with the log by itself, and says what differs: in its log, and in
//! numbers at `/metrics` of its internal listener.
//!
//! Of several instances the one does it that owns the first partition of payments. Nobody makes sure that no other does
//! at that moment: it only reads.

use super::books::compare;
use crate::Failure;
use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use std::fmt::Write;
use std::time::{Duration, Instant};
use tillroll_kafka::PartitionId;
use tillroll_log::{Node, Place, Served, Timestamp};
use tillroll_payments::provider::stripe::Stripe;
use tillroll_payments::reconciliation::Reconciled;
use tillroll_schemas::catalogue;
use tillroll_telemetry::Shutdown;
use tokio::sync::watch;
use tokio::time::sleep;

/// Whoever owns it compares.
const OWNED: Place = Place { topic: catalogue::PAYMENT.events, partition: PartitionId(0) };
/// Nothing is compared sooner after a start, or after the partition has moved: there is enough to do then. Nor is a
/// provider asked again sooner who did not answer.
const FIRST_AFTER: Duration = Duration::from_secs(600);

/// What is compared, and when.
pub struct Schedule {
    /// Where the log is.
    pub node: Node,
    /// Asked past the circuit breaker: its failures are none of a customer's.
    pub provider: Stripe,
    /// From one comparison to the next.
    pub every: Duration,
}

/// What the last comparison came to, if there was one here.
#[derive(Clone)]
struct Last {
    at: Timestamp,
    told: Reconciled,
}

impl Schedule {
    /// Compares for as long as the partition is served here. The route tells what came of it.
    pub fn start(self, served: watch::Receiver<Served>, shutdown: Shutdown) -> Router {
        let (tell, last) = watch::channel(None);
        tillroll_telemetry::spawn("reconciliation", async move {
            tokio::select! {
                () = self.run(served, &tell) => {}
                () = shutdown.requested() => {}
            }
        });
        let route = move || {
            let told = metrics(last.borrow().as_ref());
            async move { told }
        };
        Router::new().route("/metrics", get(route))
    }

    /// Ends with the role.
    async fn run(self, mut served: watch::Receiver<Served>, tell: &watch::Sender<Option<Last>>) {
        while served.wait_for(|served| served.contains_key(&OWNED)).await.is_ok() {
            let moved = tokio::select! {
                () = self.repeat(tell) => false,
                moved = served.wait_for(|served| !served.contains_key(&OWNED)) => moved.is_ok(),
            };
            // What is known here would be told for ever.
            tell.send_replace(None);
            if !moved {
                return;
            }
        }
    }

    async fn repeat(&self, tell: &watch::Sender<Option<Last>>) {
        let mut pause = FIRST_AFTER.min(self.every);
        loop {
            sleep(pause).await;
            pause = match self.once().await {
                Ok(told) => {
                    tell.send_replace(Some(Last { at: tillroll_log::now(), told }));
                    self.every
                }
                Err(error) => {
                    tracing::warn!(%error, "the payment provider's books could not be compared with the log");
                    FIRST_AFTER.min(self.every)
                }
            };
        }
    }

    async fn once(&self) -> Result<Reconciled, Failure> {
        let began = Instant::now();
        let told = compare(&self.node, &self.provider).await?;
        for difference in &told.differences {
            tracing::error!(%difference, "the payment provider and the log say different things of money");
        }
        let Reconciled { compared, under_way, left_over, foreign, differences } = &told;
        let (differences, duration_ms) = (differences.len(), began.elapsed().as_millis());
        tracing::info!(
            compared,
            under_way,
            left_over,
            foreign,
            differences,
            duration_ms,
            "the payment provider's books were compared with the log"
        );
        Ok(told)
    }
}

/// In Prometheus' text format; nothing if nothing was compared here.
fn metrics(last: Option<&Last>) -> impl IntoResponse + use<> {
    let mut text = String::new();
    if let Some(Last { at, told }) = last {
        for (name, help, value) in [
            ("last_run_timestamp_seconds", "When the payment provider's books were last compared.", at.timestamp()),
            ("differences", "What the provider and the log say differently.", count(told.differences.len())),
            ("compared", "Payments that were compared.", count(told.compared)),
            ("under_way", "Payments that wait for the provider, and were not compared.", count(told.under_way)),
            ("left_over", "Intents without money that no payment names.", count(told.left_over)),
            ("foreign", "Intents at the provider that are not this shop's.", count(told.foreign)),
        ] {
            let name = format!("tillroll_reconciliation_{name}");
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}");
        }
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text)
}

fn count(of: usize) -> i64 {
    i64::try_from(of).unwrap_or(i64::MAX)
}
