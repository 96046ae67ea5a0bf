//! Broker and database go away while clients are at work: nobody is told anything but to come again, and afterwards
//! every promise is kept.

use crate::load::Load;
use e2e::{Outcome, own};
use std::time::Duration;
use tokio::time::sleep;

/// More than a session of the group, and more than the producer tries.
const FROZEN: Duration = Duration::from_secs(20);
/// A person starts it again.
const STOPPED: Duration = Duration::from_secs(3);
const RESUMES_WITHIN: Duration = Duration::from_secs(120);

#[test]
fn outages_under_load_cost_clients_nothing_but_time() -> Outcome {
    own(|system| async move {
        let load = Load::start(&system.http(), "outage", 3, 8).await?;
        load.gets_on("before anything happens", RESUMES_WITHIN).await?;

        system.kafka()?.kill().await?;
        system.kafka()?.start_again().await?;
        load.gets_on("after the broker was killed", RESUMES_WITHIN).await?;
        system.kafka()?.stop().await?;
        sleep(STOPPED).await;
        system.kafka()?.start_again().await?;
        load.gets_on("after the broker was restarted", RESUMES_WITHIN).await?;
        system.kafka()?.pause()?;
        sleep(FROZEN).await;
        system.kafka()?.resume()?;
        load.gets_on("after the broker was frozen", RESUMES_WITHIN).await?;
        system.postgres()?.kill().await?;
        load.gets_on("while the database is away", RESUMES_WITHIN).await?;
        system.postgres()?.start_again().await?;
        load.gets_on("after the database was killed", RESUMES_WITHIN).await?;

        let journal = load.keeps_every_promise(&system, RESUMES_WITHIN).await?;
        assert!(journal.sent_away > 0, "nobody noticed");
        Ok(())
    })
}
