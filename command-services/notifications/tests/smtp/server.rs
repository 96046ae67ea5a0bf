//! A small SMTP server that does what its script says and remembers what it was told.

use std::sync::{Arc, Mutex};
use std::time::Duration;
use tillroll_notifications::channels::{EmailConfig, Mail, Mailer, Tls};
use tillroll_notifications::templates::Written;
use tillroll_schemas::NotificationId;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use uuid::Uuid;

/// What the server does at a step.
#[derive(Clone, Debug)]
pub enum Does {
    /// Says this.
    Says(&'static str),
    /// Waits, for longer than anybody should.
    Hangs,
    /// Ends the connection.
    Leaves,
}

/// What the server does, step by step.
#[derive(Clone)]
pub struct Script {
    pub greeting: Does,
    pub mail: Does,
    pub rcpt: Does,
    pub data: Does,
    /// After the whole mail has come.
    pub end: Does,
    pub quit: Does,
    /// Names and passwords are asked for, and these are right: `AUTH PLAIN`'s argument.
    pub auth: Option<String>,
    pub starttls: Option<TlsAcceptor>,
    pub implicit: bool,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            greeting: Does::Says("220 mail.shop.example ready"),
            mail: Does::Says("250 2.1.0 ok"),
            rcpt: Does::Says("250 2.1.5 ok"),
            data: Does::Says("354 go on"),
            end: Does::Says("250 2.0.0 queued as 4BDC21A0098"),
            quit: Does::Says("221 bye"),
            auth: None,
            starttls: None,
            implicit: false,
        }
    }
}

/// A mail as the server got it.
#[derive(Clone, Debug, Default)]
pub struct Got {
    pub from: String,
    pub to: Vec<String>,
    pub data: String,
    pub encrypted: bool,
}

impl Got {
    /// A header, unfolded.
    pub fn header(&self, name: &str) -> Option<String> {
        let head = self.data.split("\r\n\r\n").next()?.replace("\r\n ", " ").replace("\r\n\t", " ");
        let named = |line: &&str| line.split(':').next().is_some_and(|it| it.eq_ignore_ascii_case(name));
        let line = head.lines().find(named)?;
        Some(line.split_once(':')?.1.trim().to_owned())
    }
}

pub struct Server {
    port: u16,
    mails: Arc<Mutex<Vec<Got>>>,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (mails, lines) = (Arc::default(), Arc::default());
        let server = Self { port, mails: Arc::clone(&mails), lines: Arc::clone(&lines) };
        tillroll_telemetry::spawn("smtp server", async move {
            while let Ok((stream, _)) = listener.accept().await {
                let talk =
                    Talk { script: script.clone(), mails: mails.clone(), lines: lines.clone(), encrypted: false };
                // A client that leaves in the middle is what some tests are about.
                tillroll_telemetry::spawn("smtp conversation", async move { talk.begin(stream).await.ok() });
            }
        });
        server
    }

    /// The mails that came to their end, whatever was answered.
    pub fn mails(&self) -> Vec<Got> {
        self.mails.lock().unwrap().clone()
    }

    /// What the client said, apart from mails.
    pub fn heard(&self, word: &str) -> bool {
        self.lines.lock().unwrap().iter().any(|line| line.to_ascii_uppercase().starts_with(word))
    }

    pub fn config(&self) -> EmailConfig {
        EmailConfig {
            host: "localhost".to_owned(),
            port: self.port,
            tls: Tls::None,
            trusted: None,
            credentials: None,
            from: "The Shop <shop@shop.example>".to_owned(),
            bounces_to: "bounces@shop.example".to_owned(),
            domain: "shop.example".to_owned(),
        }
    }

    pub fn mailer(&self) -> Mailer {
        Mailer::new(self.config()).unwrap()
    }
}

pub fn mail() -> Mail {
    Mail {
        notification: NotificationId(Uuid::from_u128(5)),
        to: "anna@customers.example".to_owned(),
        written: Written {
            subject: "Your order is on its way ✓".to_owned(),
            text: "Hello,\n.\nit is on its way.".to_owned(),
            html: Some("<p>Hello,</p>".to_owned()),
        },
        unsubscribe: None,
    }
}

/// Long enough for a conversation on this machine.
pub const PLENTY: Duration = Duration::from_secs(20);

struct Talk {
    script: Script,
    mails: Arc<Mutex<Vec<Got>>>,
    lines: Arc<Mutex<Vec<String>>>,
    encrypted: bool,
}

/// How a conversation goes on after a step.
enum Next {
    GoesOn,
    Encrypts,
    Ends,
}

impl Talk {
    async fn begin(mut self, stream: TcpStream) -> std::io::Result<()> {
        if let (true, Some(acceptor)) = (self.script.implicit, self.script.starttls.clone()) {
            let stream = acceptor.accept(stream).await?;
            self.encrypted = true;
            return self.talk(&mut BufReader::new(stream), true).await.map(|_| ());
        }
        let mut stream = BufReader::new(stream);
        if let (Next::Encrypts, Some(acceptor)) = (self.talk(&mut stream, true).await?, self.script.starttls.clone()) {
            let stream = acceptor.accept(stream.into_inner()).await?;
            self.encrypted = true;
            self.talk(&mut BufReader::new(stream), false).await?;
        }
        Ok(())
    }

    async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: &mut BufReader<S>,
        greets: bool,
    ) -> std::io::Result<Next> {
        if greets && !does(stream, &self.script.greeting).await? {
            return Ok(Next::Ends);
        }
        let mut got = Got { encrypted: self.encrypted, ..Got::default() };
        loop {
            let Some(line) = line(stream).await? else { return Ok(Next::Ends) };
            self.lines.lock().unwrap().push(line.clone());
            let next = self.step(stream, &line, &mut got).await?;
            if !matches!(next, Next::GoesOn) {
                return Ok(next);
            }
        }
    }

    async fn step<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: &mut BufReader<S>,
        line: &str,
        got: &mut Got,
    ) -> std::io::Result<Next> {
        let word = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let answer = match word.as_str() {
            "EHLO" => Does::Says(match (&self.script.starttls, self.encrypted, &self.script.auth) {
                (Some(_), false, _) => "250-mail.shop.example\r\n250 STARTTLS",
                (_, _, Some(_)) => "250-mail.shop.example\r\n250 AUTH PLAIN LOGIN",
                (_, _, None) => "250 mail.shop.example",
            }),
            "STARTTLS" => {
                says(stream, "220 go ahead").await?;
                return Ok(Next::Encrypts);
            }
            "AUTH" => match self.script.auth.as_deref() == line.strip_prefix("AUTH PLAIN ") {
                true => Does::Says("235 2.7.0 ok"),
                false => Does::Says("535 5.7.8 no"),
            },
            "MAIL" => {
                got.from = address(line);
                self.script.mail.clone()
            }
            "RCPT" => {
                got.to.push(address(line));
                self.script.rcpt.clone()
            }
            "DATA" => match self.script.data.clone() {
                Does::Says(text) if text.starts_with("354") => {
                    says(stream, text).await?;
                    got.data = text_of(stream).await?;
                    self.mails.lock().unwrap().push(got.clone());
                    self.script.end.clone()
                }
                other => other,
            },
            "QUIT" => self.script.quit.clone(),
            _ => Does::Says("500 what"),
        };
        Ok(if does(stream, &answer).await? { Next::GoesOn } else { Next::Ends })
    }
}

async fn line<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> std::io::Result<Option<String>> {
    let mut line = String::new();
    let read = stream.read_line(&mut line).await?;
    Ok((read > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned()))
}

/// Up to the line with the lonely dot; doubled dots are undone.
async fn text_of<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> std::io::Result<String> {
    let mut text = String::new();
    while let Some(line) = line(stream).await? {
        match line.strip_prefix('.') {
            Some("") => break,
            Some(dotted) => text.push_str(dotted),
            None => text.push_str(&line),
        }
        text.push_str("\r\n");
    }
    Ok(text)
}

fn address(line: &str) -> String {
    line.split(['<', '>']).nth(1).unwrap_or_default().to_owned()
}

async fn says<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufReader<S>, text: &str) -> std::io::Result<()> {
    stream.get_mut().write_all(format!("{text}\r\n").as_bytes()).await?;
    stream.get_mut().flush().await
}

/// Whether the conversation goes on.
async fn does<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufReader<S>, what: &Does) -> std::io::Result<bool> {
    match what {
        Does::Says(text) => says(stream, text).await.map(|()| true),
        Does::Hangs => {
            tokio::time::sleep(Duration::from_secs(600)).await;
            Ok(false)
        }
        Does::Leaves => Ok(false),
    }
}
