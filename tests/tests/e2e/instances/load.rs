//! Numbered commands by several clients at once, each repeated with its key until it is answered, and what must hold
//! of them afterwards.

use crate::shop::text;
use e2e::{Failure, Http, Outcome, System};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// Spread over all partitions.
pub const SKUS: [&str; 12] = ["L-A", "L-B", "L-C", "L-D", "L-E", "L-F", "L-G", "L-H", "L-I", "L-J", "L-K", "L-L"];
const GIVEN_UP: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(10);

/// Clients at work.
pub struct Load {
    over: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    clients: Vec<JoinHandle<Outcome<Vec<Command>>>>,
}

/// A command that was answered.
struct Command {
    sku: &'static str,
    at: String,
    took: Duration,
    answered: Instant,
    /// What it was told before, and repeated after.
    refused: Vec<String>,
}

/// Everything that was answered.
pub struct Done(Vec<Command>);

impl Load {
    /// So many clients, one command at a time each.
    pub fn start(system: &System, clients: usize) -> Self {
        let (over, answered) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let clients = (0..clients).map(|client| {
            let (http, over, answered) = (system.http(), over.clone(), answered.clone());
            tokio::runtime::Handle::current().spawn(async move {
                let mut done = Vec::new();
                while !over.load(Ordering::SeqCst) {
                    let number = done.len();
                    done.push(insist(&http, client, number).await?);
                    answered.fetch_add(1, Ordering::SeqCst);
                    tokio::time::sleep(PAUSE).await;
                }
                Ok(done)
            })
        });
        Self { clients: clients.collect(), over, answered }
    }

    /// How many commands were answered so far.
    pub fn answered(&self) -> usize {
        self.answered.load(Ordering::SeqCst)
    }

    /// Ends it; no client may have failed.
    pub async fn end(self) -> Outcome<Done> {
        self.over.store(true, Ordering::SeqCst);
        let mut all = Vec::new();
        for client in self.clients {
            all.extend(client.await??);
        }
        Ok(Done(all))
    }
}

/// One piece comes in. Only 503 is repeated, as documented; whatever else is not 200 is a false refusal.
async fn insist(http: &Http, client: usize, number: usize) -> Outcome<Command> {
    let sku = SKUS[(client + number) % SKUS.len()];
    let begun = Instant::now();
    let body = json!({"delta": 1, "reason": "received"});
    let path = format!("/products/{sku}/inventory");
    let mut refused = Vec::new();
    while begun.elapsed() < GIVEN_UP {
        let answer = http.patch(&path).key(format!("load/{client}/{number}")).json(&body).send().await?;
        match answer.status {
            200 => {
                return Ok(Command {
                    sku,
                    at: answer.header("log-position").to_owned(),
                    took: begun.elapsed(),
                    answered: Instant::now(),
                    refused,
                });
            }
            503 => refused.push(format!("{} {}", answer.status, answer.code())),
            other => return Err(format!("{other}: {}", String::from_utf8_lossy(&answer.bytes)).into()),
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err(format!("load/{client}/{number} was never answered: {refused:?}").into())
}

impl Done {
    /// How many commands there were.
    pub fn commands(&self) -> usize {
        self.0.len()
    }

    /// How long the longest took, its repeats included.
    pub fn longest(&self) -> Duration {
        self.0.iter().map(|command| command.took).max().unwrap_or_default()
    }

    /// The same of those that were answered since: the first ones meet a system that has never been asked for anything.
    pub fn longest_since(&self, moment: Instant) -> Duration {
        let since = self.0.iter().filter(|command| command.answered >= moment);
        since.map(|command| command.took).max().unwrap_or_default()
    }

    /// When the first command was answered whose event stands behind that offset of a partition,
    /// `stock-item.events.v1/3`.
    pub fn first_answered_behind(&self, partition: &str, offset: i64) -> Option<Instant> {
        let behind = |at: &str| {
            let place = at.rsplit_once('@').filter(|(of, _)| *of == partition);
            place.is_some_and(|(_, at)| at.parse::<i64>().is_ok_and(|at| at > offset))
        };
        self.0.iter().filter(|command| behind(&command.at)).map(|command| command.answered).min()
    }

    /// Everything that had to be repeated.
    pub fn refused(&self) -> Vec<String> {
        self.0.iter().flat_map(|command| command.refused.clone()).collect()
    }

    /// Each answered command's event is in the log once, as every reader sees it, and no other event is.
    pub async fn verify(&self, system: &System) -> Outcome {
        let tail = system.run(&["tail", "stock-item", "--json"]).await?;
        let events: Vec<Value> = tail.out.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        let received: Vec<&Value> =
            events.iter().filter(|event| text(event, "type") == "stock-item.received.v1").collect();
        let places: Vec<&str> = received.iter().map(|event| text(event, "position")).collect();
        let mut answered = BTreeSet::new();
        for command in &self.0 {
            assert!(answered.insert(command.at.as_str()), "{} answered two commands", command.at);
            assert_eq!(places.iter().filter(|at| **at == command.at).count(), 1, "lost: {}", command.at);
        }
        let mut of_sku: BTreeMap<&str, usize> = BTreeMap::new();
        self.0.iter().for_each(|command| *of_sku.entry(command.sku).or_default() += 1);
        for sku in SKUS {
            let events = received.iter().filter(|event| text(event, "key") == sku).count();
            // One piece came in before the load.
            let expected = of_sku.get(sku).copied().unwrap_or_default() + 1;
            if events != expected {
                return Err(Failure::from(format!("{sku}: {events} events of {expected} commands")));
            }
        }
        Ok(())
    }
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let repeats = self.refused().len();
        let (commands, longest) = (self.commands(), self.longest().as_millis());
        write!(f, "answered {commands}, repeated after 503 {repeats}, the longest took {longest} ms")
    }
}
