//! What a command service needs of the installation's keys: to know callers, name commands and make tokens.

use serde::Serialize;
use std::sync::Arc;
use tillroll_http::{
    Caller, CommandAnswer, CommandHeaders, ConsistencyToken, IdentityVerifier, Keys, Offset, PartitionId,
    PresentedTokens, Problem, Timings, TokenKey, Verifies,
};
use tillroll_log::{Aggregate, Answered, CommandHash, CommandId, Node};

use crate::logs::OwnLogs;
use crate::named::{Named, expected_version};

/// The keys of a command service; cheap to clone. A router's state that holds them implements [`Verifies`] by them.
#[derive(Clone)]
pub struct CommandKeys {
    identities: IdentityVerifier,
    tokens: TokenKey,
    hashes: Arc<[u8]>,
    logs: OwnLogs,
}

impl Verifies for CommandKeys {
    fn identities(&self) -> &IdentityVerifier {
        &self.identities
    }
}

impl CommandKeys {
    /// The installation's keys; bodies are hashed under the same key as commands by topic.
    pub fn new(keys: &Keys, node: &Node) -> Self {
        Self {
            identities: keys.identity.verifier(),
            tokens: keys.consistency.clone(),
            hashes: node.config().hash_key.clone(),
            logs: OwnLogs::new(node.clone()),
        }
    }

    /// Names the command that a request to the aggregate `A` is, the same whenever it is repeated under its key. Every
    /// command passes here, so here its consistency token is read: 400 if it was not made here, or of another log.
    ///
    /// `route` is the path with its ids in their one spelling; `canonical` is the body's canonical form.
    pub async fn name<A: Aggregate>(
        &self,
        caller: &Caller,
        headers: &CommandHeaders,
        method: &str,
        route: &str,
        canonical: &[u8],
    ) -> Result<Named, Problem> {
        self.logs.check(A::TOPICS.events, &self.seen_by(&headers.consistency)?).await?;
        let id = CommandId(headers.command_id(&caller.subject, method, route));
        Ok(Named {
            id,
            hash: CommandHash::keyed(&self.hashes, canonical),
            expected: expected_version(headers.if_match.as_ref())?,
            actor: caller.subject.clone(),
            correlation: id.0,
            traceparent: headers.traceparent.clone(),
        })
    }

    /// The hash of a body in this form, where the body as it came must not be hashed: passwords.
    pub fn hash_of(&self, canonical: &[u8]) -> CommandHash {
        CommandHash::keyed(&self.hashes, canonical)
    }

    /// Adds to an answer what the log says of it: version, consistency token, position, timings.
    pub fn answer_of<A: Aggregate, B: Serialize>(
        &self,
        answered: &Answered<A>,
        answer: CommandAnswer<B>,
    ) -> CommandAnswer<B> {
        let mut token = ConsistencyToken::new();
        for (log, at) in &answered.covers {
            token.cover(log.0, &*at.topic, PartitionId(at.partition.0), Offset(at.offset.0));
        }
        let timing = &answered.timing;
        let timings = Timings { decide: timing.decide, append: timing.append, read_back: timing.read_back };
        let answer = answer.version(answered.version.0).consistency(token.encode(&self.tokens)).timings(timings);
        match &answered.at {
            Some(at) => answer.log_position(&at.topic, PartitionId(at.partition.0), Offset(at.offset.0)),
            None => answer,
        }
    }

    /// What the client has seen, all of its tokens as one.
    pub fn seen_by(&self, presented: &PresentedTokens) -> Result<ConsistencyToken, Problem> {
        presented.decode(&self.tokens)
    }
}
