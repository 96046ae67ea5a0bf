//! Where an order is sent: the customer's own, and personal. It is sealed under his key before anything is written.

use tillroll_http::{Problem, problems};
use tillroll_schemas::order::PlaceOrder;
use tillroll_schemas::{Address, Sealed, UserId};
use tillroll_vault::Error;
use uuid::Uuid;

use super::Desk;

/// The field's name, for ever: what is in the log opens under the name that it was sealed under.
const FIELD: &str = "shipping_address";

/// The addresses that an order says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Addresses<'a> {
    /// Where it is sent.
    pub(super) shipping: Option<&'a Address>,
    /// Who pays, and where he is.
    pub(super) billing: Option<&'a Address>,
}

impl Desk {
    /// The order with where it is sent and who pays for it, sealed. `command` is what brings both.
    pub(super) async fn addressed(
        &self,
        order: PlaceOrder,
        command: Uuid,
        said: Addresses<'_>,
    ) -> Result<PlaceOrder, Problem> {
        let Some(UserId(person)) = order.user_id else { return Ok(order) };
        let shipping_address = match said.shipping {
            Some(address) => Some(self.sealed_address(person, command, address).await?),
            None => None,
        };
        let buyer = self.sealed_buyer(person, command, said).await?;
        Ok(PlaceOrder { shipping_address, buyer, ..order })
    }

    /// Who has registered has a key; for an id that is nobody's none is made, for nobody could ever have it destroyed.
    async fn sealed_address(&self, person: Uuid, command: Uuid, address: &Address) -> Result<Sealed, Problem> {
        let text = serde_json::to_string(address).map_err(|_| Problem::new(&problems::INTERNAL))?;
        self.vault.seal_for_known(person, command, FIELD, &text).await.map_err(|error| unsealed(&error))
    }
}

/// What could not be sealed, as a client is told.
pub(super) fn unsealed(error: &Error) -> Problem {
    match error {
        // The door has not heard yet that he is gone.
        Error::Erased { .. } => Problem::new(&problems::TOKEN_REVOKED),
        Error::KeyMissing { .. } => {
            Problem::new(&problems::FORBIDDEN).detail("an address is taken of users only, and the caller is none")
        }
        error => failed(error),
    }
}

/// What the vault could not do.
pub(super) fn failed(error: &Error) -> Problem {
    if error.is_unavailable() {
        tracing::warn!(error = error as &dyn std::error::Error, "the vault does not answer");
        return Problem::new(&problems::UNAVAILABLE);
    }
    tracing::error!(error = error as &dyn std::error::Error, "who orders could not be sealed or opened");
    Problem::new(&problems::INTERNAL)
}
