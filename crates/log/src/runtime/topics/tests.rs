//! Each setting that a topic must have is noticed when it is another, and the finding says how to mend it.

use super::*;

const TOPICS: AggregateTopics = AggregateTopics::new("jar", "jar.events.v1", "jar.commands.v1");

fn as_planned(plan: &TopicPlan) -> BTreeMap<String, String> {
    plan.settings.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

#[test]
fn topics_as_planned_have_no_findings() {
    for plan in TopicPlan::of(&TOPICS, 4) {
        let partitions = plan.partitions.unwrap_or(1);
        assert_eq!(plan.check(partitions, &as_planned(&plan)), []);
    }
}

#[test]
fn every_setting_that_differs_is_found_and_its_mending_named() {
    for plan in TopicPlan::of(&TOPICS, 4) {
        for (name, wrong) in [
            ("cleanup.policy", "compact"),
            ("message.timestamp.type", "CreateTime"),
            ("max.message.bytes", "1048576"),
            ("retention.bytes", "1000000"),
            ("retention.ms", "604800000"),
            ("unclean.leader.election.enable", "true"),
        ] {
            let mut settings = as_planned(&plan);
            settings.insert(name.to_owned(), wrong.to_owned());
            let findings = plan.check(plan.partitions.unwrap_or(1), &settings);
            assert_eq!(findings.len(), 1, "{} {name}", plan.name);
            assert!(findings[0].mend.contains("--alter") && findings[0].mend.contains(name), "{}", findings[0]);
        }
    }
}

#[test]
fn announcements_are_compacted_under_the_brokers_time_in_one_partition() {
    let plan = TopicPlan::services();
    assert_eq!(plan.check(1, &as_planned(&plan)), []);
    assert!(plan.check(2, &as_planned(&plan))[0].mend.contains("delete it"));
    for (name, wrong) in [("cleanup.policy", "delete"), ("message.timestamp.type", "CreateTime")] {
        let mut settings = as_planned(&plan);
        settings.insert(name.to_owned(), wrong.to_owned());
        assert_eq!(plan.check(1, &settings).len(), 1, "{name}");
    }
    let mut settings = as_planned(&plan);
    settings.insert("segment.ms".to_owned(), "60000".to_owned());
    assert_eq!(plan.check(1, &settings), [], "how large it grows is the operator's choice");
}

#[test]
fn another_number_of_partitions_is_found() {
    let [events, commands, letters] = TopicPlan::of(&TOPICS, 4);
    for plan in [events, commands] {
        let findings = plan.check(3, &as_planned(&plan));
        assert!(findings[0].mend.contains("TILLROLL_PARTITIONS=3"), "{findings:?}");
    }
    assert_eq!(letters.check(3, &as_planned(&letters)), [], "dead letters may have any number");
}

#[test]
fn more_retention_and_larger_records_than_needed_are_no_findings() {
    let [_, commands, _] = TopicPlan::of(&TOPICS, 4);
    let mut settings = as_planned(&commands);
    settings.insert("retention.ms".into(), "-1".into());
    settings.insert("max.message.bytes".into(), "16777216".into());
    assert_eq!(commands.check(4, &settings), []);
}

fn settings(of: &[(&str, &str)]) -> BTreeMap<String, String> {
    of.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn too_few_replicas_are_refused_in_production_only() {
    for (replication, in_sync) in [(1, "1"), (2, "2"), (3, "1")] {
        let settings = settings(&[("min.insync.replicas", in_sync)]);
        let found = check_replication("jar.events.v1", Environment::Production, replication, &settings);
        let Some(finding) = found else { panic!("{replication} replicas, {in_sync} in sync: not found") };
        assert_eq!(finding.place, "jar.events.v1");
        let told = format!("has {replication} replicas, {in_sync} of them in sync");
        for part in [told.as_str(), "needs 3 and 2", "TILLROLL_ENVIRONMENT=development"] {
            assert!(finding.to_string().contains(part), "{part:?} is not in: {finding}");
        }
        assert_eq!(check_replication("jar.events.v1", Environment::Development, replication, &settings), None);
    }
    let enough = settings(&[("min.insync.replicas", "2")]);
    assert_eq!(check_replication("jar.events.v1", Environment::Production, 3, &enough), None);
    let unknown = check_replication("jar.events.v1", Environment::Production, 3, &settings(&[]));
    assert!(unknown.is_some(), "a broker that does not say is not trusted");
}

#[test]
fn one_broker_that_makes_topics_by_itself_is_refused() {
    let broker = |value| settings(&[("auto.create.topics.enable", value)]);
    let found = check_brokers(&BTreeMap::from([(1, broker("false")), (2, broker("true"))]));
    let Some(finding) = found else { panic!("not found") };
    assert_eq!(finding.place, "broker");
    for part in ["auto.create.topics.enable is on", "wrong settings", "set auto.create.topics.enable=false"] {
        assert!(finding.to_string().contains(part), "{part:?} is not in: {finding}");
    }
    assert_eq!(check_brokers(&BTreeMap::from([(1, broker("false")), (2, broker("false"))])), None);
}

#[test]
fn topics_of_three_replicas_are_made_to_have_two_in_sync() {
    for plan in TopicPlan::of(&TOPICS, 4).into_iter().chain([TopicPlan::services()]) {
        let in_sync = |replication| {
            let settings = settings_of(plan.clone(), replication);
            settings.into_iter().find(|(name, _)| name == "min.insync.replicas").map(|(_, value)| value)
        };
        assert_eq!((in_sync(1), in_sync(2), in_sync(3)), (None, None, Some("2".to_owned())), "{}", plan.name);
        let made: BTreeMap<String, String> = settings_of(plan.clone(), 3).into_iter().collect();
        assert_eq!(check_replication(&plan.name, Environment::Production, 3, &made), None);
    }
}
