//! What happened to whom lately, by id: two generations, of which the older is dropped whole when the younger is as old as
//! what has to be remembered. So everything is known for at least that long and nothing for more than twice as long.

use std::collections::HashMap;

use uuid::Uuid;

/// Milliseconds since 1970.
pub(super) type Millis = i64;

pub(super) struct Recent<V> {
    window: Millis,
    turned_at: Millis,
    young: HashMap<Uuid, V>,
    old: HashMap<Uuid, V>,
}

impl<V> Recent<V> {
    /// Remembers for at least `window`.
    pub(super) fn new(window: Millis) -> Self {
        Self { window, turned_at: 0, young: HashMap::new(), old: HashMap::new() }
    }

    /// Takes in what happened `at` some time, unless that need not be remembered any more.
    pub(super) fn put(&mut self, id: Uuid, value: V, at: Millis, now: Millis) {
        if at.saturating_add(self.window) < now {
            return;
        }
        if self.turned_at.saturating_add(self.window) < now {
            self.turned_at = now;
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(id, value);
    }

    /// What happened last, as far as it is known.
    pub(super) fn get(&self, id: &Uuid) -> Option<&V> {
        self.young.get(id).or_else(|| self.old.get(id))
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}
