//! What was measured, for people and for machines.

use crate::load::Measured;
use serde_json::{Value, json};

#[derive(Default)]
pub struct Report {
    rows: Vec<(&'static str, usize, Measured, u64)>,
    bare: Measured,
    resident_kib: u64,
}

impl Report {
    /// A figure beside its limit.
    pub fn row(&mut self, what: &'static str, clients: usize, measured: Measured, limit: Measured) {
        let percent = measured.per_second * 100 / limit.per_second.max(1);
        self.rows.push((what, clients, measured, percent));
    }

    pub fn bare(&mut self, bare: Measured) {
        self.bare = bare;
    }

    pub fn memory(&mut self, resident_kib: u64) {
        self.resident_kib = resident_kib;
    }

    #[expect(clippy::print_stdout, reason = "the bench's output")]
    pub fn print(&self, as_json: bool) {
        if as_json {
            println!("{}", self.json());
            return;
        }
        println!(
            "{:26} {:>7} {:>9} {:>9} {:>9} {:>8} {:>8}",
            "", "clients", "per s", "p50 µs", "p99 µs", "of limit", "refused"
        );
        for (what, clients, Measured { per_second, p50, p99, refused }, percent) in &self.rows {
            let (p50, p99) = (p50.as_micros(), p99.as_micros());
            println!("{what:26} {clients:7} {per_second:9} {p50:9} {p99:9} {percent:7}% {refused:8}");
        }
        let Measured { per_second, p50, p99, .. } = self.bare;
        let (p50, p99) = (p50.as_micros(), p99.as_micros());
        println!("{:26} {:7} {per_second:9} {p50:9} {p99:9}", "bare produce + read back", 1);
        println!("resident memory of all roles after the load: {} MiB", self.resident_kib / 1_024);
    }

    fn json(&self) -> Value {
        let of = |Measured { per_second, p50, p99, refused }: &Measured| json!({"per_second": per_second, "p50_us": p50.as_micros(), "p99_us": p99.as_micros(), "refused": refused});
        let rows: Vec<Value> = self
            .rows
            .iter()
            .map(|(what, clients, measured, percent)| {
                json!({"what": what, "clients": clients, "measured": of(measured), "percent_of_limit": percent})
            })
            .collect();
        json!({"rows": rows, "bare_produce_and_read_back": of(&self.bare), "resident_kib": self.resident_kib})
    }
}
