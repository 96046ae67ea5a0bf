//! An operator's action, as a request to the public door.

use super::ActionArgs;
use crate::Failure;
use crate::config::Config;
use crate::import::client::{Answer, Ask, Client};
use crate::import::patience::Patience;
use crate::token;
use hyper::Method;
use serde_json::{Value, json};
use std::time::Duration;

/// Seconds that the door may take to tell the outcome.
const WAIT: u32 = 10;

/// Of what it is the saga.
#[derive(Clone, Copy)]
pub enum Resource {
    Order,
    Payment,
}

impl Resource {
    fn name(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Payment => "payment",
        }
    }
}

/// What is done.
pub enum Action {
    /// Ask again, perhaps for a reason.
    Retry(Option<String>),
    /// Give it up.
    Compensate(String),
    /// It is done.
    Complete(String),
}

impl Action {
    fn name(&self) -> &'static str {
        match self {
            Self::Retry(_) => "retry",
            Self::Compensate(_) => "compensate",
            Self::Complete(_) => "complete",
        }
    }

    fn body(&self) -> Value {
        match self {
            Self::Retry(None) => json!({}),
            Self::Retry(Some(reason)) | Self::Compensate(reason) | Self::Complete(reason) => json!({"reason": reason}),
        }
    }

    /// Sends it once, and says what became of it.
    pub async fn send(
        &self,
        of: Resource,
        args: &ActionArgs,
        version: u64,
        config: &Config,
    ) -> Result<String, Failure> {
        let token = match (&config.token, &args.subject) {
            (Some(_), Some(_)) => return Err("TILLROLL_TOKEN says who asks: leave --as out, or unset it".into()),
            (Some(token), None) => token.clone(),
            (None, subject) => token::operator(config, subject.as_deref().unwrap_or("operator"))?,
        };
        let url = args.url.clone().unwrap_or_else(|| config.gateway_url());
        let client = Client::new(&url, &token, Patience::new(Duration::ZERO))?;
        let path = format!("/{}s/{}/saga/{}", of.name(), args.id, self.name());
        let key = format!("saga/{}/{version}", self.name());
        let ask = Ask::command(Method::POST, path, key, self.body()).wait(WAIT);
        match client.once(&ask).await? {
            Ok(answer) if answer.status.is_success() => Ok(said(of, args, &answer)),
            Ok(answer) => {
                Err(format!("{} {}: {}", answer.status.as_u16(), answer.text("code"), answer.text("detail")).into())
            }
            Err(why) => Err(format!("{url} does not answer: {why}").into()),
        }
    }
}

fn said(of: Resource, args: &ActionArgs, answer: &Answer) -> String {
    let at = answer.header("log-position").unwrap_or("-");
    format!("{} {}: {} (version {}, {at})", of.name(), args.id, answer.text("status"), answer.body["version"])
}
