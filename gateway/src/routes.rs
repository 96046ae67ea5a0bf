//! Every public route in one table. Routing, authentication, limits, 405 with `Allow`, and the test that the API
//! description is complete are derived from it.

use axum::http::Method;
use tillroll_http::{LARGE_BODY, SMALL_BODY};

use crate::overview::Whose;

/// Where the API's routes begin. A breaking change gets a prefix of its own beside it.
pub const PREFIX: &str = "/api/v1";

/// A role that answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Upstream {
    /// Writes to products.
    Catalog,
    /// Writes to stock.
    Inventory,
    /// Writes to orders and credit notes.
    Orders,
    /// Writes to users, sessions and API keys.
    Users,
    /// Writes to notifications and preferences.
    Notifications,
    /// Payments: what the provider and operators say.
    Payments,
    /// Every read.
    QueryApi,
}

impl Upstream {
    /// Every role that the gateway needs.
    pub const ALL: [Self; 7] = [
        Self::Catalog,
        Self::Inventory,
        Self::Orders,
        Self::Users,
        Self::Notifications,
        Self::Payments,
        Self::QueryApi,
    ];

    /// The role's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Catalog => "catalog",
            Self::Inventory => "inventory",
            Self::Orders => "orders",
            Self::Users => "users",
            Self::Notifications => "notifications",
            Self::Payments => "payments",
            Self::QueryApi => "query-api",
        }
    }
}

/// Who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Another role, under the same path.
    Role(Upstream),
    /// The gateway: what state every role is in. Also at the root, as the next.
    Health,
    /// The gateway: the description of the API.
    OpenApi,
    /// The gateway: the public keys of access tokens. At the root only (RFC 8615).
    Jwks,
    /// The gateway: what a code of an error means. At the root only, where an error's `type` leads.
    Problems,
    /// The gateway, by asking for each part: a user at a glance.
    Overview(Whose),
}

/// Who may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody; a token that is presented must be good all the same.
    Public,
    /// Whoever has this scope.
    Scope(&'static str),
    /// Whoever has one of these scopes: staff all, customers what is theirs. Whose it is the role knows.
    Any(&'static [&'static str]),
}

impl Access {
    /// The scopes of which one is needed; none for what is public.
    pub const fn scopes(&self) -> &[&'static str] {
        match self {
            Self::Public => &[],
            Self::Scope(scope) => std::slice::from_ref(scope),
            Self::Any(scopes) => scopes,
        }
    }
}

/// Whether a request needs an `Idempotency-Key`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// What the route does is idempotent by nature, or changes nothing.
    Optional,
    /// A repeat would be done twice.
    Required,
}

/// What a route takes in its query string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parameters {
    /// Nothing: the door refuses whatever stands there.
    None,
    /// Some, which the role reads; it refuses those that it does not know.
    Some,
}

/// One public route.
#[derive(Debug, Clone)]
pub struct Route {
    /// GET stands for HEAD too.
    pub method: Method,
    /// Under `PREFIX`; `{…}` stands for one segment.
    pub path: &'static str,
    /// Who answers.
    pub target: Target,
    /// Who may call.
    pub access: Access,
    /// Bytes that the body may have.
    pub body: usize,
    /// Whether an `Idempotency-Key` is needed.
    pub key: Key,
    /// What it takes in its query string.
    pub parameters: Parameters,
}

impl Route {
    /// Whether it asks and changes nothing. Queries and commands have a time limit each.
    pub fn is_query(&self) -> bool {
        self.method == Method::GET
    }

    const fn with_parameters(mut self) -> Self {
        self.parameters = Parameters::Some;
        self
    }
}

/// A route without parameters.
const fn route(method: Method, path: &'static str, target: Target, access: Access, body: usize, key: Key) -> Route {
    Route { method, path, target, access, body, key, parameters: Parameters::None }
}

const fn query(path: &'static str, access: Access) -> Route {
    let target = Target::Role(Upstream::QueryApi);
    route(Method::GET, path, target, access, 0, Key::Optional)
}

/// A query that a role other than the query API answers.
const fn role_query(path: &'static str, role: Upstream, access: Access) -> Route {
    route(Method::GET, path, Target::Role(role), access, 0, Key::Optional)
}

/// What another system tells us: it has no token of ours, and the role knows it by its signature.
const fn webhook(path: &'static str, role: Upstream) -> Route {
    let (method, access) = (Method::POST, Access::Public);
    route(method, path, Target::Role(role), access, LARGE_BODY, Key::Optional)
}

const fn own(path: &'static str, target: Target) -> Route {
    route(Method::GET, path, target, Access::Public, 0, Key::Optional)
}

const fn command(
    method: Method,
    path: &'static str,
    role: Upstream,
    scope: &'static str,
    body: usize,
    key: Key,
) -> Route {
    route(method, path, Target::Role(role), Access::Scope(scope), body, key)
}

/// A query that is put together here of others.
const fn overview(path: &'static str, whose: Whose, scope: &'static str) -> Route {
    route(Method::GET, path, Target::Overview(whose), Access::Scope(scope), 0, Key::Optional)
}

/// A query of the gateway's own, which no client asks by itself.
pub(crate) const fn query_for(target: Target) -> Route {
    route(Method::GET, "", target, Access::Public, 0, Key::Optional)
}

/// A command of people who are not logged in.
const fn for_all(method: Method, path: &'static str, body: usize) -> Route {
    route(method, path, Target::Role(Upstream::Users), Access::Public, body, Key::Optional)
}

/// A command that staff may give for everybody and customers for what is theirs.
const fn command_of_any(
    method: Method,
    path: &'static str,
    role: Upstream,
    scopes: &'static [&'static str],
    body: usize,
    key: Key,
) -> Route {
    route(method, path, Target::Role(role), Access::Any(scopes), body, key)
}

/// The table.
#[rustfmt::skip]
pub static ROUTES: &[Route] = &[
    query("/products", Access::Public).with_parameters(),
    query("/products/{sku}", Access::Public),
    command(Method::POST, "/products", Upstream::Catalog, "catalog:write", SMALL_BODY, Key::Optional),
    command(Method::PUT, "/products/{sku}", Upstream::Catalog, "catalog:write", SMALL_BODY, Key::Optional),
    command(Method::DELETE, "/products/{sku}", Upstream::Catalog, "catalog:write", 0, Key::Optional),

    query("/products/{sku}/inventory", Access::Scope("inventory:write")),
    command(Method::PATCH, "/products/{sku}/inventory", Upstream::Inventory, "inventory:write", SMALL_BODY, Key::Required),

    query("/orders", Access::Any(&["orders:read", "orders:own"])).with_parameters(),
    query("/orders/{id}", Access::Any(&["orders:read", "orders:own"])),
    query("/orders/{id}/history", Access::Any(&["orders:read", "orders:own"])),
    command_of_any(Method::POST, "/orders", Upstream::Orders, &["orders:enter", "orders:place"], LARGE_BODY, Key::Required).with_parameters(),
    command_of_any(Method::POST, "/orders/{id}/cancel", Upstream::Orders, &["orders:write", "orders:own"], SMALL_BODY, Key::Optional),
    command(Method::POST, "/orders/{id}/fulfilments", Upstream::Orders, "orders:write", LARGE_BODY, Key::Required),
    command(Method::POST, "/orders/{id}/refunds", Upstream::Orders, "orders:write", LARGE_BODY, Key::Required),
    command(Method::POST, "/orders/{id}/returns", Upstream::Orders, "orders:write", LARGE_BODY, Key::Required),
    command(Method::POST, "/orders/{id}/saga/retry", Upstream::Orders, "orders:operate", SMALL_BODY, Key::Optional),
    command(Method::POST, "/orders/{id}/saga/compensate", Upstream::Orders, "orders:operate", SMALL_BODY, Key::Optional),
    command(Method::POST, "/orders/{id}/saga/complete", Upstream::Orders, "orders:operate", SMALL_BODY, Key::Optional),
    command(Method::POST, "/credit-notes", Upstream::Orders, "orders:enter", LARGE_BODY, Key::Required),

    query("/cart", Access::Scope("carts:own")),
    command(Method::PUT, "/cart/items/{sku}", Upstream::Orders, "carts:own", SMALL_BODY, Key::Optional),
    command(Method::DELETE, "/cart/items/{sku}", Upstream::Orders, "carts:own", 0, Key::Optional),
    command(Method::DELETE, "/cart", Upstream::Orders, "carts:own", 0, Key::Optional),

    for_all(Method::POST, "/users", SMALL_BODY).with_parameters(),
    for_all(Method::POST, "/users/register", SMALL_BODY).with_parameters(),
    for_all(Method::POST, "/users/login", SMALL_BODY),
    for_all(Method::POST, "/users/password-resets", SMALL_BODY),
    for_all(Method::POST, "/users/password-resets/confirm", SMALL_BODY),
    query("/users/me", Access::Scope("profile:own")),
    query("/users/profile", Access::Scope("profile:own")),
    command(Method::PUT, "/users/me", Upstream::Users, "profile:own", SMALL_BODY, Key::Optional),
    command(Method::PUT, "/users/profile", Upstream::Users, "profile:own", SMALL_BODY, Key::Optional),
    command(Method::DELETE, "/users/me", Upstream::Users, "profile:own", 0, Key::Optional),
    command(Method::PUT, "/users/me/password", Upstream::Users, "profile:own", SMALL_BODY, Key::Optional),
    command(Method::PUT, "/users/me/email", Upstream::Users, "profile:own", SMALL_BODY, Key::Optional),
    command(Method::POST, "/users/me/email-verification", Upstream::Users, "profile:own", 0, Key::Optional),
    command(Method::POST, "/users/me/email-verification/confirm", Upstream::Users, "profile:own", SMALL_BODY, Key::Optional),
    query("/users", Access::Scope("users:read")).with_parameters(),
    query("/users/{id}", Access::Scope("users:read")),
    command(Method::PUT, "/users/{id}", Upstream::Users, "users:write", SMALL_BODY, Key::Optional),
    command(Method::DELETE, "/users/{id}", Upstream::Users, "users:erase", 0, Key::Optional),
    command(Method::PUT, "/users/{id}/roles", Upstream::Users, "users:write", SMALL_BODY, Key::Optional),
    command(Method::POST, "/users/{id}/suspension", Upstream::Users, "users:write", SMALL_BODY, Key::Optional),
    command(Method::DELETE, "/users/{id}/suspension", Upstream::Users, "users:write", 0, Key::Optional),
    query("/erasures/{id}", Access::Public),
    overview("/users/me/overview", Whose::Own, "profile:own"),
    overview("/users/{id}/overview", Whose::Users, "users:read"),

    for_all(Method::POST, "/sessions", SMALL_BODY),
    for_all(Method::POST, "/sessions/refresh", SMALL_BODY),
    query("/sessions", Access::Scope("profile:own")).with_parameters(),
    command(Method::DELETE, "/sessions/current", Upstream::Users, "profile:own", 0, Key::Optional),
    command(Method::DELETE, "/sessions/{id}", Upstream::Users, "profile:own", 0, Key::Optional),

    query("/api-keys", Access::Scope("api-keys:write")).with_parameters(),
    command(Method::POST, "/api-keys", Upstream::Users, "api-keys:write", SMALL_BODY, Key::Optional),
    command(Method::DELETE, "/api-keys/{id}", Upstream::Users, "api-keys:write", 0, Key::Optional),

    query("/notifications", Access::Scope("notifications:own")).with_parameters(),
    command(Method::PUT, "/notifications/{id}/read", Upstream::Notifications, "notifications:own", 0, Key::Optional),
    query("/notifications/preferences", Access::Scope("notifications:own")),
    command(Method::PUT, "/notifications/preferences", Upstream::Notifications, "notifications:own", SMALL_BODY, Key::Optional),
    command(Method::POST, "/notifications/bounces", Upstream::Notifications, "notifications:bounce", LARGE_BODY, Key::Optional),
    query("/users/{id}/notifications", Access::Scope("notifications:read")).with_parameters(),
    query("/payments/{id}", Access::Any(&["payments:read", "payments:own"])),
    role_query("/payments/{id}/action", Upstream::Payments, Access::Any(&["payments:read", "payments:own"])),
    command(Method::POST, "/payments/{id}/saga/retry", Upstream::Payments, "payments:operate", SMALL_BODY, Key::Optional),
    command(Method::POST, "/payments/{id}/saga/compensate", Upstream::Payments, "payments:operate", SMALL_BODY, Key::Optional),
    command(Method::POST, "/payments/{id}/saga/complete", Upstream::Payments, "payments:operate", SMALL_BODY, Key::Optional),
    webhook("/webhooks/payments", Upstream::Payments),

    query("/orders/{id}/invoice", Access::Any(&["orders:read", "orders:own"])),
    query("/invoices", Access::Scope("invoices:read")).with_parameters(),
    query("/invoices/{number}", Access::Scope("invoices:read")),
    query("/invoice-series", Access::Scope("invoices:read")),

    query("/analytics/sales", Access::Scope("analytics:read")).with_parameters(),

    own("/health", Target::Health),
    own("/openapi.json", Target::OpenApi),
    own("/.well-known/jwks.json", Target::Jwks),
    own("/problems/{code}", Target::Problems),
];
