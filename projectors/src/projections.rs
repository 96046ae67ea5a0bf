//! The read models, one file each.

mod orders;
mod products;
mod sales;
mod stock;

pub use orders::Orders;
pub use products::Products;
pub use sales::Sales;
pub use stock::Stock;
