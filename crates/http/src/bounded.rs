//! A cache of a bounded number of entries: two generations, the older is dropped whole when the younger is full.
//! What is in use survives, because a hit in the older generation moves it to the younger.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

pub(crate) struct BoundedCache<V> {
    per_generation: usize,
    generations: RwLock<Generations<V>>,
}

struct Generations<V> {
    young: HashMap<Box<str>, V>,
    old: HashMap<Box<str>, V>,
}

impl<V: Clone> BoundedCache<V> {
    /// A cache that never holds more than `capacity` entries.
    pub(crate) fn new(capacity: usize) -> Self {
        let generations = Generations { young: HashMap::new(), old: HashMap::new() };
        Self { per_generation: (capacity / 2).max(1), generations: RwLock::new(generations) }
    }

    pub(crate) fn get(&self, key: &str) -> Option<V> {
        let held = self.generations.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = held.young.get(key) {
            return Some(value.clone());
        }
        let value = held.old.get(key)?.clone();
        drop(held);
        self.put(key, value.clone());
        Some(value)
    }

    pub(crate) fn put(&self, key: &str, value: V) {
        let mut held = self.generations.write().unwrap_or_else(PoisonError::into_inner);
        if held.young.len() >= self.per_generation && !held.young.contains_key(key) {
            held.old = std::mem::take(&mut held.young);
        }
        held.old.remove(key);
        held.young.insert(key.into(), value);
    }

    pub(crate) fn remove(&self, key: &str) {
        let mut held = self.generations.write().unwrap_or_else(PoisonError::into_inner);
        held.young.remove(key);
        held.old.remove(key);
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        let held = self.generations.read().unwrap();
        held.young.len() + held.old.len()
    }
}

#[cfg(test)]
mod tests;
