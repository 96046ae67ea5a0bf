//! What the role `notifications` gets from this installation: the ways out, texts, links, and in development a mail
//! server that keeps mails as files.

use crate::Failure;
use crate::config::{Config, MailServer, Messages};
use std::path::Path;
use tillroll_http::Keys;
use tillroll_notifications::Outside;
use tillroll_notifications::channels::{Mailer, Tls, Webhook, WebhookConfig};
use tillroll_notifications::effects::Ways;
use tillroll_notifications::mailbox::Mailbox;
use tillroll_notifications::ports::ShopLinks;
use tillroll_notifications::templates::Texts;
use tillroll_telemetry::Shutdown;
use tillroll_vault::Vault;

/// What the role needs. A mailbox of development lives until `shutdown` is requested.
pub async fn outside(config: &Config, keys: &Keys, vault: Vault, shutdown: &Shutdown) -> Result<Outside, Failure> {
    let directory = config.home.join("mail");
    let mut messages = config.messages()?;
    let server = match messages.smtp.take() {
        Some(server) => server,
        None => mailbox(&directory, shutdown).await?,
    };
    let Messages { domain, shop, public_url, sms, push, .. } = &messages;
    let ways = Ways {
        email: Some(Mailer::new(messages.by(server))?),
        sms: webhook(sms.as_ref())?,
        push: webhook(push.as_ref())?,
    };
    let (texts, domain) = (Texts::new(shop.as_str())?, domain.clone());
    let tokens = tillroll_users::Secrets::new(keys).mail().clone();
    let secret = move |purpose, user, request| tokens.issue(purpose, user, request);
    let links = Box::new(ShopLinks::new(public_url, Box::new(secret)));
    let mailbox = directory.is_dir().then_some(directory);
    Ok(Outside { ways, texts, links, vault, domain, mailbox, shutdown: shutdown.clone() })
}

fn webhook(config: Option<&WebhookConfig>) -> Result<Option<Webhook>, Failure> {
    Ok(config.map(Webhook::new).transpose()?)
}

async fn mailbox(directory: &Path, shutdown: &Shutdown) -> Result<MailServer, Failure> {
    let mailbox = Mailbox::open(directory).await?;
    let address = mailbox.address();
    tracing::info!(directory = %directory.display(), "mails are kept as files");
    let shutdown = shutdown.clone();
    tillroll_telemetry::spawn("mailbox", async move {
        shutdown.requested().await;
        drop(mailbox);
    });
    let (host, port) = (address.ip().to_string(), address.port());
    Ok(MailServer { host, port, tls: Tls::None, trusted: None, credentials: None })
}
