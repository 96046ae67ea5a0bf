//! The partitions of the log: whose claim each stands under, and what is left to be done in it.

use super::Finding;
use crate::Failure;
use crate::roles::Role;
use crate::tail::moment;
use std::time::{Duration, Instant};
use tillroll_log::{AggregateTopics, Announcement, Node, Standing};

/// More void records than a superseded owner can have had under way when it was superseded.
const MANY_VOID: u64 = 2_048;
/// Records or commands that somebody should ask after. A thousand commands may rest without a record that says so.
const FAR_BEHIND: i64 = 10_000;
/// Announcements are read from the beginning of their topic, which is small.
const TOLD_WITHIN: Duration = Duration::from_secs(2);
const LOOK_EVERY: Duration = Duration::from_millis(20);

pub async fn look(node: &Node) -> Vec<Finding> {
    let instances = instances(node).await;
    // All at once: each asks the brokers many times, and most of it is waiting.
    let aggregates = Role::ALL.into_iter().flat_map(|role| role.aggregates().iter().map(move |topics| (role, topics)));
    let asked = aggregates.map(|(role, topics)| {
        let node = node.clone();
        let standings = async move { node.standings(topics, &format!("tillroll.{}", role.name())).await };
        (role, topics, tillroll_telemetry::spawn("standings", standings))
    });
    let mut findings = Vec::new();
    for (role, topics, standings) in asked.collect::<Vec<_>>() {
        match standings.await.map_err(Failure::from).and_then(|told| told.map_err(Failure::from)) {
            Ok(standings) => findings.extend(standings.iter().map(|each| finding(role, topics, each, &instances))),
            Err(why) => {
                let why = Failure::from(format!("{}: {why}", topics.events));
                findings.push(Finding::unasked("partitions", &why, "tillroll topics check, and Kafka's own log"));
            }
        }
    }
    findings
}

/// Who announces himself. Whoever runs says so every two seconds.
async fn instances(node: &Node) -> Vec<Announcement> {
    let services = node.services();
    let began = Instant::now();
    while services.all().is_empty() && began.elapsed() < TOLD_WITHIN {
        tokio::time::sleep(LOOK_EVERY).await;
    }
    services.all()
}

fn finding(role: Role, topics: &AggregateTopics, standing: &Standing, instances: &[Announcement]) -> Finding {
    let place = format!("{}/{}", topics.events, standing.partition.0);
    if let Some(obstacle) = &standing.obstacle {
        let mend = "as it says; nobody can own the partition until then";
        return Finding::problem("partitions", obstacle.to_string(), mend);
    }
    let Standing { void, reactor_lag, inbox_lag, .. } = standing;
    let by = match &standing.claim {
        Some(last) => format!(
            "claimed by {} at {} (offset {}), {void} void since",
            last.claim.instance,
            moment(last.recorded_at),
            last.at
        ),
        None => "never claimed".to_owned(),
    };
    let detail = format!("{place}: {by}, reactor {reactor_lag} behind, {inbox_lag} commands waiting");
    let of_role: Vec<_> = instances.iter().filter(|each| each.role == role.name()).collect();
    let serves = |each: &&Announcement| {
        each.partitions.get(topics.events).is_some_and(|served| served.contains_key(&standing.partition.0))
    };
    if !of_role.is_empty() && !of_role.iter().any(serves) {
        let mend = format!("wait some seconds; if it stays so, the log of {} says why", role.name());
        return Finding::warn("partitions", format!("{detail}; nobody serves it"), mend);
    }
    if *void > MANY_VOID {
        let mend = "find out who writes there: no record of a stranger, or under an old claim, is ever admitted";
        return Finding::warn("partitions", detail, mend);
    }
    if (*reactor_lag).max(*inbox_lag) > FAR_BEHIND {
        let mend = format!("look again: if it does not shrink, the log of {} says why", role.name());
        return Finding::warn("partitions", detail, mend);
    }
    Finding::ok("partitions", detail)
}
