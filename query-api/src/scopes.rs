//! Who may read what, as types in the handlers' signatures.

use tillroll_http::Scope;

macro_rules! scopes {
    ($($name:ident = $text:literal),+ $(,)?) => {
        $(#[doc = concat!("`", $text, "`")]
        pub(crate) struct $name;
        impl Scope for $name {
            const NAME: &'static str = $text;
        })+
    };
}

scopes! {
    ReadOrders = "orders:read",
    ReadInventory = "inventory:write",
    ReadAnalytics = "analytics:read",
    OwnCarts = "carts:own",
    OwnOrders = "orders:own",
    ReadUsers = "users:read",
    ProfileOwn = "profile:own",
    WriteApiKeys = "api-keys:write",
    OwnNotifications = "notifications:own",
    ReadNotifications = "notifications:read",
    ReadPayments = "payments:read",
    OwnPayments = "payments:own",
    ReadInvoices = "invoices:read",
}
