//! Who holds customers' money, and how he is asked. Secrets come from the environment or from files, never from the
//! command line, and are shown nowhere.

use super::{Config, ConfigError};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;
use tillroll_http::Keys;
use tillroll_log::Environment;
use tillroll_payments::provider::stripe::{API_URL, Stripe, StripeConfig};
use tillroll_payments::webhook::WebhookSecret;
use tokio::sync::watch;

const PROVIDER: &str = "TILLROLL_PAYMENT_PROVIDER";
const RETURN_URL: &str = "TILLROLL_PAYMENT_RETURN_URL";
const URL: &str = "TILLROLL_STRIPE_URL";
const SECRET_KEY: &str = "TILLROLL_STRIPE_SECRET_KEY";
const RECONCILE: &str = "TILLROLL_RECONCILE_SECONDS";
const WEBHOOK_SECRET: &str = "TILLROLL_STRIPE_WEBHOOK_SECRET";
/// The sandbox takes any.
const SANDBOX_KEY: &str = "sk_sandbox";

/// Who holds the money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentProvider {
    /// A role of our own.
    Sandbox,
    /// Stripe, or whatever speaks its API.
    Stripe,
}

/// A secret text.
struct Secret(String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(secret)")
    }
}

impl Config {
    /// Who holds the money. Production has to name him, and he is not the sandbox.
    pub fn payment_provider(&self) -> Result<PaymentProvider, ConfigError> {
        let production = self.environment == Environment::Production;
        match (self.variables.get(PROVIDER).as_deref(), production) {
            (Some("stripe"), _) => Ok(PaymentProvider::Stripe),
            (None | Some("sandbox"), false) => Ok(PaymentProvider::Sandbox),
            (None, true) => Err(ConfigError::new(PROVIDER, "is not set: production has to name `stripe`")),
            (Some("sandbox"), true) => {
                Err(ConfigError::new(PROVIDER, "`sandbox` holds nobody's money: production has to name `stripe`"))
            }
            (Some(other), _) => Err(ConfigError::new(PROVIDER, format!("`{other}` is neither `stripe` nor `sandbox`"))),
        }
    }

    /// The way to him, for whoever sends customers there. `sandbox` says where the sandbox is, as far as that is not
    /// configured.
    pub fn payment_adapter(
        &self,
        sandbox: impl FnOnce() -> watch::Receiver<Vec<String>>,
    ) -> Result<Stripe, ConfigError> {
        if self.payment_provider()? == PaymentProvider::Stripe && self.variables.get(RETURN_URL).is_none() {
            return Err(ConfigError::new(RETURN_URL, "is not set: where a customer's bank sends him back to"));
        }
        self.payment_books(sandbox)
    }

    /// The same for whoever only reads his books.
    pub fn payment_books(&self, sandbox: impl FnOnce() -> watch::Receiver<Vec<String>>) -> Result<Stripe, ConfigError> {
        let return_url = self.variables.get(RETURN_URL);
        match self.payment_provider()? {
            PaymentProvider::Stripe => {
                let url = self.variables.get(URL).unwrap_or_else(|| API_URL.to_owned());
                let Secret(key) = self.needed(SECRET_KEY)?;
                let stripe = Stripe::new(&StripeConfig { return_url, ..StripeConfig::new(url, key) });
                stripe.map_err(|error| ConfigError::new(URL, error.to_string()))
            }
            PaymentProvider::Sandbox => {
                let urls = match self.role_urls("sandbox")? {
                    Some(urls) => watch::channel(urls).1,
                    None => sandbox(),
                };
                let return_url = Some(return_url.unwrap_or_else(|| self.gateway_url()));
                let config = StripeConfig { return_url, ..StripeConfig::new(String::new(), SANDBOX_KEY) };
                Stripe::announced(urls, &config).map_err(|error| ConfigError::new(PROVIDER, error.to_string()))
            }
        }
    }

    /// What the provider signs its webhooks with. The sandbox shares one with payments by the installation's keys.
    pub fn webhook_secrets(&self, keys: &Keys) -> Result<Vec<WebhookSecret>, ConfigError> {
        let text = match self.payment_provider()? {
            PaymentProvider::Stripe => self.needed(WEBHOOK_SECRET)?,
            PaymentProvider::Sandbox => Secret(keys.command_hash.hash(b"webhooks of the sandbox")),
        };
        let secrets: Vec<_> = text.0.split(',').filter_map(|secret| WebhookSecret::new(secret.trim())).collect();
        if secrets.is_empty() {
            return Err(ConfigError::new(WEBHOOK_SECRET, "is empty"));
        }
        Ok(secrets)
    }

    /// How often his books are compared with the log; none if that is left to others.
    pub fn reconcile_every(&self) -> Result<Option<Duration>, ConfigError> {
        let seconds = self.variables.number(RECONCILE, 86_400, 0..=2_592_000)?;
        Ok((seconds > 0).then(|| Duration::from_secs(seconds.into())))
    }

    /// Where the sandbox keeps whose money it has.
    pub fn sandbox_ledger(&self) -> PathBuf {
        let own = || self.home.join("sandbox/ledger.jsonl");
        self.variables.get("TILLROLL_SANDBOX_LEDGER").map_or_else(own, PathBuf::from)
    }

    fn needed(&self, variable: &str) -> Result<Secret, ConfigError> {
        let missing = || ConfigError::new(variable, format!("is not set, and neither is {variable}_FILE"));
        self.secret(variable)?.map(Secret).ok_or_else(missing)
    }
}

#[cfg(test)]
mod tests;
