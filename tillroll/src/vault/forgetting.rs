//! Every process that seals or opens folds who was erased, from the beginning of the log at each start: it drops his key
//! from memory, and says to the vault again that he was, so that no restored backup brings him back.

use std::sync::Arc;
use std::time::Duration;
use tillroll_log::{Node, Seen, Watcher};
use tillroll_schemas::user::UserEvent;
use tillroll_schemas::{UserId, catalogue};
use tillroll_telemetry::Shutdown;
use tillroll_vault::{Receipt, Vault};
use tokio::sync::mpsc;

/// Tombstones in one statement.
const AT_ONCE: usize = 1_000;
const AGAIN_AFTER: Duration = Duration::from_secs(2);

/// Tells of everybody whose key is to be destroyed.
struct Erased(mpsc::UnboundedSender<Receipt>);

impl Watcher for Erased {
    const EVENTS: &'static str = catalogue::USER.events;
    type Event = UserEvent;

    fn see(&self, events: Vec<Seen<UserEvent>>) {
        for seen in events {
            if !matches!(seen.event, UserEvent::Erased(_) | UserEvent::RegistrationFailed(_)) {
                continue;
            }
            if let Ok(UserId(person)) = seen.key.parse() {
                // Whoever listens has gone with the process.
                let _ = self.0.send(Receipt { person, erased_at: seen.recorded_at });
            }
        }
    }
}

/// Does so until the shutdown. Neither Kafka nor the vault's database need be there yet.
pub fn forget_the_erased(node: Node, vault: Vault, shutdown: Shutdown) {
    tillroll_telemetry::spawn("erasures", async move {
        tokio::select! {
            () = forget(&node, &vault) => {}
            () = shutdown.requested() => {}
        }
    });
}

async fn forget(node: &Node, vault: &Vault) {
    let (tell, mut told) = mpsc::unbounded_channel();
    let watcher = Arc::new(Erased(tell));
    let _follower = loop {
        match node.follow(watcher.clone()).await {
            Ok(follower) => break follower,
            Err(error) => tracing::debug!(%error, "erasures cannot be followed yet"),
        }
        tokio::time::sleep(AGAIN_AFTER).await;
    };
    let mut erased = Vec::new();
    while told.recv_many(&mut erased, AT_ONCE).await > 0 {
        while let Err(error) = vault.entomb(&erased).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "erasures are not repeated to the vault yet");
            tokio::time::sleep(AGAIN_AFTER).await;
        }
        erased.clear();
    }
}
