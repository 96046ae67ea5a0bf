//! The resources as clients see them, with their versions.

use crate::notification::{Notification, NotificationBody};
use crate::preference::Preference;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use tillroll_log::{Answered, Version};
use tillroll_schemas::NotificationId;
use tillroll_schemas::notification::Channel;
use tillroll_schemas::preference::{Choices, Kind};

/// A resource at a version.
#[derive(Debug, Serialize)]
pub(super) struct Versioned<B> {
    #[serde(flatten)]
    body: B,
    version: u64,
}

/// A notification as it is after the command; nothing if there is none.
pub(super) fn notification(
    id: NotificationId,
    answered: &Answered<Notification>,
) -> Option<Versioned<NotificationBody>> {
    let Version(version) = answered.version;
    let message = answered.answer.as_ref()?;
    Some(Versioned { body: NotificationBody::of(id.to_string(), message), version })
}

/// What a person wants: every kind, with the channels that messages of it come by.
pub(super) fn preferences(answered: &Answered<Preference>) -> Versioned<BTreeMap<Kind, BTreeSet<Channel>>> {
    let Version(version) = answered.version;
    Versioned { body: wanted(&answered.answer), version }
}

/// What holds, defaults included.
fn wanted(choices: &Choices) -> BTreeMap<Kind, BTreeSet<Channel>> {
    let channels = |kind| Channel::ALL.into_iter().filter(|channel| choices.wants(kind, *channel)).collect();
    Kind::ALL.into_iter().map(|kind| (kind, channels(kind))).collect()
}
