//! What a report says, and when a run has failed.

use super::*;
use crate::measured::Latency;
use std::time::Duration;

fn rate(per_second: u64) -> Measured {
    Measured { per_second, count: per_second, ..Measured::default() }
}

fn report(targets: Vec<Target>, refused: u64) -> Report {
    let latency = Some(Latency { p50: Duration::from_micros(150), p99: Duration::from_micros(990) });
    let measured = Measured { latency, refused, ..rate(2_000) };
    let costs = vec![Cost { process: "tillroll", cpu: Duration::from_millis(500), resident_kib: 4_096 }];
    let mut section = Section { targets, ..Section::new("commands") };
    section.row("command", Some(64), measured, costs);
    section.row("limit", None, rate(4_000), Vec::new());
    Report { sections: vec![section] }
}

#[test]
fn a_missed_target_is_told_and_does_not_fail_the_run() {
    let missed = Target::rate("of the empty handler", &rate(90), &rate(1_000), 25);
    assert_eq!(missed.to_string(), "of the empty handler: target ≥ 25 %: 9 % — not met");
    let report = report(vec![missed], 0);
    assert!(report.to_string().contains("9 % — not met") && report.failures().is_empty(), "{report}");
}

#[test]
fn a_target_is_met_at_its_bound() {
    assert!(Target::rate("", &rate(250), &rate(1_000), 25).met());
    assert!(!Target::rate("", &rate(249), &rate(1_000), 25).met());
    assert!(Target::at_most("", 150, 150, "%").met());
    assert!(!Target::at_most("", 151, 150, "%").met());
    assert_eq!(Target::at_most("clients", 6, 6, "").to_string(), "clients: target ≤ 6: 6 — met");
}

#[test]
fn an_exceeded_budget_and_anything_refused_fail_the_run() {
    let report = report(vec![Target::budget("threads", 9, 8, "")], 3);
    let failures = report.failures();
    assert_eq!(failures, ["commands: command: refused 3", "commands: threads: target ≤ 8: 9 — not met"]);
}

#[test]
fn a_row_tells_processor_time_per_thousand_operations_and_memory() {
    let text = report(Vec::new(), 0).to_string();
    assert!(text.contains("CPU s per 1,000: tillroll 0.2500; MiB resident: tillroll 4"), "{text}");
    assert!(text.contains("150        990"), "{text}");
    assert!(text.lines().any(|line| line.trim_start().starts_with("limit") && line.contains('–')), "{text}");
}

#[test]
fn the_json_says_the_same_as_the_text() {
    let json = report(vec![Target::rate("rate", &rate(90), &rate(1_000), 25)], 1).json();
    let section = &json["measurements"][0];
    assert_eq!(section["name"], "commands");
    assert_eq!((&section["rows"][0]["p50_us"], &section["rows"][1]["p50_us"]), (&150.into(), &serde_json::Value::Null));
    assert_eq!(section["rows"][0]["processes"]["tillroll"]["cpu_us_per_1000"], 250_000);
    assert_eq!(section["rows"][0]["processes"]["tillroll"]["resident_kib"], 4_096);
    let target = &section["targets"][0];
    assert_eq!((&target["at_least"], &target["found"], &target["met"]), (&25.into(), &9.into(), &false.into()));
    assert_eq!(json["failures"][0], "commands: command: refused 1");
}
