//! Instances that share the people: what has a name by chance is made where it was asked for.

use super::{account, log_in, register};
use crate::claims::last_claims;
use e2e::{Outcome, System, own, until};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

const TOPICS: [&str; 4] = ["api-key.events.v1", "identity-claim.events.v1", "session.events.v1", "user.events.v1"];

/// One request reaches one other instance at most: of a name that each drew anew neither would be the owner, now and then.
#[test]
fn without_a_key_too_people_are_served_by_three_instances() -> Outcome {
    own(|system| async move {
        let _others = (system.serve(&["serve", "users"]).await?, system.serve(&["serve", "users"]).await?);
        three_share(&system).await?;
        let (staff, nobody) = (system.http(), system.http().with_token(None));
        let (ann, _) = account(&nobody, "ann").await?;
        let begun = Instant::now();
        for nth in 0..10 {
            let name = format!("guest-{nth}");
            register(&nobody, &format!("{name}@example.org"), &name).send().await?.expect_status(201)?;
            let wanted = json!({"owner": ann, "label": name, "scopes": ["profile:own"]});
            staff.post("/api-keys").json(&wanted).send().await?.expect_status(201)?;
        }
        for _ in 0..40 {
            log_in(&nobody, "ann@example.org").await?;
        }
        eprintln!("60 commands without a key in {} ms", begun.elapsed().as_millis());
        Ok(())
    })
}

/// Waits until each of the three owns something.
async fn three_share(system: &System) -> Outcome {
    let shared = until("three instances share the partitions", Duration::from_secs(30), || async {
        let roll = system.roll().await?;
        let owned = TOPICS.map(|topic| (topic, last_claims(&roll, topic).into_values().map(|claim| claim.instance)));
        let owned = BTreeMap::from(owned.map(|(topic, owners)| (topic, owners.collect::<Vec<_>>())));
        let owners: BTreeSet<_> = owned.values().flatten().collect();
        Ok((owners.len() == 3).then_some(owned))
    })
    .await?;
    eprintln!("{shared:?}");
    Ok(())
}
