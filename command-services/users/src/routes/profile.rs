//! `PUT /users/me` and `PUT /users/{id}`: what a person says of himself, replaced as a whole.

use super::people::Person;
use super::personal::ProfileBody;
use super::{Desk, ProfileOwn, USERS, UsersWrite, caller_of};
use crate::user::User;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use tillroll_command_http::{Checks, Named};
use tillroll_http::{Allowed, Caller, CommandAnswer, CommandHeaders, PathId, Problem, StrictJson, problems};
use tillroll_log::Answered;
use tillroll_schemas::UserId;
use tillroll_schemas::user::ChangeProfile;

pub(super) async fn change_own(
    State(desk): State<Arc<Desk>>,
    allowed: Allowed<ProfileOwn>,
    headers: CommandHeaders,
    body: StrictJson<ProfileBody>,
) -> Result<Response, Problem> {
    let user = caller_of(&allowed.caller)?;
    desk.change_profile(&allowed.caller, user, &headers, body).await
}

pub(super) async fn change_by_staff(
    State(desk): State<Arc<Desk>>,
    allowed: Allowed<UsersWrite>,
    PathId(user): PathId<UserId>,
    headers: CommandHeaders,
    body: StrictJson<ProfileBody>,
) -> Result<Response, Problem> {
    desk.change_profile(&allowed.caller, user, &headers, body).await
}

impl Desk {
    async fn change_profile(
        &self,
        caller: &Caller,
        user: UserId,
        headers: &CommandHeaders,
        body: StrictJson<ProfileBody>,
    ) -> Result<Response, Problem> {
        let mut checks = Checks::new();
        body.value.check(&mut checks);
        checks.finish()?;
        self.is_there(user).await?;
        let named = self.of_user(caller, user, headers, "PUT", "", &body.canonical).await?;
        let profile = self.seal_profile(user, named.id.0, &body.value).await?;
        let answered = self.ask(named, user, ChangeProfile { profile }).await?;
        self.told(user, &answered).await
    }

    /// The person with this id. 404 for one that is nobody's: nothing is sealed for him, since that would make a key.
    pub(super) async fn is_there(&self, user: UserId) -> Result<Person, Problem> {
        if let Some(person) = self.by_id(user) {
            return Ok(person);
        }
        self.hear().await?;
        self.by_id(user).ok_or_else(|| Problem::new(&problems::NOT_FOUND))
    }

    /// Names a command to a user, by whatever path he was reached.
    pub(super) async fn of_user(
        &self,
        caller: &Caller,
        user: UserId,
        headers: &CommandHeaders,
        method: &str,
        what: &str,
        canonical: &[u8],
    ) -> Result<Named, Problem> {
        self.keys.name::<User>(caller, headers, method, &format!("{USERS}/{user}{what}"), canonical).await
    }

    /// 200 with the user as he is now.
    pub(super) async fn told(&self, user: UserId, answered: &Answered<User>) -> Result<Response, Problem> {
        let body = answered.answer.as_ref().ok_or(&problems::INTERNAL)?;
        let answer = CommandAnswer::ok(self.shown(user, body).await?);
        Ok(self.keys.answer_of(answered, answer).into_response())
    }
}
