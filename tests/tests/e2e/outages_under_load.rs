//! Broker and database go away while clients are at work: nobody is told anything but to come again, and afterwards
//! every promise is kept.

use crate::crash_points::broken_promises;
use crate::load::Load;
use e2e::{Outcome, own, until};
use std::time::Duration;
use tokio::time::sleep;

/// More than a session of the group, and more than the producer tries.
const FROZEN: Duration = Duration::from_secs(20);
const RESUMES_WITHIN: Duration = Duration::from_secs(120);
const ENOUGH: u64 = 30;

#[test]
fn outages_under_load_cost_clients_nothing_but_time() -> Outcome {
    own(|system| async move {
        let load = Load::start(&system.http(), "outage", 3, 8).await?;
        gets_on(&load, "before anything happens").await?;

        system.kafka()?.kill().await?;
        system.kafka()?.start_again().await?;
        gets_on(&load, "after the broker was killed").await?;
        system.kafka()?.pause()?;
        sleep(FROZEN).await;
        system.kafka()?.resume()?;
        gets_on(&load, "after the broker was frozen").await?;
        system.postgres()?.kill().await?;
        gets_on(&load, "while the database is away").await?;
        system.postgres()?.start_again().await?;
        gets_on(&load, "after the database was killed").await?;

        let journal = load.stop().await?;
        assert!(journal.sent_away > 0, "nobody noticed");
        assert_eq!(journal.undocumented, Vec::<String>::new());
        assert_eq!((journal.stale, journal.reused), (Vec::new(), Vec::new()));
        let unanswered = journal.told.iter().filter(|command| command.status.is_none()).count();
        assert_eq!(unanswered, 0, "every command has its answer in the end");
        until("every promise is kept", RESUMES_WITHIN, || async {
            system.caught_up().await?;
            let broken = broken_promises(&system, &system.roll().await?, &journal.told).await?;
            if !broken.is_empty() {
                eprintln!("not yet: {broken:?}");
            }
            Ok(broken.is_empty().then_some(()))
        })
        .await
    })
}

async fn gets_on(load: &Load, when: &str) -> Outcome {
    let before = load.answered();
    until(when, RESUMES_WITHIN, || async { Ok((load.answered() > before + ENOUGH).then_some(())) }).await
}
