//! Every public route in one table. Routing, authentication, limits, 405 with `Allow`, and the test that the API
//! description is complete are derived from it.

use axum::http::Method;
use tillroll_http::{LARGE_BODY, SMALL_BODY};

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
    /// Every read.
    QueryApi,
}

impl Upstream {
    /// Every role that the gateway needs.
    pub const ALL: [Self; 4] = [Self::Catalog, Self::Inventory, Self::Orders, Self::QueryApi];

    /// The role's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Catalog => "catalog",
            Self::Inventory => "inventory",
            Self::Orders => "orders",
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
}

/// Who may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody; a token that is presented must be good all the same.
    Public,
    /// Whoever has this scope.
    Scope(&'static str),
}

/// Whether a request needs an `Idempotency-Key`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// What the route does is idempotent by nature, or changes nothing.
    Optional,
    /// A repeat would be done twice.
    Required,
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
}

impl Route {
    /// Whether it asks and changes nothing. Queries and commands have a time limit each.
    pub fn is_query(&self) -> bool {
        self.method == Method::GET
    }
}

const fn query(path: &'static str, access: Access) -> Route {
    let target = Target::Role(Upstream::QueryApi);
    Route { method: Method::GET, path, target, access, body: 0, key: Key::Optional }
}

const fn own(path: &'static str, target: Target) -> Route {
    Route { method: Method::GET, path, target, access: Access::Public, body: 0, key: Key::Optional }
}

const fn command(
    method: Method,
    path: &'static str,
    role: Upstream,
    scope: &'static str,
    body: usize,
    key: Key,
) -> Route {
    Route { method, path, target: Target::Role(role), access: Access::Scope(scope), body, key }
}

/// The table.
#[rustfmt::skip]
pub static ROUTES: &[Route] = &[
    query("/products", Access::Public),
    query("/products/{sku}", Access::Public),
    command(Method::POST, "/products", Upstream::Catalog, "catalog:write", SMALL_BODY, Key::Optional),
    command(Method::PUT, "/products/{sku}", Upstream::Catalog, "catalog:write", SMALL_BODY, Key::Optional),
    command(Method::DELETE, "/products/{sku}", Upstream::Catalog, "catalog:write", 0, Key::Optional),

    query("/products/{sku}/inventory", Access::Scope("inventory:write")),
    command(Method::PATCH, "/products/{sku}/inventory", Upstream::Inventory, "inventory:write", SMALL_BODY, Key::Required),

    query("/orders", Access::Scope("orders:read")),
    query("/orders/{id}", Access::Scope("orders:read")),
    query("/orders/{id}/history", Access::Scope("orders:read")),
    command(Method::POST, "/orders", Upstream::Orders, "orders:enter", LARGE_BODY, Key::Required),
    command(Method::POST, "/orders/{id}/cancel", Upstream::Orders, "orders:write", SMALL_BODY, Key::Optional),
    command(Method::POST, "/orders/{id}/fulfilments", Upstream::Orders, "orders:write", LARGE_BODY, Key::Required),
    command(Method::POST, "/orders/{id}/saga/retry", Upstream::Orders, "orders:operate", SMALL_BODY, Key::Optional),
    command(Method::POST, "/orders/{id}/saga/compensate", Upstream::Orders, "orders:operate", SMALL_BODY, Key::Optional),
    command(Method::POST, "/orders/{id}/saga/complete", Upstream::Orders, "orders:operate", SMALL_BODY, Key::Optional),
    command(Method::POST, "/credit-notes", Upstream::Orders, "orders:enter", LARGE_BODY, Key::Required),

    query("/analytics/sales", Access::Scope("analytics:read")),

    own("/health", Target::Health),
    own("/openapi.json", Target::OpenApi),
];
