//! A command by its name: everything of a request to the log but whom it is for and what it asks.

use tillroll_http::{IfMatch, Problem, problems};
use tillroll_log::{CommandHash, CommandId, Key, Request, Version};
use uuid::Uuid;

/// A command's name and circumstances. Ids that the command creates come from its id, so it is had before them.
#[derive(Clone, Debug)]
pub struct Named {
    /// Which command: the same request under the same key, the same id.
    pub id: CommandId,
    /// The hash of its body.
    pub hash: CommandHash,
    /// The version that `If-Match` asks for.
    pub expected: Option<Version>,
    /// Who asks.
    pub actor: String,
    /// The command itself begins what belongs together.
    pub correlation: Uuid,
    /// W3C trace context.
    pub traceparent: Option<String>,
}

impl Named {
    /// The request to the log: that the aggregate `key` do this.
    pub fn request<C>(self, key: impl Into<Key>, command: C) -> Request<C> {
        let Self { id, hash, expected, actor, correlation, traceparent } = self;
        Request { key: key.into(), command, id, hash, expected, actor, correlation, traceparent }
    }
}

/// A command takes one version. `*` asks for nothing more than the command does: that the resource be there.
pub(crate) fn expected_version(if_match: Option<&IfMatch>) -> Result<Option<Version>, Problem> {
    match if_match {
        None | Some(IfMatch::Any) => Ok(None),
        Some(IfMatch::OneOf(versions)) => match versions.as_slice() {
            [] => Err(Problem::new(&problems::VERSION_MISMATCH).detail("If-Match names no version")),
            [version] => Ok(Some(Version(*version))),
            [_, _, ..] => Err(Problem::new(&problems::INVALID_HEADER).detail("If-Match names more than one version")),
        },
    }
}

#[cfg(test)]
mod tests;
