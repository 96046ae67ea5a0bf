//! What the environment says of the vault: its own database, and the master keys that open what is in it.

use super::{Config, ConfigError};
use std::path::Path;
use tillroll_log::Environment;
use tillroll_postgres::Settings;
use tillroll_vault::{Caching, FiscalTerm, MasterKey, MasterKeyError, MasterKeys, Vault};

/// The role of the vault and its database, where `tillroll up` makes them.
pub const DATABASE: &str = "tillroll_vault";
/// The file of the master key in an installation's keys, 64 hexadecimal digits.
pub const MASTER_KEY: &str = "vault-master.key";

const URL: &str = "TILLROLL_VAULT_URL";
const KEY: &str = "TILLROLL_VAULT_KEY";
const KEY_FILE: &str = "TILLROLL_VAULT_KEY_FILE";
const OTHER_KEY: &str = "TILLROLL_VAULT_OTHER_KEY";
const OTHER_KEY_FILES: &str = "TILLROLL_VAULT_OTHER_KEY_FILES";
/// How long documents are kept.
pub const FISCAL_TERM: &str = "TILLROLL_FISCAL_TERM_YEARS";
/// Ten years, the longest that laws usually want, and one, since a credit note may be of the year after its order.
const USUAL_TERM: u32 = 11;
const SHARED: &str = "is the database of the read models (DATABASE_URL): give the vault one of its own, and a role";

/// Whether a key that is not there is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// As at the start of a role, but never in production: there it must come from a backup.
    Made,
    /// As for a command that looks.
    Refused,
}

impl Config {
    /// The vault's database: as the environment says, or that of the running `tillroll up`, which keeps the password in
    /// a file of its own.
    pub fn vault_url(&self) -> Result<String, ConfigError> {
        let missing =
            "is not set, and no `tillroll up` is running here, which makes a database of its own for the vault";
        let set = self.configured_vault_url().or_else(|| self.running_url("vault", DATABASE));
        set.ok_or_else(|| ConfigError::new(URL, missing))
    }

    /// The vault's database, if the environment says where it is.
    pub fn configured_vault_url(&self) -> Option<String> {
        self.variables.get(URL)
    }

    /// How the vault's database is reached. One in the database of the read models is refused: whoever makes these again
    /// or brings them back from a backup would take the keys with them.
    pub fn vault_settings(&self, url: &str) -> Result<Settings, ConfigError> {
        self.reachable_database_url().map_or_else(|_| settings(url), |shop| self.vault_settings_beside(url, &shop))
    }

    /// The same where the read models are known to be there.
    pub fn vault_settings_beside(&self, url: &str, read_models: &str) -> Result<Settings, ConfigError> {
        let vault = settings(url)?;
        // What is no database here is refused by those who read it.
        match Settings::parse(read_models, "tillroll") {
            Ok(shop) if vault.is_same_database(&shop) => Err(ConfigError::new(URL, SHARED)),
            Ok(_) | Err(_) => Ok(vault),
        }
    }

    /// The vault over that database.
    pub fn vault(&self, settings: &Settings, missing: Missing) -> Result<Vault, ConfigError> {
        let failed = |error: tillroll_vault::Error| ConfigError::new(URL, error.to_string());
        Vault::new(settings, self.master_keys(missing)?, Caching::default()).map_err(failed)
    }

    /// For how long name and address on documents are kept.
    pub fn fiscal_term(&self) -> Result<FiscalTerm, ConfigError> {
        let years = self.variables.number(FISCAL_TERM, USUAL_TERM, 0..=1_000)?;
        Ok(FiscalTerm::of_years(u16::try_from(years).unwrap_or(u16::MAX)))
    }

    /// The current master key, and those that are still read while keys are rotated.
    fn master_keys(&self, missing: Missing) -> Result<MasterKeys, ConfigError> {
        let current = match (self.variables.get(KEY), self.variables.get(KEY_FILE)) {
            (Some(_), Some(_)) => return Err(ConfigError::new(KEY_FILE, format!("is set besides {KEY}"))),
            (Some(text), None) => MasterKey::from_text(&text).map_err(of(KEY))?,
            (None, Some(path)) => self.master_key_of_file(path.as_ref(), missing)?,
            (None, None) => self.master_key_of_file(&self.home.join("keys").join(MASTER_KEY), missing)?,
        };
        let mut keys = MasterKeys::new(current);
        if let Some(text) = self.variables.get(OTHER_KEY) {
            keys = keys.also(MasterKey::from_text(&text).map_err(of(OTHER_KEY))?);
        }
        for path in self.variables.get(OTHER_KEY_FILES).iter().flat_map(|paths| paths.split(',')) {
            keys = keys.also(MasterKey::open(Path::new(path.trim())).map_err(of(OTHER_KEY_FILES))?);
        }
        Ok(keys)
    }

    /// Makes the master key of a new installation, unless the environment has it elsewhere; whether it has made one.
    pub fn make_master_key(&self) -> Result<bool, ConfigError> {
        if self.variables.get(KEY).or_else(|| self.variables.get(KEY_FILE)).is_some() {
            return Ok(false);
        }
        MasterKey::open_or_create(&self.keys_dir().join(MASTER_KEY)).map(|_| true).map_err(of(KEY_FILE))
    }

    fn master_key_of_file(&self, path: &Path, missing: Missing) -> Result<MasterKey, ConfigError> {
        let made = missing == Missing::Made && self.environment == Environment::Development;
        let key = if made { MasterKey::open_or_create(path) } else { MasterKey::open(path) };
        key.map_err(of(KEY_FILE))
    }
}

fn settings(url: &str) -> Result<Settings, ConfigError> {
    Settings::parse(url, "tillroll-vault").map_err(|error| ConfigError::new(URL, error.to_string()))
}

/// A master key that cannot be had, by the variable that names it. Nothing of the key is in it.
fn of(variable: &'static str) -> impl Fn(MasterKeyError) -> ConfigError {
    move |error| ConfigError::new(variable, crate::said(&error))
}

#[cfg(test)]
mod tests;
