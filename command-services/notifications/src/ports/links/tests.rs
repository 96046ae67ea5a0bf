//! Where links lead.

use super::*;
use tillroll_schemas::OrderId;
use tillroll_schemas::preference::Kind;

fn links() -> ShopLinks {
    let secret =
        |purpose, user: UserId, request: Uuid| format!("{purpose:?}-{}-{}", user.0.as_u128(), request.as_u128());
    ShopLinks::new("https://shop.example/", Box::new(secret))
}

#[test]
fn a_secret_is_of_its_purpose_the_user_and_the_request() {
    let (user, request) = (UserId(Uuid::from_u128(1)), Uuid::from_u128(7));
    let link = |to| links().link(user, to);
    assert_eq!(link(LinkTo::VerifyEmail(request)), "https://shop.example/verify-email?token=EmailVerification-1-7");
    assert_eq!(link(LinkTo::ResetPassword(request)), "https://shop.example/reset-password?token=PasswordReset-1-7");
}

#[test]
fn other_links_have_no_secret() {
    let (user, order) = (UserId(Uuid::from_u128(1)), OrderId(Uuid::nil()));
    let link = |to| links().link(user, to);
    let nil = Uuid::nil();
    assert_eq!(link(LinkTo::Account), "https://shop.example/account");
    assert_eq!(link(LinkTo::Order(order)), format!("https://shop.example/orders/{nil}"));
    assert_eq!(link(LinkTo::PaymentAction(order)), format!("https://shop.example/orders/{nil}/payment"));
    assert_eq!(link(LinkTo::Invoice(order)), format!("https://shop.example/orders/{nil}/invoice"));
    assert_eq!(link(LinkTo::Preferences(Kind::Delivery)), "https://shop.example/account/notifications#delivery");
}
