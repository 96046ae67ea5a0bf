//! Where guesses are counted: at whoever owns the claim that is guessed at, so that many instances allow no more of them
//! than one. Whoever has the request asks there for a turn, and tells there how it ended. Where nobody can be asked he
//! counts it himself: nobody is kept out by it.

use super::Desk;
use super::log_in::not_now;
use super::people::Person;
use crate::guessing::turns::{self, Turns};
use crate::guessing::{Ended, Guesses, NotNow, TooManyAttempts};
use crate::identity_claim::IdentityClaim;
use crate::user::Account;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use backon::{BackoffBuilder, ExponentialBuilder};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tillroll_command_http::{Saying, Sibling, Siblings};
use tillroll_http::{PathId, Problem, StrictJson, problems};
use tillroll_log::{Commands, Key};
use tillroll_schemas::identity_claim::ClaimKey;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

/// Where a turn is asked for. No door has these paths.
pub(super) const TURNS: &str = "/turns";
/// Where it is told how one ended.
pub(super) const END: &str = "/turns/{id}/end";
/// Where a mail is counted that somebody has sent to whoever has a claim.
pub(super) const MAILS: &str = "/mails";
/// Where it is told from where somebody has proved who he is.
pub(super) const KNOWN: &str = "/known";
/// How long the owner may take: longer than anybody waits there for his turn.
const TOLD_WITHIN: Duration = Duration::from_secs(9);
/// Nobody has a turn for longer, as no request is answered for longer but one that asks for more. It is for two looks at the
/// vault (2 s of patience each), two waits for a hash (5 s each with a full queue on two cores) and 2 s in between: only
/// where all of these are at their worst is that more, and then it counts as wrong; not before the first hash is known.
pub(super) const TURN_LASTS: Duration = Duration::from_secs(10);
/// How long telling its end may take once.
const END_WITHIN: Duration = Duration::from_secs(1);
/// The pause before that is told again; the next is twice as long.
const END_AGAIN: Duration = Duration::from_millis(200);
/// How often it is told again.
const ENDS_AGAIN: u32 = 2;
/// Whoever had a turn for so long and says nothing has died, and was wrong: as long as a turn lasts and its end may be on
/// its way, 3.6 s, and the way there and back.
const HELD_FOR: Duration = Duration::from_secs(15);

type OwnTurn = turns::Turn<ClaimKey, IpAddr>;

/// Who guesses, and who has mails sent.
pub(crate) struct Counters {
    siblings: Siblings<IdentityClaim>,
    turns: Turns<ClaimKey, IpAddr>,
    mails: Mutex<Guesses<ClaimKey, IpAddr>>,
    held: Held,
}

/// An attempt that is under way. Dropped it was wrong.
pub(super) enum Turn {
    /// It is counted here.
    Here(OwnTurn),
    /// It is counted by another instance.
    There(There),
}

/// A turn that another instance holds.
pub(super) struct There {
    owner: Sibling,
    id: Uuid,
    ends: Ended,
}

/// Turns of those whose requests other instances have.
#[derive(Clone, Default)]
struct Held(Arc<Mutex<HashMap<Uuid, OwnTurn>>>);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Attempt {
    claim: ClaimKey,
    address: IpAddr,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Given {
    turn: Uuid,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Over {
    ended: Ended,
}

impl Counters {
    /// Nobody has tried anything.
    pub(crate) fn new(
        claims: Commands<IdentityClaim>,
        turns: Turns<ClaimKey, IpAddr>,
        mails: Guesses<ClaimKey, IpAddr>,
    ) -> Self {
        Self { siblings: Siblings::new(claims), turns, mails: Mutex::new(mails), held: Held::default() }
    }

    /// A turn to guess at whoever has this claim, from this address.
    pub(super) async fn turn(&self, claim: &ClaimKey, address: IpAddr) -> Result<Turn, NotNow> {
        let attempt = Attempt { claim: claim.clone(), address };
        if let Some((owner, said)) = self.told(&attempt, TURNS).await?
            && let Ok(Given { turn: id }) = serde_json::from_slice(&said.body)
        {
            return Ok(Turn::There(There { owner, id, ends: Ended::Wrong }));
        }
        self.turns.turn(claim, &address).await.map(Turn::Here)
    }

    /// Somebody has a mail sent to whoever has this claim.
    pub(super) async fn count_mail(&self, claim: &ClaimKey, address: IpAddr) -> Result<(), NotNow> {
        let attempt = Attempt { claim: claim.clone(), address };
        match self.told(&attempt, MAILS).await? {
            Some(_) => Ok(()),
            None => self.count_mail_here(&attempt),
        }
    }

    /// Somebody at this address has proved that he has this claim: guesses from elsewhere keep nobody out there.
    async fn remember(&self, claim: ClaimKey, address: IpAddr) {
        let attempt = Attempt { claim, address };
        if let Ok(Some(_)) = self.told(&attempt, KNOWN).await {
            return;
        }
        self.turns.remember(attempt.claim, attempt.address);
    }

    fn count_mail_here(&self, Attempt { claim, address }: &Attempt) -> Result<(), NotNow> {
        let mut mails = self.mails.lock().unwrap_or_else(PoisonError::into_inner);
        mails.count(claim, address, Instant::now())
    }

    /// What the claim's owner says, if it is another instance and can be asked.
    async fn told(&self, attempt: &Attempt, path: &str) -> Result<Option<(Sibling, Saying)>, NotNow> {
        let key = Key::from(attempt.claim.as_str());
        // One who is well answers in time.
        let Ok(Some((owner, said))) = timeout(TOLD_WITHIN, self.siblings.ask(&key, path, attempt)).await else {
            return Ok(None);
        };
        match said.status {
            StatusCode::TOO_MANY_REQUESTS => Err(too_many(&said.headers).into()),
            StatusCode::SERVICE_UNAVAILABLE => Err(NotNow::Undecided),
            status if status.is_success() => Ok(Some((owner, said))),
            // An older build does not know the question.
            _ => Ok(None),
        }
    }
}

impl Desk {
    /// Somebody knew the password, by one of the names that he has. It is that of the others as well: whoever guesses at
    /// those keeps nobody out of there either. Nobody waits for it.
    pub(super) fn is_known_by_all(&self, person: &Person, by: &ClaimKey, address: IpAddr) {
        let Account { email_claim, username_claim, .. } = &*person.account;
        for held in [email_claim, username_claim].into_iter().filter(|held| held.claim != *by) {
            let (counters, claim) = (self.counters.clone(), held.claim.clone());
            tillroll_telemetry::spawn(
                "where somebody is known",
                async move { counters.remember(claim, address).await },
            );
        }
    }
}

fn too_many(headers: &HeaderMap) -> TooManyAttempts {
    let seconds = headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    TooManyAttempts { retry_after: Duration::from_secs(seconds.unwrap_or(1)) }
}

impl Turn {
    /// He knew the password.
    pub(super) fn right(self) {
        self.end(Ended::Right);
    }

    /// Nobody has looked at the password: it counts for nothing.
    pub(super) fn untried(self) {
        self.end(Ended::Untried);
    }

    fn end(self, ended: Ended) {
        match self {
            Self::Here(turn) => turn.end(ended),
            Self::There(mut there) => there.ends = ended,
        }
    }
}

impl Drop for There {
    fn drop(&mut self) {
        let (owner, path, over) =
            (self.owner.clone(), END.replace("{id}", &self.id.to_string()), Over { ended: self.ends });
        tillroll_telemetry::spawn("the end of a turn", async move {
            let tell = || async { owner.post(&path, &over).await.map(|said| said.status) };
            if !is_told(tell).await {
                tracing::debug!("a turn's end is not told: it counts as wrong");
            }
        });
    }
}

/// Tells the end of a turn, again where it may not have come: a turn ends once, and then nobody knows it any more.
async fn is_told<F: Future<Output = Option<StatusCode>>>(tell: impl Fn() -> F) -> bool {
    let again = ExponentialBuilder::new().with_min_delay(END_AGAIN).with_max_times(ENDS_AGAIN as usize);
    let mut pauses = again.build();
    loop {
        let said = timeout(END_WITHIN, tell()).await.ok().flatten();
        if said.is_some_and(|status| status.is_success() || status == StatusCode::NOT_FOUND) {
            return true;
        }
        let Some(pause) = pauses.next() else { return false };
        sleep(pause).await;
    }
}

impl Held {
    #[expect(clippy::disallowed_methods, reason = "names a turn between two instances: nothing is made of it")]
    fn keep(&self, turn: OwnTurn) -> Uuid {
        let id = Uuid::new_v4();
        self.turns().insert(id, turn);
        let held = self.clone();
        tillroll_telemetry::spawn("a turn that is held", async move {
            sleep(HELD_FOR).await;
            drop(held.take(id));
        });
        id
    }

    fn take(&self, id: Uuid) -> Option<OwnTurn> {
        self.turns().remove(&id)
    }

    fn turns(&self) -> MutexGuard<'_, HashMap<Uuid, OwnTurn>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) async fn give(
    State(desk): State<Arc<Desk>>,
    StrictJson { value: Attempt { claim, address }, .. }: StrictJson<Attempt>,
) -> Result<(StatusCode, Json<Given>), Problem> {
    let turn = desk.counters.turns.turn(&claim, &address).await.map_err(not_now)?;
    Ok((StatusCode::CREATED, Json(Given { turn: desk.counters.held.keep(turn) })))
}

pub(super) async fn end(
    State(desk): State<Arc<Desk>>,
    PathId(id): PathId<Uuid>,
    StrictJson { value: Over { ended }, .. }: StrictJson<Over>,
) -> Result<StatusCode, Problem> {
    let turn = desk.counters.held.take(id).ok_or(&problems::NOT_FOUND)?;
    turn.end(ended);
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn remember(
    State(desk): State<Arc<Desk>>,
    StrictJson { value: Attempt { claim, address }, .. }: StrictJson<Attempt>,
) -> StatusCode {
    desk.counters.turns.remember(claim, address);
    StatusCode::NO_CONTENT
}

pub(super) async fn count_mail(
    State(desk): State<Arc<Desk>>,
    StrictJson { value: attempt, .. }: StrictJson<Attempt>,
) -> Result<StatusCode, Problem> {
    desk.counters.count_mail_here(&attempt).map_err(not_now)?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests;
