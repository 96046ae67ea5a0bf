//! A broker that is back but has not been let in by its controller yet: it answers, and names nobody, not even itself, or
//! a leader of some partitions and none of others. librdkafka then forgets every broker and may never look for one again
//! (its issue 5301), or believes what nobody has said (`native/leaders.rs`).
//! A proxy stands before a real broker and gives its answers so; the broker itself does it only for a moment.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tillroll_kafka::{Admin, Config, Group, Offset, PartitionId, Producer, Tail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::groups::assigned;
use crate::setting::{broker, live, numbers, record, store, store_numbers, topic};

const ZERO: PartitionId = PartitionId(0);
/// Each time is another chance for each client to lose its way for good.
const ROUNDS: u64 = 12;
/// The more clients, the more of them lose it.
const TAILS: usize = 12;
/// Of a topic that has a leader in part.
const PARTITIONS: i32 = 24;
/// Long enough for every client to come back and ask.
const FENCED: Duration = Duration::from_millis(400);
/// It is looked every two seconds; then there are connections to be made, and a record to be tried again.
const FOUND_WITHIN: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_names_nobody_is_found_again() {
    let shared = broker().await;
    let proxy = Proxy::before(shared.bootstrap_servers()).await;
    let config = Config::new(format!("127.0.0.1:{}", proxy.port));
    let topic = topic(&config, 1).await;
    let producer = Producer::start(&config).unwrap();
    let admin = Admin::new(&config).unwrap();
    let (group, mut signals) = Group::join(&config, "fenced", &[Arc::clone(&topic)]).unwrap();
    let mut own = assigned(&mut signals).await.pop().unwrap();
    group.read_from(Arc::clone(&topic), ZERO, Offset(0));
    let mut followers = Vec::new();
    for _ in 0..TAILS {
        let mut follower = Tail::start(&config).unwrap().subscribe(Arc::clone(&topic), vec![(ZERO, Offset(0))]);
        live(&mut follower).await;
        followers.push(follower);
    }
    store_numbers(&producer, &topic, 0, 0..1).await;
    for follower in &mut followers {
        assert_eq!(numbers(follower, 1).await, [0]);
    }

    for round in 1..=ROUNDS {
        proxy.answers_for(FENCED, NAMING_NOBODY).await;
        assert!(proxy.changed.swap(0, Ordering::AcqRel) > 0, "round {round}: nobody has asked");
        let found = async {
            while store(&producer, record(&topic, 0, round.to_string())).await.is_err() {}
            for follower in &mut followers {
                assert_eq!(numbers(follower, 1).await, [round]);
            }
            while admin.ping(Duration::from_secs(1)).await.is_err() {}
            while own.records.next().await.unwrap().unwrap().next <= Offset(round.cast_signed()) {}
        };
        tokio::time::timeout(FOUND_WITHIN, found).await.unwrap_or_else(|_| panic!("lost in round {round}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_that_are_told_to_have_no_leader_are_read_on() {
    let shared = broker().await;
    let proxy = Proxy::before(shared.bootstrap_servers()).await;
    let config = Config::new(format!("127.0.0.1:{}", proxy.port));
    let topic = topic(&config, PARTITIONS).await;
    let producer = Producer::start(&config).unwrap();
    let from_the_start: Vec<_> = (0..PARTITIONS).map(|partition| (PartitionId(partition), Offset(0))).collect();
    let follow = || Tail::start(&config).unwrap().subscribe(Arc::clone(&topic), from_the_start.clone());
    let mut followers: Vec<_> = (0..TAILS).map(|_| follow()).collect();
    for round in 0..=ROUNDS {
        for partition in 0..PARTITIONS {
            store_numbers(&producer, &topic, partition, round..round + 1).await;
        }
        let every = vec![round; from_the_start.len()];
        let found = async {
            for follower in &mut followers {
                assert_eq!(numbers(follower, every.len()).await, every);
            }
        };
        tokio::time::timeout(FOUND_WITHIN, found).await.unwrap_or_else(|_| panic!("lost in round {round}"));
        if round == ROUNDS {
            return;
        }
        proxy.answers_for(FENCED, LEADER_OF_ONE).await;
        assert!(proxy.changed.swap(0, Ordering::AcqRel) > 0, "round {round}: nobody has asked");
    }
}

/// What is wrong with answers.
const NOTHING: u8 = 0;
const NAMING_NOBODY: u8 = 1;
const LEADER_OF_ONE: u8 = 2;

struct Proxy {
    port: u16,
    wrong: Arc<AtomicU8>,
    /// Answers that were.
    changed: Arc<AtomicU32>,
    /// Every connection ends when this changes.
    cut: watch::Sender<u32>,
}

impl Proxy {
    async fn before(broker: &str) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (cut, wrong) = (watch::channel(0).0, Arc::new(AtomicU8::new(NOTHING)));
        let changed = Arc::new(AtomicU32::new(0));
        let (broker, cuts) = (broker.to_owned(), cut.clone());
        let state = (Arc::clone(&wrong), Arc::clone(&changed));
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let server = TcpStream::connect(&broker).await.unwrap();
                let ports = (server.peer_addr().unwrap().port(), port);
                let (mut cut, (wrong, changed)) = (cuts.subscribe(), state.clone());
                tokio::spawn(async move {
                    tokio::select! {
                        _ = cut.changed() => {}
                        () = carry(client, server, ports, (&wrong, &changed)) => {}
                    }
                });
            }
        });
        Proxy { port, wrong, changed, cut }
    }

    /// Everybody has to come back, and meets this.
    async fn answers_for(&self, time: Duration, wrong: u8) {
        self.wrong.store(wrong, Ordering::Release);
        self.cut.send_modify(|times| *times += 1);
        tokio::time::sleep(time).await;
        self.wrong.store(NOTHING, Ordering::Release);
    }
}

/// Frames in both directions, until either side ends.
async fn carry(client: TcpStream, server: TcpStream, ports: (u16, u16), (wrong, changed): (&AtomicU8, &AtomicU32)) {
    let asked = Mutex::new(HashMap::new());
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let questions = async {
        while let Some(frame) = read(&mut from_client).await {
            let number = |at: usize| i16::from_be_bytes(frame[at..at + 2].try_into().unwrap());
            asked.lock().unwrap().insert(frame[4..8].to_vec(), (number(0), number(2)));
            write(&mut to_server, &frame).await;
        }
    };
    let answers = async {
        while let Some(mut frame) = read(&mut from_server).await {
            let question = asked.lock().unwrap().remove(&frame[..4]);
            let done = match (wrong.load(Ordering::Acquire), question) {
                (NAMING_NOBODY, Some((METADATA, 9..))) => without_brokers(&mut frame),
                (LEADER_OF_ONE, Some((FETCH, 16))) => with_one_leader(&mut frame, ports.1),
                (NAMING_NOBODY, Some((METADATA, _))) | (LEADER_OF_ONE, Some((FETCH, _))) => panic!("another layout"),
                _ => false,
            };
            changed.fetch_add(u32::from(done), Ordering::AcqRel);
            lead_here(&mut frame, ports);
            write(&mut to_client, &frame).await;
        }
    };
    tokio::select! {
        () = questions => {}
        () = answers => {}
    }
}

const FETCH: i16 = 1;
const METADATA: i16 = 3;
const NOT_THE_LEADER: i16 = 6;

/// Takes the one broker out: after correlation, tags and throttle time stands how many there are, and one more.
fn without_brokers(frame: &mut Vec<u8>) -> bool {
    const COUNT: usize = 4 + 1 + 4;
    assert_eq!(frame[COUNT], 2, "one broker");
    let text_from = |at: usize| at + 1 + usize::from(frame[at].saturating_sub(1));
    let rack = text_from(COUNT + 1 + 4) + 4;
    let tags = text_from(rack);
    assert_eq!(frame[tags], 0);
    frame.splice(COUNT..=tags, [1]);
    true
}

/// Nobody leads any partition of the one topic that is told of, but the last; if there is a topic.
/// [The layout](https://kafka.apache.org/41/design/protocol/#The_Messages_Fetch) is that of version 16.
fn with_one_leader(frame: &mut Vec<u8>, port: u16) -> bool {
    // After correlation, tags, throttle time, error and session.
    const COUNT: usize = 4 + 1 + 4 + 2 + 4;
    const PARTITIONS: usize = COUNT + 1 + 16;
    if frame[COUNT] < 2 {
        return false;
    }
    let mut told = frame[..PARTITIONS + 1].to_vec();
    let (partitions, mut at) = (frame[PARTITIONS], PARTITIONS + 1);
    for nth in 1..partitions {
        told.extend_from_slice(&frame[at..at + 4]);
        told.extend_from_slice(&NOT_THE_LEADER.to_be_bytes());
        // High watermark, last stable offset, start of the log; no aborted transactions; no preferred replica.
        const FIXED: usize = 4 + 2 + 3 * 8 + 1 + 4;
        told.extend_from_slice(&frame[at + 6..at + FIXED]);
        let tags = after_bytes(frame, at + FIXED);
        assert_eq!((frame[at + FIXED - 5] < 2, frame[tags]), (true, 0), "another layout");
        at = tags + 1;
        // Records of no bytes, and one tag: the leader and its epoch.
        told.extend_from_slice(&[1, 1, 1, 9]);
        let leader: i32 = if nth + 1 == partitions { 1 } else { -1 };
        told.extend_from_slice(&leader.to_be_bytes());
        told.extend_from_slice(&[0; 4 + 1]);
    }
    // No tags of the topic. One of all: where the leader is.
    let host = b"127.0.0.1";
    told.extend_from_slice(&[0, 1, 0, 1 + 4 + 1 + 9 + 4 + 1 + 1, 2, 0, 0, 0, 1, 10]);
    told.extend_from_slice(host);
    told.extend_from_slice(&u32::from(port).to_be_bytes());
    told.extend_from_slice(&[0, 0]);
    *frame = told;
    true
}

/// Past their length, one more than that as a varint, and the bytes themselves.
fn after_bytes(frame: &[u8], mut at: usize) -> usize {
    let (mut length, mut shift) = (0, 0);
    loop {
        length |= usize::from(frame[at] & 0x7f) << shift;
        (at, shift) = (at + 1, shift + 7);
        if frame[at - 1] < 0x80 {
            return at + length.saturating_sub(1);
        }
    }
}

/// Whoever is told of the broker's address is told the proxy's.
fn lead_here(frame: &mut [u8], (broker, proxy): (u16, u16)) {
    let address = |port: u16| [&b"127.0.0.1"[..], &u32::from(port).to_be_bytes()].concat();
    let (from, to) = (address(broker), address(proxy));
    for at in 0..frame.len().saturating_sub(from.len() - 1) {
        if frame[at..].starts_with(&from) {
            frame[at..at + to.len()].copy_from_slice(&to);
        }
    }
}

async fn read(from: &mut OwnedReadHalf) -> Option<Vec<u8>> {
    let length = from.read_u32().await.ok()?;
    let mut frame = vec![0; length as usize];
    from.read_exact(&mut frame).await.ok()?;
    Some(frame)
}

async fn write(to: &mut OwnedWriteHalf, frame: &[u8]) {
    let length = u32::try_from(frame.len()).unwrap().to_be_bytes();
    // A side that has ended ends the other by the next read.
    drop(to.write_all(&[&length, frame].concat()).await);
}
