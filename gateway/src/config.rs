//! What the gateway needs to know, and what is wrong with it.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::Uri;
use axum::http::uri::{Authority, Scheme};
use tillroll_http::Keys;

use crate::routes::Upstream;

/// What the gateway needs to know.
#[derive(Debug, Clone)]
pub struct GatewayConfig {
    /// Base URL of every role in `Upstream::ALL`: `http://host:port`, without a path.
    pub upstreams: BTreeMap<Upstream, String>,
    /// Verify access tokens and seal identities.
    pub keys: Keys,
    /// Times and numbers.
    pub limits: GatewayLimits,
}

/// Times and numbers of the gateway's own, beside those of its listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GatewayLimits {
    /// How long a query may take, beyond what `Prefer: wait=N` asks for; then 504.
    pub query: Duration,
    /// How long a command may take, beyond what `Prefer: wait=N` asks for; then 503, for its outcome is unknown.
    pub command: Duration,
    /// How long connecting to a role may take.
    pub connect: Duration,
    /// How long a role may take to say whether it is ready.
    pub health: Duration,
    /// Idle connections kept to each role.
    pub idle_connections: usize,
    /// How long they are kept; shorter than the roles keep them, so that hardly any request meets a closed one.
    pub idle: Duration,
}

impl Default for GatewayLimits {
    fn default() -> Self {
        Self {
            query: Duration::from_secs(12),
            command: Duration::from_secs(12),
            connect: Duration::from_secs(2),
            health: Duration::from_secs(2),
            idle_connections: 1024,
            idle: Duration::from_secs(45),
        }
    }
}

/// What is wrong with the configuration.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// A role has no URL.
    #[error("the gateway has no base URL for the role {0}")]
    Missing(&'static str),
    /// A role's URL cannot be used.
    #[error("the base URL of the role {role} must be http://host:port, not {url:?}")]
    Url {
        /// The role's name.
        role: &'static str,
        /// The URL as given.
        url: String,
    },
}

/// Host and port of every role.
pub(crate) fn bases(config: &GatewayConfig) -> Result<BTreeMap<Upstream, Authority>, GatewayError> {
    let base = |role: Upstream| {
        let url = config.upstreams.get(&role).ok_or(GatewayError::Missing(role.name()))?;
        let usable = |uri: &Uri| {
            uri.scheme() == Some(&Scheme::HTTP)
                && uri.authority().is_some()
                && uri.path() == "/"
                && uri.query().is_none()
        };
        let uri = url.parse::<Uri>().ok().filter(usable);
        match uri.and_then(|uri| uri.into_parts().authority) {
            Some(authority) => Ok((role, authority)),
            None => Err(GatewayError::Url { role: role.name(), url: url.clone() }),
        }
    };
    Upstream::ALL.into_iter().map(base).collect()
}

#[cfg(test)]
mod tests;
