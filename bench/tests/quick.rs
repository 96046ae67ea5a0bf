//! A short run of every measurement with the built binary: each completes, and nothing is refused. The figures of such
//! a run mean nothing, so no ratio is looked at.

use serde_json::Value;
use std::process::{Command, Stdio};

const ALL: [&str; 10] = [
    "budget",
    "commands",
    "hot-key",
    "point-query",
    "gateway",
    "log-in",
    "checkout",
    "checkout by card",
    "owner-catch-up",
    "projector-catch-up",
];

#[test]
fn every_measurement_completes_and_nothing_is_refused() {
    let workspace = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let output = Command::new(env!("CARGO_BIN_EXE_tillroll-bench"))
        .args(["all", "--quick", "--json"])
        .current_dir(workspace)
        .env_remove("TILLROLL_STACK")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {said}", output.status);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let sections = report["measurements"].as_array().unwrap();
    assert_eq!(sections.iter().map(|section| section["name"].as_str().unwrap()).collect::<Vec<_>>(), ALL);
    for row in sections.iter().flat_map(|section| section["rows"].as_array().unwrap()) {
        assert_eq!(row["refused"], 0, "{row}");
        // What divides one figure by another counts nothing itself. A rate may be rounded to nothing on a busy machine.
        let counted = row["what"].as_str().unwrap().contains('÷') || row["count"].as_u64() > Some(0);
        assert!(counted, "nothing was measured: {row}");
    }
}
