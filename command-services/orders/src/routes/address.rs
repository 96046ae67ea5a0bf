//! Where an order is sent: the customer's own, and personal. It is sealed under his key before anything is written.

use tillroll_http::{Problem, problems};
use tillroll_schemas::order::PlaceOrder;
use tillroll_schemas::{Address, UserId};
use tillroll_vault::Error;
use uuid::Uuid;

use super::Desk;

/// The field's name, for ever: what is in the log opens under the name that it was sealed under.
const FIELD: &str = "shipping_address";

impl Desk {
    /// The order with where it is sent, if the customer said so. `command` is what brings the address. Who has registered
    /// has a key; for an id that is nobody's none is made, for nobody could ever have it destroyed.
    pub(super) async fn addressed(
        &self,
        order: PlaceOrder,
        command: Uuid,
        address: Option<&Address>,
    ) -> Result<PlaceOrder, Problem> {
        let (Some(UserId(person)), Some(address)) = (order.user_id, address) else { return Ok(order) };
        let text = serde_json::to_string(address).map_err(|_| Problem::new(&problems::INTERNAL))?;
        let sealed =
            self.vault.seal_for_known(person, command, FIELD, &text).await.map_err(|error| unsealed(&error))?;
        Ok(PlaceOrder { shipping_address: Some(sealed), ..order })
    }
}

fn unsealed(error: &Error) -> Problem {
    match error {
        // The door has not heard yet that he is gone.
        Error::Erased { .. } => Problem::new(&problems::TOKEN_REVOKED),
        Error::KeyMissing { .. } => {
            Problem::new(&problems::FORBIDDEN).detail("an address is taken of users only, and the caller is none")
        }
        error if error.is_unavailable() => {
            tracing::warn!(error = error as &dyn std::error::Error, "the vault does not answer");
            Problem::new(&problems::UNAVAILABLE)
        }
        error => {
            tracing::error!(error = error as &dyn std::error::Error, "an address could not be sealed");
            Problem::new(&problems::INTERNAL)
        }
    }
}
