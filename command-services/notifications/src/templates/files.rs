//! Every file of `templates/`, compiled in: a binary without its texts cannot exist.

macro_rules! texts {
    ($($name:literal,)+) => {
        /// Name and text of each file.
        pub(super) const ALL: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../templates/", $name))),)+];
    };
}

texts! {
    "account_reinstated.email.en.html",
    "account_reinstated.email.en.txt",
    "account_suspended.email.en.html",
    "account_suspended.email.en.txt",
    "email_changed.email.en.html",
    "email_changed.email.en.txt",
    "invoice_issued.email.en.html",
    "invoice_issued.email.en.txt",
    "layout.email.en.html",
    "order_cancelled.email.en.html",
    "order_cancelled.email.en.txt",
    "order_cancelled.push.en.txt",
    "order_cancelled.sms.en.txt",
    "order_confirmed.email.en.html",
    "order_confirmed.email.en.txt",
    "order_confirmed.push.en.txt",
    "order_shipped.email.en.html",
    "order_shipped.email.en.txt",
    "order_shipped.push.en.txt",
    "order_shipped.sms.en.txt",
    "parts.email.en.html",
    "password_changed.email.en.html",
    "password_changed.email.en.txt",
    "payment_action_needed.email.en.html",
    "payment_action_needed.email.en.txt",
    "payment_action_needed.push.en.txt",
    "payment_action_needed.sms.en.txt",
    "payment_failed.email.en.html",
    "payment_failed.email.en.txt",
    "payment_failed.push.en.txt",
    "reasons.order_cancelled.en.txt",
    "refund_issued.email.en.html",
    "refund_issued.email.en.txt",
    "refund_issued.push.en.txt",
    "reset_password.email.en.html",
    "reset_password.email.en.txt",
    "verify_email.email.en.html",
    "verify_email.email.en.txt",
}
