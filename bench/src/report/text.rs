//! The report for people.

use super::{Bound, Report, Row, Section, Target};
use crate::usage::Cost;
use std::fmt;
use std::time::Duration;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.sections.iter().try_for_each(|section| write!(f, "{section}"))
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{}", self.name)?;
        if !self.rows.is_empty() {
            let (clients, rate, refused) = ("clients", "per s", "refused");
            writeln!(f, "  {:44} {clients:>7} {rate:>9} {:>10} {:>10} {refused:>8}", "", "p50 µs", "p99 µs")?;
        }
        self.rows.iter().try_for_each(|row| write!(f, "{row}"))?;
        self.targets.iter().try_for_each(|target| writeln!(f, "  {target}"))?;
        self.remarks.iter().try_for_each(|remark| writeln!(f, "  {remark}"))
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clients = self.clients.map_or_else(String::new, |clients| clients.to_string());
        let micros = |latency: fn(&super::Measured) -> u64| match self.measured.latency {
            Some(_) => latency(&self.measured).to_string(),
            None => "–".to_owned(),
        };
        let (p50, p99) = (micros(super::Measured::p50_micros), micros(super::Measured::p99_micros));
        let super::Measured { per_second, refused, count, .. } = self.measured;
        writeln!(f, "  {:44} {clients:>7} {per_second:9} {p50:>10} {p99:>10} {refused:8}", self.what)?;
        if self.costs.is_empty() {
            return Ok(());
        }
        let cpu = self.costs.iter().map(|cost| format!("{} {}", cost.process, seconds(per_thousand(cost, count))));
        let memory = self.costs.iter().map(|cost| format!("{} {}", cost.process, cost.resident_kib / 1_024));
        let (cpu, memory) = (cpu.collect::<Vec<_>>().join(", "), memory.collect::<Vec<_>>().join(", "));
        writeln!(f, "    CPU s per 1,000: {cpu}; MiB resident: {memory}")
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, found, unit, .. } = self;
        let (sign, number) = match self.bound {
            Bound::AtLeast(least) => ('≥', least),
            Bound::AtMost(most) => ('≤', most),
        };
        let space = if unit.is_empty() { "" } else { " " };
        let verdict = if self.met() { "met" } else { "not met" };
        write!(f, "{what}: target {sign} {number}{space}{unit}: {found}{space}{unit} — {verdict}")
    }
}

/// The processor time of a thousand operations.
pub(super) fn per_thousand(cost: &Cost, count: u64) -> Duration {
    let micros = cost.cpu.as_micros() * 1_000 / u128::from(count.max(1));
    Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
}

/// To a tenth of a millisecond.
fn seconds(duration: Duration) -> String {
    format!("{}.{:04}", duration.as_secs(), duration.subsec_micros() / 100)
}
