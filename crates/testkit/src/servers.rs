//! Servers for the tests: one shared by those that leave it alone, one of their own for the others.

use std::path::Path;
use tillroll_devstack::{Data, Stack, StackConfig};
use tillroll_postgres::{Migration, Settings, migrate};
use tokio::sync::OnceCell;

/// Servers of one's own.
pub async fn start() -> Stack {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tillroll");
    #[expect(clippy::disallowed_methods, reason = "the environment says where the jars are; a test has no main")]
    let config = StackConfig::from_lookup(root, Data::Fresh, |name| std::env::var(name).ok()).unwrap();
    let config = StackConfig { kafka_port: None, postgres_port: None, ..config };
    Stack::start(config).await.unwrap_or_else(|error| panic!("{error}"))
}

/// A new database on the process's shared server, which ends with the process.
pub async fn empty_database(name: &str) -> Settings {
    settings(&new_database(name).await)
}

/// A new database with these tables, on the shared server.
pub async fn database(name: &str, migrations: &[Migration]) -> Settings {
    migrated(&new_database(name).await, migrations).await
}

/// The database at that address with these tables.
pub async fn migrated(url: &str, migrations: &[Migration]) -> Settings {
    let settings = settings(url);
    migrate(&settings, migrations).await.unwrap();
    settings
}

async fn new_database(name: &str) -> String {
    static SHARED: OnceCell<Stack> = OnceCell::const_new();
    SHARED.get_or_init(start).await.create_database(name).await.unwrap()
}

fn settings(url: &str) -> Settings {
    Settings::parse(url, "test").unwrap()
}
