//! The vault over a real PostgreSQL. The servers come from `tillroll-testkit`; its jars from TILLROLL_KAFKA_LIBS or
//! `.tillroll/kafka-libs` (scripts/setup).
#![cfg(test)]

#[path = "vault/cached.rs"]
mod cached;
#[path = "vault/erased.rs"]
mod erased;
#[path = "vault/fiscal.rs"]
mod fiscal;
#[path = "vault/keys.rs"]
mod keys;
#[path = "vault/rotated.rs"]
mod rotated;

use std::time::Duration;
use tillroll_postgres::{Settings, connect};
use tillroll_testkit::database;
use tillroll_vault::{Caching, Error, KeyName, MIGRATIONS, MasterKey, MasterKeys, Opened, Plaintext, Sealed, Vault};
use uuid::Uuid;

const ANNA: Uuid = Uuid::from_u128(0xa);
const BOB: Uuid = Uuid::from_u128(0xb);
const COMMAND: Uuid = Uuid::from_u128(0xc);

fn master(fill: u8) -> MasterKey {
    MasterKey::from_text(&format!("{fill:02x}").repeat(32)).unwrap()
}

/// A database on which a busy machine is waited for.
async fn vaults_database(name: &str) -> Settings {
    database(&format!("vault_{name}"), MIGRATIONS).await.patience(Duration::from_secs(30))
}

/// A vault whose cache does not outlive the test by itself.
fn vault_with(settings: &Settings, masters: MasterKeys) -> Vault {
    let caching = Caching { longest: Duration::from_secs(3600), ..Caching::default() };
    Vault::new(settings, masters, caching).unwrap()
}

fn vault(settings: &Settings) -> Vault {
    vault_with(settings, MasterKeys::new(master(1)))
}

async fn run(settings: &Settings, sql: &str) {
    connect(settings).await.unwrap().batch_execute(sql).await.unwrap();
}

async fn number(settings: &Settings, sql: &str) -> i64 {
    connect(settings).await.unwrap().query_one(sql, &[]).await.unwrap().get(0)
}

fn text(text: &str) -> Opened {
    Opened::Text(Plaintext::from(text.to_owned()))
}

async fn seal(vault: &Vault, person: Uuid) -> Sealed {
    vault.seal(person, COMMAND, "email", "canary@example.com").await.unwrap()
}

async fn open(vault: &Vault, person: Uuid, sealed: &Sealed) -> Result<Opened, Error> {
    vault.open(person, "email", sealed).await
}

async fn is_readable(vault: &Vault, person: Uuid, sealed: &Sealed) {
    assert_eq!(open(vault, person, sealed).await.unwrap(), text("canary@example.com"));
}
