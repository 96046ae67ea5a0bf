//! The one producer of a process: idempotent, never blocking, with a callback per record and no channel.
//! What must hold: every accepted record's callback is called exactly once, and a fatal error of the client costs the
//! records in flight, never the process.

mod delivery;
mod thread;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::error::KafkaError as ClientError;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord};
use rdkafka::types::RDKafkaErrorCode;
use tokio::sync::Notify;

use crate::closing::{Closed, closing};
use crate::{Config, DeliveryError, KafkaError, NewRecord, Offset, Refused, SendError};
use delivery::{Deliveries, Pending};

#[cfg(test)]
mod tests;

/// Called once per accepted record, on the producer's thread: it must be quick and must not block, since every other
/// acknowledgement waits for it. It may send again.
pub type OnDelivery = Box<dyn FnOnce(Result<Offset, DeliveryError>) + Send + 'static>;

type Client = BaseProducer<Deliveries>;

/// Sends records; cheap to clone, one per process. Dropping the last clone sends what is queued for up to five
/// seconds and then fails what is left with [`DeliveryError::Fatal`].
#[derive(Clone)]
pub struct Producer {
    handle: Arc<Handle>,
}

struct Handle {
    shared: Arc<Shared>,
    closed: Closed,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::Release);
    }
}

struct Shared {
    /// Senders and the thread read; only the thread writes, and only when it replaces a client that failed fatally.
    client: RwLock<Client>,
    config: ClientConfig,
    max_bytes: usize,
    flight: Arc<Flight>,
    stopping: AtomicBool,
}

/// The records that have been accepted and not been answered yet.
#[derive(Default)]
struct Flight {
    records: AtomicUsize,
    landed: Notify,
}

impl Shared {
    fn client(&self) -> RwLockReadGuard<'_, Client> {
        self.client.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Producer {
    /// Makes the client and its thread. It does not wait for a broker.
    pub fn start(config: &Config) -> Result<Producer, KafkaError> {
        let flight = Arc::new(Flight::default());
        let client_config = config.producer()?;
        let client = new_client(&client_config, &flight)?;
        let shared = Arc::new(Shared {
            client: RwLock::new(client),
            config: client_config,
            max_bytes: config.max_record_bytes(),
            flight,
            stopping: AtomicBool::new(false),
        });
        let (open, closed) = closing();
        thread::spawn(Arc::clone(&shared), open)?;
        Ok(Producer { handle: Arc::new(Handle { shared, closed }) })
    }

    /// Ends when the client is closed, some time after the last clone is gone. Holds none itself.
    pub fn closed(&self) -> impl Future<Output = ()> + Send + use<> {
        self.handle.closed.wait()
    }

    /// Queues the record and returns; it never blocks or sleeps. Records to one partition are stored in the order of
    /// the calls. What is refused comes back whole, and its callback has not been called.
    #[expect(clippy::result_large_err, reason = "a refusal gives the record back, and is rare")]
    pub fn send(&self, record: NewRecord, on_delivery: OnDelivery) -> Result<(), Refused> {
        let shared = &self.handle.shared;
        let bytes = record.size();
        if bytes > shared.max_bytes {
            let error = SendError::TooLarge { bytes, limit: shared.max_bytes };
            return Err(Refused { error, record, on_delivery });
        }
        shared.flight.records.fetch_add(1, Ordering::AcqRel);
        let sent = {
            let client = shared.client();
            let base = base_record(&record, on_delivery);
            client.send(base).map_err(|(error, base)| (error, base.delivery_opaque))
        };
        sent.map_err(|(error, pending)| {
            shared.flight.land();
            let error = send_error(error, bytes, shared.max_bytes);
            Refused { error, record, on_delivery: pending.into_callback() }
        })
    }

    /// Waits until every accepted record has been answered; false if that takes longer. With others sending all the
    /// while it may wait in vain: it is meant for the end.
    pub async fn flush(&self, within: Duration) -> bool {
        tokio::time::timeout(within, self.handle.shared.flight.empty()).await.is_ok()
    }

    /// Fails as if the sequence were lost, which no broker can be asked to do: for the tests of whoever must go on.
    #[doc(hidden)]
    pub fn fail_fatally(&self) {
        crate::native::fail_fatally(&self.handle.shared.client());
    }

    /// How many accepted records have not been answered yet.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.handle.shared.flight.records.load(Ordering::Acquire)
    }
}

impl Flight {
    fn land(&self) {
        if self.records.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.landed.notify_waiters();
        }
    }

    async fn empty(&self) {
        loop {
            let landed = self.landed.notified();
            if self.records.load(Ordering::Acquire) == 0 {
                return;
            }
            landed.await;
        }
    }
}

fn new_client(config: &ClientConfig, flight: &Arc<Flight>) -> Result<Client, KafkaError> {
    let context = Deliveries::new(Arc::clone(flight));
    config.create_with_context(context).map_err(KafkaError::client("making the producer"))
}

fn base_record(record: &NewRecord, on_delivery: OnDelivery) -> BaseRecord<'_, [u8], [u8], Pending> {
    let mut base = BaseRecord::with_opaque_to(&record.topic, Pending::new(on_delivery)).partition(record.partition.0);
    base.key = record.key.as_deref();
    base.payload = record.value.as_deref();
    if !record.headers.is_empty() {
        let mut headers = OwnedHeaders::new_with_capacity(record.headers.len());
        for (name, value) in &record.headers {
            headers = headers.insert(Header { key: name, value: Some(&value[..]) });
        }
        base.headers = Some(headers);
    }
    base
}

fn send_error(error: ClientError, bytes: usize, limit: usize) -> SendError {
    const DOING: &str = "sending a record";
    match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::QueueFull) => SendError::QueueFull,
        Some(RDKafkaErrorCode::MessageSizeTooLarge) => SendError::TooLarge { bytes, limit },
        Some(code) if delivery::is_fatal(code) => SendError::Fatal(KafkaError::broker(DOING, code, "")),
        _ => SendError::Other(KafkaError::client(DOING)(error)),
    }
}
