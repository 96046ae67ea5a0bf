//! The public door: who may call what, how large and how long, and which role answers. `routes.rs` says it all in one
//! table; everything else here follows that table. Nothing of the business is known here.

mod config;
mod credentials;
mod door;
mod forward;
mod health;
mod link;
mod openapi;
mod pool;
pub mod routes;
mod upstream_body;

pub use config::{GatewayConfig, GatewayError, GatewayLimits};
pub use door::Gateway;
pub use openapi::OPENAPI;
