//! Sample contents for tests, one of each template and of each turn that a template takes.

use tillroll_schemas::notification::{
    AccountReinstated, AccountSuspended, Content, EmailChanged, InvoiceIssued, MessageItem, MessageLine,
    OrderCancelled, OrderConfirmed, OrderShipped, Paper, PasswordChanged, PaymentActionNeeded, PaymentFailed,
    RefundIssued, ResetPassword, VerifyEmail,
};
use tillroll_schemas::order::Totals;
use tillroll_schemas::{Currency, Money, OrderId, Quantity, RefundId, Sku, Timestamp};
use uuid::Uuid;

fn gbp(amount: i64) -> Money {
    Money { amount, currency: Currency::GBP }
}

fn order_id() -> OrderId {
    "6f1c2a52-6c7e-5d0b-9b5e-2f1d7a0c4e11".parse().unwrap()
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn sku(text: &str) -> Sku {
    Sku::parse(text).unwrap()
}

fn pieces(number: i64) -> Quantity {
    Quantity::new(number).unwrap()
}

/// Goods on their way, all of them.
pub fn shipped() -> Content {
    let heart = MessageItem { sku: sku("85123A"), name: "White hanging heart".to_owned(), quantity: pieces(6) };
    Content::OrderShipped(OrderShipped { order_id: order_id(), items: vec![heart], further_items: 0, complete: true })
}

/// Choose a new password, until noon.
pub fn reset() -> Content {
    let expires_at = time("2026-11-22T12:00:00Z");
    Content::ResetPassword(ResetPassword { request_id: Uuid::from_u128(7), expires_at })
}

fn partly_shipped() -> Content {
    let mut content = shipped();
    if let Content::OrderShipped(data) = &mut content {
        (data.further_items, data.complete) = (3, false);
    }
    content
}

/// Two lines, and one more.
pub fn confirmed() -> Content {
    let line = |code: &str, name: &str, quantity, total| MessageLine {
        sku: sku(code),
        name: name.to_owned(),
        quantity: pieces(quantity),
        line_total: gbp(total),
    };
    Content::OrderConfirmed(OrderConfirmed {
        order_id: order_id(),
        lines: vec![
            line("85123A", "White hanging heart", 6, 1_530),
            line("71053", "White metal lantern & \"candle\"", 1, 339),
        ],
        further_lines: 1,
        totals: Totals { net: gbp(13_912), tax: gbp(2_782), gross: gbp(16_694) },
    })
}

fn cancelled(reason: &str) -> Content {
    Content::OrderCancelled(OrderCancelled { order_id: order_id(), reason: reason.to_owned() })
}

fn invoice(paper: Paper) -> Content {
    let series = "2026-11".to_owned();
    Content::InvoiceIssued(InvoiceIssued { order_id: order_id(), paper, series, number: 42, gross: gbp(16_694) })
}

/// All of them, by the names of their golden files.
pub fn all() -> Vec<(&'static str, Content)> {
    let order_id = order_id();
    let noon = time("2026-11-22T12:00:00Z");
    vec![
        ("verify_email", Content::VerifyEmail(VerifyEmail { request_id: Uuid::from_u128(7), expires_at: noon })),
        ("reset_password", reset()),
        ("email_changed", Content::EmailChanged(EmailChanged { changed_at: noon, change: 2 })),
        ("password_changed", Content::PasswordChanged(PasswordChanged { changed_at: noon })),
        ("account_suspended", Content::AccountSuspended(AccountSuspended { suspended_at: noon })),
        ("account_reinstated", Content::AccountReinstated(AccountReinstated { reinstated_at: noon })),
        ("order_confirmed", confirmed()),
        ("order_cancelled", cancelled("cancelled_by_customer")),
        ("order_cancelled_without_stock", cancelled("insufficient_stock")),
        ("order_cancelled_unpaid", cancelled("payment_declined")),
        ("order_cancelled_otherwise", cancelled("stock_unanswered")),
        (
            "payment_failed",
            Content::PaymentFailed(PaymentFailed { order_id, amount: gbp(16_694), code: "card_declined".to_owned() }),
        ),
        (
            "payment_action_needed",
            Content::PaymentActionNeeded(PaymentActionNeeded { order_id, amount: gbp(16_694), action_by: noon }),
        ),
        ("order_shipped", shipped()),
        ("order_shipped_partly", partly_shipped()),
        (
            "refund_issued",
            Content::RefundIssued(RefundIssued { order_id, refund_id: RefundId(Uuid::nil()), amount: gbp(1_530) }),
        ),
        ("invoice_issued", invoice(Paper::Invoice)),
        ("invoice_issued_credit_note", invoice(Paper::CreditNote)),
    ]
}
