//! A local store in memory that can be looked at, copied and broken.

use crate::fold::{Changes, Cold, ColdFault, Fold, Head, Seen, Slot};
use crate::jar::Jar;
use crate::{CommandId, Key, Timestamp};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

#[derive(Debug, Default)]
pub struct Shelf(Mutex<Content>);

#[derive(Clone, Debug, Default)]
struct Content {
    head: Option<Head>,
    slots: HashMap<Key, Slot<Jar>>,
    deadlines: HashMap<Key, Timestamp>,
    commands: HashMap<CommandId, Seen>,
    broken: bool,
}

impl Shelf {
    fn with<R>(&self, look: impl FnOnce(&mut Content) -> R) -> R {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// One batch.
    pub fn put(&self, changes: Changes<Jar>) {
        self.with(|content| {
            content.head = Some(changes.head);
            content.slots.extend(changes.slots);
            content.commands.extend(changes.commands);
            for (key, deadline) in changes.deadlines {
                match deadline {
                    Some(deadline) => _ = content.deadlines.insert(key, deadline),
                    None => _ = content.deadlines.remove(&key),
                }
            }
        });
    }

    pub fn wipe(&self) {
        self.with(|content| *content = Content::default());
    }

    /// From now on nothing can be read.
    pub fn break_down(&self) {
        self.with(|content| content.broken = true);
    }

    /// The aggregate stands there as it was before its last event.
    pub fn lose_an_event(&self, key: &str) {
        self.with(|content| {
            if let Some(slot) = content.slots.get_mut(key) {
                slot.version.0 -= 1;
            }
        });
    }

    pub fn slots(&self) -> BTreeSet<Key> {
        self.with(|content| content.slots.keys().cloned().collect())
    }

    /// The fold as it stands there, or an empty one.
    pub fn fold(self: &Arc<Self>, cache: usize) -> Fold<Jar> {
        let (head, deadlines) = self.with(|content| {
            let deadlines = content.deadlines.iter().map(|(key, deadline)| (*deadline, key.clone())).collect();
            (content.head.clone(), deadlines)
        });
        match head {
            Some(head) => Fold::restored(head, deadlines, self.clone(), cache),
            None => Fold::over(self.clone(), cache),
        }
    }
}

impl Cold<Jar> for Shelf {
    fn slot(&self, key: &str) -> Result<Option<Slot<Jar>>, ColdFault> {
        self.with(|content| match content.broken {
            true => Err(ColdFault::new("the shelf is broken")),
            false => Ok(content.slots.get(key).cloned()),
        })
    }

    fn seen(&self, id: CommandId) -> Result<Option<Seen>, ColdFault> {
        self.with(|content| match content.broken {
            true => Err(ColdFault::new("the shelf is broken")),
            false => Ok(content.commands.get(&id).copied()),
        })
    }
}
