//! The installation's own files: the keys, and who can read them.

use super::Finding;
use crate::config::Config;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tillroll_http::{ACCESS_TOKEN, COMMAND_HASH, CONSISTENCY_TOKEN, INTERNAL};

/// Everybody but the owner.
const OTHERS: u32 = 0o077;

pub fn look(config: &Config) -> Vec<Finding> {
    let dir = config.home.join("keys");
    if !dir.is_dir() {
        let mend = "start `tillroll up` there, or copy the keys of the installation there";
        return vec![Finding::wrong("keys", format!("{} is not there", dir.display()), mend)];
    }
    [ACCESS_TOKEN, INTERNAL, COMMAND_HASH, CONSISTENCY_TOKEN].iter().map(|name| key(&dir.join(name))).collect()
}

fn key(path: &Path) -> Finding {
    let shown = path.display();
    match std::fs::metadata(path) {
        Err(error) => Finding::wrong(
            "keys",
            format!("{shown}: {error}"),
            "restore it from the backup: a new one makes what the old one signed worthless",
        ),
        Ok(file) if file.permissions().mode() & OTHERS != 0 => {
            let mode = file.permissions().mode() & 0o777;
            Finding::wrong("keys", format!("{shown} is open to others ({mode:o})"), format!("chmod 600 {shown}"))
        }
        Ok(_) => Finding::ok("keys", format!("{shown}")),
    }
}
