//! What does not work at present. Raised and cleared by whoever notices, logged once each.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tillroll_log::PartitionId;

/// What does not work at present, shared by all lanes.
#[derive(Clone, Debug, Default)]
pub struct Troubles(Arc<Mutex<BTreeMap<Place, String>>>);

/// Where something does not work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The projection's name.
    pub projection: &'static str,
    /// The topic, if it is about one.
    pub topic: Option<&'static str>,
    /// The partition, if it is about one: that one has stopped, the others go on.
    pub partition: Option<PartitionId>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.projection)?;
        if let Some(topic) = self.topic {
            write!(f, " of {topic}")?;
        }
        if let Some(partition) = self.partition {
            write!(f, "/{partition}")?;
        }
        Ok(())
    }
}

impl Troubles {
    /// Everything that does not work, by place.
    pub fn list(&self) -> Vec<(Place, String)> {
        self.lock().iter().map(|(place, reason)| (*place, reason.clone())).collect()
    }

    /// Whether everything works.
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    pub(crate) fn raise(&self, place: Place, error: &dyn Error) {
        let reason = with_sources(error);
        if self.lock().insert(place, reason.clone()).is_none() {
            let partition = place.partition.map(|partition| partition.0);
            tracing::error!(
                projection = place.projection,
                kafka.topic = place.topic,
                kafka.partition = partition,
                reason,
                "projection stopped"
            );
        }
    }

    pub(crate) fn clear(&self, place: Place) {
        if self.lock().remove(&place).is_some() {
            let partition = place.partition.map(|partition| partition.0);
            tracing::info!(
                projection = place.projection,
                kafka.topic = place.topic,
                kafka.partition = partition,
                "projection resumed"
            );
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Place, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An error and what caused it, in one line.
fn with_sources(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text.push_str(": ");
        text.push_str(&source.to_string());
        next = source.source();
    }
    text
}
