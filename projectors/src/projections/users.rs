//! `users`: people with their accounts, and erasures. Personal data goes through as it is in the log: sealed.

use crate::{Projection, Undecodable};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use tillroll_log::record::Envelope;
use tillroll_log::{Body, Timestamp};
use tillroll_postgres::{Error, Transaction, execute};
use tillroll_schemas::catalogue;
use tillroll_schemas::user::{Profile, RegistrationStarted, UserEvent};
use uuid::Uuid;

/// The read models `people.account` and `people.erasure`.
pub struct Users;

/// What a batch changes, by user, and who was erased.
#[derive(Debug, Default, PartialEq)]
pub struct Batch {
    users: BTreeMap<Uuid, Change>,
    erasures: Vec<Erasure>,
}

/// What becomes of a row: members of the account that are said are replaced, the others stay.
#[derive(Debug, Default, PartialEq)]
struct Change {
    /// There was no row before.
    registered_at: Option<Timestamp>,
    status: Option<&'static str>,
    /// What was there before goes.
    afresh: bool,
    account: Map<String, Value>,
    /// Parts of a profile that were said, by name; they stay when the account goes.
    had: Map<String, Value>,
    version: i64,
    partition: i32,
    offset: i64,
}

#[derive(Debug, PartialEq)]
struct Erasure {
    id: Uuid,
    user: Uuid,
    at: Timestamp,
    partition: i32,
    offset: i64,
}

const ADD: &str = "
    INSERT INTO people.account (user_id, status, account, registered_at, version, at_partition, at_offset)
    SELECT n.user_id, '', '{}', n.registered_at, 0, 0, 0
    FROM UNNEST($1::uuid[], $2::timestamptz[]) AS n (user_id, registered_at)
    WHERE n.registered_at IS NOT NULL
    ON CONFLICT (user_id) DO NOTHING";

const CHANGE: &str = "
    UPDATE people.account AS a
    SET status = COALESCE(n.status, a.status),
        account = CASE WHEN n.afresh THEN n.account ELSE a.account || n.account END, had = a.had || n.had,
        version = n.version, at_partition = n.at_partition, at_offset = n.at_offset
    FROM UNNEST($1::uuid[], $2::text[], $3::boolean[], $4::jsonb[], $5::jsonb[], $6::bigint[], $7::integer[],
        $8::bigint[]) AS n (user_id, status, afresh, account, had, version, at_partition, at_offset)
    WHERE a.user_id = n.user_id";

const ERASED: &str = "
    INSERT INTO people.erasure (erasure_id, user_id, erased_at, at_partition, at_offset)
    SELECT n.erasure_id, n.user_id, n.erased_at, n.at_partition, n.at_offset
    FROM UNNEST($1::uuid[], $2::uuid[], $3::timestamptz[], $4::integer[], $5::bigint[])
        AS n (erasure_id, user_id, erased_at, at_partition, at_offset)
    ON CONFLICT (erasure_id) DO NOTHING";

impl Projection for Users {
    const NAME: &'static str = "users";
    const TOPICS: &'static [&'static str] = &[catalogue::USER.events];
    type Event = UserEvent;
    type Batch = Batch;

    fn decode(envelope: &Envelope, value: &[u8]) -> Result<UserEvent, Undecodable> {
        Ok(UserEvent::decode(&envelope.type_name, value)?)
    }

    fn fold(batch: &mut Batch, envelope: &Envelope, event: &UserEvent) {
        // User ids are UUIDs by construction; whoever has another key has no account.
        let Ok(user) = envelope.key.parse::<Uuid>() else { return };
        let change = batch.users.entry(user).or_default();
        change.apply(envelope, event);
        (change.version, change.partition) = (envelope.version.0.cast_signed(), envelope.at.partition.0);
        change.offset = envelope.at.offset.0;
        if let (UserEvent::Erased(_), Some(command)) = (event, envelope.ends.first()) {
            let (partition, offset) = (envelope.at.partition.0, envelope.at.offset.0);
            batch.erasures.push(Erasure { id: command.id.0, user, at: envelope.occurred_at, partition, offset });
        }
    }

    async fn write(batch: &Batch, transaction: &Transaction<'_>) -> Result<(), Error> {
        let users: Vec<Uuid> = batch.users.keys().copied().collect();
        let registered = column(batch, |change| change.registered_at);
        execute(transaction, ADD, &[&users, &registered]).await?;
        let (statuses, afresh) = (column(batch, |change| change.status), column(batch, |change| change.afresh));
        let accounts = column(batch, |change| Value::Object(change.account.clone()));
        let had = column(batch, |change| Value::Object(change.had.clone()));
        let versions = column(batch, |change| change.version);
        let (partitions, offsets) = (column(batch, |change| change.partition), column(batch, |change| change.offset));
        let changes: [tillroll_postgres::Param<'_>; 8] =
            [&users, &statuses, &afresh, &accounts, &had, &versions, &partitions, &offsets];
        execute(transaction, CHANGE, &changes).await?;
        batch.write_erasures(transaction).await
    }
}

impl Batch {
    async fn write_erasures(&self, transaction: &Transaction<'_>) -> Result<(), Error> {
        if self.erasures.is_empty() {
            return Ok(());
        }
        let ids: Vec<_> = self.erasures.iter().map(|erasure| erasure.id).collect();
        let users: Vec<_> = self.erasures.iter().map(|erasure| erasure.user).collect();
        let times: Vec<_> = self.erasures.iter().map(|erasure| erasure.at).collect();
        let partitions: Vec<_> = self.erasures.iter().map(|erasure| erasure.partition).collect();
        let offsets: Vec<_> = self.erasures.iter().map(|erasure| erasure.offset).collect();
        execute(transaction, ERASED, &[&ids, &users, &times, &partitions, &offsets]).await.map(drop)
    }
}

impl Change {
    fn apply(&mut self, envelope: &Envelope, event: &UserEvent) {
        match event {
            UserEvent::RegistrationStarted(started) => {
                (self.registered_at, self.status) = (Some(envelope.occurred_at), Some("registering"));
                self.account = account_of(started);
                self.has(&started.profile);
            }
            UserEvent::Activated(e) => {
                self.status = Some("active");
                self.say("epoch", json!(e.epoch));
            }
            UserEvent::RegistrationFailed(_) => self.end("failed"),
            UserEvent::Erased(_) => self.end("erased"),
            UserEvent::ProfileChanged(e) => {
                self.say("profile", json!(e.profile));
                self.has(&e.profile);
            }
            UserEvent::RolesChanged(e) => {
                self.say("roles", json!(e.roles));
                self.say("epoch", json!(e.epoch));
            }
            UserEvent::PasswordChanged(e) => self.say("epoch", json!(e.epoch)),
            UserEvent::EmailVerified(_) => self.say("email_verified", json!(true)),
            UserEvent::EmailChanged(e) => {
                self.say("email", json!(e.email));
                self.say("email_verified", json!(false));
            }
            UserEvent::Suspended(e) => {
                self.status = Some("suspended");
                self.say("epoch", json!(e.epoch));
            }
            UserEvent::Reinstated(_) => self.status = Some("active"),
            UserEvent::ClaimsAnswered(_)
            | UserEvent::ClaimsReserved(_)
            | UserEvent::StepOverdue(_)
            | UserEvent::ClaimsReleased(_)
            | UserEvent::ClaimExpiryAnswered(_)
            | UserEvent::PasswordRehashed(_)
            | UserEvent::PasswordResetRequested(_)
            | UserEvent::EmailVerificationRequested(_)
            | UserEvent::TokenExpired(_)
            | UserEvent::EmailChangeStarted(_)
            | UserEvent::EmailChangeFailed(_) => {}
        }
    }

    fn say(&mut self, member: &str, value: Value) {
        self.account.insert(member.to_owned(), value);
    }

    /// All of a profile is sealed but its locale.
    fn has(&mut self, profile: &Profile) {
        let Value::Object(members) = json!(profile) else { return };
        for (member, _) in members.into_iter().filter(|(member, _)| member != "locale") {
            // Each of them is sealed by itself.
            let field = if member == "addresses" { "address".to_owned() } else { member };
            self.had.insert(field, json!(true));
        }
    }

    fn end(&mut self, status: &'static str) {
        self.status = Some(status);
        self.afresh = true;
        self.account.clear();
    }
}

fn account_of(started: &RegistrationStarted) -> Map<String, Value> {
    let RegistrationStarted { email, username, profile, roles, .. } = started;
    let members = [
        ("email", json!(email)),
        ("email_verified", json!(false)),
        ("username", json!(username)),
        ("profile", json!(profile)),
        ("roles", json!(roles)),
    ];
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn column<'a, T>(batch: &'a Batch, of: impl Fn(&'a Change) -> T) -> Vec<T> {
    batch.users.values().map(of).collect()
}

#[cfg(test)]
mod tests;
