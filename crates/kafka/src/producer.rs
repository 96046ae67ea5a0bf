//! The one producer of a process: idempotent, never blocking, with a callback per record and no channel.
//! What must hold: every accepted record's callback is called exactly once, and a fatal error of the client costs the
//! records in flight, never the process.

mod delivery;
mod flight;
mod thread;
mod waves;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::error::KafkaError as ClientError;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord};
use rdkafka::types::RDKafkaErrorCode;

use crate::closing::{Closed, closing};
use crate::{Config, DeliveryError, KafkaError, NewRecord, Offset, Refused, SendError};
use delivery::{Deliveries, Pending};
use flight::Flight;
use waves::{Waiting, Wave, Waves};

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
    waves: Waves,
    stopping: AtomicBool,
}

impl Shared {
    fn client(&self) -> RwLockReadGuard<'_, Client> {
        self.client.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a record whose turn it is to librdkafka.
    #[expect(clippy::result_large_err, reason = "a refusal gives the record back, and is rare")]
    fn hand_over(&self, wave: &Arc<Wave>, waiting: Waiting) -> Result<(), Refused> {
        let Waiting { record, on_delivery } = waiting;
        let bytes = record.size();
        let pending = Pending::new(on_delivery, Arc::clone(wave), bytes);
        let sent = {
            let client = self.client();
            client.send(base_record(&record, pending)).map_err(|(error, base)| (error, base.delivery_opaque))
        };
        sent.map_err(|(error, pending)| {
            let error = send_error(error, bytes, self.max_bytes);
            Refused { error, record, on_delivery: pending.into_parts().on_delivery }
        })
    }
}

impl Producer {
    /// Makes the client and its thread. It does not wait for a broker.
    pub fn start(config: &Config) -> Result<Producer, KafkaError> {
        let flight = Arc::new(Flight::of(config));
        let client_config = config.producer()?;
        let client = new_client(&client_config, &flight)?;
        let shared = Arc::new(Shared {
            client: RwLock::new(client),
            config: client_config,
            max_bytes: config.max_record_bytes(),
            flight,
            waves: Waves::default(),
            stopping: AtomicBool::new(false),
        });
        shared.flight.goes_on_with(&shared);
        let (open, closed) = closing();
        thread::spawn(Arc::clone(&shared), open)?;
        Ok(Producer { handle: Arc::new(Handle { shared, closed }) })
    }

    /// Ends when the client is closed, some time after the last clone is gone. Holds none itself.
    pub fn closed(&self) -> impl Future<Output = ()> + Send + use<> {
        self.handle.closed.wait()
    }

    /// Queues the record and returns; it never blocks or sleeps. Records to one partition are stored in the order of
    /// the calls. Those that wait for one that turns out lost are not sent, and are answered as it is. What is refused
    /// comes back whole, and its callback has not been called.
    #[expect(clippy::result_large_err, reason = "a refusal gives the record back, and is rare")]
    pub fn send(&self, record: NewRecord, on_delivery: OnDelivery) -> Result<(), Refused> {
        let shared = &self.handle.shared;
        let bytes = record.size();
        if bytes > shared.max_bytes {
            let error = SendError::TooLarge { bytes, limit: shared.max_bytes };
            return Err(Refused { error, record, on_delivery });
        }
        if !shared.flight.take_off(bytes) {
            return Err(Refused { error: SendError::QueueFull, record, on_delivery });
        }
        let wave = shared.waves.of(&record.topic, record.partition);
        let Some(now) = wave.enter(Waiting { record, on_delivery }) else { return Ok(()) };
        shared.hand_over(&wave, now).inspect_err(|_| {
            shared.flight.land(bytes);
            shared.flight.go_on(&wave, None);
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
        self.handle.shared.flight.records()
    }
}

fn new_client(config: &ClientConfig, flight: &Arc<Flight>) -> Result<Client, KafkaError> {
    let context = Deliveries::new(Arc::clone(flight));
    config.create_with_context(context).map_err(KafkaError::client("making the producer"))
}

fn base_record(record: &NewRecord, pending: Pending) -> BaseRecord<'_, [u8], [u8], Pending> {
    let mut base = BaseRecord::with_opaque_to(&record.topic, pending).partition(record.partition.0);
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
