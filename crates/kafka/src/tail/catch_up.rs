//! A catch-up reader: a client and a thread for one subscription, until it has met the tail.
//! It reads to the end, joins the tail, reads up to where the tail begins, hands over and is gone.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer as _;
use rdkafka::topic_partition_list::Offset as RdOffset;
use rdkafka::types::RDKafkaErrorCode;
use tokio::sync::mpsc;

use super::{Answer, Live, Tail, Unless};
use crate::config::FetchWait;
use crate::error::is_unknown;
use crate::native::{Event, EventQueue, Place};
use crate::reading::{Slots, open_consumer, partition_list};
use crate::{Batch, KafkaError, Offset, PartitionId, ReadError, Topic};

/// Batches that may wait for the subscriber; the reader pauses beyond, as nobody else is held up by it.
const BATCHES: usize = 16;
/// A request to the broker gets this long; the broker may be away for much longer, so it is repeated.
const REQUEST: Duration = Duration::from_secs(2);
/// Between attempts while the broker is away.
const RETRY: Duration = Duration::from_millis(100);
/// A broker that has just started may not know its topics yet: it must say so for so long without a break.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often the thread looks whether its subscriber is still there.
const LOOK_AROUND: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests;

/// What a catch-up reader gives its subscription, in this order: batches, then the way to the tail or an error.
pub(super) enum CaughtUp {
    Batch(Batch),
    Live(Live),
    Failed(ReadError),
}

/// Why a reader stops early.
enum Stop {
    /// The subscriber is gone.
    Unwanted,
    Failed(ReadError),
}

pub(super) fn spawn(
    tail: Tail,
    topic: Topic,
    from: Vec<(PartitionId, Offset)>,
) -> Result<mpsc::Receiver<CaughtUp>, KafkaError> {
    let (out, caught_up) = mpsc::channel(BATCHES);
    std::thread::Builder::new()
        .name("kafka-catch-up".to_owned())
        .spawn(move || run(tail, topic, from, out))
        .map_err(KafkaError::thread("starting to catch up"))?;
    Ok(caught_up)
}

fn run(tail: Tail, topic: Topic, from: Vec<(PartitionId, Offset)>, out: mpsc::Sender<CaughtUp>) {
    let last = match tail.join(&topic, &from, Unless::Distant) {
        Answer::Joined { starts, live } if covers(&starts, &from) => CaughtUp::Live(live),
        Answer::Gone => CaughtUp::Failed(gone(&topic)),
        Answer::Joined { .. } | Answer::Refused => match read(tail, topic, &from, &out) {
            Ok(live) => CaughtUp::Live(live),
            Err(Stop::Failed(error)) => CaughtUp::Failed(error),
            Err(Stop::Unwanted) => return,
        },
    };
    // An error of the channel means that the subscriber is gone, and nobody is left to tell.
    drop(out.blocking_send(last));
}

/// Reads what the tail has not at hand.
fn read(tail: Tail, topic: Topic, from: &[(PartitionId, Offset)], out: &mpsc::Sender<CaughtUp>) -> Result<Live, Stop> {
    let queue = open(&tail, &topic).map_err(Stop::Failed)?;
    Reader { queue, tail, topic, slots: Slots::new(), out: out.clone() }.catch_up(from)
}

fn covers(starts: &[(PartitionId, Offset)], from: &[(PartitionId, Offset)]) -> bool {
    from.iter().all(|(partition, position)| starts.iter().any(|(p, start)| p == partition && start <= position))
}

fn gone(topic: &Topic) -> ReadError {
    fatal(topic, KafkaError::Closed { doing: "joining the tail" })
}

fn open(tail: &Tail, topic: &Topic) -> Result<EventQueue, ReadError> {
    let config = tail.shared.config.reader(FetchWait::Bounded);
    config.and_then(|config| open_consumer(&config, "catch-up")).map_err(|source| fatal(topic, source))
}

fn fatal(topic: &Topic, source: KafkaError) -> ReadError {
    ReadError::Fatal { topic: Arc::clone(topic), source }
}

/// Since when the answers say, without a break, that there is no such partition.
#[derive(Default)]
struct Unknown {
    since: Option<Instant>,
}

impl Unknown {
    /// Whether this answer makes it certain.
    fn is_certain(&mut self, error: &KafkaError, now: Instant) -> bool {
        if !error.code().is_some_and(|code| is_unknown(code.0)) {
            self.since = None;
            return false;
        }
        now.duration_since(*self.since.get_or_insert(now)) >= PATIENCE
    }
}

/// Errors after which the position has just been found to be good: the library has stopped reading and is told again.
fn is_mended_by_assigning(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as C;
    is_unknown(code) || matches!(code, C::AutoOffsetReset | C::OffsetOutOfRange | C::LogTruncation)
}

struct Reader {
    queue: EventQueue,
    tail: Tail,
    topic: Topic,
    slots: Slots<()>,
    out: mpsc::Sender<CaughtUp>,
}

impl Reader {
    fn catch_up(&mut self, from: &[(PartitionId, Offset)]) -> Result<Live, Stop> {
        let mut ends = self.ends(from)?;
        self.assign(from)?;
        loop {
            self.read_up_to(&ends)?;
            self.tail.introduce(&self.topic, REQUEST);
            let at = self.positions();
            // The tail begins a new partition where this reader stands, so there is nothing between them.
            let Answer::Joined { starts, live } = self.tail.join(&self.topic, &at, Unless::Never) else {
                return Err(Stop::Failed(gone(&self.topic)));
            };
            self.read_up_to(&starts)?;
            if !live.is_detached() {
                return Ok(live);
            }
            ends = starts;
        }
    }

    /// The ends of the partitions, once every position is known to be within its partition.
    fn ends(&self, from: &[(PartitionId, Offset)]) -> Result<Vec<(PartitionId, Offset)>, Stop> {
        from.iter().map(|(partition, offset)| Ok((*partition, self.end_beyond(*partition, *offset)?))).collect()
    }

    fn end_beyond(&self, partition: PartitionId, offset: Offset) -> Result<Offset, Stop> {
        let (beginning, end) = self.ends_of(partition)?;
        if (beginning..=end).contains(&offset) {
            return Ok(end);
        }
        let topic = Arc::clone(&self.topic);
        Err(Stop::Failed(ReadError::OffsetOutOfRange { topic, partition, offset, beginning, end }))
    }

    /// Waits for a broker that is away, however long.
    fn ends_of(&self, partition: PartitionId) -> Result<(Offset, Offset), Stop> {
        let mut unknown = Unknown::default();
        loop {
            let error = match self.queue.consumer().fetch_watermarks(&self.topic, partition.0, REQUEST) {
                Ok((beginning, end)) => return Ok((Offset(beginning), Offset(end))),
                Err(error) => KafkaError::client("asking for the ends of a partition")(error),
            };
            if unknown.is_certain(&error, Instant::now()) {
                let topic = Arc::clone(&self.topic);
                return Err(Stop::Failed(ReadError::UnknownPartition { topic, partition }));
            }
            self.judge(error)?;
            self.wanted()?;
            self.pause();
        }
    }

    /// Between attempts the client is polled, and so looked after if it has forgotten every broker. What it has fetched is
    /// dropped: whoever asks for ends assigns afterwards.
    fn pause(&self) {
        let until = Instant::now() + RETRY;
        while Instant::now() < until {
            drop(self.queue.poll(until.saturating_duration_since(Instant::now())));
        }
    }

    /// Passes what only needs patience.
    fn judge(&self, error: KafkaError) -> Result<(), Stop> {
        match error.is_transient() || error.code().is_some_and(|code| is_unknown(code.0)) {
            true => Ok(()),
            false => Err(Stop::Failed(fatal(&self.topic, error))),
        }
    }

    fn assign(&mut self, from: &[(PartitionId, Offset)]) -> Result<(), Stop> {
        for (partition, offset) in from {
            self.slots.insert(Arc::clone(&self.topic), *partition, *offset, ());
        }
        let places = from.iter().map(|(partition, offset)| (&self.topic, *partition, RdOffset::Offset(offset.0)));
        partition_list(places)
            .and_then(|list| {
                self.queue.consumer().assign(&list).map_err(KafkaError::client("assigning partitions to catch up"))
            })
            .map_err(|source| Stop::Failed(fatal(&self.topic, source)))
    }

    /// Reads until every partition's position has reached its end. It may read further; the position says how far.
    fn read_up_to(&mut self, ends: &[(PartitionId, Offset)]) -> Result<(), Stop> {
        while self.is_behind(ends) {
            self.wanted()?;
            let event = self.slots.take_fetched(&self.queue, LOOK_AROUND);
            self.send_on()?;
            self.heed(event)?;
        }
        Ok(())
    }

    fn is_behind(&mut self, ends: &[(PartitionId, Offset)]) -> bool {
        let behind = |(partition, end): &(PartitionId, Offset)| {
            self.slots.get_mut(&self.topic, *partition).is_some_and(|slot| slot.next < *end)
        };
        !ends.is_empty() && ends.iter().any(behind)
    }

    fn send_on(&mut self) -> Result<(), Stop> {
        let mut sent = true;
        let out = &self.out;
        self.slots.drain_touched(|slot| {
            sent &= out.blocking_send(CaughtUp::Batch(slot.batch())).is_ok();
        });
        if sent { Ok(()) } else { Err(Stop::Unwanted) }
    }

    fn heed(&mut self, event: Event) -> Result<(), Stop> {
        match event {
            Event::PartitionError(Place { partition, .. }, code) => {
                let position = self.slots.get_mut(&self.topic, partition).map_or(Offset::ZERO, |slot| slot.next);
                // Names what is wrong if it is the position or the partition, and waits for a broker that is away.
                self.end_beyond(partition, position)?;
                if !is_mended_by_assigning(code) {
                    self.judge(KafkaError::broker("catching up", code, ""))?;
                }
                let positions = self.positions();
                self.assign(&positions)
            }
            Event::ClientError { code, fatal: true, reason } => {
                Err(Stop::Failed(fatal(&self.topic, KafkaError::broker("catching up", code, &reason))))
            }
            Event::Quiet
            | Event::Record(_)
            | Event::PartitionEnd(..)
            | Event::ClientError { .. }
            | Event::Assign(_)
            | Event::Revoke(_)
            | Event::Committed { .. } => Ok(()),
        }
    }

    fn positions(&mut self) -> Vec<(PartitionId, Offset)> {
        self.slots.iter_mut().map(|slot| (slot.partition, slot.next)).collect()
    }

    fn wanted(&self) -> Result<(), Stop> {
        if self.out.is_closed() { Err(Stop::Unwanted) } else { Ok(()) }
    }
}
