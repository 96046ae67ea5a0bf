//! The consistency tokens that must be waited for in the end, and no more of them than needed. A token asks for all
//! that its command did: of a product, a stock change or a credit note one record, whose place the answer names
//! (`Log-Position`), and the furthest in a partition covers the others; of an order what every stock item answered, in
//! any partition, so each order's last is kept, which covers its earlier ones.

use super::client::Answer;
use std::collections::HashMap;

/// What has to be visible.
#[derive(Debug, Default)]
pub struct Tokens {
    furthest: HashMap<String, (u64, String)>,
    others: HashMap<String, String>,
}

impl Tokens {
    /// Keeps the token of an answer, if it has one.
    pub fn keep(&mut self, answer: &Answer) {
        let Some(token) = answer.header("consistency-token") else { return };
        self.add(answer.header("log-position"), answer.text("id"), token);
    }

    fn add(&mut self, position: Option<&str>, id: &str, token: &str) {
        let place = position.and_then(|position| {
            let (partition, offset) = position.rsplit_once('@')?;
            Some((partition, offset.parse::<u64>().ok()?))
        });
        match place {
            Some((partition, offset)) if !partition.starts_with("order.") => {
                let furthest = self.furthest.entry(partition.to_owned()).or_default();
                if furthest.1.is_empty() || furthest.0 < offset {
                    *furthest = (offset, token.to_owned());
                }
            }
            // The later answer about an order replaces the earlier one.
            Some(_) if !id.is_empty() => drop(self.others.insert(id.to_owned(), token.to_owned())),
            _ => drop(self.others.insert(token.to_owned(), token.to_owned())),
        }
    }

    /// All that have to be waited for, as many together as one request takes: so many tokens, of so many bytes.
    pub fn batches(&self, most: usize, bytes: usize) -> Vec<Vec<String>> {
        let furthest = self.furthest.values().map(|(_, token)| token);
        let (mut batches, mut room) = (Vec::<Vec<String>>::new(), 0);
        for token in furthest.chain(self.others.values()) {
            match batches.last_mut() {
                Some(batch) if batch.len() < most && token.len() < room => {
                    room -= token.len();
                    batch.push(token.clone());
                }
                _ => {
                    room = bytes.saturating_sub(token.len());
                    batches.push(vec![token.clone()]);
                }
            }
        }
        batches
    }
}

#[cfg(test)]
mod tests;
