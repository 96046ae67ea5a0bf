//! `tillroll doctor`: what is wrong with this installation, and what to do about it. It only looks.
//!
//! Each part asks one neighbour and gives one finding per thing looked at; what a part cannot ask it says.

mod clocks;
mod door;
mod files;
mod kafka;
mod partitions;
mod places;
mod postgres;
mod programs;
mod read_models;
mod vault;

use crate::config::Config;
use crate::{Failure, counted, said};
use clap::Args;
use serde_json::json;
use std::fmt;
use std::io::Write;
use std::process::ExitCode;

#[derive(Args)]
pub struct DoctorArgs {
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

/// How a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Health {
    /// As it must be.
    Ok,
    /// It works, and somebody should look.
    Warn,
    /// It does not work, or will not be safe.
    Problem,
}

impl Health {
    fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Problem => "problem",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug)]
struct Finding {
    health: Health,
    /// What was looked at: a stable name, which `docs/runbooks/when-something-is-wrong.md` has a paragraph for.
    check: &'static str,
    /// How it is.
    detail: String,
    /// What to do; nothing if it is as it must be.
    mend: Option<String>,
}

impl Finding {
    fn ok(check: &'static str, detail: impl Into<String>) -> Self {
        Self { health: Health::Ok, check, detail: detail.into(), mend: None }
    }

    fn warn(check: &'static str, detail: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { health: Health::Warn, check, detail: detail.into(), mend: Some(mend.into()) }
    }

    fn problem(check: &'static str, detail: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { health: Health::Problem, check, detail: detail.into(), mend: Some(mend.into()) }
    }

    /// Something that could not be asked.
    fn unasked(check: &'static str, why: &Failure, mend: &str) -> Self {
        Self::problem(check, said(why.as_ref()), mend)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { health, check, detail, mend } = self;
        write!(f, "{:8} {check:13} {detail}", health.name())?;
        match mend {
            Some(mend) => write!(f, "\n{:22} mend: {mend}", ""),
            None => Ok(()),
        }
    }
}

/// Exit status 1 if there is a problem.
pub async fn run(args: DoctorArgs, config: Config) -> Result<ExitCode, Failure> {
    let findings = look(&config).await;
    let mut out = std::io::stdout().lock();
    for finding in &findings {
        let Finding { health, check, detail, mend } = finding;
        if args.json {
            writeln!(out, "{}", json!({"health": health.name(), "check": check, "detail": detail, "mend": mend}))?;
        } else {
            writeln!(out, "{finding}")?;
        }
    }
    let count = |health| findings.iter().filter(|finding| finding.health == health).count();
    let problems = count(Health::Problem);
    if !args.json {
        writeln!(out, "{}, {}", counted(problems, "problem"), counted(count(Health::Warn), "warning"))?;
    }
    Ok(if problems > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn look(config: &Config) -> Vec<Finding> {
    if let Some(nowhere) = files::nothing_here(config) {
        return vec![nowhere];
    }
    let mut findings = programs::look(config);
    findings.extend(files::look(config));
    let (roles, open) = door::look(config).await;
    findings.extend(roles);
    findings.extend(places::look(config, open).await);
    let (kafka, node) = kafka::look(config).await;
    findings.extend(kafka);
    if let Some(node) = &node {
        // Of a shop that is closed it was said already.
        if open {
            findings.push(door::projectors(node).await);
        }
        findings.extend(partitions::look(node).await);
        findings.push(clocks::of_kafka(node).await);
    }
    let (postgres, pool) = postgres::look(config).await;
    findings.extend(postgres);
    if let Some(pool) = &pool {
        findings.extend(read_models::look(pool, node.as_ref()).await);
    }
    findings.extend(vault::look(config).await);
    findings
}
