//! How many records the log holds, so that an import can say how many it cost. Needs a way to Kafka; goes without one.

use std::time::Duration;
use tillroll_kafka::{Admin, Config, KafkaError, PartitionId, Topic};
use tillroll_schemas::catalogue;

/// Longer than this nobody waits for a figure.
const WITHIN: Duration = Duration::from_secs(3);

/// Counts the records of all events and commands topics.
pub struct RecordCounter(Admin);

impl RecordCounter {
    /// A counter, if a broker can be reached in this way.
    pub async fn find(kafka: &Config) -> Option<Self> {
        let admin = Admin::new(kafka).ok()?;
        let answers = tokio::time::timeout(WITHIN, admin.ping(WITHIN)).await;
        matches!(answers, Ok(Ok(()))).then_some(Self(admin))
    }

    /// The sum of all end offsets; nothing if the broker does not say.
    pub async fn count(&self) -> Option<i64> {
        self.ends().await.ok()
    }

    async fn ends(&self) -> Result<i64, KafkaError> {
        let topics: Vec<Topic> =
            catalogue::AGGREGATES.iter().flat_map(|each| [each.events.into(), each.commands.into()]).collect();
        let mut records = 0;
        for topic in self.0.describe_topics(&topics).await?.into_iter().flatten() {
            let partitions: Vec<PartitionId> = (0..topic.partitions).map(PartitionId).collect();
            let ends = self.0.end_offsets(&topic.name, &partitions).await?;
            records += ends.iter().map(|(_, _, end)| end.0).sum::<i64>();
        }
        Ok(records)
    }
}
