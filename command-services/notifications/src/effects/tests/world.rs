//! A world for the courier: a webhook that answers as it is told to and remembers what it was asked, and ports that say
//! what a test wants.

use super::super::courier::{Courier, Ways};
use super::super::{Errand, Texted};
use crate::channels::{Secret, Webhook, WebhookConfig};
use crate::ports::{Address, Addresses, Chosen, Found, LinkTo, Links, LookUp, Preferences, Which};
use crate::preference::State as Wishes;
use crate::samples;
use crate::templates::{Language, Texts};
use chrono::TimeDelta;
use serde_json::Value;
use std::sync::{Arc, Mutex};
use tillroll_schemas::notification::Channel;
use tillroll_schemas::preference::{Choices, Kind};
use tillroll_schemas::{NotificationId, Timestamp, UserId};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use uuid::Uuid;

/// The time in this world: later than what `samples::reset` is good for.
const NOW: i64 = 1_800_000_000;

pub fn now() -> Timestamp {
    Timestamp::from_timestamp(NOW, 0).unwrap()
}

pub fn errand() -> Errand {
    Errand {
        notification: NotificationId(Uuid::from_u128(5)),
        user_id: UserId(Uuid::from_u128(1)),
        content: samples::shipped(),
        channels: vec![Channel::Push],
        attempt: 1,
        send_by: now() + TimeDelta::seconds(60),
    }
}

pub fn wishes(kind: Kind, channels: &[Channel]) -> Choices {
    Choices([(kind, channels.iter().copied().collect())].into())
}

/// A request as the webhook got it.
#[derive(Clone, Debug)]
pub struct Asked {
    head: Vec<String>,
    pub body: Value,
}

impl Asked {
    pub fn header(&self, name: &str) -> &str {
        let named = |line: &&String| line.split(':').next().is_some_and(|it| it.eq_ignore_ascii_case(name));
        self.head.iter().find(named).and_then(|line| line.split_once(": ")).unwrap().1
    }
}

pub struct World {
    url: String,
    requests: Arc<Mutex<Vec<Asked>>>,
}

impl World {
    /// The webhook answers every request with this status.
    pub async fn answering(status: u16) -> Self {
        Self::start(Some(status)).await
    }

    /// The webhook hears a request to its end and says nothing.
    pub async fn hanging_up() -> Self {
        Self::start(None).await
    }

    /// There is no webhook.
    pub fn with_nobody_there() -> Self {
        Self { url: "http://127.0.0.1:1/messages".to_owned(), requests: Arc::default() }
    }

    async fn start(status: Option<u16>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/messages", listener.local_addr().unwrap());
        let requests: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let heard = requests.clone();
        tillroll_telemetry::spawn("webhook", async move {
            while let Ok((stream, _)) = listener.accept().await {
                serve(stream, status, &heard).await;
            }
        });
        Self { url, requests }
    }

    pub fn requests(&self) -> Vec<Asked> {
        self.requests.lock().unwrap().clone()
    }

    /// A courier with push alone, for a person who wants it and has an address.
    pub fn courier(&self) -> Courier {
        self.courier_with(address(), Some(wishes(Kind::Delivery, &Channel::ALL)))
    }

    pub fn courier_finding(&self, found: Found) -> Courier {
        self.courier_with(found, Some(wishes(Kind::Delivery, &Channel::ALL)))
    }

    pub fn courier_wishing(&self, choices: Option<Choices>) -> Courier {
        self.courier_with(address(), choices)
    }

    fn courier_with(&self, found: Found, choices: Option<Choices>) -> Courier {
        let secret = Secret::new("0123456789abcdef0123456789abcdef");
        let push = Webhook::new(&WebhookConfig { url: self.url.clone(), secret, allow_plain: true }).unwrap();
        Courier {
            ways: Ways { push: Some(push), ..Ways::default() },
            texts: Texts::new("The Shop").unwrap(),
            addresses: Box::new(Known(found)),
            preferences: Box::new(Wanted(choices)),
            links: Box::new(Plain),
            texted: Texted::default(),
            clock: now,
        }
    }
}

fn address() -> Found {
    Found::Address(Address { to: "device-token".to_owned(), language: Language::English, number: None })
}

struct Known(Found);

impl Addresses for Known {
    fn look_up(&self, _: UserId, _: Channel, _: Which) -> LookUp<'_> {
        Box::pin(async { self.0.clone() })
    }
}

struct Wanted(Option<Choices>);

impl Preferences for Wanted {
    fn choices(&self, _: UserId) -> Chosen<'_> {
        Box::pin(async { Some(Wishes { choices: self.0.clone()?, undeliverable: None }) })
    }
}

struct Plain;

impl Links for Plain {
    fn link(&self, _: UserId, to: LinkTo) -> String {
        format!("https://shop.example/{to:?}")
    }
}

/// One request on one connection, which then ends.
async fn serve(stream: TcpStream, status: Option<u16>, heard: &Mutex<Vec<Asked>>) {
    let mut stream = BufReader::new(stream);
    let (mut head, mut length) = (Vec::new(), 0);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return;
        }
        let line = line.trim_end().to_owned();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
            length = value.parse().unwrap();
        }
        head.push(line);
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    heard.lock().unwrap().push(Asked { head, body: serde_json::from_slice(&body).unwrap() });
    if let Some(status) = status {
        let answer = format!("HTTP/1.1 {status} \r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        stream.get_mut().write_all(answer.as_bytes()).await.unwrap();
    }
}
