//! Links to the shop's pages. Secrets stand in the query: the page behind a link hands them on to the API.

use super::{LinkTo, Links};
use tillroll_schemas::UserId;
use tillroll_schemas::user::TokenPurpose;
use uuid::Uuid;

/// Makes the secret of a user's request; whoever takes it knows it.
pub type Secrets = Box<dyn Fn(TokenPurpose, UserId, Uuid) -> String + Send + Sync>;

/// Links below one address.
pub struct ShopLinks {
    base: String,
    secrets: Secrets,
}

impl std::fmt::Debug for ShopLinks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ShopLinks").field("base", &self.base).finish_non_exhaustive()
    }
}

impl ShopLinks {
    /// `base` is where the shop's pages are: `https://shop.example`.
    pub fn new(base: &str, secrets: Secrets) -> Self {
        Self { base: base.trim_end_matches('/').to_owned(), secrets }
    }
}

impl Links for ShopLinks {
    fn link(&self, user: UserId, to: LinkTo) -> String {
        let base = &self.base;
        let secret = |purpose, request| (self.secrets)(purpose, user, request);
        match to {
            LinkTo::VerifyEmail(request) => {
                format!("{base}/verify-email?token={}", secret(TokenPurpose::EmailVerification, request))
            }
            LinkTo::ResetPassword(request) => {
                format!("{base}/reset-password?token={}", secret(TokenPurpose::PasswordReset, request))
            }
            LinkTo::Account => format!("{base}/account"),
            LinkTo::Order(order) => format!("{base}/orders/{order}"),
            LinkTo::PaymentAction(order) => format!("{base}/orders/{order}/payment"),
            LinkTo::Invoice(order) => format!("{base}/orders/{order}/invoice"),
            LinkTo::Preferences(kind) => format!("{base}/account/notifications#{}", kind.as_str()),
        }
    }
}

#[cfg(test)]
mod tests;
