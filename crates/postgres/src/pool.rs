//! A pool of connections. Whoever asks it waits no longer than the settings' patience, and a connection that did
//! not answer in time is thrown away rather than handed to the next.

use crate::connector::Connector;
use crate::{Error, Param, Settings};
use deadpool_postgres::{Manager, ManagerConfig, Object, RecyclingMethod, Runtime};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use tokio_postgres::Row;

/// Connections to one database. Clones share them.
#[derive(Clone, Debug)]
pub struct Pool {
    connections: deadpool_postgres::Pool,
    size: usize,
    patience: Duration,
}

impl Pool {
    /// Sets the pool up. Nothing is connected before it is needed.
    pub fn new(settings: &Settings) -> Result<Self, Error> {
        // Nobody is there any more for an answer that comes later.
        let statement_timeout = match settings.statement_timeout {
            Duration::ZERO => settings.patience,
            longest => longest.min(settings.patience),
        };
        let manager = Manager::from_connect(
            settings.clone().statement_timeout(statement_timeout).session(),
            Connector,
            ManagerConfig { recycling_method: RecyclingMethod::Fast },
        );
        let connections = deadpool_postgres::Pool::builder(manager)
            .max_size(settings.pool_size)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(settings.patience))
            .create_timeout(Some(settings.patience))
            .build()
            .map_err(Error::Build)?;
        Ok(Self { connections, size: settings.pool_size, patience: settings.patience })
    }

    /// The rows of a query; its statement is prepared once per connection.
    ///
    /// For reads only: when a connection turns out to be broken, the query is repeated on another.
    pub async fn rows(&self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>, Error> {
        let deadline = Instant::now() + self.patience;
        // Each attempt on a broken connection throws it away, so this many leave none from before an outage.
        for _ in 0..self.size {
            match self.attempt(sql, params, deadline).await {
                Err(error) if error.is_about_the_connection() => {}
                outcome => return outcome,
            }
        }
        self.attempt(sql, params, deadline).await
    }

    /// The only row of a query, if there is one.
    pub async fn row(&self, sql: &str, params: &[Param<'_>]) -> Result<Option<Row>, Error> {
        Ok(self.rows(sql, params).await?.into_iter().next())
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), Error> {
        self.rows("SELECT 1", &[]).await.map(drop)
    }

    async fn attempt(&self, sql: &str, params: &[Param<'_>], deadline: Instant) -> Result<Vec<Row>, Error> {
        let connection = timeout_at(deadline, self.connections.get()).await.map_err(|_| Error::Exhausted)??;
        let query = async {
            let statement = connection.prepare_cached(sql).await?;
            connection.query(&statement, params).await
        };
        let outcome = match timeout_at(deadline, query).await {
            Ok(outcome) => outcome.map_err(Error::Statement),
            Err(_) => Err(Error::TimedOut),
        };
        if outcome.as_ref().is_err_and(|error| matches!(error, Error::TimedOut) || error.is_about_the_connection()) {
            drop(Object::take(connection));
        }
        outcome
    }
}
