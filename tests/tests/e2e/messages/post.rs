//! A mail server that a test opens and closes, and what people find in their mailboxes.

use e2e::{Outcome, free_port_of, until};
use mail_parser::{Address, MessageParser};
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;
use tillroll_notifications::mailbox::Mailbox;

const WITHIN: Duration = Duration::from_secs(20);
/// Nobody else's, so that a server that is closed for a while finds its port free.
const PORTS: Range<u16> = 14_000..15_000;

/// The server.
pub struct Post {
    address: SocketAddr,
    directory: TempDir,
    mailbox: Option<Mailbox>,
}

/// A mail as it came.
#[derive(Clone, Debug)]
pub struct Mail {
    pub id: String,
    pub to: String,
    pub subject: String,
    pub text: String,
}

impl Post {
    /// One that nobody listens at yet.
    pub fn closed() -> Outcome<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port_of(PORTS)?));
        let directory = tempfile::Builder::new().prefix("tillroll-post-").tempdir()?;
        Ok(Self { address, directory, mailbox: None })
    }

    /// As a setting.
    pub fn url(&self) -> String {
        format!("smtp://{}?tls=none", self.address)
    }

    /// Nobody listens any more.
    pub fn close(&mut self) {
        self.mailbox = None;
    }

    pub async fn open(&mut self) -> Outcome {
        self.mailbox = Some(Mailbox::open_at(self.address, self.directory.path()).await?);
        Ok(())
    }

    /// All mails, in the order in which they came.
    pub fn mails(&self) -> Outcome<Vec<Mail>> {
        let files =
            std::fs::read_dir(self.directory.path())?.map(|entry| Ok(entry?.path())).collect::<Outcome<Vec<_>>>()?;
        // One that is being written has a name with a dot, and loses it under whoever reads it.
        let is_whole = |path: &PathBuf| path.file_name().is_some_and(|name| !name.as_encoded_bytes().starts_with(b"."));
        let mut files: Vec<PathBuf> = files.into_iter().filter(is_whole).collect();
        files.sort();
        files.iter().map(|path| Mail::read(&std::fs::read(path)?)).collect()
    }

    /// The mail to this address about this, as soon as it is there.
    pub async fn to(&self, address: &str, about: &str) -> Outcome<Mail> {
        until(&format!("a mail about: {about}"), WITHIN, || async {
            Ok(self.mails()?.into_iter().find(|mail| mail.to == address && mail.subject.contains(about)))
        })
        .await
    }
}

impl Mail {
    fn read(bytes: &[u8]) -> Outcome<Self> {
        let mail = MessageParser::default().parse(bytes).ok_or("no mail")?;
        let to = mail.to().and_then(Address::first).and_then(|to| to.address()).ok_or("to nobody")?;
        Ok(Self {
            id: mail.message_id().ok_or("no Message-ID")?.to_owned(),
            to: to.to_owned(),
            subject: mail.subject().unwrap_or_default().to_owned(),
            text: mail.body_text(0).ok_or("no text")?.into_owned(),
        })
    }

    /// The secret in its link.
    pub fn token(&self) -> Outcome<String> {
        let after = self.text.split("?token=").nth(1).ok_or_else(|| format!("no token in {self:?}"))?;
        Ok(after.split_whitespace().next().unwrap_or_default().to_owned())
    }

    /// It comes back, with this status (RFC 3464).
    pub fn returned(&self, status: &str) -> String {
        let Self { id, to, subject, .. } = self;
        format!(
            "From: MAILER-DAEMON@mx.example\r\nTo: shop@localhost.localdomain\r\nSubject: Undelivered\r\n\
             MIME-Version: 1.0\r\n\
             Content-Type: multipart/report; report-type=delivery-status; boundary=\"part\"\r\n\r\n\
             --part\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.\r\n\
             --part\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n\
             Final-Recipient: rfc822; {to}\r\nAction: failed\r\nStatus: {status}\r\n\
             --part\r\nContent-Type: text/rfc822-headers\r\n\r\n\
             Message-ID: <{id}>\r\nTo: {to}\r\nSubject: {subject}\r\n--part--\r\n"
        )
    }
}
