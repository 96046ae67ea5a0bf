//! Payments and invoices: the write side of `payment` and `invoice-series`, the port to the provider with the adapter
//! for Stripe, and a provider of our own for tests and demonstrations that speaks the same.

pub mod effects;
pub mod invoice_series;
pub mod payment;
pub mod provider;
mod reactions;
pub mod sandbox;
pub mod webhook;

pub use reactions::{InvoiceSeriesReactions, PaymentReactions};
