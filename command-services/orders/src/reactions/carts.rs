//! What a cart causes: its checkout places the order.

use serde_json::Error;
use tillroll_log::{Cause, Outgoing, Reactions, SettledAs};
use tillroll_schemas::cart::{CartCommand, CartEvent, CheckedOut};
use tillroll_schemas::order::{OrderCommand, PaymentTerms, PlaceOrder};
use tillroll_schemas::payment::payment_of;
use tillroll_schemas::{UserId, catalogue};

use crate::cart::Cart;

/// What a cart causes.
#[derive(Debug)]
pub struct CartReactions;

impl Reactions<Cart> for CartReactions {
    const NAME: &'static str = "cart-reactions";

    fn on_event(cause: &Cause, event: &CartEvent) -> Result<Vec<Outgoing>, Error> {
        // Carts are kept under the ids of users by construction.
        let Ok(user) = cause.key.parse::<UserId>() else { return Ok(Vec::new()) };
        match event {
            CartEvent::CheckedOut(checked_out) => Ok(vec![place(user, checked_out)?]),
            CartEvent::ItemPut(_)
            | CartEvent::ItemRemoved(_)
            | CartEvent::Cleared(_)
            | CartEvent::Reopened(_)
            | CartEvent::Bought(_) => Ok(Vec::new()),
        }
    }

    /// What an order says to a cart concerns nobody else.
    fn on_settled(_: &Cause, _: Option<&CartCommand>, _: SettledAs<'_>) -> Result<Vec<Outgoing>, Error> {
        Ok(Vec::new())
    }
}

/// The order is the cart's and its owner's, whatever the command said of that.
fn place(user: UserId, CheckedOut { order_id, order }: &CheckedOut) -> Result<Outgoing, Error> {
    let payment = match &order.payment {
        PaymentTerms::OnAccount => PaymentTerms::OnAccount,
        PaymentTerms::Card { token, .. } => {
            PaymentTerms::Card { payment_id: payment_of(*order_id), token: token.clone() }
        }
    };
    let order = PlaceOrder { user_id: Some(user), from_cart: true, payment, ..order.clone() };
    Outgoing::new(catalogue::ORDER, order_id.to_string(), "place", &OrderCommand::from(order))
}
