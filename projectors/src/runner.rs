//! Keeps the read models: one lane per projection and topic, each with a connection of its own.
//!
//! Rows and checkpoint move in one transaction, and the checkpoint only from where this projector thought it was. So
//! nothing is folded twice or left out, whoever else runs, whatever is killed. Lanes resume by themselves.

mod checkpoint;
mod lane;
mod part;
mod troubles;

use crate::projections::{
    ApiKeys, Carts, Invoices, Notifications, Orders, Payments, Preferences, Products, Sales, Sessions, Stock, Users,
};
use crate::{Projection, Source, prepare};
use lane::Lane;
use std::time::Duration;
use tillroll_postgres::Settings;
use tillroll_telemetry::{Shutdown, spawn};
use tokio::task::JoinHandle;

pub use troubles::{Place, Troubles};

/// Between attempts of something that did not work: doubled each time, up to the second.
const RETRY: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// The projectors of a process.
#[derive(Debug)]
pub struct Projectors {
    troubles: Troubles,
    tasks: Vec<JoinHandle<()>>,
}

impl Projectors {
    /// Migrates the database and keeps every read model of this build, until `shutdown` is requested.
    ///
    /// Returns at once: neither the database nor the log has to be there yet.
    pub fn start<S: Source>(database: &Settings, source: S, shutdown: &Shutdown) -> Self {
        let mut started = Self { troubles: Troubles::default(), tasks: Vec::new() };
        let migration = migrate_at_last(database.clone(), started.troubles.clone());
        started.spawn("migrations", shutdown, migration);
        started.keep::<Products, S>(database, &source, shutdown);
        started.keep::<Stock, S>(database, &source, shutdown);
        started.keep::<Orders, S>(database, &source, shutdown);
        started.keep::<Sales, S>(database, &source, shutdown);
        started.keep::<Carts, S>(database, &source, shutdown);
        started.keep::<Users, S>(database, &source, shutdown);
        started.keep::<Sessions, S>(database, &source, shutdown);
        started.keep::<ApiKeys, S>(database, &source, shutdown);
        started.keep::<Notifications, S>(database, &source, shutdown);
        started.keep::<Preferences, S>(database, &source, shutdown);
        started.keep::<Payments, S>(database, &source, shutdown);
        started.keep::<Invoices, S>(database, &source, shutdown);
        started
    }

    /// What does not work at present: halted partitions, an unreachable database, a log that cannot be read.
    pub fn troubles(&self) -> &Troubles {
        &self.troubles
    }

    /// Waits until every lane has stopped.
    pub async fn stopped(self) {
        for task in self.tasks {
            // A task that panicked was logged by its name, and has stopped too.
            drop(task.await);
        }
    }

    fn keep<P: Projection, S: Source>(&mut self, database: &Settings, source: &S, shutdown: &Shutdown) {
        for &topic in P::TOPICS {
            let lane = Lane::<P, S>::new(topic, database.clone(), source.clone(), self.troubles.clone());
            self.spawn(P::NAME, shutdown, lane.run());
        }
    }

    fn spawn(&mut self, name: &'static str, shutdown: &Shutdown, work: impl Future<Output = ()> + Send + 'static) {
        let shutdown = shutdown.clone();
        self.tasks.push(spawn(name, async move {
            // A transaction that is cut off is rolled back, or committed as a whole.
            tokio::select! {
                () = shutdown.requested() => {}
                () = work => {}
            }
        }));
    }
}

async fn migrate_at_last(database: Settings, troubles: Troubles) {
    let place = Place { projection: "migrations", topic: None, partition: None };
    let mut pause = Pause::default();
    loop {
        match prepare(&database).await {
            Ok(()) => return troubles.clear(place),
            Err(error) => troubles.raise(place, &error),
        }
        pause.wait().await;
    }
}

/// A growing pause between attempts.
#[derive(Debug)]
pub(crate) struct Pause(Duration);

impl Default for Pause {
    fn default() -> Self {
        Self(RETRY.0)
    }
}

impl Pause {
    /// Waits, the next time longer.
    pub(crate) async fn wait(&mut self) {
        tokio::time::sleep(self.0).await;
        self.0 = (self.0 * 2).min(RETRY.1);
    }
}
