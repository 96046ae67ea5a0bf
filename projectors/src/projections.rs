//! The read models, one file each.

mod api_keys;
mod carts;
mod invoices;
mod notifications;
mod orders;
mod payments;
mod preferences;
mod products;
mod sales;
mod sessions;
mod stock;
mod users;

pub use api_keys::ApiKeys;
pub use carts::Carts;
pub use invoices::Invoices;
pub use notifications::Notifications;
pub use orders::Orders;
pub use payments::Payments;
pub use preferences::Preferences;
pub use products::Products;
pub use sales::Sales;
pub use sessions::Sessions;
pub use stock::Stock;
pub use users::Users;
