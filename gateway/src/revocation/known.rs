//! What the door knows of sessions, users and keys for machines: pure, told by events.
//!
//! Must hold: what an event has ended is refused for as long as any token of it can be good; how much is kept does not
//! grow with the sessions that there ever were, but with those that ended lately, closed accounts, accounts that are not
//! a plain customer's or had a password reset, and live keys. A key never gives more than its owner may do now.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use tillroll_http::{Access, Identity, LEEWAY, LOGIN_TOKEN_LIFE, Login};
use tillroll_schemas::api_key::secret::ApiSecret;
use tillroll_schemas::api_key::{ApiKeyEvent, Created, Maker};
use tillroll_schemas::session::SessionEvent;
use tillroll_schemas::user::{PasswordProof, Role, UserEvent};
use tillroll_schemas::{ApiKeyId, UserId};
use uuid::Uuid;

use super::recent::{Millis, Recent};

/// By how much the broker's clock may differ from this one, together with the time that it takes to hand out a token
/// whose making was decided on.
const SLACK: Millis = 5 * 60 * 1000;

/// How long after its end a token of a session can still be presented.
pub(super) const REMEMBERED: Millis = (LOGIN_TOKEN_LIFE.as_secs() + LEEWAY) as Millis * 1000 + SLACK;

/// What the events have told.
pub(super) struct Known {
    /// Sessions that are over.
    ended: Recent<()>,
    /// Users' security epochs that were raised.
    epochs: Recent<u64>,
    /// Users who are suspended or erased. Kept for ever: keys for machines have no end of their own.
    closed: HashSet<Uuid>,
    /// What bounds the keys of some users, or those that they made. Whoever is not here is a plain customer.
    owners: HashMap<Uuid, Owner>,
    /// Keys for machines that are good.
    keys: HashMap<Uuid, Key>,
}

struct Key {
    created: Created,
    access: Arc<Access>,
}

struct Owner {
    roles: BTreeSet<Role>,
    /// Keys of his, and by his log-in, from an older epoch are void: whoever made them may not have been he.
    reset_to: u64,
}

impl Default for Owner {
    fn default() -> Self {
        Self { roles: BTreeSet::from([Role::Customer]), reset_to: 0 }
    }
}

impl Known {
    pub(super) fn nothing() -> Self {
        let (ended, epochs) = (Recent::new(REMEMBERED), Recent::new(REMEMBERED));
        Self { ended, epochs, closed: HashSet::new(), owners: HashMap::new(), keys: HashMap::new() }
    }

    /// Something happened to a session, recorded `at` some time.
    pub(super) fn session(&mut self, id: Uuid, event: &SessionEvent, at: Millis, now: Millis) {
        match event {
            SessionEvent::LoggedOut(_) | SessionEvent::Revoked(_) | SessionEvent::Expired(_) => {
                self.ended.put(id, (), at, now);
            }
            SessionEvent::Opened(_) | SessionEvent::Refreshed(_) | SessionEvent::PreviousRetired(_) => {}
        }
    }

    /// Something happened to a user.
    pub(super) fn user(&mut self, id: Uuid, event: &UserEvent, at: Millis, now: Millis) {
        match event {
            UserEvent::RegistrationStarted(event) => self.is_now(id, &event.roles),
            UserEvent::RolesChanged(event) => {
                self.epochs.put(id, event.epoch, at, now);
                self.is_now(id, &event.roles);
            }
            UserEvent::PasswordChanged(event) => {
                self.epochs.put(id, event.epoch, at, now);
                if event.proof == PasswordProof::ResetToken {
                    self.owners.entry(id).or_default().reset_to = event.epoch;
                }
            }
            UserEvent::Suspended(event) => self.close(id, event.epoch, at, now),
            UserEvent::Erased(event) => {
                self.close(id, event.epoch, at, now);
                self.owners.remove(&id);
            }
            // His epoch was raised when he was suspended: what he had before stays void.
            UserEvent::Reinstated(_) => drop(self.closed.remove(&id)),
            UserEvent::ClaimsAnswered(_)
            | UserEvent::ClaimsReserved(_)
            | UserEvent::Activated(_)
            | UserEvent::RegistrationFailed(_)
            | UserEvent::StepOverdue(_)
            | UserEvent::ClaimsReleased(_)
            | UserEvent::ClaimExpiryAnswered(_)
            | UserEvent::ProfileChanged(_)
            | UserEvent::PasswordRehashed(_)
            | UserEvent::PasswordResetRequested(_)
            | UserEvent::EmailVerificationRequested(_)
            | UserEvent::EmailVerified(_)
            | UserEvent::TokenExpired(_)
            | UserEvent::EmailChangeStarted(_)
            | UserEvent::EmailChanged(_)
            | UserEvent::EmailChangeFailed(_) => {}
        }
    }

    fn close(&mut self, user: Uuid, epoch: u64, at: Millis, now: Millis) {
        self.closed.insert(user);
        self.epochs.put(user, epoch, at, now);
    }

    /// The user has these roles from now on, and his keys give no more than they do.
    fn is_now(&mut self, user: Uuid, roles: &BTreeSet<Role>) {
        if Owner::default().roles == *roles && !self.owners.contains_key(&user) {
            return;
        }
        self.owners.entry(user).or_default().roles.clone_from(roles);
        for (id, key) in self.keys.iter_mut().filter(|(_, key)| key.created.owner.0 == user) {
            key.access = access(*id, &key.created, roles);
        }
    }

    /// Something happened to a key for machines.
    pub(super) fn key(&mut self, id: Uuid, event: &ApiKeyEvent) {
        match event {
            ApiKeyEvent::Created(created) => {
                let plain = Owner::default();
                let owner = self.owners.get(&created.owner.0).unwrap_or(&plain);
                let access = access(id, created, &owner.roles);
                self.keys.insert(id, Key { created: created.clone(), access });
            }
            ApiKeyEvent::Revoked(_) => drop(self.keys.remove(&id)),
        }
    }

    /// Whether what the caller's token rests on is over.
    pub(super) fn refuses(&self, identity: &Identity) -> bool {
        let Some(user) = identity.user() else { return false };
        let is_over = |Login { sid, epoch }: Login| {
            self.ended.get(&sid).is_some() || self.epochs.get(&user).is_some_and(|raised_to| epoch < *raised_to)
        };
        self.is_closed(user) || identity.login.is_some_and(is_over)
    }

    /// What the key with this id and secret allows, and the users it rests on: its owner, and who made it.
    pub(super) fn access_by(&self, ApiKeyId(id): ApiKeyId, secret: &ApiSecret) -> Option<(Arc<Access>, [Uuid; 2])> {
        let is_good = |key: &&Key| key.created.hash == secret.hash() && !self.is_void(&key.created);
        let key = self.keys.get(&id).filter(is_good)?;
        let owner = key.created.owner.0;
        Some((key.access.clone(), [owner, key.created.made_by.map_or(owner, |maker| maker.user.0)]))
    }

    /// Whether the user is suspended or erased.
    pub(super) fn is_closed(&self, user: Uuid) -> bool {
        self.closed.contains(&user)
    }

    /// Whether its owner, or who made it, has set another password by a mail since.
    fn is_void(&self, created: &Created) -> bool {
        let reset = |user: UserId, epoch| self.owners.get(&user.0).is_some_and(|owner| epoch < owner.reset_to);
        reset(created.owner, created.epoch.unwrap_or(0))
            || created.made_by.is_some_and(|Maker { user, epoch }| reset(user, epoch))
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.ended.len() + self.epochs.len() + self.closed.len() + self.owners.len() + self.keys.len()
    }
}

/// The caller who presents a key. The key itself is the actor of what it does, in the name of its owner, and does
/// nothing that he may not do.
fn access(id: Uuid, created: &Created, roles: &BTreeSet<Role>) -> Arc<Access> {
    let may = |scope: &str| roles.iter().any(|role| role_of(*role).scopes().contains(&scope));
    let scopes = created.scopes.iter().map(|scope| scope.as_str()).filter(|scope| may(scope));
    Arc::new(Access::of(Identity {
        subject: format!("api-key:{id}"),
        roles: Vec::new(),
        scopes: scopes.map(str::to_owned).collect(),
        owner: Some(created.owner.0),
        login: None,
    }))
}

fn role_of(role: Role) -> tillroll_http::Role {
    match role {
        Role::Customer => tillroll_http::Role::Customer,
        Role::Staff => tillroll_http::Role::Staff,
        Role::Operator => tillroll_http::Role::Operator,
    }
}
