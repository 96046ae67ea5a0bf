//! Who is not let in although his token is good: sessions that are over, accounts that are closed, tokens of an older
//! security epoch; and who presents a key for machines. Learnt from the log, of which the door is one reader.
//!
//! Must hold: until the log was read to its end once, and while a part of it cannot be read, nobody is let in by a
//! log-in or a key whose end might be written there.

mod known;
mod recent;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tillroll_http::{Access, Identity, Problem, problems, unix_now};
use tillroll_log::{Follower, Node, Seen, Watcher};
use tillroll_schemas::api_key::ApiKeyEvent;
use tillroll_schemas::api_key::secret::ApiSecret;
use tillroll_schemas::catalogue;
use tillroll_schemas::session::SessionEvent;
use tillroll_schemas::user::UserEvent;
use tillroll_telemetry::Shutdown;
use tokio::sync::{Mutex, SetOnce};
use tokio::time::timeout;
use uuid::Uuid;

use known::Known;
use recent::Millis;

/// How long a reading to the end of a topic may take before it is tried again.
const READ_WITHIN: Duration = Duration::from_secs(30);
/// How long whoever presents a key that nobody knows yet waits for it.
const KEY_WITHIN: Duration = Duration::from_secs(2);
const ASK_AGAIN: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What the door knows of log-ins and keys. Clones share it.
#[derive(Clone)]
pub struct Revocations(Arc<Inner>);

struct Inner {
    known: Shared,
    /// There once the log was read to its end.
    reading: SetOnce<Reading>,
    /// When the keys were last read to their end, and whether that went well. Held while they are.
    newest_keys: Mutex<Option<(Instant, bool)>>,
}

type Shared = Arc<RwLock<Known>>;

/// The topics that are followed.
struct Reading {
    users: Follower<Users>,
    sessions: Follower<Sessions>,
    keys: Follower<Keys>,
}

impl Revocations {
    /// Learns from the log who is let in, until the shutdown. Neither Kafka nor the topics need be there yet.
    pub fn follow(node: Node, shutdown: Shutdown) -> Self {
        let this = Self::without_log();
        let inner = this.0.clone();
        tillroll_telemetry::spawn("revocations", async move {
            tokio::select! {
                reading = caught_up(&node, &inner.known) => {
                    tracing::info!("the door knows who has logged out");
                    // Nobody else sets it.
                    let _ = inner.reading.set(reading);
                }
                () = shutdown.requested() => {}
            }
        });
        this
    }

    /// Knows nothing, for ever: whose token rests on a log-in, or who has a key for machines, is asked to come later.
    pub fn without_log() -> Self {
        let known = Arc::new(RwLock::new(Known::nothing()));
        Self(Arc::new(Inner { known, reading: SetOnce::new(), newest_keys: Mutex::new(None) }))
    }

    /// Waits until the log was read to its end once, for at most `patience`.
    pub async fn known_within(&self, patience: Duration) {
        if timeout(patience, self.0.reading.wait()).await.is_err() {
            tracing::warn!("the door opens before it knows who has logged out: log-ins get 503 until it does");
        }
    }

    /// 401 if what the caller's token rests on is over; 503 as long as that is not known.
    pub fn check(&self, identity: &Identity) -> Result<(), Problem> {
        if self.0.known.read().unwrap_or_else(PoisonError::into_inner).refuses(identity) {
            return Err(Problem::new(&problems::TOKEN_REVOKED));
        }
        match identity.login {
            Some(login) if !self.knows(&identity.subject, &login.sid.to_string()) => Err(not_known_yet()),
            Some(_) | None => Ok(()),
        }
    }

    /// What the key for machines allows that has this text. A key that was made a moment ago is waited for.
    pub async fn access_by_key(&self, text: &str) -> Result<Arc<Access>, Problem> {
        let unknown = || Problem::new(&problems::UNAUTHENTICATED).detail("there is no such API key, or it was revoked");
        let (id, secret) = ApiSecret::read(text).map_err(|_| unknown())?;
        let look = || self.0.known.read().unwrap_or_else(PoisonError::into_inner).access_by(id, &secret);
        let reading = self.0.reading.get().ok_or_else(not_known_yet)?;
        let (found, rests_on) = match look() {
            Some(found) => found,
            None if self.read_keys(reading).await => look().ok_or_else(unknown)?,
            None => return Err(not_known_yet()),
        };
        let stopped = |user: Uuid| reading.users.is_stopped_for(&user.to_string());
        if reading.keys.is_stopped_for(&id.to_string()) || rests_on.into_iter().any(stopped) {
            return Err(not_known_yet());
        }
        let known = self.0.known.read().unwrap_or_else(PoisonError::into_inner);
        if rests_on.into_iter().any(|user| known.is_closed(user)) {
            return Err(Problem::new(&problems::TOKEN_REVOKED));
        }
        Ok(found)
    }

    /// Whether all that was ever said of this user and session has been read.
    fn knows(&self, user: &str, sid: &str) -> bool {
        let Some(reading) = self.0.reading.get() else { return false };
        !reading.users.is_stopped_for(user) && !reading.sessions.is_stopped_for(sid)
    }

    /// Reads the keys to the end that the log has now, once for all who want it meanwhile.
    async fn read_keys(&self, reading: &Reading) -> bool {
        let wanted = Instant::now();
        let mut newest = self.0.newest_keys.lock().await;
        if let Some((begun, read)) = *newest
            && begun >= wanted
        {
            return read;
        }
        let begun = Instant::now();
        let read = reading.keys.refresh(KEY_WITHIN).await.is_ok();
        *newest = Some((begun, read));
        read
    }
}

fn not_known_yet() -> Problem {
    Problem::new(&problems::UNAVAILABLE).detail("the door has not read yet who is still let in")
}

/// Follows the three topics, and comes back when each was read to the end that it had.
async fn caught_up(node: &Node, known: &Shared) -> Reading {
    let reading = Reading {
        users: there(node, Users(known.clone())).await,
        sessions: there(node, Sessions(known.clone())).await,
        keys: there(node, Keys(known.clone())).await,
    };
    read(&reading.users).await;
    read(&reading.sessions).await;
    read(&reading.keys).await;
    reading
}

async fn there<W: Watcher>(node: &Node, watcher: W) -> Follower<W> {
    let (watcher, mut pause) = (Arc::new(watcher), ASK_AGAIN);
    loop {
        match node.follow(watcher.clone()).await {
            Ok(follower) => return follower,
            Err(error) => tracing::debug!(%error, kafka.topic = W::EVENTS, "cannot be followed yet"),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// What cannot be read counts as read here, and as not known afterwards.
async fn read<W: Watcher>(follower: &Follower<W>) {
    while follower.refresh(READ_WITHIN).await.is_err() && !follower.is_stopped() {
        tokio::time::sleep(ASK_AGAIN).await;
    }
}

struct Users(Shared);
struct Sessions(Shared);
struct Keys(Shared);

impl Watcher for Users {
    const EVENTS: &'static str = catalogue::USER.events;
    type Event = UserEvent;

    fn see(&self, events: Vec<Seen<UserEvent>>) {
        each(&self.0, events, |known, id, seen, now| known.user(id, &seen.event, millis(seen), now));
    }
}

impl Watcher for Sessions {
    const EVENTS: &'static str = catalogue::SESSION.events;
    type Event = SessionEvent;

    fn see(&self, events: Vec<Seen<SessionEvent>>) {
        each(&self.0, events, |known, id, seen, now| known.session(id, &seen.event, millis(seen), now));
    }
}

impl Watcher for Keys {
    const EVENTS: &'static str = catalogue::API_KEY.events;
    type Event = ApiKeyEvent;

    fn see(&self, events: Vec<Seen<ApiKeyEvent>>) {
        each(&self.0, events, |known, id, seen, _| known.key(id, &seen.event));
    }
}

/// Tells them in order. Keys of these topics are UUIDs by construction; nobody can present any other.
fn each<E>(known: &Shared, events: Vec<Seen<E>>, tell: impl Fn(&mut Known, Uuid, &Seen<E>, Millis)) {
    let now = Millis::try_from(unix_now().saturating_mul(1000)).unwrap_or(Millis::MAX);
    let mut known = known.write().unwrap_or_else(PoisonError::into_inner);
    for seen in &events {
        if let Ok(id) = seen.key.parse() {
            tell(&mut known, id, seen, now);
        }
    }
}

fn millis<E>(seen: &Seen<E>) -> Millis {
    seen.recorded_at.timestamp_millis()
}

#[cfg(test)]
mod tests;
