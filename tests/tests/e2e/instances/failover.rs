//! After a kill the partitions of the dead are served by whoever finds nobody listening there any more, before the
//! group's session has passed; and the group moves them in its own time.

use super::load::Load;
use super::{INSTANCE, KILLED, TOPIC, a_while, stocked};
use crate::claims::{Claim, claims, shared_out};
use e2e::{Outcome, System, own_serving, until};
use std::time::{Duration, Instant};

/// All but the role whose instances end.
const REST: [&str; 6] = ["serve", "catalog", "orders", "projectors", "query-api", "gateway"];
/// A third of the session.
const SUSPECTED: Duration = Duration::from_secs(2);
/// Nobody waits for it: the partitions are served.
const MOVED_WITHIN: Duration = Duration::from_secs(30);

#[test]
fn the_partitions_of_a_killed_instance_are_served_again_long_before_its_session_has_passed() -> Outcome {
    own_serving(&REST, |system| async move {
        let (doomed, _other) = (system.serve(&INSTANCE).await?, system.serve(&INSTANCE).await?);
        stocked(&system).await?;
        let load = Load::start(&system, 16);
        a_while(&load, 200).await?;
        let doomed_name = format!("-{}-", doomed.pid().ok_or("it does not run")?);
        let before = shared_out(&system, TOPIC).await?;
        let killed = Instant::now();
        doomed.kill().await?;
        let of_doomed: Vec<_> = before.iter().filter(|(_, last)| last.instance.contains(&doomed_name)).collect();
        assert!(!of_doomed.is_empty(), "the dead instance served something");
        // One rests on the suspicion, and one on the group once the session has passed.
        tokio::time::sleep(KILLED).await;
        until("the group moves what was claimed on suspicion", MOVED_WITHIN, || async {
            let later = later_claims(&system, &of_doomed).await?;
            Ok(later.iter().all(|claims| claims.len() > 1).then_some(()))
        })
        .await?;
        a_while(&load, 200).await?;
        let done = load.end().await?;
        for ((partition, _), later) in of_doomed.iter().zip(later_claims(&system, &of_doomed).await?) {
            assert!((2..=3).contains(&later.len()), "they are not fought over: {later:?}");
            let answered = done.first_answered_behind(&format!("{TOPIC}/{partition}"), later[0].offset);
            let took = answered.ok_or("no command was answered")?.saturating_duration_since(killed);
            eprintln!("partition {partition} was served again after {} ms", took.as_millis());
            assert!(took < SUSPECTED, "{took:?}");
        }
        done.verify(&system).await
    })
}

/// The claims of each partition after the one that is given with it.
async fn later_claims(system: &System, places: &[(&i32, &Claim)]) -> Outcome<Vec<Vec<Claim>>> {
    let claims = claims(&system.roll().await?, TOPIC);
    let later = |(partition, last): &(&i32, &Claim)| {
        claims[*partition].iter().filter(|claim| claim.offset > last.offset).cloned().collect()
    };
    Ok(places.iter().map(later).collect())
}
