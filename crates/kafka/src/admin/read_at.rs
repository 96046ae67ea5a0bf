//! Single records by their place: a thread that keeps its client open, so that a look costs no connection.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer as _;
use rdkafka::topic_partition_list::Offset as RdOffset;
use rdkafka::types::RDKafkaErrorCode;
use tokio::sync::oneshot;

use crate::closing::{Closed, closing};
use crate::native::{Event, EventQueue, Waker};
use crate::reading::{Slots, partition_list};
use crate::{Batch, KafkaError, Offset, PartitionId, Record, Topic};

const DOING: &str = "reading one record";
const WITHIN: Duration = Duration::from_secs(10);
/// A question ends the wait at once; the client's log lines are served in between.
const LOOK_AROUND: Duration = Duration::from_secs(1);
/// How often it is looked whether somebody still waits for the answer.
const WANTED: Duration = Duration::from_millis(100);
/// Questions that may wait: at some milliseconds each, nobody would wait for more.
const MOST_QUESTIONS: usize = 256;
/// Batches that are remembered, of some hundred records each, and for how long.
const MOST_BATCHES: usize = 8;
const KEPT: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests;

/// The way to the thread.
#[derive(Clone)]
pub(super) struct Places(Arc<Line>);

struct Line {
    /// Taken at the end only.
    questions: Option<SyncSender<Question>>,
    waker: Waker,
    closed: Closed,
}

impl Drop for Line {
    fn drop(&mut self) {
        // In this order: a thread that is woken first finds its channel open, and waits again.
        self.questions.take();
        self.waker.wake();
    }
}

struct Question {
    topic: Topic,
    partition: PartitionId,
    offset: Offset,
    answer: oneshot::Sender<Result<Option<Arc<Record>>, KafkaError>>,
}

impl Places {
    pub(super) fn spawn(queue: EventQueue) -> Result<Places, KafkaError> {
        let (questions, asked) = sync_channel(MOST_QUESTIONS);
        let (open, closed) = closing();
        let waker = queue.waker().clone();
        std::thread::Builder::new()
            .name("kafka-admin".to_owned())
            .spawn(move || {
                run(&queue, &asked);
                drop(queue);
                drop(open);
            })
            .map_err(KafkaError::thread("starting to read single records"))?;
        Ok(Places(Arc::new(Line { questions: Some(questions), waker, closed })))
    }

    /// Ends when the thread has closed its client. Holds nothing of it.
    pub(super) fn closed(&self) -> impl Future<Output = ()> + Send + use<> {
        self.0.closed.wait()
    }

    pub(super) async fn read(
        &self,
        topic: Topic,
        partition: PartitionId,
        offset: Offset,
    ) -> Result<Option<Arc<Record>>, KafkaError> {
        let (answer, answered) = oneshot::channel();
        let closed = KafkaError::Closed { doing: DOING };
        let questions = self.0.questions.as_ref().ok_or_else(|| closed.clone())?;
        questions.try_send(Question { topic, partition, offset, answer }).map_err(|refused| match refused {
            TrySendError::Full(_) => KafkaError::Overloaded { doing: DOING },
            TrySendError::Disconnected(_) => closed.clone(),
        })?;
        self.0.waker.wake();
        answered.await.unwrap_or(Err(closed))
    }
}

fn run(queue: &EventQueue, asked: &Receiver<Question>) {
    let mut neighbours = Neighbours::default();
    loop {
        queue.waker().awake();
        match asked.try_recv() {
            Ok(question) => {
                let answer = match neighbours.find(&question) {
                    Some(record) => Ok(Some(record)),
                    None => read(queue, &question, &mut neighbours),
                };
                // Nobody waits for it any more: nothing to do.
                drop(question.answer.send(answer));
            }
            Err(TryRecvError::Empty) => {
                drop(queue.poll(LOOK_AROUND));
                neighbours.forget_old();
            }
            Err(TryRecvError::Disconnected) => return,
        }
    }
}

/// What came along with the last records that were read: whoever repeats many commands repeats them in about the order
/// of the log. A record never changes.
#[derive(Default)]
struct Neighbours(VecDeque<(Instant, Batch)>);

impl Neighbours {
    fn find(&self, question: &Question) -> Option<Arc<Record>> {
        let of_partition = |batch: &Batch| batch.topic == question.topic && batch.partition == question.partition;
        let batches = self.0.iter().filter(|(since, batch)| since.elapsed() < KEPT && of_partition(batch));
        batches.flat_map(|(_, batch)| &batch.records).find(|record| record.offset == question.offset).cloned()
    }

    fn keep(&mut self, batch: Batch) {
        self.forget_old();
        self.0.truncate(MOST_BATCHES - 1);
        self.0.push_front((Instant::now(), batch));
    }

    fn forget_old(&mut self) {
        self.0.retain(|(since, _)| since.elapsed() < KEPT);
    }
}

fn read(
    queue: &EventQueue,
    question: &Question,
    neighbours: &mut Neighbours,
) -> Result<Option<Arc<Record>>, KafkaError> {
    let place = (&question.topic, question.partition, RdOffset::Offset(question.offset.0));
    let list = partition_list([place])?;
    queue.consumer().assign(&list).map_err(KafkaError::client(DOING))?;
    let found = look(queue, question);
    queue.consumer().unassign().map_err(KafkaError::client(DOING))?;
    let Some(batch) = found? else { return Ok(None) };
    neighbours.keep(batch);
    Ok(neighbours.find(question))
}

fn look(queue: &EventQueue, question: &Question) -> Result<Option<Batch>, KafkaError> {
    let mut slots = Slots::new();
    // One before, so that finding the end there counts as moving.
    let before = Offset(question.offset.0.saturating_sub(1));
    slots.insert(Arc::clone(&question.topic), question.partition, before, ());
    let begun = Instant::now();
    while begun.elapsed() < WITHIN && !question.answer.is_closed() {
        let event = slots.take_fetched(queue, WANTED);
        let mut found = None;
        slots.drain_touched(|slot| found = Some(slot.batch()));
        if let Some(batch) = found {
            // The first thing from there on: the record itself, or proof that there is none.
            return Ok(Some(batch));
        }
        match event {
            Event::PartitionError(place, code) if place.partition == question.partition => return no_record(code),
            Event::ClientError { code, fatal: true, reason } => {
                return Err(KafkaError::broker(DOING, code, &reason));
            }
            _ => {}
        }
    }
    Err(KafkaError::TimedOut { doing: DOING, within: WITHIN })
}

/// Outside of the partition there is no record; anything else is an error.
fn no_record(code: RDKafkaErrorCode) -> Result<Option<Batch>, KafkaError> {
    match code {
        RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange => Ok(None),
        code => Err(KafkaError::broker(DOING, code, "")),
    }
}
