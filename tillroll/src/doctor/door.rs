//! The roles, as the public door sees them, and the projectors, which it passes nothing to, as they see themselves.

use super::Finding;
use crate::Failure;
use crate::config::Config;
use crate::roles::announced;
use http_body_util::{BodyExt, Empty};
use hyper::Uri;
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use std::time::Duration;
use tillroll_log::Node;
use tokio::time::timeout;

/// The door asks every role before it answers.
const WITHIN: Duration = Duration::from_secs(10);
/// Whoever is there says so every two seconds.
const FOUND_WITHIN: Duration = Duration::from_secs(5);
const PROJECTORS: &str = "projectors";

/// What was found, and whether it is our door that is open.
pub async fn look(config: &Config) -> (Vec<Finding>, bool) {
    let url = config.gateway_url();
    match json_at(&format!("{url}/health")).await {
        Ok(body) => parts(&url, &body),
        // Somebody answers, and does not speak as we do.
        Err(why) if why.is::<serde_json::Error>() => parts(&url, &Value::Null),
        Err(why) => {
            let detail = format!("{url} does not answer: {}", crate::said(why.as_ref()));
            (vec![Finding::problem("roles", detail, "start it: scripts/up, `tillroll up` or `tillroll serve`")], false)
        }
    }
}

/// What is answered at this URL, whatever its status.
pub async fn json_at(url: &str) -> Result<Value, Failure> {
    let uri: Uri = url.parse()?;
    let mut connector = HttpConnector::new();
    connector.set_connect_timeout(Some(Duration::from_secs(2)));
    let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build(connector);
    let asked = async {
        let body = client.get(uri).await?.into_body().collect().await?.to_bytes();
        Ok::<_, Failure>(serde_json::from_slice(&body)?)
    };
    timeout(WITHIN, asked).await?
}

/// What the projectors say of themselves that announce where they are: one that does its work is enough.
pub async fn projectors(node: &Node) -> Finding {
    let mut urls = announced(node, PROJECTORS, None);
    let found = timeout(FOUND_WITHIN, urls.wait_for(|urls| !urls.is_empty())).await;
    let urls = found.ok().and_then(Result::ok).map(|urls| urls.clone()).unwrap_or_default();
    let mut troubles = Vec::new();
    for url in urls {
        match json_at(&format!("{url}/health/ready")).await {
            Ok(said) if said["status"] == "ok" => return Finding::ok("roles", format!("{PROJECTORS} are ready")),
            Ok(said) => troubles.push(format!("{url} says {}", said["checks"])),
            Err(why) => troubles.push(format!("{url} does not answer: {}", crate::said(why.as_ref()))),
        }
    }
    let detail = if troubles.is_empty() { "none announce themselves".to_owned() } else { troubles.join("; ") };
    let mend = "read models stand still: look at their log, or start them: tillroll serve projectors";
    Finding::problem("roles", format!("{PROJECTORS}: {detail}"), mend)
}

fn parts(url: &str, body: &Value) -> (Vec<Finding>, bool) {
    let Some(parts) = body["parts"].as_object() else {
        let detail = format!("what answers at {url} is not Tillroll's door");
        let mend = "stop what listens there, or set TILLROLL_LISTEN to another address (TILLROLL_URL, if the door is elsewhere)";
        return (vec![Finding::problem("roles", detail, mend)], false);
    };
    let finding = |(name, part): (&String, &Value)| match part["state"].as_str() {
        Some("ready") => Finding::ok("roles", format!("{name} is ready")),
        state => Finding::problem(
            "roles",
            format!("{name} is {}", state.unwrap_or("in no known state").replace('_', " ")),
            format!(
                "look at its log and at /health/ready of its internal listener, or start it: tillroll serve {name}"
            ),
        ),
    };
    (parts.iter().map(finding).collect(), true)
}
