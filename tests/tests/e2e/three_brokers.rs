//! Three brokers, of which one dies while clients are at work: nobody is told anything but to come again, and
//! afterwards every promise is kept.

use crate::load::Load;
use e2e::{Outcome, System, own_of_three, until};
use std::time::Duration;

/// A broker's session of 3 s, the group's of 6 s, and as much again as a busy machine may take.
const RESUMES_WITHIN: Duration = Duration::from_secs(60);
const LEADS: &str = "order.events.v1";

#[test]
fn a_broker_that_dies_and_comes_back_costs_clients_nothing_but_time() -> Outcome {
    own_of_three(|system| async move {
        assert_three_replicas(&system).await?;
        let load = Load::start(&system.http(), "three", 5, 8).await?;
        load.gets_on("before anything happens", RESUMES_WITHIN).await?;

        // First the one that leads a partition of the orders, then another: both lead, and one is the controller's
        // turn.
        let leader = leader(&system).await?;
        for nth in [leader, (leader + 1) % 3] {
            let broker = &system.brokers()?[nth];
            broker.kill().await?;
            load.gets_on(&format!("without broker {}", nth + 1), RESUMES_WITHIN).await?;
            broker.start_again().await?;
            load.gets_on(&format!("with broker {} again", nth + 1), RESUMES_WITHIN).await?;
            all_in_sync(&system).await?;
        }

        load.keeps_every_promise(&system, RESUMES_WITHIN).await?;
        Ok(())
    })
}

/// Every topic of ours, and Kafka's own of committed positions, survives the loss of a broker.
async fn assert_three_replicas(system: &System) -> Outcome {
    let partitions = system.partitions().await?;
    let few: Vec<_> = partitions.iter().filter(|each| each.replicas.len() != 3).collect();
    assert!(few.is_empty(), "{few:?}");
    for topic in [LEADS, "order.commands.v1", "services.v1", "__consumer_offsets"] {
        assert!(partitions.iter().any(|each| each.topic == topic), "{topic} is not there");
    }
    let described =
        system.console(&["configs", "--describe", "--entity-type", "topics", "--entity-name", LEADS]).await?;
    assert!(described.out.contains("min.insync.replicas=2"), "{described:?}");
    let checked = system.run_with(&[("TILLROLL_ENVIRONMENT", "production".to_owned())], &["topics", "check"]).await?;
    assert_eq!(checked.code, Some(0), "what production asks for: {checked:?}");
    Ok(())
}

async fn leader(system: &System) -> Outcome<usize> {
    let partitions = system.partitions().await?;
    let found = partitions.iter().find(|each| each.topic == LEADS && each.partition == 0);
    let id = found.ok_or("no such partition")?.leader;
    Ok(usize::try_from(id - 1)?)
}

async fn all_in_sync(system: &System) -> Outcome {
    until("all replicas are in sync", RESUMES_WITHIN, || async {
        let partitions = system.partitions().await?;
        Ok(partitions.iter().all(|each| each.in_sync.len() == each.replicas.len()).then_some(()))
    })
    .await
}
