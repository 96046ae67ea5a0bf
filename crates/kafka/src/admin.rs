//! Questions to the cluster: topics, their configuration, the ends of partitions, one record, whether it is there.
//! One client, one thread. Requests block a thread of the runtime's blocking pool, never a worker.

mod read_at;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer as _;
use rdkafka::types::RDKafkaErrorCode;
use thiserror::Error;
use uuid::Uuid;

use crate::config::FetchWait;
use crate::native::{Consumer, configs, ends, topics};
use crate::reading::open_consumer;
use crate::{Config, KafkaError, Offset, PartitionId, Record, Topic};
use read_at::Places;

/// Requests that have no time limit of their own get this.
const WITHIN: Duration = Duration::from_secs(10);

/// How long a partition may be without its leader.
const MOVING: Duration = Duration::from_secs(2);
/// Between attempts.
const AGAIN: Duration = Duration::from_millis(10);

/// Asks the cluster; cheap to clone. The client is closed with the last clone.
#[derive(Clone)]
pub struct Admin {
    consumer: Arc<Consumer>,
    places: Places,
}

/// A topic to be made.
#[derive(Clone, Debug)]
pub struct NewTopic {
    /// Its name.
    pub name: Topic,
    /// How many partitions.
    pub partitions: i32,
    /// How many replicas of each; -1 for the broker's default.
    pub replication: i32,
    /// Kafka's topic properties.
    pub config: Vec<(String, String)>,
}

/// A topic as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicDescription {
    /// Its name.
    pub name: Topic,
    /// Kafka's own id: another one means another topic, even of the same name.
    pub topic_id: Uuid,
    /// How many partitions.
    pub partitions: i32,
    /// The least number of replicas that any partition has.
    pub replication: i32,
    /// The least number of replicas of any partition that have all of it.
    pub in_sync: i32,
}

/// Kafka's properties of a topic or a broker by name; secrets are left out.
pub type TopicConfig = BTreeMap<String, String>;

/// Why a topic was not made.
#[derive(Clone, Debug, Error)]
pub enum CreateTopicError {
    /// There is one of that name.
    #[error("the topic exists already")]
    AlreadyExists,
    /// Anything else.
    #[error(transparent)]
    Other(#[from] KafkaError),
}

impl Admin {
    /// Makes the client and its thread. It does not wait for a broker.
    pub fn new(config: &Config) -> Result<Admin, KafkaError> {
        let mut client = config.reader(FetchWait::Bounded)?;
        // Only single records are read with it.
        client.set("fetch.message.max.bytes", "65536").set("queued.max.messages.kbytes", "1024");
        let queue = open_consumer(&client, "admin")?;
        let consumer = Arc::clone(queue.consumer());
        Ok(Admin { consumer, places: Places::spawn(queue)? })
    }

    /// Ends when the client is closed, some time after the last clone is gone. Holds none itself.
    pub fn closed(&self) -> impl Future<Output = ()> + Send + use<> {
        self.places.closed()
    }

    /// Makes topics; the answers are in the order of the question. It returns when the broker that is asked knows the
    /// new topics, which may be a moment after the controller has made them; other brokers may take a moment longer.
    pub async fn create_topics(
        &self,
        new: &[NewTopic],
    ) -> Result<Vec<(Topic, Result<(), CreateTopicError>)>, KafkaError> {
        let wanted = new.to_vec();
        let create = move |client: &Consumer| {
            let answers = topics::create(client, &wanted, WITHIN)?;
            wait_until_known(client, &answers)?;
            Ok(answers)
        };
        let answers = self.ask("creating topics", create).await?;
        let result = |topic: &NewTopic| {
            let answer = answers.iter().find(|(name, _)| **name == *topic.name).map(|(_, answer)| answer);
            let outcome = match answer {
                Some(Ok(())) => Ok(()),
                Some(Err((RDKafkaErrorCode::TopicAlreadyExists, _))) => Err(CreateTopicError::AlreadyExists),
                Some(Err((code, detail))) => Err(KafkaError::broker("creating a topic", *code, detail).into()),
                None => Err(KafkaError::broker("creating a topic", RDKafkaErrorCode::Fail, "no answer").into()),
            };
            (Arc::clone(&topic.name), outcome)
        };
        Ok(new.iter().map(result).collect())
    }

    /// Describes topics, in the order of the names; none for a topic that does not exist.
    pub async fn describe_topics(&self, names: &[Topic]) -> Result<Vec<Option<TopicDescription>>, KafkaError> {
        let wanted = names.to_vec();
        let answers = self
            .ask("describing topics", move |client| {
                let names: Vec<&str> = wanted.iter().map(|name| &**name).collect();
                topics::describe(client, &names, WITHIN)
            })
            .await?;
        pick("describing a topic", names, answers)
    }

    /// The properties of topics, in the order of the names; none for a topic that does not exist.
    pub async fn topic_configs(&self, names: &[Topic]) -> Result<Vec<Option<TopicConfig>>, KafkaError> {
        let wanted = names.to_vec();
        let answers = self
            .ask("reading topic configurations", move |client| {
                let names: Vec<&str> = wanted.iter().map(|name| &**name).collect();
                configs::of_topics(client, &names, WITHIN)
            })
            .await?;
        let found = pick("reading a topic's configuration", names, answers)?;
        Ok(found.into_iter().map(|entries| entries.map(without_secrets)).collect())
    }

    /// The properties of every broker, by its id.
    pub async fn broker_configs(&self) -> Result<BTreeMap<i32, TopicConfig>, KafkaError> {
        self.ask("reading broker configurations", |client| {
            let ids = configs::brokers(client, WITHIN)?;
            let each = ids.into_iter().map(|id| {
                let answer = configs::of_broker(client, id, WITHIN)?.into_iter().next();
                match answer {
                    Some((_, Ok(entries))) => Ok((id, without_secrets(entries))),
                    Some((_, Err((code, detail)))) => Err(KafkaError::broker("reading a broker", code, &detail)),
                    None => Err(KafkaError::broker("reading a broker", RDKafkaErrorCode::Fail, "no answer")),
                }
            });
            each.collect()
        })
        .await
    }

    /// Partition, beginning (the first record that is still there) and end (the next to be written). While a leader
    /// moves it is asked again for two seconds.
    pub async fn end_offsets(
        &self,
        topic: &Topic,
        partitions: &[PartitionId],
    ) -> Result<Vec<(PartitionId, Offset, Offset)>, KafkaError> {
        let (topic, partitions) = (Arc::clone(topic), partitions.to_vec());
        let ends = move |client: &Consumer| {
            let begun = Instant::now();
            loop {
                let error = match ends::of_partitions(client, &topic, &partitions, WITHIN) {
                    Err(error) if error.is_transient() => error,
                    answer => return answer,
                };
                if begun.elapsed() >= MOVING {
                    return Err(error);
                }
                std::thread::sleep(AGAIN);
                // After some errors, as of a leader of an earlier epoch, the library itself would go on asking whom it
                // knows. Whether this succeeds is told by the next attempt.
                let _ = client.fetch_metadata(Some(&topic), MOVING);
            }
        };
        self.ask("asking for ends", ends).await
    }

    /// The record at that place; none if retention has taken it, it has not been written yet, or no record was ever
    /// there. Calls are answered one after the other.
    pub async fn read_at(
        &self,
        topic: &Topic,
        partition: PartitionId,
        offset: Offset,
    ) -> Result<Option<Arc<Record>>, KafkaError> {
        self.places.read(Arc::clone(topic), partition, offset).await
    }

    /// How many brokers are in the cluster.
    pub async fn brokers(&self) -> Result<usize, KafkaError> {
        self.ask("asking for the brokers", |client| configs::brokers(client, WITHIN).map(|ids| ids.len())).await
    }

    /// Whether a broker answers in time.
    pub async fn ping(&self, within: Duration) -> Result<(), KafkaError> {
        self.ask("looking for a broker", move |client| configs::brokers(client, within).map(drop)).await
    }

    async fn ask<T: Send + 'static>(
        &self,
        doing: &'static str,
        question: impl FnOnce(&Consumer) -> Result<T, KafkaError> + Send + 'static,
    ) -> Result<T, KafkaError> {
        let consumer = Arc::clone(&self.consumer);
        let asked = tokio::task::spawn_blocking(move || question(&consumer));
        asked.await.unwrap_or(Err(KafkaError::Closed { doing }))
    }
}

/// Waits for the topics that have just been made; after a while it is left to others to miss them.
fn wait_until_known(client: &Consumer, made: &[topics::PerTopic<()>]) -> Result<(), KafkaError> {
    let names: Vec<&str> = made.iter().filter(|(_, made)| made.is_ok()).map(|(name, _)| name.as_str()).collect();
    let begun = Instant::now();
    while !names.is_empty() && begun.elapsed() < WITHIN {
        if topics::describe(client, &names, WITHIN)?.iter().all(|(_, known)| known.is_ok()) {
            return Ok(());
        }
        std::thread::sleep(AGAIN);
    }
    Ok(())
}

fn without_secrets(entries: configs::Entries) -> TopicConfig {
    entries.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))).collect()
}

/// Puts answers into the order of the names; a topic that does not exist is none, any other error fails the whole.
fn pick<T>(
    doing: &'static str,
    names: &[Topic],
    answers: Vec<topics::PerTopic<T>>,
) -> Result<Vec<Option<T>>, KafkaError> {
    use RDKafkaErrorCode as C;
    let mut found = BTreeMap::new();
    for (name, answer) in answers {
        match answer {
            Ok(answer) => drop(found.insert(name, answer)),
            Err((C::UnknownTopic | C::UnknownTopicOrPartition, _)) => {}
            Err((code, detail)) => return Err(KafkaError::broker(doing, code, &detail)),
        }
    }
    Ok(names.iter().map(|name| found.remove(&**name)).collect())
}
