//! Many clients at once that do what clients must: repeat a command under its key until it is answered, and write down
//! what they were told.

use crate::crash_points::broken_promises;
use crate::generated::Dice;
use crate::shop::{add_product, text};
use e2e::proof::{Answered, Asked};
use e2e::{Answer, Ask, Http, Outcome, System, until};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const SKUS: u64 = 6;
/// Little enough for some orders to be refused.
const OPENING_STOCK: i64 = 60;
/// What has no answer by then has none.
const ANSWERED_WITHIN: Duration = Duration::from_secs(150);
/// Commands that show that it goes on.
const ENOUGH: u64 = 30;
const AGAIN_AFTER: Duration = Duration::from_millis(150);

/// What clients were told.
#[derive(Default)]
pub struct Journal {
    /// Each command with the answer that ended it.
    pub told: Vec<Answered>,
    /// Answers that no client should get.
    pub undocumented: Vec<String>,
    /// Queries that showed less than their token asked for.
    pub stale: Vec<String>,
    /// Reads of their own that showed it.
    pub shown: u64,
    /// Keys that were taken for another body.
    pub reused: Vec<String>,
    /// How often a client was sent away for a while.
    pub sent_away: u64,
    /// When each command was answered and how long it took, all its repeats included.
    took: Vec<(Instant, Duration)>,
}

impl Journal {
    /// How long the slowest command took, of all or of those that were answered since.
    pub fn slowest(&self, since: Option<Instant>) -> Duration {
        let counts = |answered: Instant| since.is_none_or(|since| answered >= since);
        self.took.iter().filter(|(answered, _)| counts(*answered)).map(|(_, took)| *took).max().unwrap_or_default()
    }
}

/// Clients at work.
pub struct Load {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicU64>,
    clients: JoinSet<Outcome<Journal>>,
}

impl Load {
    /// So many clients, each with orders and changes of stock of its own; `name` tells their commands from others'.
    pub async fn start(http: &Http, name: &str, seed: u64, clients: u64) -> Outcome<Self> {
        for sku in 0..SKUS {
            add_product(http, &sku_of(name, sku), 100, OPENING_STOCK).await?;
        }
        let mut load = Self { stop: Arc::default(), answered: Arc::default(), clients: JoinSet::new() };
        for nth in 0..clients {
            let client = Client {
                http: http.clone(),
                name: format!("{name}/{nth}"),
                goods: name.to_owned(),
                dice: Dice::of(seed.wrapping_add(nth * 7919 + 1)),
                journal: Journal::default(),
            };
            load.clients.spawn(client.work(load.stop.clone(), load.answered.clone()));
        }
        Ok(load)
    }

    /// Some more commands are answered.
    pub async fn gets_on(&self, when: &str, within: Duration) -> Outcome {
        let answered = || self.answered.load(Ordering::Relaxed);
        let (before, began) = (answered(), Instant::now());
        until(when, within, || async { Ok((answered() > before + ENOUGH).then_some(())) }).await?;
        eprintln!("{when}: {ENOUGH} commands in {} ms", began.elapsed().as_millis());
        Ok(())
    }

    /// Lets every command come to its answer, and holds log, rows and answers to each other.
    pub async fn keeps_every_promise(self, system: &System, within: Duration) -> Outcome<Journal> {
        let journal = self.stop().await?;
        eprintln!(
            "{} commands, {} times sent away, the slowest took {} ms",
            journal.told.len(),
            journal.sent_away,
            journal.slowest(None).as_millis()
        );
        assert_eq!((&journal.undocumented, &journal.stale, &journal.reused), (&Vec::new(), &Vec::new(), &Vec::new()));
        assert!(journal.shown > 0, "nobody was shown his own");
        let unanswered = journal.told.iter().filter(|command| command.status.is_none()).count();
        assert_eq!(unanswered, 0, "every command has its answer in the end");
        until("every promise is kept", within, || async {
            system.caught_up().await?;
            let broken = broken_promises(system, &system.roll().await?, &journal.told).await?;
            if !broken.is_empty() {
                eprintln!("not yet: {broken:?}");
            }
            Ok(broken.is_empty().then_some(()))
        })
        .await?;
        Ok(journal)
    }

    /// Lets every command that is under way come to its answer.
    pub async fn stop(self) -> Outcome<Journal> {
        self.stop.store(true, Ordering::Relaxed);
        let mut whole = Journal::default();
        for journal in self.clients.join_all().await {
            let journal = journal?;
            whole.told.extend(journal.told);
            whole.undocumented.extend(journal.undocumented);
            whole.stale.extend(journal.stale);
            whole.shown += journal.shown;
            whole.reused.extend(journal.reused);
            whole.sent_away += journal.sent_away;
            whole.took.extend(journal.took);
        }
        Ok(whole)
    }
}

fn now_ms() -> i64 {
    tillroll_log::now().timestamp_millis()
}

fn sku_of(name: &str, nth: u64) -> String {
    format!("{}-{nth}", name.to_uppercase())
}

struct Client {
    http: Http,
    name: String,
    goods: String,
    dice: Dice,
    journal: Journal,
}

impl Client {
    async fn work(mut self, stop: Arc<AtomicBool>, answered: Arc<AtomicU64>) -> Outcome<Journal> {
        for nth in 0_u64.. {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            let key = format!("{}/{nth}", self.name);
            match self.dice.below(3) {
                0 => self.change_stock(key).await?,
                _ => self.order(key).await?,
            }
            answered.fetch_add(1, Ordering::Relaxed);
        }
        Ok(self.journal)
    }

    async fn order(&mut self, key: String) -> Outcome {
        let first = self.dice.below(SKUS);
        let lines: Vec<Value> = (first..=first + self.dice.below(3))
            .map(|sku| json!({"sku": sku_of(&self.goods, sku % SKUS), "quantity": 1 + self.dice.below(3)}))
            .collect();
        let body = json!({"lines": lines, "payment": {"method": "on_account"}, "reference": key});
        let from = now_ms();
        let ask = self.http.post("/orders").key(&key).wait(20).json(&body);
        let answer = self.insist(&ask).await?;
        let id = answer.as_ref().map(Answer::json).map(|order| text(&order, "id").to_owned()).unwrap_or_default();
        self.told(Asked::Order(key), answer.as_ref(), from);
        if let Some(placed) = answer.filter(|answer| matches!(answer.status, 201 | 202)) {
            self.reads_its_own(&format!("/orders/{id}"), &placed).await?;
        }
        Ok(())
    }

    async fn change_stock(&mut self, key: String) -> Outcome {
        let (sku, pieces) = (sku_of(&self.goods, self.dice.below(SKUS)), 1 + self.dice.below(9) as i64);
        let (delta, reason) = if self.dice.below(2) == 0 { (pieces * 2, "received") } else { (-pieces, "written_off") };
        let change = |delta| json!({"delta": delta, "reason": reason, "note": key});
        let path = format!("/products/{sku}/inventory");
        let ask = self.http.patch(&path).key(&key).json(&change(delta));
        let from = now_ms();
        let answer = self.insist(&ask).await?;
        if answer.as_ref().is_some_and(|answer| answer.status == 200) && self.dice.below(8) == 0 {
            let other = self.http.patch(&path).key(&key).json(&change(delta * 2));
            if let Some(other) = self.insist(&other).await?.filter(|other| other.status != 422) {
                self.journal.reused.push(format!("{key}: {}", other.status));
            }
        }
        self.told(Asked::Stock { sku, delta, note: key }, answer.as_ref(), from);
        Ok(())
    }

    /// A query with the token shows at least what the answer told.
    async fn reads_its_own(&mut self, path: &str, placed: &Answer) -> Outcome {
        let version = |answer: &Answer| answer.json()["version"].as_u64();
        let Ok(read) = self.http.get(path).token(placed.token()).wait(5).send().await else { return Ok(()) };
        match read.status {
            200 if version(&read) >= version(placed) => self.journal.shown += 1,
            503 | 504 => {}
            status => {
                let told = (version(placed), version(&read));
                self.journal.stale.push(format!("{path}: {status}, {told:?} {}", read.code()));
            }
        }
        Ok(())
    }

    /// The answer that ends it, however often it has to be asked for; none if there is none in time.
    async fn insist(&mut self, ask: &Ask) -> Outcome<Option<Answer>> {
        let began = Instant::now();
        while began.elapsed() < ANSWERED_WITHIN {
            match ask.clone().send().await {
                Ok(answer) if matches!(answer.status, 503 | 504) => {
                    self.journal.sent_away += 1;
                    if answer.status == 503 && answer.header("retry-after").is_empty() {
                        self.journal.undocumented.push(format!("503 without Retry-After: {answer:?}"));
                    }
                }
                Ok(answer) => {
                    self.journal.took.push((Instant::now(), began.elapsed()));
                    return Ok(Some(answer));
                }
                // Nobody listens, or the connection broke: the same to a client.
                Err(_) => self.journal.sent_away += 1,
            }
            tokio::time::sleep(AGAIN_AFTER).await;
        }
        Ok(None)
    }

    fn told(&mut self, asked: Asked, answer: Option<&Answer>, from: i64) {
        if let Some(answer) = answer.filter(|answer| !matches!(answer.status, 200 | 201 | 202 | 409)) {
            self.journal.undocumented.push(format!("{asked:?}: {answer:?}"));
        }
        let position = answer.map(|answer| answer.header("log-position").to_owned());
        let position = position.filter(|position| !position.is_empty());
        let (status, between) = (answer.map(|answer| answer.status), (from, now_ms()));
        self.journal.told.push(Answered { asked, status, position, between });
    }
}
