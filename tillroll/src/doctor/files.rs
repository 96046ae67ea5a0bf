//! The installation's own files: the keys with who can read them, and the room on the disk.

use super::Finding;
use crate::config::{Config, VAULT_MASTER_KEY};
use nix::sys::statvfs::statvfs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tillroll_http::{ACCESS_TOKEN, ACCESS_TOKEN_NEXT, COMMAND_HASH, CONSISTENCY_TOKEN, INTERNAL};

/// Everybody but the owner.
const OTHERS: u32 = 0o077;
const MIB: u64 = 1024 * 1024;
const GIB: u64 = 1024 * MIB;
/// A broker or a database whose disk is full stops.
const LITTLE: u64 = GIB;
/// So that somebody looks before.
const ENOUGH: u64 = 5 * GIB;
const MAKE_ROOM: &str = "free some, or move TILLROLL_HOME to a larger disk; nothing in data or keys may be deleted";

/// There is no installation, and nobody has said where its servers are: the wrong directory, most likely. To start what
/// is missing would make another shop.
pub fn nothing_here(config: &Config) -> Option<Finding> {
    if config.home.exists() || config.names_brokers() {
        return None;
    }
    let home = std::path::absolute(&config.home).unwrap_or_else(|_| config.home.clone());
    let mend = "go to the clone, or set TILLROLL_HOME; where there is to be a new one, scripts/up makes it";
    Some(Finding::problem("home", format!("no Tillroll lives in {}", home.display()), mend))
}

pub fn look(config: &Config) -> Vec<Finding> {
    let mut findings = keys(&config.home.join("keys"));
    let data = config.home.join("data");
    let kept = [&data, &config.home].into_iter().find(|dir| dir.exists());
    findings.extend(kept.map(|dir| room(dir)));
    findings
}

fn keys(dir: &Path) -> Vec<Finding> {
    if !dir.is_dir() {
        let mend = "start it once (scripts/up) to make new ones; copy the old ones there if the log is an old one";
        return vec![Finding::problem("keys", format!("{} is not there", dir.display()), mend)];
    }
    let next = Some(ACCESS_TOKEN_NEXT).filter(|name| dir.join(name).exists());
    let master = Some(VAULT_MASTER_KEY).filter(|name| dir.join(name).exists());
    let names = [ACCESS_TOKEN, INTERNAL, COMMAND_HASH, CONSISTENCY_TOKEN].into_iter().chain(next).chain(master);
    [closed(dir, 0o700)].into_iter().chain(names.map(|name| closed(&dir.join(name), 0o600))).collect()
}

/// Whether nobody else can read it.
fn closed(path: &Path, as_it_must_be: u32) -> Finding {
    let shown = path.display();
    match std::fs::metadata(path) {
        Err(error) => Finding::problem(
            "keys",
            format!("{shown}: {error}"),
            "restore it from the backup: a new one makes what the old one signed worthless",
        ),
        Ok(file) if file.permissions().mode() & OTHERS != 0 => {
            let mode = file.permissions().mode() & 0o777;
            let mend = format!("chmod {as_it_must_be:o} {shown}");
            Finding::problem("keys", format!("{shown} is open to others ({mode:o})"), mend)
        }
        Ok(_) => Finding::ok("keys", format!("{shown}")),
    }
}

fn room(dir: &Path) -> Finding {
    let shown = dir.display();
    let Ok(disk) = statvfs(dir) else {
        return Finding::warn("disk", format!("{shown}: its disk cannot be asked"), "look at it with df");
    };
    let free = disk.blocks_available().saturating_mul(disk.fragment_size());
    let detail = format!("{} MiB free for {shown}", free / MIB);
    match free {
        free if free < LITTLE => Finding::problem("disk", detail, MAKE_ROOM),
        free if free < ENOUGH => Finding::warn("disk", detail, MAKE_ROOM),
        _ => Finding::ok("disk", detail),
    }
}
