//! Measures what a record costs: acknowledged, and read back through a tail; one at a time and 64 in flight; with and
//! without linger and compression. And how many records a second a tail fans out and a catch-up reader reads.
//!
//! `KAFKA_BOOTSTRAP_SERVERS=localhost:9092 cargo run --release -p tillroll-kafka --example round_trip`
#![expect(clippy::print_stdout, reason = "an example prints what it found")]
#![expect(clippy::disallowed_methods, reason = "it is a main function, and its topics are nobody else's")]

use std::collections::HashMap;
use std::env;
use std::error::Error;
use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tillroll_kafka::{
    Admin, Config, DeliveryError, NewRecord, NewTopic, Offset, PartitionId, Producer, Subscription, Tail, Topic,
};
use tokio::sync::mpsc;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const PARTITIONS: i32 = 4;
const WARM_UP: usize = 2_000;
const ONE_BY_ONE: usize = 5_000;
const IN_FLIGHT: usize = 60_000;
const FAN_OUT: usize = 1_000_000;

#[tokio::main]
async fn main() -> Result<()> {
    let servers = env::var("KAFKA_BOOTSTRAP_SERVERS").map_err(|_| "KAFKA_BOOTSTRAP_SERVERS is not set")?;
    let config = Config::new(servers);
    println!("| linger, compression | in flight | acknowledged p50, p99 | per s | read back p50, p99 | per s |");
    println!("|---|---|---|---|---|---|");
    for linger in ["0", "1"] {
        for codec in ["none", "lz4", "zstd"] {
            let config = config.clone().set("linger.ms", linger).set("compression.codec", codec);
            let bench = Bench::new(&config, 1).await?;
            bench.run(&format!("{linger} ms, {codec}"), 1, ONE_BY_ONE).await?;
            bench.run(&format!("{linger} ms, {codec}"), 64, IN_FLIGHT).await?;
        }
    }
    ends(&config).await?;
    many(&config).await?;
    volume(&config).await
}

struct Bench {
    producer: Producer,
    tail: Tail,
    topic: Topic,
}

impl Bench {
    async fn new(config: &Config, partitions: i32) -> Result<Bench> {
        let topic = new_topic(config, partitions).await?;
        Ok(Bench { producer: Producer::start(config)?, tail: Tail::start(config)?, topic })
    }

    async fn run(&self, what: &str, in_flight: usize, records: usize) -> Result<()> {
        self.acknowledged(in_flight, WARM_UP).await?;
        let acknowledged = self.acknowledged(in_flight, records).await?;
        let mut subscription = self.subscribe().await?;
        self.read_back(&mut subscription, in_flight, WARM_UP).await?;
        let read_back = self.read_back(&mut subscription, in_flight, records).await?;
        println!("| {what} | {in_flight} | {acknowledged} | {read_back} |");
        Ok(())
    }

    /// Sends one for each that is acknowledged.
    async fn acknowledged(&self, in_flight: usize, records: usize) -> Result<Figures> {
        let (done, mut finished) = mpsc::unbounded_channel();
        let begun = Instant::now();
        let send = |number: usize| {
            let (done, sent) = (done.clone(), Instant::now());
            let record = record(&self.topic, number);
            let on_delivery = Box::new(move |outcome: std::result::Result<Offset, DeliveryError>| {
                drop(done.send(outcome.map(|_| sent.elapsed())))
            });
            self.producer.send(record, on_delivery).map_err(|refused| refused.error)
        };
        for number in 0..in_flight {
            send(number)?;
        }
        let mut times = Vec::with_capacity(records);
        for number in 0..records {
            times.push(finished.recv().await.ok_or("no acknowledgement")??);
            if number + in_flight < records {
                send(number + in_flight)?;
            }
        }
        Ok(Figures::of(times, begun.elapsed()))
    }

    async fn subscribe(&self) -> Result<Subscription> {
        let admin = Admin::new(&Config::new(env::var("KAFKA_BOOTSTRAP_SERVERS")?))?;
        let ends = admin.end_offsets(&self.topic, &[PartitionId(0)]).await?;
        let from = ends.into_iter().map(|(partition, _, end)| (partition, end)).collect();
        Ok(self.tail.subscribe(Arc::clone(&self.topic), from))
    }

    /// Sends one for each that is read back.
    async fn read_back(&self, from: &mut Subscription, in_flight: usize, records: usize) -> Result<Figures> {
        let mut sent = HashMap::new();
        let begun = Instant::now();
        let send = |number: usize, sent: &mut HashMap<Bytes, Instant>| {
            let record = record(&self.topic, number);
            sent.insert(record.key.clone().unwrap_or_default(), Instant::now());
            self.producer.send(record, Box::new(|_| {})).map_err(|refused| refused.error)
        };
        for number in 0..in_flight {
            send(number, &mut sent)?;
        }
        let mut times = Vec::with_capacity(records);
        while times.len() < records {
            for record in from.next().await?.records {
                let key = record.key.as_ref().ok_or("a record without a key")?;
                times.push(sent.remove(key).ok_or("a record that was not sent")?.elapsed());
                let number = times.len() - 1 + in_flight;
                if number < records {
                    send(number, &mut sent)?;
                }
            }
        }
        Ok(Figures::of(times, begun.elapsed()))
    }
}

struct Figures {
    p50: Duration,
    p99: Duration,
    per_second: u128,
}

impl Figures {
    fn of(mut times: Vec<Duration>, took: Duration) -> Figures {
        times.sort_unstable();
        let at = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or_default();
        Figures { p50: at(50), p99: at(99), per_second: times.len() as u128 * 1_000_000 / took.as_micros().max(1) }
    }
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (p50, p99) = (self.p50.as_micros(), self.p99.as_micros());
        write!(f, "{p50} µs, {p99} µs | {}", self.per_second)
    }
}

/// About 500 bytes, with the headers that events have.
fn record(topic: &Topic, number: usize) -> NewRecord {
    let id = format!("{number:032x}");
    let value = format!(
        r#"{{"order_id":"{id}","lines":[{{"sku":"85123A","name":"WHITE HANGING HEART T-LIGHT HOLDER","quantity":{},"unit_price":{{"amount":255,"currency":"GBP"}}}},{{"sku":"71053","name":"WHITE METAL LANTERN","quantity":6,"unit_price":{{"amount":339,"currency":"GBP"}}}}],"customer":"{:08x}","country":"United Kingdom"}}"#,
        number % 50,
        number.wrapping_mul(2_654_435_761)
    );
    let headers = vec![
        ("ce_specversion", Bytes::from_static(b"1.0")),
        ("ce_id", Bytes::from(id.clone())),
        ("ce_type", Bytes::from_static(b"order.placed.v1")),
        ("ce_subject", Bytes::from(id.clone())),
        ("ce_time", Bytes::from_static(b"2026-01-01T00:00:00.000Z")),
        ("claim", Bytes::from_static(b"0190163d-8694-739b-aea5-966c26f8ad90")),
        ("ordinal", Bytes::from(number.to_string())),
    ];
    let key = Some(Bytes::from(id));
    NewRecord { topic: Arc::clone(topic), partition: PartitionId(0), key, headers, value: Some(Bytes::from(value)) }
}

async fn ends(config: &Config) -> Result<()> {
    let topic = new_topic(config, 24).await?;
    let admin = Admin::new(config)?;
    for count in [1, 24] {
        let partitions: Vec<PartitionId> = (0..count).map(PartitionId).collect();
        let mut times = Vec::new();
        let begun = Instant::now();
        for _ in 0..500 {
            let asked = Instant::now();
            admin.end_offsets(&topic, &partitions).await?;
            times.push(asked.elapsed());
        }
        println!("\nends of {count} partitions: {}/s", Figures::of(times, begun.elapsed()));
    }
    let producer = Producer::start(config)?;
    for number in 0..1_000 {
        producer.send(record(&topic, number), Box::new(|_| {})).map_err(|refused| refused.error)?;
    }
    producer.flush(Duration::from_secs(5)).await;
    let mut times = Vec::new();
    let begun = Instant::now();
    for number in 0..200 {
        let asked = Instant::now();
        let found = admin.read_at(&topic, PartitionId(0), Offset(number * 5)).await?;
        times.push(asked.elapsed());
        if found.is_none() {
            return Err("no record there".into());
        }
    }
    println!("\none record by its place: {}/s", Figures::of(times, begun.elapsed()));
    Ok(())
}

/// Each partition followed by itself, as owners do when a process starts.
async fn many(config: &Config) -> Result<()> {
    const FOLLOWERS: i32 = 40;
    let topic = new_topic(config, FOLLOWERS).await?;
    let producer = Producer::start(config)?;
    for number in 0..usize::try_from(FOLLOWERS)? * 100 {
        let partition = PartitionId(i32::try_from(number)? % FOLLOWERS);
        let record = NewRecord { partition, ..record(&topic, number) };
        producer.send(record, Box::new(|_| {})).map_err(|refused| refused.error)?;
    }
    producer.flush(Duration::from_secs(30)).await;
    let tail = Tail::start(config)?;
    for what in ["from the beginning", "again, at the end"] {
        let begun = Instant::now();
        let from = if what.contains("end") { Offset(100) } else { Offset::ZERO };
        let follow = |partition| tail.subscribe(Arc::clone(&topic), vec![(PartitionId(partition), from)]);
        for mut follower in (0..FOLLOWERS).map(follow).collect::<Vec<_>>() {
            while !follower.is_live() {
                let _ = tokio::time::timeout(Duration::from_millis(5), follower.next()).await;
            }
        }
        println!("\n{FOLLOWERS} subscriptions {what}: live after {} ms", begun.elapsed().as_millis());
    }
    Ok(())
}

/// Small records by the million: written, read by a catch-up reader, and fanned out to three followers.
async fn volume(config: &Config) -> Result<()> {
    let topic = new_topic(config, PARTITIONS).await?;
    let producer = Producer::start(config)?;
    let begun = Instant::now();
    fill(&producer, &topic, FAN_OUT).await?;
    println!("\nwritten: {}/s", rate(FAN_OUT, begun.elapsed()));
    let tail = Tail::with_backlog(config, 1 << 30)?;
    let from: Vec<_> = (0..PARTITIONS).map(|partition| (PartitionId(partition), Offset::ZERO)).collect();
    let begun = Instant::now();
    let mut caught_up = tail.subscribe(Arc::clone(&topic), from.clone());
    count(&mut caught_up, FAN_OUT).await?;
    println!("read by a catch-up reader: {}/s", rate(FAN_OUT, begun.elapsed()));
    let mut followers = Vec::new();
    for _ in 0..3 {
        let mut follower = tail.subscribe(Arc::clone(&topic), from.clone());
        count(&mut follower, FAN_OUT).await?;
        followers.push(follower);
    }
    let (begun, worked) = (Instant::now(), ticks_of("kafka-tail"));
    let counted: Vec<_> =
        followers.into_iter().map(|mut f| tokio::spawn(async move { count(&mut f, FAN_OUT).await })).collect();
    fill(&producer, &topic, FAN_OUT).await?;
    println!("written, while fanned out to three followers: {}/s", rate(FAN_OUT, begun.elapsed()));
    for counted in counted {
        counted.await??;
    }
    let worked = Duration::from_millis((ticks_of("kafka-tail") - worked) * 10);
    println!("fanned out to three followers: {}/s", rate(FAN_OUT, begun.elapsed()));
    println!("the tail's thread, if it had a core to itself: {}/s", rate(FAN_OUT, worked));
    Ok(())
}

async fn fill(producer: &Producer, topic: &Topic, records: usize) -> Result<()> {
    for number in 0..records {
        let mut record = NewRecord {
            topic: Arc::clone(topic),
            partition: PartitionId(i32::try_from(number)? % PARTITIONS),
            key: None,
            headers: Vec::new(),
            value: Some(Bytes::from(format!("{number:0100}"))),
        };
        while let Err(refused) = producer.send(record, Box::new(|_| {})) {
            record = refused.record;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    if !producer.flush(Duration::from_secs(30)).await {
        return Err("not everything was acknowledged".into());
    }
    Ok(())
}

async fn count(from: &mut Subscription, records: usize) -> Result<()> {
    let mut read = 0;
    while read < records {
        read += from.next().await?.records.len();
    }
    Ok(())
}

/// The processor time that the threads of that name have used, in hundredths of a second (Linux).
fn ticks_of(name: &str) -> u64 {
    let stats = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let stats = stats.filter_map(|task| fs::read_to_string(task.path().join("stat")).ok());
    let of_name = stats.filter(|stat| stat.contains(&format!("({name})")));
    let ticks = |stat: String| -> u64 {
        let after_name = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        after_name.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum()
    };
    of_name.map(ticks).sum()
}

fn rate(records: usize, took: Duration) -> u128 {
    records as u128 * 1_000 / took.as_millis().max(1)
}

async fn new_topic(config: &Config, partitions: i32) -> Result<Topic> {
    let name = Topic::from(format!("round-trip-{}", uuid::Uuid::new_v4()));
    let topic = NewTopic { name: Arc::clone(&name), partitions, replication: 1, config: Vec::new() };
    for (_, outcome) in Admin::new(config)?.create_topics(&[topic]).await? {
        outcome?;
    }
    Ok(name)
}
