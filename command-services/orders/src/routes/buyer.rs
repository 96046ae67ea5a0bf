//! Who pays for an order, as it stands on its invoice and its credit notes. The law wants that kept for years, so it is
//! sealed under a fiscal key, which outlives the person's own (docs/adr/0021).

use chrono::Datelike;
use tillroll_http::{Problem, problems};
use tillroll_schemas::{Address, Buyer, Sealed};
use tillroll_vault::Opened;
use uuid::Uuid;

use super::Desk;
use super::address::{Addresses, failed, unsealed};
use crate::customer_facts::Facts;

/// What a person says of himself, in the clear; so it has no `Debug`.
#[derive(Default)]
struct Own {
    name: Option<String>,
    address: Option<Address>,
}

impl Desk {
    /// The person as a buyer, if anything is said of him: by his order, or by his profile.
    ///
    /// The key is that of the year in which he orders. His documents may be dated a moment or, credit notes, years
    /// later; they are as readable as the order that they belong to.
    pub(super) async fn sealed_buyer(
        &self,
        person: Uuid,
        command: Uuid,
        said: Addresses<'_>,
    ) -> Result<Option<Sealed>, Problem> {
        let own = self.own(person).await?;
        let Some(buyer) = made_out_to(said, own) else { return Ok(None) };
        let broken = || Problem::new(&problems::INTERNAL);
        let text = serde_json::to_string(&buyer).map_err(|_| broken())?;
        let year = u16::try_from(tillroll_log::now().year()).map_err(|_| broken())?;
        let sealed = self.vault.seal_fiscal_for_known(person, year, command, Buyer::FIELD, &text).await;
        sealed.map(Some).map_err(|error| unsealed(&error))
    }

    /// What his profile says; nothing of somebody who has none, or was forgotten a moment ago.
    async fn own(&self, person: Uuid) -> Result<Own, Problem> {
        let known = self.customers.with(&person.to_string(), |_, facts| facts.clone()).flatten();
        let Some(facts) = known else { return Ok(Own::default()) };
        let Facts { name, first_name, last_name, address } = &*facts;
        // Under the names of a profile's fields.
        let fields = [("name", name), ("first_name", first_name), ("last_name", last_name), ("address", address)];
        let sealed: Vec<_> =
            fields.iter().filter_map(|(field, sealed)| Some((person, *field, sealed.as_ref()?))).collect();
        let opened = self.vault.open_all(&sealed).await.map_err(|error| failed(&error))?;
        let mut opened = opened.into_iter();
        let mut next = |sealed: &Option<Sealed>| match sealed.as_ref().and_then(|_| opened.next()) {
            Some(Opened::Text(text)) => Some(text.as_str().to_owned()),
            Some(Opened::Erased) | None => None,
        };
        let [name, first_name, last_name, address] = fields.map(|(_, sealed)| next(sealed));
        let address = address.map(|text| of_a_profile(&text)).transpose()?;
        Ok(Own { name: full(first_name, last_name).or(name), address })
    }
}

/// The address as his profile has it, of whichever build.
fn of_a_profile(text: &str) -> Result<Address, Problem> {
    Address::from_stored(text).map_err(|_| {
        // Not the error's text: it may quote what was opened.
        tracing::error!("a profile's address has another shape than this build's");
        Problem::new(&problems::INTERNAL)
    })
}

/// Made out to the address for it, or where the order is sent, or the first of his addresses.
fn made_out_to(said: Addresses<'_>, own: Own) -> Option<Buyer> {
    Buyer::of(said.billing.or(said.shipping).or(own.address.as_ref()), own.name)
}

/// The name by which the law knows him, if he has said it.
fn full(first: Option<String>, last: Option<String>) -> Option<String> {
    Some(format!("{} {}", first?, last?))
}

#[cfg(test)]
mod tests;
