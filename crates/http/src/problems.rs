//! The catalogue of problems: every `code` with its status, title and one line of documentation, in one place. The door
//! answers `GET /problems/{code}` from it, and a test holds `docs/problems.md` against it. A code, once published, keeps
//! its meaning.

use axum::http::StatusCode;

/// One kind of problem.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// Stable, snake case; also the last part of the problem's `type`.
    pub code: &'static str,
    /// The status that an answer with this problem has.
    pub status: StatusCode,
    /// A short summary that does not change from occurrence to occurrence.
    pub title: &'static str,
    /// What it means and what a client can do about it.
    pub doc: &'static str,
}

/// A kind of problem, for the catalogue below and for contexts that add their own.
pub const fn kind(code: &'static str, status: StatusCode, title: &'static str, doc: &'static str) -> Kind {
    Kind { code, status, title, doc }
}

/// The kind with this code, if the catalogue has it.
pub fn by_code(code: &str) -> Option<&'static Kind> {
    ALL.iter().find(|kind| kind.code == code).copied()
}

macro_rules! catalogue {
    ($($name:ident $code:literal $status:ident $title:literal $doc:literal;)*) => {
        $(#[doc = $doc] pub static $name: Kind = kind($code, StatusCode::$status, $title, $doc);)*
        /// Every kind of the catalogue.
        pub static ALL: &[&Kind] = &[$(&$name),*];
    };
}

catalogue! {
    MALFORMED_REQUEST "malformed_request" BAD_REQUEST "Malformed request" "The request line, path or query is not what this route takes.";
    MALFORMED_JSON "malformed_json" BAD_REQUEST "Malformed JSON" "The body is not one JSON value, is nested too deeply, or names a member twice; the detail says where.";
    UNKNOWN_FIELD "unknown_field" BAD_REQUEST "Unknown field" "The body or query has a field that this route does not know; `errors` names it.";
    INVALID_FIELD "invalid_field" BAD_REQUEST "Invalid field" "A field is missing, has the wrong type, or is out of range; `errors` names it.";
    INVALID_HEADER "invalid_header" BAD_REQUEST "Invalid header" "A header is not in the form that this route takes; the detail names it.";
    MISSING_IDEMPOTENCY_KEY "missing_idempotency_key" BAD_REQUEST "Idempotency-Key missing" "This route is not idempotent by nature: send an Idempotency-Key that names this one request.";
    INVALID_IDEMPOTENCY_KEY "invalid_idempotency_key" BAD_REQUEST "Idempotency-Key invalid" "An Idempotency-Key is one header of 1 to 255 visible ASCII characters.";
    INVALID_TOKEN "invalid_token" BAD_REQUEST "Consistency token invalid" "The Consistency-Token was not made by this installation, or was changed.";
    TOKEN_OF_ANOTHER_LOG "token_of_another_log" BAD_REQUEST "Consistency token of another log" "The Consistency-Token speaks of a log that this installation no longer has, as after a restore.";
    SIGNATURE_INVALID "signature_invalid" BAD_REQUEST "Signature invalid" "The webhook was not signed with the secret that is configured here, or was signed too long ago.";
    UNAUTHENTICATED "unauthenticated" UNAUTHORIZED "Not authenticated" "This route needs a valid access token: Authorization: Bearer ….";
    TOKEN_EXPIRED "token_expired" UNAUTHORIZED "Access token expired" "The access token was valid and is no more: get a new one.";
    INVALID_CREDENTIALS "invalid_credentials" UNAUTHORIZED "Not let in" "There is no such account, or this is not its password.";
    SESSION_OVER "session_over" UNAUTHORIZED "Session over" "The session is over, or the refresh token is not of it: log in again.";
    TOKEN_REVOKED "token_revoked" UNAUTHORIZED "Access token revoked" "The session is over, the password or the roles were changed, or the account is closed: log in again.";
    FORBIDDEN "forbidden" FORBIDDEN "Not allowed" "The caller lacks the scope that this route needs.";
    NOT_FOUND "not_found" NOT_FOUND "Not found" "There is no such resource, or it is not the caller's.";
    METHOD_NOT_ALLOWED "method_not_allowed" METHOD_NOT_ALLOWED "Method not allowed" "The resource exists but not with this method; Allow lists those it has.";
    NOT_ACCEPTABLE "not_acceptable" NOT_ACCEPTABLE "Not acceptable" "None of the media types in Accept can be given.";
    REQUEST_TIMED_OUT "request_timed_out" REQUEST_TIMEOUT "Request too slow" "The body did not arrive in time; nothing was done.";
    VERSION_MISMATCH "version_mismatch" PRECONDITION_FAILED "Version mismatch" "The resource is not at the version that If-Match asks for: read it again.";
    BODY_TOO_LARGE "body_too_large" PAYLOAD_TOO_LARGE "Body too large" "The body is larger than this route takes.";
    URI_TOO_LONG "uri_too_long" URI_TOO_LONG "URI too long" "The request's target is longer than 8 KiB.";
    UNSUPPORTED_MEDIA_TYPE "unsupported_media_type" UNSUPPORTED_MEDIA_TYPE "Unsupported media type" "This route takes application/json in UTF-8, without a content coding.";
    IDEMPOTENCY_KEY_REUSED "idempotency_key_reused" UNPROCESSABLE_ENTITY "Idempotency-Key reused" "The same Idempotency-Key came before with another body; nothing was done.";
    RATE_LIMITED "rate_limited" TOO_MANY_REQUESTS "Too many requests" "The caller asks too often: wait for Retry-After seconds.";
    INTERNAL "internal" INTERNAL_SERVER_ERROR "Internal error" "Something broke here. Repeat with the same Idempotency-Key; quote the request_id when reporting it.";
    OVERLOADED "overloaded" SERVICE_UNAVAILABLE "Overloaded" "More requests than can be served at once: repeat after Retry-After seconds.";
    UNAVAILABLE "unavailable" SERVICE_UNAVAILABLE "Unavailable" "A part that this route needs does not answer. A command's outcome may be unknown: repeat it with the same Idempotency-Key.";
    READ_MODEL_BEHIND "read_model_behind" SERVICE_UNAVAILABLE "Read model behind" "The read model has not yet reached the Consistency-Token: repeat after Retry-After seconds.";
    TIMED_OUT "timed_out" GATEWAY_TIMEOUT "Timed out" "The answer to a query was not ready in time; a command gets 503 instead, for its outcome is unknown.";

    INSUFFICIENT_STOCK "insufficient_stock" CONFLICT "Insufficient stock" "Less stock is available than was asked for.";
    UNKNOWN_PRODUCT "unknown_product" CONFLICT "Unknown product" "A line names a SKU that the catalogue does not sell; `errors` names each.";
    SKU_TAKEN "sku_taken" CONFLICT "SKU taken" "A product with this SKU exists already.";
    PRODUCT_ARCHIVED "product_archived" CONFLICT "Product archived" "The product was archived and cannot be changed or sold.";
    UNTRACKED_PRODUCT "untracked_product" CONFLICT "Stock not tracked" "The product's stock is not tracked, so it cannot be changed.";
    PRICE_CHANGED "price_changed" CONFLICT "Price changed" "A line's price, or what the cart comes to, is no longer the expected one; `errors` names each.";
    ALREADY_FULFILLED "already_fulfilled" CONFLICT "Already fulfilled" "The order, or a part of it, has left already: it can no longer be cancelled, or there is nothing left to fulfil.";
    FULFILMENT_IN_PROGRESS "fulfilment_in_progress" CONFLICT "Fulfilment in progress" "A fulfilment of this order has not ended yet: repeat later.";
    NOTHING_TO_FULFIL "nothing_to_fulfil" CONFLICT "Nothing to fulfil" "No line of the order is left to fulfil.";
    QUANTITY_EXCEEDS_ORDER "quantity_exceeds_order" CONFLICT "Quantity exceeds order" "More pieces were named than are left to leave, to be credited or to come back; `errors` names each.";
    ORDER_CANCELLED "order_cancelled" CONFLICT "Order cancelled" "The order was cancelled.";
    NOT_CONFIRMED "not_confirmed" CONFLICT "Order not confirmed" "The order is not confirmed yet.";
    NOT_STUCK "not_stuck" CONFLICT "Order not stuck" "Only an order that is stuck can be retried, compensated or completed by an operator.";
    FULFILMENT_UNANSWERED "fulfilment_unanswered" CONFLICT "Fulfilment unanswered" "A stock item has not said whether its pieces have left, so the order cannot be called off: retry first.";
    EMAIL_REQUIRED "email_required" CONFLICT "E-mail required" "E-mail of this kind is owed by law or for the account's safety and cannot be switched off.";
    PAYMENT_DECLINED "payment_declined" CONFLICT "Payment declined" "The card was declined, so the order was cancelled; nothing is held, neither money nor stock.";
    PAYMENT_EXPIRED "payment_expired" CONFLICT "Payment not authenticated" "The customer did not authenticate the payment in time, so the order was cancelled; nothing is held.";
    PAYMENT_FAILED "payment_failed" CONFLICT "Payment failed" "The money was held and could not be taken, so the order was cancelled; nothing is held.";
    PAYMENT_UNANSWERED "payment_unanswered" CONFLICT "Payment unanswered" "The payment provider did not answer in time, so the order was cancelled; nothing is held.";
    PAYMENT_PENDING "payment_pending" CONFLICT "Payment pending" "The order's payment or its invoice is still under way: repeat later, or see to the payment first if that is stuck.";
    REFUND_IN_PROGRESS "refund_in_progress" CONFLICT "Refund in progress" "A refund of this order has not ended yet: repeat later.";
    ALREADY_REFUNDED "already_refunded" CONFLICT "Already refunded" "Money went back for the order: it can be cancelled once all of it has, and nothing leaves any more that was paid back.";
    EXCEEDS_CAPTURED "exceeds_captured" CONFLICT "Exceeds what was paid" "More was to go back than was paid and has not gone back yet; the detail says how much is left.";
    NOTHING_TO_REFUND "nothing_to_refund" CONFLICT "Nothing to refund" "The refund is of nothing.";
    CANNOT_BE_GIVEN_UP "cannot_be_given_up" CONFLICT "Step cannot be given up" "This step of the order can only be retried or completed by an operator.";
    CURRENCY_MISMATCH "currency_mismatch" CONFLICT "Currency mismatch" "The amounts are not all in one currency.";
    CART_EMPTY "cart_empty" CONFLICT "Cart empty" "Nothing lies in the cart.";
    CART_FULL "cart_full" CONFLICT "Cart full" "A cart holds at most 500 different products.";
    CART_CHANGED "cart_changed" CONFLICT "Cart changed" "The cart was changed while it was checked out: look at it and try again.";
    CHECKOUT_IN_PROGRESS "checkout_in_progress" CONFLICT "Checkout in progress" "An order is being made of the cart: wait until it is good or off, or cancel it.";
    REFUND_REFUSED "refund_refused" CONFLICT "Refund refused" "The payment provider refused the refund, or the bank sent the money back: it is not with the customer.";
    STOCK_UNANSWERED "stock_unanswered" CONFLICT "Order timed out" "The order's stock could not be reserved and sold in time, so the order was cancelled; nothing is held for it.";
    STILL_STUCK "still_stuck" CONFLICT "Order still stuck" "It was done, and the order is stuck again, or something else of it is.";
    MAY_BE_HELD "may_be_held" CONFLICT "Money may be held" "What may be held at the payment provider is never given up: retry, or complete it when nothing is held.";
    NO_ACTION_NEEDED "no_action_needed" CONFLICT "No action needed" "The payment does not wait for the customer: not yet, or no more.";
    TRACKING_FIXED "tracking_fixed" CONFLICT "Tracking is fixed" "Whether stock is kept of a product cannot change: add another product.";
    STOCK_OVERFLOW "stock_overflow" CONFLICT "Too much stock" "The stock item would have more pieces than can be counted.";
    EMAIL_TAKEN "email_taken" CONFLICT "E-mail address taken" "Somebody has this e-mail address, in this or another spelling.";
    USERNAME_TAKEN "username_taken" CONFLICT "Username taken" "Somebody has this username, in this or another spelling.";
    IDENTITY_UNANSWERED "identity_unanswered" CONFLICT "Identity unanswered" "Whether the address and the username are free could not be found out in time; nothing is held: try again under a new key.";
    REGISTRATION_IN_PROGRESS "registration_in_progress" CONFLICT "Registration in progress" "The registration is not over yet: repeat later.";
    EMAIL_CHANGE_IN_PROGRESS "email_change_in_progress" CONFLICT "Change of address in progress" "A change of the e-mail address is not over yet: repeat later.";
    USER_SUSPENDED "user_suspended" CONFLICT "Account suspended" "The account is suspended: only staff can change that.";
    SINGLE_USE_TOKEN_INVALID "single_use_token_invalid" CONFLICT "Token invalid" "The token was used or replaced, or is too old: ask for another one.";
    CREDENTIALS_CHANGED "credentials_changed" CONFLICT "Credentials changed" "The password or what the user may do has changed meanwhile: try again.";
    NO_ROLES "no_roles" CONFLICT "No roles" "A user has at least one role.";
    API_KEY_EXISTS "api_key_exists" CONFLICT "API key exists" "There is another API key with this id.";
    NO_SCOPES "no_scopes" CONFLICT "No scopes" "An API key needs at least one scope.";
    AMOUNT_OVERFLOW "amount_overflow" CONFLICT "Amount too large" "A sum of money is larger than can be stored.";
}

#[cfg(test)]
mod tests;
