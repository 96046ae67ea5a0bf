//! `POST /sessions`: by address or username and password. Who is unknown and who mistypes are told the same, after the
//! same work; who fails again and again has to wait.

use super::body::Tokens;
use super::people::Person;
use super::personal::DEVICE;
use super::{Desk, SESSIONS, address_of, broken, drawn, named_here};
use crate::guessing::NotNow;
use crate::identity::{Email, Username};
use crate::password::{Password, needs_rehash};
use crate::session::token::Presented;
use crate::session::{Live, Session, State as SessionState};
use crate::user::{Account, User};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tillroll_command_http::{Checks, EXECUTE_WITHIN, INVALID_CREDENTIALS, Named, problem_of, rejected};
use tillroll_http::{CommandAnswer, CommandHeaders, Identity, Login, Problem, StrictJson, problems, unix_now};
use tillroll_log::{Answered, CommandId};
use tillroll_schemas::identity_claim::ClaimKey;
use tillroll_schemas::session::OpenSession;
use tillroll_schemas::user::{RehashPassword, Role};
use tillroll_schemas::{SessionId, UserId};
use uuid::Uuid;

/// How long an access token is good.
pub(super) const ACCESS_FOR: Duration = Duration::from_secs(15 * 60);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LogInBody {
    email: Option<String>,
    username: Option<String>,
    password: String,
    /// Shown in the list of sessions.
    device: Option<String>,
}

pub(super) async fn log_in(
    State(desk): State<Arc<Desk>>,
    headers: CommandHeaders,
    all: HeaderMap,
    StrictJson { value: body, .. }: StrictJson<LogInBody>,
) -> Result<Response, Problem> {
    let (claim, password, device) = desk.read(body)?;
    let person = desk.let_in(&claim, address_of(&all), &password).await?;
    let named = desk.named_for::<Session>(claim.as_str(), &headers, SESSIONS, b"").await?;
    let named = named_here(&desk.sessions, &headers, of_user(named, &desk, person.id), of_session);
    let device = match device {
        Some(device) => Some(desk.seal(person.id, named.id.0, DEVICE, &device).await?),
        None => None,
    };
    let open = OpenSession { user_id: person.id, epoch: person.account.epoch, device };
    let session = SessionId::of_command(named.id.0);
    let answered = desk.open(session, named, open).await?;
    let tokens = desk.tokens_of(session, &answered.answer, &person.account)?;
    let answer = CommandAnswer::created(tokens, format!("{SESSIONS}/{session}"));
    Ok(secret(desk.keys.answer_of(&answered, answer).into_response()))
}

/// A log-in is named by its user besides its key, since nobody is logged in yet; the password is not hashed into it.
fn of_user(named: Named, desk: &Desk, user: UserId) -> Named {
    let id = CommandId(Uuid::new_v5(&named.id.0, user.0.as_bytes()));
    let hash = desk.keys.hash_of(user.0.as_bytes());
    Named { id, hash, actor: user.to_string(), correlation: id.0, ..named }
}

/// The session that a command of this name opens.
fn of_session(command: Uuid) -> String {
    SessionId::of_command(command).to_string()
}

/// 429 for whoever has failed too often, 503 where too many others have to be told first.
pub(super) fn not_now(why: NotNow) -> Problem {
    match why {
        NotNow::TooMany(wait) => {
            let seconds = u32::try_from(wait.retry_after.as_secs()).unwrap_or(u32::MAX);
            Problem::new(&problems::RATE_LIMITED).detail(wait.to_string()).retry_after(seconds)
        }
        NotNow::Undecided => Problem::new(&problems::OVERLOADED),
    }
}

/// What must not be kept by anything on the way.
pub(super) fn secret(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

impl Desk {
    fn read(&self, body: LogInBody) -> Result<(ClaimKey, Password, Option<String>), Problem> {
        let mut checks = Checks::new();
        let claim = self.named_by(body.email.as_deref(), body.username.as_deref(), &mut checks);
        checks.require(body.password.chars().count() <= 128, "/password", "at most 128 characters");
        body.device.iter().for_each(|device| checks.line(device, 1..=100, "/device"));
        checks.finish()?;
        Ok((claim.ok_or(&problems::INTERNAL)?, Password::typed(body.password), body.device))
    }

    /// What somebody is named by: his address, or his username.
    pub(super) fn named_by(
        &self,
        email: Option<&str>,
        username: Option<&str>,
        checks: &mut Checks,
    ) -> Option<ClaimKey> {
        let identity = &self.secrets.identity;
        match (email, username) {
            (Some(email), None) => checks.take(Email::parse(email), "/email").map(|email| identity.of_email(&email)),
            (None, Some(name)) => {
                checks.take(Username::parse(name), "/username").map(|name| identity.of_username(&name))
            }
            (Some(_), Some(_)) | (None, None) => {
                checks.require(false, "/email", "either email or username");
                None
            }
        }
    }

    /// The person whose password this is.
    async fn let_in(&self, claim: &ClaimKey, from: IpAddr, password: &Password) -> Result<Person, Problem> {
        let turn = self.counters.turn(claim, from).await.map_err(not_now)?;
        let known = self.knows(turn, password, || self.by_claim(claim)).await?;
        let Some(person) = known else { return Err(Problem::new(&INVALID_CREDENTIALS)) };
        self.is_known_by_all(&person, claim, from);
        if person.suspended {
            return Err(rejected(&crate::user::UserRejection::Suspended));
        }
        self.rehash(&person, password).await;
        Ok(person)
    }

    /// A password that was hashed at another cost is hashed anew. Where that fails it is done at the next log-in.
    async fn rehash(&self, person: &Person, password: &Password) {
        let kept = &person.account.password;
        let Ok(Some(hash)) = self.hash_of(person.id, kept).await else { return };
        if !needs_rehash(&hash, self.hashing.cost()).unwrap_or_default() {
            return;
        }
        // Of many who come at once one is first: they are one command.
        let id = CommandId(Uuid::new_v5(&person.id.0, kept.0.as_bytes()));
        let Ok((password, hash)) = self.hashed(person.id, id.0, password.clone()).await else { return };
        let (actor, hash) = (person.id.to_string(), self.keys.hash_of(hash.0.as_bytes()));
        let named = Named { id, hash, expected: None, actor, correlation: id.0, traceparent: None };
        if let Err(problem) = self.ask(named, person.id, RehashPassword { password, epoch: person.account.epoch }).await
        {
            tracing::debug!(user.id = %person.id, problem = problem.code(), "a password is hashed anew later");
        }
    }

    async fn open(&self, session: SessionId, named: Named, open: OpenSession) -> Result<Answered<Session>, Problem> {
        let request = named.request(session.to_string(), open.into());
        self.sessions.execute(request, EXECUTE_WITHIN).await.map_err(problem_of)
    }

    /// Logs somebody in who has just registered, by a session that is served here. A repeat opens no other as long as
    /// this instance serves what it served: it may have been passed on once already, so that it cannot be to where the
    /// first session is.
    pub(super) async fn first_session(
        &self,
        user: UserId,
        account: &Account,
        registered: &Answered<User>,
    ) -> Result<Tokens, Problem> {
        let cause = registered.at.as_ref().map(|at| format!("{at}")).unwrap_or_default();
        let id = CommandId(Uuid::new_v5(&user.0, cause.as_bytes()));
        let session = SessionId::of_command(drawn(&self.sessions, id.0, of_session));
        let (hash, actor) = (self.keys.hash_of(user.0.as_bytes()), user.to_string());
        let named = Named { id, hash, expected: None, actor, correlation: id.0, traceparent: None };
        let open = OpenSession { user_id: user, epoch: account.epoch, device: None };
        let answered = self.open(session, named, open).await?;
        self.tokens_of(session, &answered.answer, account)
    }

    /// Tokens of a session for somebody who has proved who he is: of its newest generation.
    fn tokens_of(&self, id: SessionId, session: &SessionState, account: &Account) -> Result<Tokens, Problem> {
        let SessionState::Live(live) = session else { return Err(rejected(&crate::session::Rejection::Over)) };
        self.tokens(id, live, live.generation, &account.roles)
    }

    /// Tokens of this generation of a session.
    pub(super) fn tokens<'a>(
        &self,
        id: SessionId,
        live: &Live,
        generation: u64,
        roles: impl IntoIterator<Item = &'a Role>,
    ) -> Result<Tokens, Problem> {
        let roles: Vec<_> = roles.into_iter().map(role_of).collect();
        let login = Login { sid: id.0, epoch: live.epoch };
        let identity = Identity::of_user(live.user_id.0, &roles, Some(login));
        let access_token = self.access.mint(&identity, ACCESS_FOR, unix_now()).map_err(|error| broken(&error))?;
        let refresh_token = self.secrets.refresh.issue(Presented { session: id, generation });
        Ok(Tokens {
            access_token,
            refresh_token: refresh_token.reveal().to_owned(),
            token_type: "Bearer",
            expires_in: ACCESS_FOR.as_secs(),
            session_id: id,
        })
    }
}

pub(super) fn role_of(role: &Role) -> tillroll_http::Role {
    match role {
        Role::Customer => tillroll_http::Role::Customer,
        Role::Staff => tillroll_http::Role::Staff,
        Role::Operator => tillroll_http::Role::Operator,
    }
}
