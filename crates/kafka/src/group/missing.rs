//! Topics that a membership subscribes to and that are not there. A topic that has just been made, or a broker that has
//! just started, looks the same for a moment, so it is looked at twice.

use std::sync::Weak;
use std::time::Duration;

use rdkafka::consumer::Consumer as _;

use super::{Command, Line};
use crate::native::Consumer;
use crate::{KafkaError, Topic};

/// How long a topic may be unknown.
const PATIENCE: Duration = Duration::from_secs(3);
/// A request to the broker.
const REQUEST: Duration = Duration::from_secs(2);

/// Looks again in a while, on a thread of its own, and tells the membership's thread what it has found: nothing, if the
/// topics are there or nobody answers.
pub(super) fn look_again(consumer: Weak<Consumer>, topics: Vec<Topic>, line: Line) {
    let look = move || {
        std::thread::sleep(PATIENCE);
        let missing = consumer.upgrade().and_then(|consumer| first_missing(&consumer, &topics));
        line.tell(Command::Missing(missing));
    };
    if let Err(error) = std::thread::Builder::new().name("kafka-group-ask".to_owned()).spawn(look) {
        tracing::error!(error = %error, "no thread to look for the subscribed topics");
    }
}

fn first_missing(consumer: &Consumer, topics: &[Topic]) -> Option<KafkaError> {
    topics.iter().find_map(|topic| {
        let metadata = consumer.fetch_metadata(Some(topic), REQUEST).ok()?;
        let error = metadata.topics().iter().find_map(|found| found.error())?;
        Some(KafkaError::broker("subscribing", error.into(), topic))
    })
}
