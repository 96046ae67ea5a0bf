//! What the environment says of messages to people: the mail server, the webhooks, and what stands in the messages.
//! Passwords and secrets come from variables or files, never from arguments or URLs.

use super::{Config, ConfigError};
use hyper::Uri;
use tillroll_log::Environment;
use tillroll_notifications::channels::{Credentials, EmailConfig, Secret, Tls, WebhookConfig};

/// Every variable with what it is for.
pub const SETTINGS: &[(&str, &str)] = &[
    (
        SMTP_URL,
        "the mail server: smtp://host[:587] by STARTTLS, smtps://host[:465], ?tls=none or ?tls=opportunistic for one \
         nearby; production needs it [development: mails are files in TILLROLL_HOME/mail]",
    ),
    ("TILLROLL_SMTP_USER", "who one is for the mail server [nobody]"),
    ("TILLROLL_SMTP_PASSWORD", "the password for it"),
    ("TILLROLL_SMTP_PASSWORD_FILE", "the file of that password, instead of it"),
    ("TILLROLL_SMTP_CA_FILE", "a certificate (PEM) that is trusted for the mail server besides the system's"),
    (MAIL_FROM, "whom mails are from [Tillroll <shop@localhost.localdomain>]"),
    ("TILLROLL_MAIL_BOUNCES_TO", "the address where mails come back to [that of TILLROLL_MAIL_FROM]"),
    ("TILLROLL_SHOP_NAME", "the shop's name in messages [Tillroll]"),
    (PUBLIC_URL, "where links in messages lead: https://shop.example; production needs it [that of the public door]"),
    (
        "TILLROLL_SMS_URL",
        "the webhook that delivers text messages to the numbers of profiles: https://sms.example/messages [there are none]",
    ),
    ("TILLROLL_SMS_SECRET", "signs what is sent to it; at least 32 bytes"),
    ("TILLROLL_SMS_SECRET_FILE", "the file of that secret, instead of it"),
    (
        "TILLROLL_PUSH_URL",
        "the webhook that delivers push messages to the devices of a user, whom it knows by id [there are none]",
    ),
    ("TILLROLL_PUSH_SECRET", "signs what is sent to it; at least 32 bytes"),
    ("TILLROLL_PUSH_SECRET_FILE", "the file of that secret, instead of it"),
];

const SMTP_URL: &str = "TILLROLL_SMTP_URL";
const MAIL_FROM: &str = "TILLROLL_MAIL_FROM";
const PUBLIC_URL: &str = "TILLROLL_PUBLIC_URL";

/// What the role that sends messages has to know.
pub struct Messages {
    /// The mail server; none: development's own.
    pub smtp: Option<MailServer>,
    /// Whom mails are from, and where they come back to.
    pub from: String,
    pub bounces_to: String,
    /// The domain of both, and of Message-IDs.
    pub domain: String,
    /// The shop's name.
    pub shop: String,
    /// Where links lead.
    pub public_url: String,
    pub sms: Option<WebhookConfig>,
    pub push: Option<WebhookConfig>,
}

/// A mail server.
pub struct MailServer {
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    pub trusted: Option<Vec<u8>>,
    pub credentials: Option<Credentials>,
}

impl Messages {
    /// How mails go to that server.
    pub fn by(&self, server: MailServer) -> EmailConfig {
        let MailServer { host, port, tls, trusted, credentials } = server;
        let (from, bounces_to, domain) = (self.from.clone(), self.bounces_to.clone(), self.domain.clone());
        EmailConfig { host, port, tls, trusted, credentials, from, bounces_to, domain }
    }
}

impl Config {
    /// What the environment says of messages.
    pub fn messages(&self) -> Result<Messages, ConfigError> {
        let from = self.variables.get(MAIL_FROM).unwrap_or_else(|| "Tillroll <shop@localhost.localdomain>".into());
        let address = address_of(&from).ok_or_else(|| {
            ConfigError::new(MAIL_FROM, format!("`{from}` is no address such as The Shop <shop@shop.example>"))
        })?;
        let domain = address.rsplit('@').next().unwrap_or_default().to_owned();
        let bounces_to = self.variables.get("TILLROLL_MAIL_BOUNCES_TO").unwrap_or_else(|| address.to_owned());
        Ok(Messages {
            smtp: self.mail_server()?,
            bounces_to,
            domain,
            shop: self.variables.get("TILLROLL_SHOP_NAME").unwrap_or_else(|| "Tillroll".into()),
            public_url: self.public_url()?,
            sms: self.webhook("SMS")?,
            push: self.webhook("PUSH")?,
            from,
        })
    }

    fn mail_server(&self) -> Result<Option<MailServer>, ConfigError> {
        let Some(url) = self.variables.get(SMTP_URL) else {
            return match self.environment {
                Environment::Development => Ok(None),
                Environment::Production => Err(ConfigError::new(SMTP_URL, "is not set: production has a mail server")),
            };
        };
        let (host, port, tls) = place_of(&url)?;
        let user = self.variables.get("TILLROLL_SMTP_USER");
        let password = self.secret("TILLROLL_SMTP_PASSWORD")?.map(Secret::new);
        let credentials = match (user, password) {
            (None, None) => None,
            (Some(user), Some(password)) => Some(Credentials { user, password }),
            (Some(_), None) => return Err(ConfigError::new("TILLROLL_SMTP_PASSWORD", "is not set, and the user is")),
            (None, Some(_)) => return Err(ConfigError::new("TILLROLL_SMTP_USER", "is not set, and the password is")),
        };
        let trusted = self.variables.get("TILLROLL_SMTP_CA_FILE");
        let trusted = trusted.map(|path| read_file("TILLROLL_SMTP_CA_FILE", &path)).transpose()?;
        Ok(Some(MailServer { host, port, tls, trusted, credentials }))
    }

    fn public_url(&self) -> Result<String, ConfigError> {
        let problem = |text: String| ConfigError::new(PUBLIC_URL, text);
        let Some(url) = self.variables.get(PUBLIC_URL) else {
            return match self.environment {
                Environment::Development => Ok(format!("http://{}", self.listen)),
                Environment::Production => Err(problem("is not set: links in messages lead there".into())),
            };
        };
        let parsed = url.parse::<Uri>().ok().filter(|uri| uri.host().is_some() && uri.query().is_none());
        match parsed.as_ref().and_then(Uri::scheme_str) {
            Some("https") => Ok(url),
            Some("http") if self.environment == Environment::Development => Ok(url),
            _ => Err(problem(format!("`{url}` is no address such as https://shop.example"))),
        }
    }

    fn webhook(&self, channel: &str) -> Result<Option<WebhookConfig>, ConfigError> {
        let Some(url) = self.variables.get(&format!("TILLROLL_{channel}_URL")) else { return Ok(None) };
        let name = format!("TILLROLL_{channel}_SECRET");
        let secret = self.secret(&name)?.ok_or_else(|| ConfigError::new(&name, "is not set, and the URL is"))?;
        let secret = Secret::new(secret);
        Ok(Some(WebhookConfig { url, secret, allow_plain: self.environment == Environment::Development }))
    }
}

fn read_file(variable: &str, path: &str) -> Result<Vec<u8>, ConfigError> {
    std::fs::read(path).map_err(|error| ConfigError::new(variable, format!("{path} cannot be read: {error}")))
}

/// `shop@shop.example`, of that or of `The Shop <shop@shop.example>`.
fn address_of(from: &str) -> Option<&str> {
    let address = match from.rsplit_once('<') {
        Some((_, address)) => address.strip_suffix('>')?,
        None => from,
    };
    let (local, domain) = address.rsplit_once('@')?;
    (!local.is_empty() && !domain.is_empty()).then_some(address)
}

/// Host, port and encryption of a mail server's URL. The URL is not shown where it may hold a password.
fn place_of(url: &str) -> Result<(String, u16, Tls), ConfigError> {
    let problem = |text: &str| ConfigError::new(SMTP_URL, text);
    let uri: Uri = url.parse().map_err(|_| problem("is no URL such as smtp://mail.shop.example:587"))?;
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err(problem("holds a user: TILLROLL_SMTP_USER and TILLROLL_SMTP_PASSWORD_FILE say who one is"));
    }
    let host = uri.host().ok_or_else(|| problem("names no host"))?.to_owned();
    let (tls, port) = match (uri.scheme_str(), uri.query()) {
        (Some("smtps"), None) => (Tls::Implicit, 465),
        (Some("smtp"), None | Some("tls=required")) => (Tls::Required, 587),
        (Some("smtp"), Some("tls=opportunistic")) => (Tls::Opportunistic, 587),
        (Some("smtp"), Some("tls=none")) => (Tls::None, 25),
        _ => return Err(problem("is neither smtps://host nor smtp://host, with ?tls=opportunistic or ?tls=none")),
    };
    Ok((host, uri.port_u16().unwrap_or(port), tls))
}

#[cfg(test)]
mod tests;
