//! Closed-loop load: each client has one connection and sends its next request when the last is answered. On a machine
//! that is too slow for the counted time a client waits for its first answer, and the time is counted as long as it
//! was.

use crate::Failure;
use crate::http::{Connection, Target};
use crate::measured::Measured;
use crate::usage::{Cost, Watch};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// One measurement, after a warm-up of a third of its time.
pub struct Load<'a> {
    pub clients: usize,
    /// The counted time.
    pub seconds: Duration,
    pub target: Target,
    /// Whose costs are told.
    pub watch: &'a Watch,
}

/// What came out.
pub struct Loaded {
    pub measured: Measured,
    pub costs: Vec<Cost>,
    /// Every request that went well, those of the warm-up too.
    pub all: u64,
}

#[derive(Default)]
struct Own {
    latencies: Vec<Duration>,
    refused: u64,
    all: u64,
    /// When a first answer came after the counted time.
    late: Option<Instant>,
}

/// Numbers of requests are never used twice: they make idempotency keys.
static NUMBER: AtomicU64 = AtomicU64::new(0);

impl Load<'_> {
    /// Runs it.
    pub async fn run(self) -> Result<Loaded, Failure> {
        let start = Instant::now() + self.seconds / 3;
        let end = start + self.seconds;
        let clients: Vec<_> = (0..self.clients)
            .map(|_| tillroll_telemetry::spawn("client", client(self.target.clone(), start, end)))
            .collect();
        sleep_until(start).await;
        let before = self.watch.read();
        sleep_until(end).await;
        let costs = self.watch.read().since(&before);
        let (mut sum, mut last) = (Own::default(), end);
        for client in clients {
            let own = client.await??;
            last = last.max(own.late.unwrap_or(end));
            sum.latencies.extend(own.latencies);
            sum.refused += own.refused;
            sum.all += own.all;
        }
        Ok(Loaded { measured: Measured::of(sum.latencies, last - start, sum.refused), costs, all: sum.all })
    }
}

async fn client(target: Target, start: Instant, end: Instant) -> Result<Own, Failure> {
    let mut connection = Connection::open(target.address).await?;
    let mut own = Own::default();
    loop {
        let request = (target.make)(NUMBER.fetch_add(1, Ordering::Relaxed))?;
        let sent = Instant::now();
        let good = connection.send(request).await?.status() == target.good;
        let now = Instant::now();
        own.all += u64::from(good);
        let counted = !own.latencies.is_empty() || own.refused > 0;
        if now >= end && counted {
            return Ok(own);
        }
        if sent >= start {
            match good {
                true => own.latencies.push(now - sent),
                false => own.refused += 1,
            }
            if now >= end {
                own.late = Some(now);
                return Ok(own);
            }
        }
    }
}

/// Sends that many requests, numbered from 0, by some clients; every one of them must go well.
pub async fn send_all(target: &Target, count: usize, clients: usize) -> Result<(), Failure> {
    let next = Arc::new(AtomicU64::new(0));
    let count = u64::try_from(count)?;
    let clients: Vec<_> = (0..clients)
        .map(|_| tillroll_telemetry::spawn("preparing client", send_numbered(target.clone(), next.clone(), count)))
        .collect();
    for client in clients {
        client.await??;
    }
    Ok(())
}

async fn send_numbered(target: Target, next: Arc<AtomicU64>, count: u64) -> Result<(), Failure> {
    let mut connection = Connection::open(target.address).await?;
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= count {
            return Ok(());
        }
        let answer = connection.send((target.make)(number)?).await?;
        if answer.status() != target.good {
            let body = String::from_utf8_lossy(answer.body());
            return Err(format!("preparing: {} {body}", answer.status()).into());
        }
    }
}
