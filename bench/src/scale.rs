//! How long and how large a run is.

use std::time::Duration;

/// Sizes of everything that is measured.
#[derive(Clone, Debug)]
pub struct Scale {
    /// The counted time of each load.
    pub seconds: Duration,
    /// Clients of the command path, each number a row.
    pub command_clients: Vec<usize>,
    /// Clients of point queries, each number a row.
    pub query_clients: Vec<usize>,
    /// Clients of everything else that is a closed loop.
    pub clients: usize,
    /// Different products.
    pub skus: usize,
    /// Records of the log that is folded.
    pub records: u64,
}

impl Scale {
    /// What is quoted.
    pub fn full(seconds: u64, records: u64, clients: &[usize]) -> Self {
        Self {
            seconds: Duration::from_secs(seconds.max(1)),
            command_clients: clients.to_vec(),
            query_clients: vec![1, 8, 64],
            clients: 64,
            skus: 2_000,
            records,
        }
    }

    /// Only that everything works: figures mean nothing.
    pub fn quick() -> Self {
        Self {
            seconds: Duration::from_millis(300),
            command_clients: vec![1, 8],
            query_clients: vec![2],
            clients: 8,
            skus: 20,
            records: 2_000,
        }
    }
}
