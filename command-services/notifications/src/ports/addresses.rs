//! Addresses and telephone numbers as the users' events have them, sealed, and opened by the vault when a message is sent.

use super::{Address, Addresses, Found, LookUp, Which};
use crate::templates::Language;
use crate::user_facts::{Reach, Reached, UserFacts};
use std::fmt;
use std::time::Duration;
use tillroll_log::Replica;
use tillroll_schemas::notification::Channel;
use tillroll_schemas::{Sealed, UserId};
use tillroll_vault::{Opened, Vault};

/// The names of the fields under which they are sealed.
const EMAIL: &str = "email";
const PHONE: &str = "phone";
/// How long the users' events may take to be read to their end.
const READ_WITHIN: Duration = Duration::from_secs(5);

/// The users' own addresses.
pub struct UserAddresses {
    users: Replica<UserFacts>,
    vault: Vault,
}

impl fmt::Debug for UserAddresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserAddresses")
    }
}

impl UserAddresses {
    /// From the users' events, by this vault.
    pub fn new(users: Replica<UserFacts>, vault: Vault) -> Self {
        Self { users, vault }
    }

    async fn find(&self, user: UserId, channel: Channel, which: Which) -> Found {
        // What caused the message stands before this end, so whoever is not known by then is nobody.
        if self.users.refresh(READ_WITHIN).await.is_err() {
            return Found::Unavailable;
        }
        let reached = self.users.with(&user.to_string(), |_, reached| reached.clone()).unwrap_or_default();
        match reached {
            Reached::Unknown => Found::Absent,
            Reached::Erased => Found::Erased,
            Reached::By(reach) => self.reach(user, channel, which, &reach).await,
        }
    }

    async fn reach(&self, user: UserId, channel: Channel, which: Which, reach: &Reach) -> Found {
        let language = Language::of_tag(reach.locale.as_deref().unwrap_or_default());
        let (field, sealed, number) = match channel {
            Channel::Email => (EMAIL, address(reach, which), (which == Which::Current).then_some(reach.number)),
            Channel::Sms => (PHONE, reach.phone.as_ref(), None),
            // Whoever delivers them knows the devices of a user by the user's id.
            Channel::Push => return Found::Address(Address { to: user.to_string(), language, number: None }),
        };
        let Some(sealed) = sealed else { return Found::Absent };
        match self.vault.open(user.0, field, sealed).await {
            Ok(Opened::Text(to)) => Found::Address(Address { to: to.as_str().to_owned(), language, number }),
            Ok(Opened::Erased) => Found::Erased,
            Err(error) => {
                let unavailable = error.is_unavailable();
                let error = &error as &dyn std::error::Error;
                tracing::warn!(user.id = %user, error, unavailable, "an address cannot be opened");
                Found::Unavailable
            }
        }
    }
}

fn address(reach: &Reach, which: Which) -> Option<&Sealed> {
    match which {
        Which::Current => Some(&reach.email),
        Which::Before(hold) => reach.former.get(&hold),
    }
}

impl Addresses for UserAddresses {
    fn look_up(&self, user: UserId, channel: Channel, which: Which) -> LookUp<'_> {
        Box::pin(self.find(user, channel, which))
    }
}
