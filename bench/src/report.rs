//! What was measured, for people and for machines: rows, what they are held to, and whether they keep to it. A target
//! that is missed is said, not hidden; only refused operations and an exceeded budget are failures of a run.

mod json;
mod text;

use crate::load::Loaded;
use crate::measured::Measured;
use crate::usage::Cost;

#[cfg(test)]
mod tests;

/// All measurements of a run.
#[derive(Debug, Default)]
pub struct Report {
    pub sections: Vec<Section>,
}

/// One measurement with its limits.
#[derive(Debug)]
pub struct Section {
    pub name: &'static str,
    pub rows: Vec<Row>,
    pub targets: Vec<Target>,
    /// What a reader has to know besides.
    pub remarks: Vec<String>,
}

/// One line of figures.
#[derive(Debug)]
pub struct Row {
    pub what: &'static str,
    /// How many asked at once, where that is said.
    pub clients: Option<usize>,
    pub measured: Measured,
    pub costs: Vec<Cost>,
}

/// What a figure is held to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Which figure, of which limit.
    pub what: String,
    pub found: u64,
    pub bound: Bound,
    pub unit: &'static str,
    /// Whether missing it makes the run fail, as an exceeded budget does.
    pub binding: bool,
}

/// On which side of a number a figure must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    AtLeast(u64),
    AtMost(u64),
}

impl Target {
    /// A rate as a percentage of that of its limit.
    pub fn rate(what: impl Into<String>, measured: &Measured, limit: &Measured, at_least: u64) -> Self {
        let found = measured.percent_of(limit);
        Self { what: what.into(), found, bound: Bound::AtLeast(at_least), unit: "%", binding: false }
    }

    /// A figure that must not be greater.
    pub fn at_most(what: impl Into<String>, found: u64, at_most: u64, unit: &'static str) -> Self {
        Self { what: what.into(), found, bound: Bound::AtMost(at_most), unit, binding: false }
    }

    /// The same, and the run fails if it is.
    pub fn budget(what: impl Into<String>, found: u64, at_most: u64, unit: &'static str) -> Self {
        Self { binding: true, ..Self::at_most(what, found, at_most, unit) }
    }

    pub fn met(&self) -> bool {
        match self.bound {
            Bound::AtLeast(least) => self.found >= least,
            Bound::AtMost(most) => self.found <= most,
        }
    }
}

impl Section {
    pub fn new(name: &'static str) -> Self {
        Self { name, rows: Vec::new(), targets: Vec::new(), remarks: Vec::new() }
    }

    /// Takes a row that a load made; returns its figures.
    pub fn loaded(&mut self, what: &'static str, clients: usize, loaded: Loaded) -> Measured {
        let Loaded { measured, costs, .. } = loaded;
        self.rows.push(Row { what, clients: Some(clients), measured, costs });
        measured
    }

    /// Takes a row.
    pub fn row(&mut self, what: &'static str, clients: Option<usize>, measured: Measured, costs: Vec<Cost>) {
        self.rows.push(Row { what, clients, measured, costs });
    }
}

impl Report {
    /// Why the run failed, if it did.
    pub fn failures(&self) -> Vec<String> {
        let mut failures = Vec::new();
        for section in &self.sections {
            let refused = section.rows.iter().filter(|row| row.measured.refused > 0);
            failures
                .extend(refused.map(|row| format!("{}: {}: refused {}", section.name, row.what, row.measured.refused)));
            let missed = section.targets.iter().filter(|target| target.binding && !target.met());
            failures.extend(missed.map(|target| format!("{}: {target}", section.name)));
        }
        failures
    }

    #[expect(clippy::print_stdout, reason = "the bench's output")]
    pub fn print(&self, as_json: bool) {
        match as_json {
            true => println!("{:#}", self.json()),
            false => print!("{self}"),
        }
    }
}
