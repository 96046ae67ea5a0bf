//! A broker that is back but has not been let in by its controller yet: it answers, and names nobody, not even itself.
//! librdkafka then forgets every broker, and may never look for one again (its issue 5301).
//! A proxy stands before a real broker and gives its answers so; the broker itself does it only for a moment.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
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
        proxy.fence_for(FENCED).await;
        assert!(proxy.named_nobody.swap(0, Ordering::AcqRel) > 0, "round {round}: nobody has asked");
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

struct Proxy {
    port: u16,
    fenced: Arc<AtomicBool>,
    /// Answers that named nobody.
    named_nobody: Arc<AtomicU32>,
    /// Every connection ends when this changes.
    cut: watch::Sender<u32>,
}

impl Proxy {
    async fn before(broker: &str) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (cut, fenced) = (watch::channel(0).0, Arc::new(AtomicBool::new(false)));
        let named_nobody = Arc::new(AtomicU32::new(0));
        let (broker, cuts) = (broker.to_owned(), cut.clone());
        let state = (Arc::clone(&fenced), Arc::clone(&named_nobody));
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let server = TcpStream::connect(&broker).await.unwrap();
                let ports = (server.peer_addr().unwrap().port(), port);
                let (mut cut, (fenced, named_nobody)) = (cuts.subscribe(), state.clone());
                tokio::spawn(async move {
                    tokio::select! {
                        _ = cut.changed() => {}
                        () = carry(client, server, ports, (&fenced, &named_nobody)) => {}
                    }
                });
            }
        });
        Proxy { port, fenced, named_nobody, cut }
    }

    async fn fence_for(&self, time: Duration) {
        self.fenced.store(true, Ordering::Release);
        self.cut.send_modify(|times| *times += 1);
        tokio::time::sleep(time).await;
        self.fenced.store(false, Ordering::Release);
    }
}

/// Frames in both directions, until either side ends.
async fn carry(
    client: TcpStream,
    server: TcpStream,
    ports: (u16, u16),
    (fenced, named_nobody): (&AtomicBool, &AtomicU32),
) {
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
            if let Some((METADATA, version)) = question
                && fenced.load(Ordering::Acquire)
            {
                assert!(version >= 9, "another layout");
                without_brokers(&mut frame);
                named_nobody.fetch_add(1, Ordering::AcqRel);
            }
            lead_here(&mut frame, ports);
            write(&mut to_client, &frame).await;
        }
    };
    tokio::select! {
        () = questions => {}
        () = answers => {}
    }
}

const METADATA: i16 = 3;

/// Takes the one broker out: after correlation, tags and throttle time stands how many there are, and one more.
fn without_brokers(frame: &mut Vec<u8>) {
    const COUNT: usize = 4 + 1 + 4;
    assert_eq!(frame[COUNT], 2, "one broker");
    let text_from = |at: usize| at + 1 + usize::from(frame[at].saturating_sub(1));
    let rack = text_from(COUNT + 1 + 4) + 4;
    let tags = text_from(rack);
    assert_eq!(frame[tags], 0);
    frame.splice(COUNT..=tags, [1]);
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
