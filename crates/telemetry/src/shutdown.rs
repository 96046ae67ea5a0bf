//! The wish to stop: one switch, many watchers, never taken back.

use std::sync::Arc;

use tokio::sync::watch;

/// A switch that any clone may turn and any clone may wait for.
#[derive(Debug, Clone)]
pub struct Shutdown {
    switch: Arc<watch::Sender<bool>>,
}

impl Default for Shutdown {
    fn default() -> Self {
        Self::new()
    }
}

impl Shutdown {
    /// A switch that nobody has turned.
    pub fn new() -> Self {
        Self { switch: Arc::new(watch::Sender::new(false)) }
    }

    /// Asks everything that watches to stop. Asking again changes nothing.
    pub fn request(&self) {
        self.switch.send_replace(true);
    }

    /// Whether stopping was asked for.
    pub fn is_requested(&self) -> bool {
        *self.switch.borrow()
    }

    /// Ends once stopping is asked for; at once, if it already was. Safe to drop and wait again.
    pub async fn requested(&self) {
        // The sender lives in `self`, so the channel cannot close while this waits.
        let _ = self.switch.subscribe().wait_for(|asked| *asked).await;
    }
}

#[cfg(test)]
mod tests;
