//! The budget as it is written down.

use super::*;

#[test]
fn the_documentation_has_the_same_budget() {
    let text = include_str!("../../../../docs/performance.md");
    let row = |what: &str, idle: u64, loaded: u64| format!("| {what} | {idle} | {loaded} |");
    for row in [
        row("librdkafka clients", IDLE.clients, LOADED.clients),
        row("threads of librdkafka", IDLE.librdkafka_threads, LOADED.librdkafka_threads),
        row("threads besides a worker per core", IDLE.threads, LOADED.threads),
        row("resident memory, MiB", IDLE.resident_mib, LOADED.resident_mib),
    ] {
        assert!(text.contains(&row), "docs/performance.md has no line that begins with {row}");
    }
}
