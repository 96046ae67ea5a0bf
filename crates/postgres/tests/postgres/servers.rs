//! Servers for the tests: one shared by those that leave it alone, one of their own for the others.

use std::path::Path;
use tillroll_devstack::{Data, Stack, StackConfig};
use tillroll_postgres::Settings;
use tokio::sync::OnceCell;

pub async fn start() -> Stack {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tillroll");
    #[expect(clippy::disallowed_methods, reason = "the environment says where the jars are; a test has no main")]
    let config = StackConfig::from_lookup(root, Data::Fresh, |name| std::env::var(name).ok()).unwrap();
    let config = StackConfig { kafka_port: None, postgres_port: None, ..config };
    Stack::start(config).await.unwrap_or_else(|error| panic!("{error}"))
}

/// A new database on the shared server. Its processes end with this one.
pub async fn database(name: &str) -> Settings {
    static SHARED: OnceCell<Stack> = OnceCell::const_new();
    let url = SHARED.get_or_init(start).await.create_database(name).await.unwrap();
    Settings::parse(&url, "test").unwrap()
}
