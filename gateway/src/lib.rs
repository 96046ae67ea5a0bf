//! The public door: who may call what, how large and how long, and which role answers. `routes.rs` says it all in one
//! table; everything else here follows that table. Nothing of the business is known here.

mod config;
mod credentials;
mod door;
mod forward;
mod health;
mod instances;
mod openapi;
pub mod routes;
mod taken;

pub use config::{GatewayConfig, GatewayError, GatewayLimits};
pub use door::Gateway;
pub use instances::Urls;
pub use openapi::OPENAPI;
