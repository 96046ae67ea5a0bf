//! The role: owns users, claims, sessions and API keys, and answers their routes.

use crate::api_key::ApiKey;
use crate::effects::Shredding;
use crate::guessing::turns::Turns;
use crate::guessing::{Attempts, Guesses, Patience};
use crate::identity_claim::IdentityClaim;
use crate::password::Cost;
use crate::password::pool::HashingPool;
use crate::routes::{self, Counters, Desk};
use crate::secrets::Secrets;
use crate::session::Session;
use crate::user::User;
use crate::{IdentityClaimReactions, UserReactions};
use axum::Router;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};
use std::thread::available_parallelism;
use std::time::Duration;
use tillroll_command_http::{CommandKeys, with_owners};
use tillroll_http::Keys;
use tillroll_log::{NoReactions, Node, RunningRole, StartError};
use tillroll_vault::Vault;
use uuid::Uuid;

/// Passwords that may wait to be hashed, and log-ins that may wait for others; at some 20 ms each on two cores the last
/// waits for five seconds.
const QUEUE: usize = 512;
/// How long somebody waits for others, who may be guessing, to end. Less than a gateway waits for him.
const TURN_WITHIN: Duration = Duration::from_secs(8);

/// Why the role cannot start.
#[derive(Debug, thiserror::Error)]
pub enum UsersStartError {
    /// The log.
    #[error(transparent)]
    Start(#[from] StartError),
    /// Passwords cannot be hashed.
    #[error(transparent)]
    Hash(#[from] crate::password::HashError),
}

/// Starts owning users, identity claims, sessions and API keys, and returns the routes that change them. Passwords are
/// hashed at that cost; those that were hashed at another are hashed anew when their owners log in.
pub async fn start(
    node: &Node,
    keys: &Keys,
    vault: Vault,
    cost: Cost,
) -> Result<(Router, RunningRole), UsersStartError> {
    let people = node.replica::<User>().await?;
    let claims = node.replica::<IdentityClaim>().await?;
    let mut role = node.role("users");
    role.depends_on(&people);
    role.depends_on(&claims);
    let users = role.own_with::<User, UserReactions>(Shredding(vault.clone()));
    let owned = role.own::<IdentityClaim, IdentityClaimReactions>();
    let sessions = role.own::<Session, NoReactions>();
    let api_keys = role.own::<ApiKey, NoReactions>();
    let secrets = Secrets::new(keys);
    let threads = available_parallelism().map_or(1, NonZeroUsize::get);
    let hashing = HashingPool::new(threads, QUEUE, cost, secrets.salt(Uuid::nil()))?;
    let guesses = || Guesses::new(Patience::ACCOUNT, Patience::ADDRESS);
    let desk = Desk {
        keys: CommandKeys::new(keys, node),
        access: keys.access.clone(),
        secrets,
        vault,
        users,
        sessions,
        api_keys,
        people,
        claims,
        hashing,
        counters: Arc::new(Counters::new(owned, Turns::new(guesses(), QUEUE, TURN_WITHIN), guesses())),
        changes: Mutex::new(Attempts::new(Patience::ACCOUNT)),
        newcomers: Mutex::new(Attempts::new(Patience::NEWCOMERS)),
    };
    Ok((with_owners(routes::router(desk), node), role.start().await?))
}
