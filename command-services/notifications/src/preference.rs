//! `preference`, key: user id. Over which channels a person wants which kinds of messages; chosen any number of times.
//!
//! Must hold: what the law or the account's safety asks for is never switched off; who never chose has the defaults. Which
//! of his addresses mails do not reach stands here too, until he chooses anew.

use serde::{Deserialize, Serialize};
use tillroll_log::{Aggregate, AggregateTopics, Key, Timestamp};
use tillroll_schemas::catalogue;
use tillroll_schemas::notification::Channel;
use tillroll_schemas::preference::{
    Choices, Choose, Chosen, Kind, PreferenceCommand, PreferenceEvent, RecordUndeliverable,
};

/// The aggregate.
#[derive(Debug)]
pub struct Preference;

/// What a person wants.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// What was chosen last; of what was never chosen the defaults hold.
    pub choices: Choices,
    /// The how manieth of his e-mail addresses mails do not reach.
    pub undeliverable: Option<u32>,
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// E-mail of this kind cannot be switched off.
    EmailRequired(Kind),
}

impl tillroll_log::Rejection for Rejection {
    fn code(&self) -> &'static str {
        match self {
            Self::EmailRequired(_) => "email_required",
        }
    }

    fn detail(&self) -> String {
        match self {
            Self::EmailRequired(kind) => format!("e-mail about `{}` cannot be switched off", kind.as_str()),
        }
    }
}

impl Aggregate for Preference {
    const TOPICS: AggregateTopics = catalogue::PREFERENCE;
    const STATE_SCHEMA: u32 = 2;
    type State = State;
    type Command = PreferenceCommand;
    type Event = PreferenceEvent;
    type Rejection = Rejection;
    /// What holds for the person, defaults included.
    type Answer = Choices;

    fn decide(
        state: &State,
        command: &PreferenceCommand,
        _at: Timestamp,
    ) -> Result<Option<PreferenceEvent>, Rejection> {
        match command {
            PreferenceCommand::Choose(command) => choose(state, command),
            PreferenceCommand::RecordUndeliverable(command) => Ok(undeliverable(state, *command)),
        }
    }

    fn evolve(_state: State, event: &PreferenceEvent) -> State {
        match event {
            PreferenceEvent::Chosen(Chosen { choices, undeliverable }) => {
                State { choices: choices.clone(), undeliverable: *undeliverable }
            }
        }
    }

    fn answer(_key: &Key, event: Option<&PreferenceEvent>, state: &State) -> Choices {
        match event {
            Some(PreferenceEvent::Chosen(Chosen { choices, .. })) => choices.clone(),
            None => state.choices.clone(),
        }
    }
}

fn choose(state: &State, command: &Choose) -> Result<Option<PreferenceEvent>, Rejection> {
    for (kind, channels) in &command.choices.0 {
        if kind.needs_email() && !channels.contains(&Channel::Email) {
            return Err(Rejection::EmailRequired(*kind));
        }
    }
    let mut choices = state.choices.clone();
    choices.0.extend(command.choices.0.clone());
    let after = State { choices: choices.clone(), undeliverable: None };
    Ok((after != *state).then(|| Chosen { choices, undeliverable: None }.into()))
}

/// What one hears of an address before the one that is known changes nothing.
fn undeliverable(state: &State, RecordUndeliverable { address }: RecordUndeliverable) -> Option<PreferenceEvent> {
    let choices = state.choices.clone();
    (state.undeliverable < Some(address)).then(|| Chosen { choices, undeliverable: Some(address) }.into())
}

#[cfg(test)]
mod tests;
