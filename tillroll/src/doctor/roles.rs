//! The roles, as the public door sees them.

use super::Finding;
use crate::config::Config;
use crate::import::client::{Ask, Client};
use crate::import::patience::Patience;
use crate::{Failure, token};
use serde_json::Value;
use std::time::Duration;

pub async fn look(config: &Config) -> Vec<Finding> {
    let url = config.gateway_url();
    match health(config, &url).await {
        Ok(body) => parts(&body),
        Err(why) => {
            vec![Finding::wrong("roles", format!("{url} does not answer: {why}"), "start `tillroll up` or `serve`")]
        }
    }
}

async fn health(config: &Config, url: &str) -> Result<Value, Failure> {
    let client = Client::new(url, &token::operator(config, "doctor")?, Patience::new(Duration::ZERO))?;
    Ok(client.once(&Ask::get("/health")).await??.body)
}

fn parts(body: &Value) -> Vec<Finding> {
    let Some(parts) = body["parts"].as_object() else {
        return vec![Finding::wrong(
            "roles",
            format!("no health: {body}"),
            "look whether TILLROLL_URL is Tillroll's door",
        )];
    };
    let finding = |(name, part): (&String, &Value)| match part["state"].as_str() {
        Some("ready") => Finding::ok("roles", format!("{name} is ready")),
        state => Finding::wrong(
            "roles",
            format!("{name} is {}", state.unwrap_or("in no known state")),
            format!("look at its log and its /health/ready, or start it: tillroll serve {name}"),
        ),
    };
    parts.iter().map(finding).collect()
}
