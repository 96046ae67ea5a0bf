//! Whether somebody knows a password, at the same cost whether there is such a user or not: one question to the vault and
//! one hash. Where either is not to be had nobody is told anything.

use super::people::Person;
use super::personal::unsealed;
use super::turns::{TURN_LASTS, Turn};
use super::{Desk, unhashed};
use crate::password::Password;
use tillroll_http::Problem;
use tillroll_schemas::PasswordHash;
use tokio::time::{Instant, timeout_at};

impl Desk {
    /// The person whom `find` finds, if this is his password. A refusal counts only if it stands when everything that
    /// was said of people has been read; whoever is not found costs as much as whoever is. The turn ends by it, in time.
    pub(super) async fn knows(
        &self,
        turn: Turn,
        password: &Password,
        find: impl Fn() -> Option<Person>,
    ) -> Result<Option<Person>, Problem> {
        let by = Instant::now() + TURN_LASTS;
        let first = find();
        let verified = timeout_at(by, self.verify(password, first.as_ref())).await;
        match verified.unwrap_or_else(|_| Err(Problem::overdue(false))) {
            Ok(false) => {
                let looked_again = timeout_at(by, self.look_again(turn, password, first, find)).await;
                looked_again.unwrap_or_else(|_| Err(Problem::overdue(false)))
            }
            Ok(true) => {
                turn.right();
                Ok(first)
            }
            Err(problem) => {
                turn.untried();
                Err(problem)
            }
        }
    }

    /// From here on the turn ends as a wrong one, whatever fails: by an answer that is another than what the right
    /// password gets somebody would learn that this is not it.
    async fn look_again(
        &self,
        turn: Turn,
        password: &Password,
        first: Option<Person>,
        find: impl Fn() -> Option<Person>,
    ) -> Result<Option<Person>, Problem> {
        self.hear().await?;
        let second = find();
        if kept_of(first.as_ref()) == kept_of(second.as_ref()) {
            return Ok(None);
        }
        if !self.verify(password, second.as_ref()).await? {
            return Ok(None);
        }
        turn.right();
        Ok(second)
    }

    async fn verify(&self, password: &Password, person: Option<&Person>) -> Result<bool, Problem> {
        let hash = match person {
            Some(person) => self.hash_anew_of(person.id, &person.account.password).await?,
            None => {
                self.vault.ask_about_nobody().await.map_err(unsealed)?;
                None
            }
        };
        let verified = match hash {
            Some(hash) => self.hashing.verify(password.clone(), hash).await,
            None => self.hashing.verify_nobody(password.clone()).await.map(|()| false),
        };
        verified.map_err(unhashed)
    }
}

fn kept_of(person: Option<&Person>) -> Option<&PasswordHash> {
    person.map(|person| &person.account.password)
}
