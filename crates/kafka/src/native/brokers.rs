//! Clients that have forgotten every broker. A broker that has just started, or has been asleep, answers before its
//! controller lets it in, and then names no broker at all. librdkafka forgets all that are not named, the bootstrap
//! servers too, and may miss its own way back (confluentinc/librdkafka, issue 5301; open for 2.10 to 2.15): it then
//! knows nobody for ever. So its statistics are looked at, and whoever knows nobody is told the servers again.

use std::collections::BTreeMap;
use std::ffi::CString;

use rdkafka_sys as sys;
use serde::Deserialize;

/// The brokers in librdkafka's statistics; some are only names for others.
#[derive(Deserialize)]
struct Statistics {
    brokers: BTreeMap<String, Broker>,
}

#[derive(Deserialize)]
struct Broker {
    source: String,
}

/// Whether a client with these statistics has no broker that it could ever connect to.
pub(crate) fn knows_nobody(statistics: &[u8]) -> bool {
    let is_real = |broker: &Broker| matches!(broker.source.as_str(), "configured" | "learned");
    match serde_json::from_slice::<Statistics>(statistics) {
        Ok(found) => !found.brokers.values().any(is_real),
        Err(error) => {
            tracing::warn!(%error, "librdkafka's statistics cannot be read");
            false
        }
    }
}

/// Tells a client its bootstrap servers once more; those that it knows it keeps.
///
/// # Safety
/// `client` is alive.
pub(super) unsafe fn introduce(client: *mut sys::rd_kafka_t, servers: &str) {
    // A client cannot be made with servers that hold a zero.
    let Ok(servers) = CString::new(servers) else { return };
    // SAFETY: by this function's contract; the text is copied.
    unsafe { sys::rd_kafka_brokers_add(client, servers.as_ptr()) };
}

#[cfg(test)]
mod tests;
