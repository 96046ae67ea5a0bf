//! Reading partitions for ever: one consumer per process tails every partition that anybody follows, decodes each
//! record once and fans it out. A subscriber that comes late, or is too slow, reads what it missed with a client of
//! its own and joins again; the tail never waits for anybody.

mod catch_up;
mod fan_out;
mod recent;
mod subscription;
mod thread;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Weak};
use std::time::Duration;

use rdkafka::consumer::Consumer as _;
use tokio::sync::mpsc as channel;

use crate::closing::{Closed, closing};
use crate::config::FetchWait;
use crate::native::{Consumer, Waker};
use crate::reading::open_consumer;
use crate::{Batch, Config, KafkaError, Offset, PartitionId, Topic};
pub use subscription::Subscription;

/// What a subscriber may leave unread before it is detached, in bytes of records, unless it is configured.
const BACKLOG_BYTES: usize = 16 * 1024 * 1024;

/// One consumer client per process, and its subscribers. Cheap to clone; the client is closed with the last clone
/// and the last subscription.
#[derive(Clone)]
pub struct Tail {
    shared: Arc<Shared>,
}

struct Shared {
    config: Config,
    backlog_bytes: usize,
    /// Taken at the end only.
    commands: Option<mpsc::Sender<Command>>,
    closed: Closed,
    waker: Waker,
    client: Weak<Consumer>,
    subscribers: AtomicU64,
}

impl Drop for Shared {
    fn drop(&mut self) {
        // In this order: a thread that is woken first finds its channel open, and waits again.
        self.commands.take();
        self.waker.wake();
    }
}

impl Tail {
    /// Makes the client and its thread. It does not wait for a broker.
    pub fn start(config: &Config) -> Result<Tail, KafkaError> {
        Tail::with_backlog(config, BACKLOG_BYTES)
    }

    /// The same; a subscriber is detached, and catches up by itself, once it has left more than `bytes` of records
    /// unread. Records are shared between subscribers.
    pub fn with_backlog(config: &Config, bytes: usize) -> Result<Tail, KafkaError> {
        let queue = open_consumer(&config.reader(FetchWait::Tailing)?, "tail")?;
        let (commands, received) = mpsc::channel();
        let (waker, client) = (queue.waker().clone(), Arc::downgrade(queue.consumer()));
        let (open, closed) = closing();
        thread::spawn(queue, received, open)?;
        let shared = Shared {
            config: config.clone(),
            backlog_bytes: bytes.max(1),
            commands: Some(commands),
            closed,
            waker,
            client,
            subscribers: AtomicU64::new(0),
        };
        Ok(Tail { shared: Arc::new(shared) })
    }

    /// Ends when the client is closed, some time after the last clone and the last subscription are gone. Holds none.
    pub fn closed(&self) -> impl Future<Output = ()> + Send + use<> {
        self.shared.closed.wait()
    }

    /// All records of the partitions from the given positions on, in order within each, for ever.
    #[must_use]
    pub fn subscribe(&self, topic: Topic, from: Vec<(PartitionId, Offset)>) -> Subscription {
        Subscription::new(self.clone(), topic, from)
    }

    fn tell(&self, command: Command) -> bool {
        let told = self.shared.commands.as_ref().is_some_and(|commands| commands.send(command).is_ok());
        self.shared.waker.wake();
        told
    }

    /// Lets the tail's client learn who leads the topic's partitions: of a topic that it is told to read without
    /// knowing it, librdkafka finds that out within a second only. Waits for the broker, so never on the tail's thread.
    fn introduce(&self, topic: &Topic, within: Duration) {
        if let Some(client) = self.shared.client.upgrade() {
            // Without an answer it learns it by itself.
            let _ = client.fetch_metadata(Some(topic), within);
        }
    }

    /// Asks the tail to carry these partitions from these positions on.
    fn join(&self, topic: &Topic, at: &[(PartitionId, Offset)], unless: Unless) -> Answer {
        let id = SubscriberId(self.shared.subscribers.fetch_add(1, Ordering::Relaxed));
        let (send, receive) = channel::unbounded_channel();
        let backlog = Arc::new(Backlog::new(self.shared.backlog_bytes));
        let (answer, answered) = mpsc::sync_channel(1);
        let live = Live { tail: self.clone(), id, batches: receive, backlog: Arc::clone(&backlog) };
        let subscriber = Subscriber { batches: send, backlog };
        let (topic, at) = (Arc::clone(topic), at.to_vec());
        self.tell(Command::Join(Join { id, subscriber, topic, at, unless, answer }));
        match answered.recv() {
            Ok(Some(starts)) => Answer::Joined { starts, live },
            Ok(None) => Answer::Refused,
            Err(_) => Answer::Gone,
        }
    }
}

/// What came of a join.
enum Answer {
    /// Everything from these positions on comes through `live`.
    Joined { starts: Vec<(PartitionId, Offset)>, live: Live },
    /// It was asked for on a condition that does not hold.
    Refused,
    /// The tail has ended, or could not take on the partitions.
    Gone,
}

/// Whether a join may be refused.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unless {
    /// It may not: a partition that nobody follows yet is taken on.
    Never,
    /// Unless the tail has everything from the positions on at hand.
    Distant,
}

/// Numbers are never used twice, so that a late goodbye cannot hit somebody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct SubscriberId(u64);

enum Command {
    Join(Join),
    Leave(SubscriberId),
}

struct Join {
    id: SubscriberId,
    subscriber: Subscriber,
    topic: Topic,
    /// The joiner's positions. A partition that nobody follows yet begins here.
    at: Vec<(PartitionId, Offset)>,
    unless: Unless,
    answer: mpsc::SyncSender<Option<Vec<(PartitionId, Offset)>>>,
}

/// The tail's side of a subscriber.
struct Subscriber {
    batches: channel::UnboundedSender<(Batch, usize)>,
    backlog: Arc<Backlog>,
}

impl Subscriber {
    /// Whether the batch, of that size, has found room.
    fn offer(&self, batch: Batch, size: usize) -> bool {
        self.backlog.take(size) && self.batches.send((batch, size)).is_ok()
    }
}

/// Counts what a subscriber has not read yet, which is what bounds its channel.
struct Backlog {
    held: AtomicUsize,
    limit: usize,
}

impl Backlog {
    fn new(limit: usize) -> Backlog {
        Backlog { held: AtomicUsize::new(0), limit }
    }

    /// Whether there is room; a batch larger than the limit is let in when there is nothing else.
    fn take(&self, bytes: usize) -> bool {
        let held = self.held.load(Ordering::Acquire);
        if held > 0 && held.saturating_add(bytes) > self.limit {
            return false;
        }
        self.held.fetch_add(bytes, Ordering::AcqRel);
        true
    }

    fn give_back(&self, bytes: usize) {
        self.held.fetch_sub(bytes, Ordering::AcqRel);
    }
}

/// The subscriber's side: batches until it is detached or the tail ends.
struct Live {
    tail: Tail,
    id: SubscriberId,
    batches: channel::UnboundedReceiver<(Batch, usize)>,
    backlog: Arc<Backlog>,
}

impl Live {
    async fn next(&mut self) -> Option<Batch> {
        let (batch, size) = self.batches.recv().await?;
        self.backlog.give_back(size);
        Some(batch)
    }

    /// Whether the tail has let go of this subscriber; what it sent before can still be read.
    fn is_detached(&self) -> bool {
        self.batches.is_closed()
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.tail.tell(Command::Leave(self.id));
    }
}
