//! HTTP → commands of users, sessions and API keys. Personal data is sealed here and opened for answers, passwords are
//! hashed here; nothing is decided here. What a handler must know of a user it has from replicas.

mod api_keys;
mod body;
mod credentials;
mod email;
mod erase;
mod log_in;
mod password;
mod people;
mod personal;
mod profile;
mod register;
mod sessions;
mod staff;
mod turns;

use axum::Router;
use axum::routing::{delete, post, put};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tillroll_command_http::{CommandKeys, EXECUTE_WITHIN, Named, problem_of};
use tillroll_http::{
    AccessKeys, Caller, CommandHeaders, IdentityVerifier, Problem, Scope, Verifies, headers, problems,
};
use tillroll_log::{Aggregate, Answered, CommandId, Commands, Key, Replica};
use tillroll_schemas::UserId;
use tillroll_schemas::user::UserCommand;
use tillroll_vault::Vault;
use uuid::Uuid;

use crate::api_key::ApiKey;
use crate::guessing::Attempts;
use crate::identity_claim::IdentityClaim;
use crate::password::pool::{HashingPool, PoolError};
use crate::secrets::Secrets;
use crate::session::Session;
use crate::user::{User, UserBody};
pub(crate) use turns::Counters;

const USERS: &str = "/api/v1/users";
const ME: &str = "/api/v1/users/me";
const SESSIONS: &str = "/api/v1/sessions";
const API_KEYS: &str = "/api/v1/api-keys";
/// Ids that are tried for what should be served here.
const TRIED: u32 = 64;
/// How long a registration, or a change of address, is waited for before the answer is 202.
const SAGA_WITHIN: Duration = Duration::from_secs(5);

/// Where people come: the router's state.
pub(crate) struct Desk {
    /// Who calls, and what his command is named.
    pub(crate) keys: CommandKeys,
    /// Signs access tokens.
    pub(crate) access: AccessKeys,
    /// The users' own secrets.
    pub(crate) secrets: Secrets,
    /// Seals and opens personal data.
    pub(crate) vault: Vault,
    /// The owners of users.
    pub(crate) users: Commands<User>,
    /// The owners of sessions.
    pub(crate) sessions: Commands<Session>,
    /// The owners of API keys.
    pub(crate) api_keys: Commands<ApiKey>,
    /// Every user, wherever he is owned.
    pub(crate) people: Replica<User>,
    /// Who has which address and username.
    pub(crate) claims: Replica<IdentityClaim>,
    /// Hashes passwords.
    pub(crate) hashing: HashingPool,
    /// Who guesses, and who has tokens sent.
    pub(crate) counters: Arc<Counters>,
    /// Who changes what he is told of by mail.
    pub(crate) changes: Mutex<Attempts<UserId>>,
    /// From where people register.
    pub(crate) newcomers: Mutex<Attempts<IpAddr>>,
}

impl Verifies for Desk {
    fn identities(&self) -> &IdentityVerifier {
        self.keys.identities()
    }
}

/// Has an account of his own.
struct ProfileOwn;

impl Scope for ProfileOwn {
    const NAME: &'static str = "profile:own";
}

/// Looks after everybody's accounts.
struct UsersWrite;

impl Scope for UsersWrite {
    const NAME: &'static str = "users:write";
}

/// Has others forgotten.
struct UsersErase;

impl Scope for UsersErase {
    const NAME: &'static str = "users:erase";
}

/// Makes keys for machines.
struct ApiKeysWrite;

impl Scope for ApiKeysWrite {
    const NAME: &'static str = "api-keys:write";
}

/// The routes.
pub(crate) fn router(desk: Desk) -> Router {
    Router::new()
        .route("/api/v1/users", post(register::register))
        .route("/api/v1/users/register", post(register::register))
        .route("/api/v1/users/login", post(log_in::log_in))
        .route("/api/v1/users/profile", put(profile::change_own))
        .route("/api/v1/users/password-resets", post(password::request_reset))
        .route("/api/v1/users/password-resets/confirm", post(password::confirm_reset))
        .route("/api/v1/users/me", put(profile::change_own).delete(erase::erase))
        .route("/api/v1/users/me/password", put(password::change))
        .route("/api/v1/users/me/email", put(email::change))
        .route("/api/v1/users/me/email-verification", post(email::request_verification))
        .route("/api/v1/users/me/email-verification/confirm", post(email::confirm_verification))
        .route("/api/v1/users/{id}", put(profile::change_by_staff).delete(erase::erase_by_operator))
        .route("/api/v1/users/{id}/roles", put(staff::change_roles))
        .route("/api/v1/users/{id}/suspension", post(staff::suspend).delete(staff::reinstate))
        .route("/api/v1/sessions", post(log_in::log_in))
        .route("/api/v1/sessions/refresh", post(sessions::refresh))
        .route("/api/v1/sessions/current", delete(sessions::log_out))
        .route("/api/v1/sessions/{id}", delete(sessions::end))
        .route("/api/v1/api-keys", post(api_keys::create))
        .route("/api/v1/api-keys/{id}", delete(api_keys::revoke))
        .route(turns::TURNS, post(turns::give))
        .route(turns::END, post(turns::end))
        .route(turns::MAILS, post(turns::count_mail))
        .route(turns::KNOWN, post(turns::remember))
        .with_state(Arc::new(desk))
}

impl Desk {
    /// Has the user do it.
    async fn ask(
        &self,
        named: Named,
        user: UserId,
        command: impl Into<UserCommand>,
    ) -> Result<Answered<User>, Problem> {
        let request = named.request(user.to_string(), command.into());
        self.users.execute(request, EXECUTE_WITHIN).await.map_err(problem_of)
    }

    /// The user as soon as nothing of him is under way, and whether that came in time.
    async fn outcome(&self, user: UserId, first: Answered<User>, wait: Option<Duration>) -> (Answered<User>, bool) {
        let version = |body: &Option<UserBody>| body.as_ref().map(|body| body.version);
        let wait = wait.unwrap_or(SAGA_WITHIN);
        tillroll_command_http::outcome(&self.users, &Key::from(user.to_string()), first, Some(wait), version).await
    }

    /// Names a command of somebody who is not logged in. `whom` it concerns keeps keys of different people apart.
    async fn named_for<A: Aggregate>(
        &self,
        whom: &str,
        headers: &CommandHeaders,
        route: &str,
        canonical: &[u8],
    ) -> Result<Named, Problem> {
        let nobody = Caller(Arc::new(tillroll_http::Role::Customer.held_by(format!("anonymous {whom}"))));
        self.keys.name::<A>(&nobody, headers, "POST", route, canonical).await
    }
}

/// The first id made of this one by which that is served here which is made of it, if any is. One request reaches one
/// other instance at most: if each drew a name by chance, neither might serve its own.
fn drawn<A: Aggregate>(commands: &Commands<A>, from: Uuid, made: impl Fn(Uuid) -> String) -> Uuid {
    let candidate = |n: u32| Uuid::new_v5(&from, &n.to_be_bytes());
    let is_here = |id: &Uuid| commands.serves(&Key::from(made(*id)));
    (0..TRIED).map(candidate).find(is_here).unwrap_or_else(|| candidate(0))
}

/// A command without a key has its name by chance: one by which what it creates is served here.
fn named_here<A: Aggregate>(
    commands: &Commands<A>,
    headers: &CommandHeaders,
    named: Named,
    made: impl Fn(Uuid) -> String,
) -> Named {
    if headers.idempotency_key.is_some() {
        return named;
    }
    let id = drawn(commands, named.id.0, made);
    Named { id: CommandId(id), correlation: id, ..named }
}

/// The user who calls, as an id of the log.
fn caller_of(caller: &Caller) -> Result<UserId, Problem> {
    caller.require_user().map(UserId)
}

/// The user who calls himself. No key for machines does what an account stands and falls by: it may be lying about.
fn himself(caller: &Caller) -> Result<UserId, Problem> {
    caller.require_no_key()?;
    caller_of(caller)
}

/// Where the client is, as the gateway says; without a gateway in front all are one.
fn address_of(request: &axum::http::HeaderMap) -> IpAddr {
    let said = request.get(&headers::CLIENT_ADDRESS).and_then(|value| value.to_str().ok()?.parse().ok());
    network_of(said.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)))
}

/// Who has one IPv6 address has 2^64: they count as one.
fn network_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
    }
}

/// A password that was not hashed.
fn unhashed(error: PoolError) -> Problem {
    match error {
        PoolError::Overloaded => Problem::new(&problems::OVERLOADED),
        PoolError::Hash(error) => broken(&error),
        PoolError::Died => broken(&error),
    }
}

/// Something that should not be.
fn broken(error: &(dyn std::error::Error + 'static)) -> Problem {
    tracing::error!(error, "people cannot be served");
    Problem::new(&problems::INTERNAL)
}
