//! Where somebody lives, or where something is sent. Personal data: in the log only sealed, as one text.

use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

const MOST_LINES: usize = 4;

/// A postal address. Read from requests it is strict.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// Who is there, if it is somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Street and number, and what belongs to them.
    pub lines: Vec<String>,
    /// The place.
    pub city: String,
    /// Where there are such codes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// ISO 3166, two capitals.
    pub country: String,
}

/// The same as it is read from where it was stored. A later build may have added a field: that is nothing to this one.
#[derive(Deserialize)]
#[serde(remote = "Address")]
struct Stored {
    #[serde(default)]
    name: Option<String>,
    lines: Vec<String>,
    city: String,
    #[serde(default)]
    postal_code: Option<String>,
    country: String,
}

/// For the field of something else that was stored, as its `deserialize_with`.
pub(crate) fn stored<'de, D: Deserializer<'de>>(field: D) -> Result<Option<Address>, D::Error> {
    #[derive(Deserialize)]
    struct Field(#[serde(with = "Stored")] Address);
    Ok(Option::<Field>::deserialize(field)?.map(|Field(address)| address))
}

impl Address {
    /// The address that was stored as this text. The error's text may quote it.
    pub fn from_stored(text: &str) -> Result<Self, serde_json::Error> {
        let mut text = serde_json::Deserializer::from_str(text);
        let address = Stored::deserialize(&mut text)?;
        text.end().map(|()| address)
    }

    /// What is wrong with it: each field as a JSON pointer below the address, with what it has to be.
    pub fn faults(&self) -> Vec<(String, String)> {
        let mut faults = Vec::new();
        let mut line = |text: &str, most: usize, field: String| {
            if !is_line(text, most) {
                faults.push((field, format!("1 to {most} characters on one line, not only white space")));
            }
        };
        self.name.iter().for_each(|text| line(text, 100, "/name".to_owned()));
        self.lines.iter().enumerate().for_each(|(nth, text)| line(text, 200, format!("/lines/{nth}")));
        line(&self.city, 100, "/city".to_owned());
        self.postal_code.iter().for_each(|text| line(text, 20, "/postal_code".to_owned()));
        if !(1..=MOST_LINES).contains(&self.lines.len()) {
            faults.push(("/lines".to_owned(), format!("1 to {MOST_LINES} lines")));
        }
        if self.country.len() != 2 || !self.country.bytes().all(|b| b.is_ascii_uppercase()) {
            faults.push(("/country".to_owned(), "an ISO 3166 code like GB".to_owned()));
        }
        faults
    }
}

fn is_line(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.chars().count()) && !text.trim().is_empty() && !text.contains(char::is_control)
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(…)")
    }
}

#[cfg(test)]
mod tests;
