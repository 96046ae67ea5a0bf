//! The public door: who may call what, how large and how long, and which role answers. `routes.rs` says it all in one
//! table; everything else here follows that table. Of the business only this is known: who has
//! logged out.

mod client_address;
mod config;
mod credentials;
mod door;
mod forward;
mod health;
mod instances;
mod jwks;
mod meaning;
mod openapi;
mod overview;
mod revocation;
pub mod routes;
mod taken;

pub use client_address::{NotUnderstood, ProxyHeader, TrustedProxies};
pub use config::{GatewayConfig, GatewayError, GatewayLimits};
pub use door::Gateway;
pub use instances::Urls;
pub use openapi::OPENAPI;
pub use overview::Whose;
pub use revocation::Revocations;
