//! The role: owns notifications and preferences, and sends what is due.

use crate::effects::{Courier, Sending, Texted, Ways};
use crate::mailbox::{Forgetting, Recipient};
use crate::notification::Notification;
use crate::ports::{Addresses, ChosenLast, Links, UserAddresses};
use crate::preference::Preference;
use crate::templates::Texts;
use crate::user_facts::UserFacts;
use crate::{NotificationReactions, routes};
use axum::Router;
use std::path::PathBuf;
use std::sync::Arc;
use tillroll_command_http::{CommandKeys, with_owners};
use tillroll_http::Keys;
use tillroll_log::{NoReactions, Node, RunningRole, StartError};
use tillroll_telemetry::Shutdown;
use tillroll_vault::Vault;

/// What the role needs besides the log.
pub struct Outside {
    /// The ways out.
    pub ways: Ways,
    /// The texts.
    pub texts: Texts,
    /// Where links lead.
    pub links: Box<dyn Links>,
    /// Opens addresses.
    pub vault: Vault,
    /// The domain of Message-IDs: mails that come back are known by it.
    pub domain: String,
    /// Where development's mails are.
    pub mailbox: Option<PathBuf>,
    /// Ends what goes on beside the role.
    pub shutdown: Shutdown,
}

/// Starts owning notifications and preferences, and returns the routes that change them.
pub async fn start(node: &Node, keys: &Keys, outside: Outside) -> Result<(Router, RunningRole), StartError> {
    let users = node.replica::<UserFacts>().await?;
    let chosen = node.replica::<Preference>().await?;
    let mut role = node.role("notifications");
    role.depends_on(&users);
    role.depends_on(&chosen);
    let Outside { ways, texts, links, vault, domain, mailbox, shutdown } = outside;
    if let Some(directory) = mailbox {
        let recipients = node.replica::<Recipient>().await?;
        let forgetting = Forgetting::new(directory).go_on(users.clone(), recipients, shutdown);
        drop(tillroll_telemetry::spawn("mails of erased people", forgetting));
    }
    let addresses: Box<dyn Addresses> = Box::new(UserAddresses::new(users, vault));
    let preferences = Box::new(ChosenLast::new(chosen));
    let courier =
        Courier { ways, texts, addresses, preferences, links, texted: Texted::default(), clock: tillroll_log::now };
    let notifications = role.own_with::<Notification, NotificationReactions>(Sending(Arc::new(courier)));
    let preferences = role.own::<Preference, NoReactions>();
    let router = routes::router(notifications, preferences, domain, CommandKeys::new(keys, node));
    Ok((with_owners(router, node), role.start().await?))
}
