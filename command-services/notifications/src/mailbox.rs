//! A mail server for development: takes every mail over real SMTP and keeps it as a file, so that one can look at what
//! the shop sends without having a mail server. The way to it is the very one that mails take in production.
//!
//! Must hold: a mail is answered for only once its file is there, whole; it delivers to nobody; mails to a person end with
//! his account.

mod forgetting;

pub(crate) use forgetting::Forgetting;
pub use forgetting::Recipient;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A mail larger than this is refused.
const LARGEST: usize = 10 * 1024 * 1024;
/// A command line, its end included (RFC 5321, section 4.5.3.1.4).
const LONGEST_LINE: u64 = 512;
/// How long a client may be silent.
const SILENT: Duration = Duration::from_secs(60);

/// The server, for as long as it lives.
#[derive(Debug)]
pub struct Mailbox {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

/// Where mails go, each as a file of its own.
#[derive(Debug)]
struct Files {
    directory: PathBuf,
    taken: AtomicU32,
}

impl Mailbox {
    /// Listens on a free port of this machine and keeps mails in this directory, which it makes, for its user alone, if it
    /// is not there: mails name people, and bear the tokens that stand for their passwords.
    pub async fn open(directory: &Path) -> io::Result<Self> {
        Self::open_at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), directory).await
    }

    /// The same at this address.
    pub async fn open_at(address: SocketAddr, directory: &Path) -> io::Result<Self> {
        tokio::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).await?;
        remove_unfinished(directory).await?;
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let files = Arc::new(Files { directory: directory.to_owned(), taken: AtomicU32::new(0) });
        let accepting = tillroll_telemetry::spawn("mailbox", async move {
            loop {
                if let Ok((stream, _)) = listener.accept().await {
                    let files = files.clone();
                    // A client that leaves in the middle has sent nothing.
                    drop(tillroll_telemetry::spawn("mail", async move { converse(stream, &files).await.ok() }));
                }
            }
        });
        Ok(Self { address, accepting })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Files {
    /// Keeps a mail: its name says when it came, so that a directory listing is in order.
    async fn keep(&self, mail: &[u8]) -> io::Result<()> {
        let since = tillroll_log::now().timestamp_millis();
        let nth = self.taken.fetch_add(1, Ordering::Relaxed);
        let name = format!("{since}-{}-{nth}.eml", std::process::id());
        let unfinished = self.directory.join(format!(".{name}"));
        tokio::fs::write(&unfinished, mail).await?;
        tokio::fs::rename(&unfinished, self.directory.join(name)).await
    }
}

/// What a process that was killed has left in the middle.
async fn remove_unfinished(directory: &Path) -> io::Result<()> {
    let mut entries = tokio::fs::read_dir(directory).await?;
    while let Some(entry) = entries.next_entry().await? {
        let name = entry.file_name();
        if name.as_encoded_bytes().starts_with(b".") && name.as_encoded_bytes().ends_with(b".eml") {
            tokio::fs::remove_file(entry.path()).await?;
        }
    }
    Ok(())
}

/// One conversation (RFC 5321), mail after mail.
async fn converse(stream: TcpStream, files: &Files) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    say(&mut stream, "220 mailbox ready").await?;
    let mut recipients = 0;
    while let Some(line) = line(&mut stream).await? {
        let word = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let answer = match word.as_str() {
            "EHLO" => "250-mailbox\r\n250-8BITMIME\r\n250 SMTPUTF8",
            "HELO" | "NOOP" => "250 ok",
            "MAIL" | "RSET" => {
                recipients = 0;
                "250 ok"
            }
            "RCPT" => {
                recipients += 1;
                "250 ok"
            }
            "DATA" if recipients == 0 => "503 nobody to send it to",
            "DATA" => {
                say(&mut stream, "354 go on, and end with a dot").await?;
                match text(&mut stream).await? {
                    Some(mail) => files.keep(&mail).await.map_or("451 cannot be kept", |()| "250 kept"),
                    None => "552 too large",
                }
            }
            "QUIT" => return say(&mut stream, "221 bye").await,
            _ => "502 not here",
        };
        say(&mut stream, answer).await?;
    }
    Ok(())
}

async fn say(stream: &mut BufReader<TcpStream>, text: &str) -> io::Result<()> {
    stream.get_mut().write_all(format!("{text}\r\n").as_bytes()).await
}

/// The next command; nothing at the end of the conversation, or if the line does not end where it should.
async fn line(stream: &mut BufReader<TcpStream>) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    tokio::time::timeout(SILENT, stream.take(LONGEST_LINE).read_until(b'\n', &mut bytes)).await??;
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.strip_suffix("\r\n").map(str::to_owned))
}

/// The mail up to the line with the lonely dot, with doubled dots undone; nothing if it is too large.
async fn text(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Vec<u8>>> {
    let (mut mail, mut fits) = (Vec::new(), true);
    loop {
        let mut line = Vec::new();
        let read = tokio::time::timeout(SILENT, stream.take(LARGEST as u64).read_until(b'\n', &mut line)).await??;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if line == b".\r\n" {
            return Ok(fits.then_some(mail));
        }
        fits &= mail.len() + line.len() <= LARGEST;
        if fits {
            mail.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
    }
}

#[cfg(test)]
mod tests;
