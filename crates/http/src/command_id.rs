//! The id of a command that came by HTTP: the same request under the same key is the same command, for ever.

use uuid::Uuid;

use crate::random::random_id;

/// The namespace of command ids. It never changes: ids in the log were made under it.
const NAMESPACE: Uuid = Uuid::from_u128(0x5f0d_6a1c_3b7e_5c49_9d2e_71c4_0e8a_b6f3);

/// UUID v5 of caller, method, canonical route (path with its ids, no query) and idempotency key; random without a key.
pub fn command_id(caller: &str, method: &str, canonical_route: &str, key: Option<&str>) -> Uuid {
    let Some(key) = key else {
        return random_id();
    };
    let parts = [caller, method, canonical_route, key];
    let mut name = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
    for part in parts {
        // Lengths keep ("ab", "c") apart from ("a", "bc").
        name.extend_from_slice(&(part.len() as u64).to_be_bytes());
        name.extend_from_slice(part.as_bytes());
    }
    Uuid::new_v5(&NAMESPACE, &name)
}

#[cfg(test)]
mod tests;
