//! Where guesses are counted: at whoever owns the claim that is guessed at, so that many instances allow no more of them
//! than one. Whoever has the request asks there for a turn, and tells there how it ended. Where nobody can be asked he
//! counts it himself: nobody is kept out by it.

use super::Desk;
use super::log_in::not_now;
use crate::guessing::turns::{self, Turns};
use crate::guessing::{Ended, Guesses, NotNow, TooManyAttempts};
use crate::identity_claim::IdentityClaim;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
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
/// How long the owner may take: longer than anybody waits there for his turn.
const TOLD_WITHIN: Duration = Duration::from_secs(9);
/// Whoever had a turn for so long and says nothing has died, and was wrong. Longer than any request takes.
const HELD_FOR: Duration = Duration::from_secs(60);

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
            if owner.post(&path, &over).await.is_none() {
                tracing::debug!("a turn's end is not told: it counts as wrong");
            }
        });
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

pub(super) async fn count_mail(
    State(desk): State<Arc<Desk>>,
    StrictJson { value: attempt, .. }: StrictJson<Attempt>,
) -> Result<StatusCode, Problem> {
    desk.counters.count_mail_here(&attempt).map_err(not_now)?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests;
