//! What the gateway needs to know, and what is wrong with it.

use std::collections::BTreeMap;
use std::time::Duration;

use tillroll_http::Keys;
use tillroll_http::peer::PoolLimits;

use crate::client_address::TrustedProxies;
use crate::instances::Urls;
use crate::revocation::Revocations;
use crate::routes::Upstream;

/// What the gateway needs to know.
#[derive(Clone)]
pub struct GatewayConfig {
    /// Where the instances of every role in `Upstream::ALL` are, as they come and go.
    pub upstreams: BTreeMap<Upstream, Urls>,
    /// Verify access tokens and seal identities.
    pub keys: Keys,
    /// Who is not let in although his token is good.
    pub revocations: Revocations,
    /// Who is believed when he says where a request comes from.
    pub proxies: TrustedProxies,
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
    /// How long a role may take to say whether it is ready.
    pub health: Duration,
    /// Of the connections to each instance.
    pub pool: PoolLimits,
}

impl Default for GatewayLimits {
    fn default() -> Self {
        Self {
            query: Duration::from_secs(12),
            command: Duration::from_secs(12),
            health: Duration::from_secs(2),
            pool: PoolLimits::default(),
        }
    }
}

/// What is wrong with the configuration.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// Nobody says where a role's instances are.
    #[error("the gateway is not told where the role {0} is")]
    Missing(&'static str),
}
