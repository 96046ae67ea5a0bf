//! `api-key`, key: its id. Created once with a hash of its secret, revoked at the end, for ever.
//!
//! Must hold: a key's secret, owner, maker and scopes never change, and a revoked key is good for nothing again. When it was
//! used last is no event.

pub use tillroll_schemas::api_key::secret;

use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tillroll_log::{Aggregate, AggregateTopics, Key, Timestamp};
use tillroll_schemas::api_key::{ApiKeyCommand, ApiKeyEvent, CreateApiKey, Created, RevokeApiKey, Revoked};
use tillroll_schemas::catalogue;

/// The aggregate.
#[derive(Debug)]
pub struct ApiKey;

/// Where a key is in its life.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// Nobody has made it.
    #[default]
    Unknown,
    /// It is good.
    Live(Arc<Created>),
    /// It is good for nothing.
    Revoked(Arc<Created>),
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// There is no such key.
    NotFound,
    /// A key that may do nothing.
    NoScopes,
    /// The id is that of another key.
    Exists,
}

impl Rejection {
    /// Every one of them.
    pub const ALL: [Self; 3] = [Self::NotFound, Self::NoScopes, Self::Exists];
}

impl tillroll_log::Rejection for Rejection {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::NoScopes => "no_scopes",
            Self::Exists => "api_key_exists",
        }
    }

    fn detail(&self) -> String {
        match self {
            Self::NotFound => "there is no such key",
            Self::NoScopes => "a key needs at least one scope",
            Self::Exists => "there is another key with this id",
        }
        .to_owned()
    }
}

type Decision = Result<Option<ApiKeyEvent>, Rejection>;

impl Aggregate for ApiKey {
    const TOPICS: AggregateTopics = catalogue::API_KEY;
    const STATE_SCHEMA: u32 = 2;
    type State = State;
    type Command = ApiKeyCommand;
    type Event = ApiKeyEvent;
    type Rejection = Rejection;
    /// The key as it is now.
    type Answer = State;

    fn decide(state: &State, command: &ApiKeyCommand, _at: Timestamp) -> Decision {
        match command {
            ApiKeyCommand::Create(command) => create(state, command),
            ApiKeyCommand::Revoke(RevokeApiKey {}) => revoke(state),
        }
    }

    fn evolve(state: State, event: &ApiKeyEvent) -> State {
        match event {
            ApiKeyEvent::Created(created) => State::Live(Arc::new(created.clone())),
            ApiKeyEvent::Revoked(Revoked {}) => match state {
                State::Live(key) | State::Revoked(key) => State::Revoked(key),
                State::Unknown => State::Unknown,
            },
        }
    }

    fn answer(_key: &Key, _event: Option<&ApiKeyEvent>, state: &State) -> State {
        state.clone()
    }
}

fn create(state: &State, command: &CreateApiKey) -> Decision {
    let CreateApiKey { hash, owner, label, scopes, epoch, made_by } = command.clone();
    let created = Created { hash, owner, label, scopes, epoch, made_by };
    match state {
        State::Unknown if created.scopes.is_empty() => Err(Rejection::NoScopes),
        State::Unknown => Ok(Some(created.into())),
        State::Live(key) | State::Revoked(key) if **key == created => Ok(None),
        State::Live(_) | State::Revoked(_) => Err(Rejection::Exists),
    }
}

fn revoke(state: &State) -> Decision {
    match state {
        State::Unknown => Err(Rejection::NotFound),
        State::Live(_) => Ok(Some(Revoked {}.into())),
        State::Revoked(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests;
