//! `POST /users`: an account, once its address and its username are nobody else's.

use super::body::{Registered, UserOut};
use super::log_in::{not_now, secret};
use super::personal::{EMAIL, ProfileBody, USERNAME};
use super::{Desk, ME, USERS, address_of, named_here};
use crate::identity::{Email, Username};
use crate::password::{Password, policy};
use crate::user::{Account, Status, User, UserBody};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};
use std::time::Instant;
use tillroll_command_http::{Checks, EXECUTE_WITHIN, Named, kind_of, problem_of};
use tillroll_http::{CommandAnswer, CommandHeaders, Problem, StrictJson, StrictQuery, problems};
use tillroll_log::{Answered, Key};
use tillroll_schemas::UserId;
use tillroll_schemas::user::{ClaimFailure, RegisterUser, Role};

/// Whether tokens are wanted at once.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wishes {
    #[serde(default)]
    login: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RegisterBody {
    email: String,
    username: String,
    password: String,
    name: Option<String>,
}

struct Checked {
    email: Email,
    username: Username,
    password: Password,
    profile: ProfileBody,
}

pub(super) async fn register(
    State(desk): State<Arc<Desk>>,
    headers: CommandHeaders,
    all: HeaderMap,
    StrictQuery(wishes): StrictQuery<Wishes>,
    StrictJson { value: body, .. }: StrictJson<RegisterBody>,
) -> Result<Response, Problem> {
    let checked = checked(body)?;
    let counted =
        desk.newcomers.lock().unwrap_or_else(PoisonError::into_inner).count(&address_of(&all), Instant::now());
    counted.map_err(not_now)?;
    let (user, first) = desk.registration(&headers, checked).await?;
    let (answered, _) = desk.outcome(user, first, headers.wait).await;
    let body = answered.answer.clone().ok_or(&problems::INTERNAL)?;
    // What he may read as soon as he can log in; `/users/{id}` is the staff's.
    let path = ME.to_owned();
    match body.status {
        Status::Failed(failure) => Err(refused(failure)),
        Status::Registering => Ok(desk
            .keys
            .answer_of(&answered, CommandAnswer::accepted(desk.shown(user, &body).await?, path))
            .into_response()),
        Status::Erased => Err(Problem::new(&problems::NOT_FOUND)),
        Status::Active | Status::Suspended => desk.registered(user, &body, &answered, &wishes, path).await,
    }
}

fn checked(body: RegisterBody) -> Result<Checked, Problem> {
    let mut checks = Checks::new();
    let email = checks.take(Email::parse(&body.email), "/email");
    let username = checks.take(Username::parse(&body.username), "/username");
    let password = Password::typed(body.password);
    checks.take(policy::check(&password), "/password");
    let profile = ProfileBody { name: body.name, ..ProfileBody::default() };
    profile.check(&mut checks);
    checks.finish()?;
    // Both are there, or the checks have found something wrong.
    let (Some(email), Some(username)) = (email, username) else { return Err(Problem::new(&problems::INTERNAL)) };
    Ok(Checked { email, username, password, profile })
}

impl Desk {
    /// Has the user registered, by a command in which everything is sealed or hashed. Its hash is made of the password's, so
    /// that a guess at the body costs as much as a guess at the password.
    async fn registration(
        &self,
        headers: &CommandHeaders,
        checked: Checked,
    ) -> Result<(UserId, Answered<User>), Problem> {
        let Checked { email, username, password, profile } = checked;
        let claim = self.secrets.identity.of_email(&email);
        let named = self.named_for::<User>(claim.as_str(), headers, USERS, b"").await?;
        let mut named = named_here(&self.users, headers, named, |id| UserId::of_command(id).to_string());
        let (id, user) = (named.id.0, UserId::of_command(named.id.0));
        let hash = self.hash_for_stranger(id, password).await?;
        let name = profile.name.as_deref().unwrap_or_default();
        let said = [email.reveal(), username.reveal(), name, &hash.0].join("\0");
        named.hash = self.keys.hash_of(said.as_bytes());
        named.actor = user.to_string();
        let sealed = async {
            Ok::<_, Problem>(RegisterUser {
                email: self.seal(user, id, EMAIL, email.reveal()).await?,
                email_claim: claim,
                username: self.seal(user, id, USERNAME, username.reveal()).await?,
                username_claim: self.secrets.identity.of_username(&username),
                profile: self.seal_profile(user, id, &profile).await?,
                password: self.kept(user, id, &hash).await?,
                roles: BTreeSet::from([Role::Customer]),
            })
        };
        let answered = match sealed.await {
            Ok(command) => self.ask(named, user, command).await?,
            Err(problem) => self.registered_before(user, &named, problem).await?,
        };
        Ok((user, answered))
    }

    /// Who got no account has no key for long: when he asks the same again nothing is sealed for him any more, and what he
    /// was told stands all the same.
    async fn registered_before(
        &self,
        user: UserId,
        named: &Named,
        unsealed: Problem,
    ) -> Result<Answered<User>, Problem> {
        if unsealed.code() != problems::NOT_FOUND.code {
            return Err(unsealed);
        }
        let key = Key::from(user.to_string());
        let seen = self.users.seen(&key, named.id, named.hash, EXECUTE_WITHIN).await.map_err(problem_of)?;
        seen.ok_or(unsealed)
    }

    async fn registered(
        &self,
        user: UserId,
        body: &UserBody,
        answered: &Answered<User>,
        wishes: &Wishes,
        path: String,
    ) -> Result<Response, Problem> {
        let shown: UserOut = self.shown(user, body).await?;
        // The session is a command of its own, with the registration's id for its cause. A repeat proves the first
        // password: it lets nobody in who has another by now, or who is locked out.
        let proves = |account: &Account| body.status == Status::Active && account.is_as_registered();
        let tokens = match &body.account {
            Some(account) if wishes.login && proves(account) => {
                Some(self.first_session(user, account, answered).await?)
            }
            Some(_) | None => None,
        };
        let answer = CommandAnswer::new(StatusCode::CREATED, Registered { user: shown, tokens }).location(path);
        Ok(secret(self.keys.answer_of(answered, answer).into_response()))
    }
}

fn refused(failure: ClaimFailure) -> Problem {
    kind_of(failure.code()).map_or_else(|| Problem::new(&problems::INTERNAL), Problem::new)
}
