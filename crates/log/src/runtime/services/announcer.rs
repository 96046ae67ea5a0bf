//! Saying that an instance is there, and what it serves: at once when that changes, and as a heartbeat.

use super::{Announcement, HEARTBEAT, Served, TOPIC};
use crate::runtime::clock::now;
use crate::runtime::node::Node;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::time::Duration;
use tillroll_kafka::{NewRecord, PartitionId};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

/// How long a farewell may take; without it others notice the silence.
const FAREWELL: Duration = Duration::from_secs(1);

/// How an instance stands towards requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Arriving,
    Here,
    Leaving,
    Gone,
}

/// Announces one role of this process. If it is dropped without a farewell, others notice the silence.
pub struct Announcer {
    stage: watch::Sender<Stage>,
    task: JoinHandle<()>,
}

impl Announcer {
    pub(super) fn start(node: Node, role: &str, served: watch::Receiver<Served>) -> Self {
        let (stage, stages) = watch::channel(Stage::Arriving);
        let saying = Saying { node, role: role.to_owned() };
        Self { stage, task: tillroll_telemetry::spawn("announcer", saying.run(served, stages)) }
    }

    /// Says that the instance is ready: until then it wants no requests.
    pub fn ready(&self) {
        self.stage.send_replace(Stage::Here);
    }

    /// Says that the instance is about to end: it wants no more requests than those for what it serves.
    pub fn leaving(&self) {
        self.stage.send_replace(Stage::Leaving);
    }

    /// Takes the announcement back, and waits a moment until that is stored.
    pub async fn withdraw(self) {
        self.stage.send_replace(Stage::Gone);
        // Whether it was stored or not: there is nothing more to be done about it.
        let _ = tokio::time::timeout(FAREWELL, self.task).await;
    }
}

struct Saying {
    node: Node,
    role: String,
}

impl Saying {
    async fn run(self, mut served: watch::Receiver<Served>, mut stages: watch::Receiver<Stage>) {
        let mut heartbeat = tokio::time::interval(HEARTBEAT);
        let mut role_runs = true;
        loop {
            let stage = *stages.borrow_and_update();
            if stage == Stage::Gone {
                return self.withdraw().await;
            }
            let serves = served.borrow_and_update().clone();
            self.say(&serves, stage != Stage::Here);
            tokio::select! {
                _ = heartbeat.tick() => {}
                changed = served.changed(), if role_runs => role_runs = changed.is_ok(),
                changed = stages.changed() => if changed.is_err() { return },
            }
        }
    }

    fn say(&self, served: &Served, leaving: bool) {
        let config = self.node.config();
        let mut partitions: BTreeMap<String, BTreeMap<i32, i64>> = BTreeMap::new();
        for (place, claim) in served {
            partitions.entry(place.topic.to_owned()).or_default().insert(place.partition.0, claim.0);
        }
        let announcement = Announcement {
            role: self.role.clone(),
            instance: config.instance.clone(),
            url: config.url.clone(),
            build: config.build.clone(),
            partitions,
            leaving,
            heartbeat: now(),
        };
        match serde_json::to_vec(&announcement) {
            // What could not be stored is said again with the next heartbeat.
            Ok(value) => drop(self.send(Some(value.into()))),
            Err(error) => tracing::error!(role = self.role, %error, "an announcement cannot be written"),
        }
    }

    async fn withdraw(&self) {
        let _ = self.send(None).await;
    }

    fn send(&self, value: Option<Bytes>) -> oneshot::Receiver<()> {
        let (stored, is_stored) = oneshot::channel();
        let record = NewRecord {
            topic: TOPIC.into(),
            partition: PartitionId(0),
            key: Some(format!("{}/{}", self.role, self.node.config().instance).into()),
            headers: Vec::new(),
            value,
        };
        let delivered = Box::new(move |_: Result<_, _>| _ = stored.send(()));
        if let Err(refused) = self.node.producer().send(record, delivered) {
            tracing::warn!(role = self.role, error = %refused.error, "an announcement was refused");
        }
        is_stored
    }
}
