//! Who was there lately: so many are remembered, and of more those who came last.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

#[derive(Debug)]
pub(super) struct Lately<K> {
    most: usize,
    numbers: HashMap<K, u64>,
    by_number: BTreeMap<u64, K>,
    next_number: u64,
}

impl<K: Clone + Eq + Hash> Lately<K> {
    pub(super) fn new(most: usize) -> Self {
        Self { most, numbers: HashMap::new(), by_number: BTreeMap::new(), next_number: 0 }
    }

    pub(super) fn has(&self, who: &K) -> bool {
        self.numbers.contains_key(who)
    }

    pub(super) fn remember(&mut self, who: K) {
        let number = self.next_number;
        self.next_number += 1;
        if let Some(before) = self.numbers.insert(who.clone(), number) {
            self.by_number.remove(&before);
        }
        self.by_number.insert(number, who);
        while self.numbers.len() > self.most {
            let Some((_, oldest)) = self.by_number.pop_first() else { return };
            self.numbers.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests;
