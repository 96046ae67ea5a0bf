//! Whom PostgreSQL runs as: it refuses root, so root lends its data to an unprivileged user.

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use nix::unistd::{Uid, User, geteuid};

use crate::StackError;

const CANDIDATES: [&str; 2] = ["postgres", "nobody"];

/// An unprivileged user; none is needed when this process is one.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    name: String,
    uid: u32,
    gid: u32,
}

impl Account {
    /// `None`: run as oneself.
    pub(crate) fn for_postgres() -> Result<Option<Self>, StackError> {
        if geteuid() != Uid::from_raw(0) {
            return Ok(None);
        }
        CANDIDATES
            .iter()
            .find_map(|name| User::from_name(name).ok().flatten())
            .map(|user| Some(Self { name: user.name, uid: user.uid.as_raw(), gid: user.gid.as_raw() }))
            .ok_or(StackError::NoAccount)
    }

    /// Makes `command` run as this user, without any of root's groups.
    pub(crate) fn assume(&self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid);
    }

    /// Hands a file or directory over.
    pub(crate) fn own(&self, path: &Path) -> Result<(), StackError> {
        chown(path, Some(self.uid), Some(self.gid)).map_err(StackError::io(format!(
            "hand {} to {}",
            path.display(),
            self.name
        )))
    }

    /// Refuses a directory that this user could not reach.
    pub(crate) fn must_reach(&self, dir: &Path) -> Result<(), StackError> {
        match self.first_closed(dir) {
            None => Ok(()),
            Some(closed) => Err(StackError::NotTraversable { account: self.name.clone(), dir: closed.to_owned() }),
        }
    }

    /// The first directory on the way from `/` to `dir` (itself included) that this user may not enter.
    pub(crate) fn first_closed<'a>(&self, dir: &'a Path) -> Option<&'a Path> {
        let mut on_the_way: Vec<&Path> = dir.ancestors().collect();
        on_the_way.reverse();
        on_the_way.into_iter().find(|part| part.metadata().is_ok_and(|meta| !self.may_enter(&meta)))
    }

    fn may_enter(&self, meta: &std::fs::Metadata) -> bool {
        let bit = match (meta.uid() == self.uid, meta.gid() == self.gid) {
            (true, _) => 0o100,
            (false, true) => 0o010,
            (false, false) => 0o001,
        };
        meta.permissions().mode() & bit != 0
    }
}
