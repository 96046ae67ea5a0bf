//! `tillroll doctor`: what is wrong with this installation, and what to do about it. It only looks.
//!
//! Each part asks one neighbour and gives one finding per thing looked at; what a part cannot ask it says.

mod files;
mod kafka;
mod read_models;
mod roles;

use crate::Failure;
use crate::config::Config;
use clap::Args;
use serde_json::json;
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
    Warning,
    /// It does not work, or will not be safe.
    Wrong,
}

impl Health {
    fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Wrong => "wrong",
        }
    }
}

/// One thing that was looked at.
struct Finding {
    health: Health,
    /// What was looked at: a stable name.
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

    fn warning(check: &'static str, detail: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { health: Health::Warning, check, detail: detail.into(), mend: Some(mend.into()) }
    }

    fn wrong(check: &'static str, detail: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { health: Health::Wrong, check, detail: detail.into(), mend: Some(mend.into()) }
    }

    fn line(&self) -> String {
        let mend = self.mend.as_ref().map(|mend| format!("; mend: {mend}")).unwrap_or_default();
        format!("{:8} {:16} {}{mend}", self.health.name(), self.check, self.detail)
    }
}

/// Exit status 1 if something is wrong.
pub async fn run(args: DoctorArgs, config: Config) -> Result<ExitCode, Failure> {
    let mut findings = files::look(&config);
    findings.extend(roles::look(&config).await);
    let (kafka, node) = kafka::look(&config).await;
    findings.extend(kafka);
    findings.extend(read_models::look(&config, node.as_ref()).await);
    let mut out = std::io::stdout().lock();
    for finding in &findings {
        let Finding { health, check, detail, mend } = finding;
        if args.json {
            writeln!(out, "{}", json!({"health": health.name(), "check": check, "detail": detail, "mend": mend}))?;
        } else {
            writeln!(out, "{}", finding.line())?;
        }
    }
    let wrong = findings.iter().any(|finding| finding.health == Health::Wrong);
    Ok(if wrong { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
