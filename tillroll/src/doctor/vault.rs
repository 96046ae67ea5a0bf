//! The vault: whether its database answers, its tables are this build's, and the master keys that are here open it.

use super::Finding;
use crate::config::{Config, Missing};
use crate::{Failure, counted};
use std::time::Duration;
use tillroll_postgres::{Pool, Settings, migrated};
use tillroll_vault::MIGRATIONS;

const CHECK: &str = "vault";
const WITHIN: Duration = Duration::from_secs(3);
const START: &str = "start `tillroll up` (scripts/up), or set TILLROLL_VAULT_URL to where the vault's own database is";
const APART: &str = "set TILLROLL_VAULT_URL to a database of the vault's own: a rebuild or a restored backup of the read \
    models must not touch it";
const RESTORE: &str = "give this process the master key that wraps them (TILLROLL_VAULT_KEY_FILE, \
    TILLROLL_VAULT_OTHER_KEY_FILES): without it nothing personal can be read again";

pub async fn look(config: &Config) -> Vec<Finding> {
    let Ok(url) = config.vault_url() else {
        let detail = "TILLROLL_VAULT_URL is not set, and no `tillroll up` is running here";
        return vec![Finding::problem(CHECK, detail, START)];
    };
    let settings = match config.vault_settings(&url) {
        Ok(settings) => settings.pool_size(1).patience(WITHIN),
        Err(why) => return vec![Finding::problem(CHECK, why.to_string(), APART)],
    };
    match ask(config, settings).await {
        Ok(finding) => vec![finding],
        Err(why) => {
            vec![Finding::unasked(CHECK, &why, "start its database; nothing personal is written or read meanwhile")]
        }
    }
}

async fn ask(config: &Config, settings: Settings) -> Result<Finding, Failure> {
    let vault = match config.vault(&settings, Missing::Refused) {
        Ok(vault) => vault,
        Err(why) => return Ok(Finding::problem(CHECK, why.to_string(), RESTORE)),
    };
    let tables = migrated(&Pool::new(&settings.clone().read_only())?, MIGRATIONS).await?;
    if !tables.missing.is_empty() {
        let mend = "start a role that needs it, which applies them: tillroll serve users";
        return Ok(Finding::warn(CHECK, format!("the migrations {:?} are not applied", tables.missing), mend));
    }
    let masters = vault.masters().await?;
    Ok(match vault.check().await {
        Ok(()) => {
            let keys: u64 = masters.iter().map(|(_, keys)| keys).sum();
            let (keys, masters) = (counted(keys, "key"), counted(masters.len(), "master key"));
            Finding::ok(CHECK, format!("answers; {keys}, {masters} in use, all known here"))
        }
        Err(error @ tillroll_vault::Error::UnknownMaster { .. }) => Finding::problem(CHECK, error.to_string(), RESTORE),
        Err(error) => return Err(error.into()),
    })
}
