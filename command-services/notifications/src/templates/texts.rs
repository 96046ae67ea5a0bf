//! Writes messages: a content, a link and the shop's name in, subject, text and HTML out. A name that a template uses
//! and nobody gave is an error, never an empty place; HTML is escaped.

use super::{Language, Template, files, filters};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};
use serde_json::Value;
use tillroll_schemas::notification::{Channel, Content};

/// Where the subject stands in a text: on its first line, after this.
const SUBJECT: &str = "Subject: ";

/// The compiled templates.
#[derive(Debug)]
pub struct Texts {
    environment: Environment<'static>,
    shop: String,
}

/// A message as it goes out.
#[derive(Clone, PartialEq, Eq)]
pub struct Written {
    /// The subject of a mail, the title of a push message; one line, empty for a text message.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// The same as HTML; mails only.
    pub html: Option<String>,
}

/// What is written may hold a secret link.
impl std::fmt::Debug for Written {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Written").field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// A message cannot be written. Always a fault of this build: contents are typed, and every template is tested.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    /// A template is wrong, or uses a name that nobody gave.
    #[error("the text {file} cannot be written")]
    Template {
        /// Which file.
        file: String,
        /// What is wrong; it names lines and names, never values.
        #[source]
        source: minijinja::Error,
    },
    /// The content cannot be read as data.
    #[error("the content is no data")]
    Content(#[source] serde_json::Error),
    /// The first line of the text is no subject.
    #[error("the text {0} does not begin with a subject of one line")]
    Subject(String),
}

impl Texts {
    /// All templates, for the shop of this name.
    pub fn new(shop: impl Into<String>) -> Result<Self, TextError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_trim_blocks(true);
        environment.set_lstrip_blocks(true);
        environment.set_keep_trailing_newline(true);
        environment.set_auto_escape_callback(|name| match name.ends_with(".html") {
            true => AutoEscape::Html,
            false => AutoEscape::None,
        });
        filters::add_to(&mut environment);
        for (name, text) in files::ALL {
            environment
                .add_template(name, text)
                .map_err(|source| TextError::Template { file: (*name).to_owned(), source })?;
        }
        Ok(Self { environment, shop: shop.into() })
    }

    /// Writes the message for a channel that its template has a text for.
    pub fn write(
        &self,
        content: &Content,
        channel: Channel,
        language: Language,
        link: &str,
    ) -> Result<Written, TextError> {
        let base = format!("{}.{}.{}", Template::of(content).name(), channel.as_str(), language.tag());
        let data = data_of(content)?;
        let file = format!("{base}.txt");
        let text = self.render(&file, &data, link)?;
        let (subject, text) = match channel {
            Channel::Email | Channel::Push => split_subject(&text).ok_or(TextError::Subject(file))?,
            Channel::Sms => (String::new(), text),
        };
        let html = match channel {
            Channel::Email => Some(self.render(&format!("{base}.html"), &data, link)?),
            Channel::Sms | Channel::Push => None,
        };
        Ok(Written { subject, text: text.trim_end().to_owned(), html })
    }

    fn render(&self, file: &str, data: &Value, link: &str) -> Result<String, TextError> {
        let failed = |source| TextError::Template { file: file.to_owned(), source };
        let template = self.environment.get_template(file).map_err(failed)?;
        template.render(context! { data, link, shop => self.shop }).map_err(failed)
    }
}

/// The data of a content alone, without the name of its template.
fn data_of(content: &Content) -> Result<Value, TextError> {
    let mut content = serde_json::to_value(content).map_err(TextError::Content)?;
    Ok(content["data"].take())
}

/// The subject and what follows it.
fn split_subject(text: &str) -> Option<(String, String)> {
    let (subject, rest) = text.strip_prefix(SUBJECT)?.split_once('\n')?;
    let subject = subject.trim();
    let plain = !subject.is_empty() && !subject.chars().any(char::is_control);
    plain.then(|| (subject.to_owned(), rest.trim_start().to_owned()))
}

#[cfg(test)]
mod tests;
