//! The one place where a connection is made, and so where TLS will be chosen.

use crate::{Error, Settings};
use deadpool_postgres::{ClientWrapper, Connect};
use std::pin::Pin;
use tillroll_telemetry::spawn;
use tokio::task::JoinHandle;
use tokio_postgres::NoTls;

/// A connection of one's own, with its cache of prepared statements. Dropping it closes it.
pub type Connection = ClientWrapper;

/// Makes connections, for pools and for those who want one of their own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Connector;

type Connecting<'a> =
    Pin<Box<dyn Future<Output = Result<(tokio_postgres::Client, JoinHandle<()>), tokio_postgres::Error>> + Send + 'a>>;

impl Connect for Connector {
    fn connect(&self, config: &tokio_postgres::Config) -> Connecting<'_> {
        let config = config.clone();
        Box::pin(async move {
            let (client, connection) = config.connect(NoTls).await?;
            let driver = spawn("postgres-connection", async move {
                if let Err(error) = connection.await {
                    // Whoever uses the connection is told and decides what it means.
                    tracing::debug!(%error, "connection ended");
                }
            });
            Ok((client, driver))
        })
    }
}

/// Opens a connection of one's own.
pub async fn connect(settings: &Settings) -> Result<Connection, Error> {
    let (client, driver) = Connector.connect(&settings.session()).await.map_err(Error::Connect)?;
    Ok(ClientWrapper::new(client, driver))
}
