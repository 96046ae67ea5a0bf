//! Clients that have forgotten every broker. A broker that has just started, or has been asleep, answers before its
//! controller lets it in, and then names no broker at all. librdkafka forgets all that are not named, the bootstrap
//! servers too, and may miss its own way back (confluentinc/librdkafka, issue 5301; from 2.10 on): it then knows nobody
//! for ever. So each client's thread looks, and whoever knows none is told the servers again: also one that has never met any,
//! since whether it has could be missed between two looks.

use std::cell::Cell;
use std::ffi::CString;
use std::time::{Duration, Instant};

use rdkafka::client::{Client, ClientContext};
use rdkafka::config::ClientConfig;
use rdkafka_sys as sys;

/// Between two looks at a client.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Whoever still knows nobody is told at each of the first looks, and then at every so manieth, since a client keeps all that
/// it is told.
const EAGER: u32 = 4;

/// What is known of one client's brokers.
pub(crate) struct Brokers {
    servers: CString,
    role: &'static str,
    looked: Cell<Instant>,
    /// So many looks, one after the other, have found that it knows nobody.
    misses: Cell<u32>,
}

impl Brokers {
    /// Of a client that is made with this configuration.
    pub(crate) fn of(config: &ClientConfig, role: &'static str) -> Brokers {
        let servers = config.get("bootstrap.servers").and_then(|servers| CString::new(servers).ok());
        Brokers { servers: servers.unwrap_or_default(), role, looked: Cell::new(Instant::now()), misses: Cell::new(0) }
    }

    /// To be called again and again by the thread that polls the client; it is cheap, and never waits for a broker.
    pub(crate) fn look_after<C: ClientContext>(&self, client: &Client<C>) {
        if self.looked.get().elapsed() < LOOK_EVERY {
            return;
        }
        self.looked.set(Instant::now());
        let misses = if known(client) == 0 { self.misses.get().saturating_add(1) } else { 0 };
        self.misses.set(misses);
        if misses > 0 && (misses < EAGER || misses % EAGER == 0) {
            tracing::debug!(kafka.client = self.role, misses, "no broker is known, asking the servers");
            // SAFETY: the client is alive; the text is copied.
            unsafe { sys::rd_kafka_brokers_add(client.native_ptr(), self.servers.as_ptr()) };
        }
    }
}

/// How many brokers the client has met, and not forgotten.
fn known<C: ClientContext>(client: &Client<C>) -> usize {
    let mut count = 0;
    // SAFETY: the client is alive; the list is ours, and given back unread.
    unsafe {
        let ids = sys::rd_kafka_brokers_learned_ids(client.native_ptr(), &raw mut count);
        sys::rd_kafka_mem_free(client.native_ptr(), ids.cast());
    }
    count
}
