//! Mails in development's mailbox end with the person: when somebody is erased, the files of mails to him are removed. To
//! whom a mail is says the notification that its Message-ID names, under whichever domain it was sent; an address that
//! could be compared is not there any more.

use crate::message_id::read_under_any_domain;
use crate::user_facts::{Reached, UserFacts};
use mail_parser::MessageParser;
use std::collections::HashMap;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::time::Duration;
use tillroll_log::{Replica, Replicated};
use tillroll_schemas::notification::NotificationEvent;
use tillroll_schemas::{NotificationId, UserId, catalogue};
use tillroll_telemetry::Shutdown;

/// How often the directory is looked at: an erasure's receipt takes ten seconds.
const EVERY: Duration = Duration::from_secs(1);

/// Whom a notification is for, for reading only.
pub struct Recipient;

impl Replicated for Recipient {
    const EVENTS: &'static str = catalogue::NOTIFICATION.events;
    type State = Option<UserId>;
    type Event = NotificationEvent;

    fn evolve(state: Option<UserId>, event: &NotificationEvent) -> Option<UserId> {
        match event {
            NotificationEvent::Queued(queued) => Some(queued.user_id),
            NotificationEvent::AttemptDue(_)
            | NotificationEvent::AttemptFailed(_)
            | NotificationEvent::Sent(_)
            | NotificationEvent::GivenUp(_)
            | NotificationEvent::Bounced(_)
            | NotificationEvent::Read(_) => state,
        }
    }
}

/// The mailbox's directory, and which of its files are mails of ours.
pub(crate) struct Forgetting {
    directory: PathBuf,
    seen: HashMap<OsString, Option<NotificationId>>,
}

impl Forgetting {
    pub(crate) fn new(directory: PathBuf) -> Self {
        Self { directory, seen: HashMap::new() }
    }

    /// Removes mails until the shutdown. Replicas hold clients of Kafka, which are to be closed then.
    pub(crate) async fn go_on(mut self, users: Replica<UserFacts>, recipients: Replica<Recipient>, shutdown: Shutdown) {
        let is_erased = |notification: NotificationId| {
            let user = recipients.with(&notification.to_string(), |_, user| *user).flatten();
            user.and_then(|user| users.with(&user.to_string(), |_, reached| *reached == Reached::Erased))
                .unwrap_or(false)
        };
        while !shutdown.is_requested() {
            if let Err(error) = self.remove(is_erased).await {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(directory = %self.directory.display(), error, "mails of erased people are not removed yet");
            }
            let _ = tokio::time::timeout(EVERY, shutdown.requested()).await;
        }
    }

    /// Removes the mails of which this is true. What cannot be read or removed hinders no other; the last such is told.
    pub(crate) async fn remove(&mut self, is_erased: impl Fn(NotificationId) -> bool) -> io::Result<()> {
        let mut entries = tokio::fs::read_dir(&self.directory).await?;
        let mut outcome = Ok(());
        while let Some(entry) = entries.next_entry().await? {
            // What is unfinished has a name with a dot.
            let is_mail = !entry.file_name().as_encoded_bytes().starts_with(b".");
            if !is_mail || entry.file_type().await.is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            match self.remove_one(&entry, &is_erased).await {
                // Another process, or whoever looks at his mails, was faster.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => outcome = Err(error),
                Ok(()) => {}
            }
        }
        outcome
    }

    async fn remove_one(
        &mut self,
        entry: &tokio::fs::DirEntry,
        is_erased: impl Fn(NotificationId) -> bool,
    ) -> io::Result<()> {
        let name = entry.file_name();
        let notification = match self.seen.get(&name) {
            Some(notification) => *notification,
            None => {
                let notification = notification_of(&tokio::fs::read(entry.path()).await?);
                self.seen.insert(name.clone(), notification);
                notification
            }
        };
        if notification.is_some_and(is_erased) {
            self.seen.remove(&name);
            tokio::fs::remove_file(entry.path()).await?;
        }
        Ok(())
    }
}

fn notification_of(mail: &[u8]) -> Option<NotificationId> {
    let mail = MessageParser::default().parse_headers(mail)?;
    read_under_any_domain(mail.message_id()?).map(|((notification, _), _)| notification)
}
