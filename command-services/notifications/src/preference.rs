//! `preference`, key: user id. Over which channels a person wants which kinds of messages; chosen any number of times.
//!
//! Must hold: what the law or the account's safety asks for is never switched off; who never chose has the defaults.

use serde::{Deserialize, Serialize};
use tillroll_log::{Aggregate, AggregateTopics, Key, Timestamp};
use tillroll_schemas::catalogue;
use tillroll_schemas::notification::Channel;
use tillroll_schemas::preference::{Choices, Choose, Chosen, Kind, PreferenceCommand, PreferenceEvent};

/// The aggregate.
#[derive(Debug)]
pub struct Preference;

/// What a person wants.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// Nobody chose: the defaults hold.
    #[default]
    Default,
    /// This was chosen last.
    Chosen(Choices),
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

impl State {
    /// What holds now.
    pub fn choices(&self) -> Choices {
        match self {
            Self::Default => Choices::default(),
            Self::Chosen(choices) => choices.clone(),
        }
    }
}

impl Aggregate for Preference {
    const TOPICS: AggregateTopics = catalogue::PREFERENCE;
    const STATE_SCHEMA: u32 = 1;
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
        }
    }

    fn evolve(_state: State, event: &PreferenceEvent) -> State {
        match event {
            PreferenceEvent::Chosen(Chosen { choices }) => State::Chosen(choices.clone()),
        }
    }

    fn answer(_key: &Key, event: Option<&PreferenceEvent>, state: &State) -> Choices {
        match event {
            Some(PreferenceEvent::Chosen(Chosen { choices })) => choices.clone(),
            None => state.choices(),
        }
    }
}

fn choose(state: &State, command: &Choose) -> Result<Option<PreferenceEvent>, Rejection> {
    for (kind, channels) in &command.choices.0 {
        if kind.needs_email() && !channels.contains(&Channel::Email) {
            return Err(Rejection::EmailRequired(*kind));
        }
    }
    let now = state.choices();
    let mut choices = now.clone();
    choices.0.extend(command.choices.0.clone());
    Ok((choices != now).then(|| Chosen { choices }.into()))
}

#[cfg(test)]
mod tests;
