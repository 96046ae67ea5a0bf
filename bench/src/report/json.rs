//! The report for machines.

use super::text::per_thousand;
use super::{Bound, Report, Row, Section, Target};
use serde_json::{Map, Value, json};

impl Report {
    /// The same as the text, with microseconds and KiB.
    pub(super) fn json(&self) -> Value {
        let sections: Vec<Value> = self.sections.iter().map(section).collect();
        json!({"measurements": sections, "failures": self.failures()})
    }
}

fn section(Section { name, rows, targets, remarks }: &Section) -> Value {
    let rows: Vec<Value> = rows.iter().map(row).collect();
    let targets: Vec<Value> = targets.iter().map(target).collect();
    json!({"name": name, "rows": rows, "targets": targets, "remarks": remarks})
}

fn row(row: &Row) -> Value {
    let count = row.measured.count;
    let processes: Map<String, Value> = row
        .costs
        .iter()
        .map(|cost| {
            let cpu = u64::try_from(per_thousand(cost, count).as_micros()).unwrap_or(u64::MAX);
            (cost.process.to_owned(), json!({"cpu_us_per_1000": cpu, "resident_kib": cost.resident_kib}))
        })
        .collect();
    let latency = |micros: u64| row.measured.latency.map(|_| micros);
    json!({
        "what": row.what,
        "clients": row.clients,
        "count": count,
        "per_second": row.measured.per_second,
        "p50_us": latency(row.measured.p50_micros()),
        "p99_us": latency(row.measured.p99_micros()),
        "refused": row.measured.refused,
        "processes": processes,
    })
}

fn target(target: &Target) -> Value {
    let (bound, number) = match target.bound {
        Bound::AtLeast(least) => ("at_least", least),
        Bound::AtMost(most) => ("at_most", most),
    };
    json!({
        "what": target.what, bound: number, "found": target.found, "unit": target.unit, "met": target.met(),
        "binding": target.binding,
    })
}
