//! After a kill the partitions of the dead are served by whoever finds nobody listening there any more, before the
//! group's session has passed; and the group moves them in its own time.

use super::load::Load;
use super::{INSTANCE, KILLED, TOPIC, a_while, stocked};
use crate::claims::{Claim, claims, shared_out};
use e2e::{Outcome, own_serving};
use std::time::{Duration, Instant};

/// All but the role whose instances end.
const REST: [&str; 6] = ["serve", "catalog", "orders", "projectors", "query-api", "gateway"];
/// A third of the session.
const SUSPECTED: Duration = Duration::from_secs(2);

#[test]
fn the_partitions_of_a_killed_instance_are_served_again_long_before_its_session_has_passed() -> Outcome {
    own_serving(&REST, |system| async move {
        let (doomed, _other) = (system.serve(&INSTANCE).await?, system.serve(&INSTANCE).await?);
        stocked(&system).await?;
        let load = Load::start(&system, 16);
        a_while(&load, 200).await?;
        let of_doomed = format!("-{}-", doomed.pid().ok_or("it does not run")?);
        let before = shared_out(&system, TOPIC).await?;
        let killed = Instant::now();
        doomed.kill().await?;
        // The group moves them too, later.
        tokio::time::sleep(KILLED).await;
        a_while(&load, 200).await?;
        let done = load.end().await?;
        let after = claims(&system.roll().await?, TOPIC);
        let mut moved = 0;
        for (partition, last) in before.iter().filter(|(_, last)| last.instance.contains(&of_doomed)) {
            let later: Vec<&Claim> = after[partition].iter().filter(|claim| claim.offset > last.offset).collect();
            // One rests on the suspicion, one on the group.
            assert!((2..=3).contains(&later.len()), "they are not fought over: {later:?}");
            let answered = done.first_answered_behind(&format!("{TOPIC}/{partition}"), later[0].offset);
            let took = answered.ok_or("no command was answered")?.saturating_duration_since(killed);
            eprintln!("partition {partition} was served again after {} ms", took.as_millis());
            assert!(took < SUSPECTED, "{took:?}");
            moved += 1;
        }
        assert!(moved > 0, "the dead instance served something");
        done.verify(&system).await
    })
}
