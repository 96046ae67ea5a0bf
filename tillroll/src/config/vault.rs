//! What the environment says of the vault: its own database, and the master keys that open what is in it.

use super::{Config, ConfigError};
use std::path::{Path, PathBuf};
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

    /// How the vault's database is reached.
    pub fn vault_settings(&self, url: &str) -> Result<Settings, ConfigError> {
        Settings::parse(url, "tillroll-vault").map_err(|error| ConfigError::new(URL, error.to_string()))
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

    /// Where the current master key is, if that is a file.
    pub fn master_key_file(&self) -> Option<PathBuf> {
        match self.variables.get(KEY) {
            Some(_) => None,
            None => {
                Some(self.variables.get(KEY_FILE).map_or_else(|| self.home.join("keys").join(MASTER_KEY), Into::into))
            }
        }
    }

    /// The current master key, and those that are still read while keys are rotated.
    fn master_keys(&self, missing: Missing) -> Result<MasterKeys, ConfigError> {
        let current = match self.variables.get(KEY) {
            Some(text) => MasterKey::from_text(&text).map_err(of(KEY))?,
            None => self.master_key_of_file(missing)?,
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

    fn master_key_of_file(&self, missing: Missing) -> Result<MasterKey, ConfigError> {
        let Some(path) = self.master_key_file() else { return Err(ConfigError::new(KEY, "is set besides a file")) };
        let made = missing == Missing::Made && self.environment == Environment::Development;
        let key = if made { MasterKey::open_or_create(&path) } else { MasterKey::open(&path) };
        key.map_err(of(KEY_FILE))
    }
}

/// A master key that cannot be had, by the variable that names it. Nothing of the key is in it.
fn of(variable: &'static str) -> impl Fn(MasterKeyError) -> ConfigError {
    move |error| ConfigError::new(variable, crate::said(&error))
}
