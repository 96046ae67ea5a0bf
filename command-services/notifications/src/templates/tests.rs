//! The registry and the files say the same.

use super::*;
use crate::samples;
use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn every_file_is_compiled_in_and_every_text_has_its_file() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let there: BTreeSet<String> = names.collect();
    let compiled: BTreeSet<String> = files::ALL.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(there, compiled);
}

#[test]
fn each_channel_of_a_template_has_a_text_and_no_text_is_without_its_channel() {
    let shared = ["layout.", "parts.", "reasons."];
    let mut expected = BTreeSet::new();
    for template in Template::ALL {
        for channel in template.channels() {
            for language in Language::ALL {
                let base = format!("{}.{}.{}", template.name(), channel.as_str(), language.tag());
                expected.insert(format!("{base}.txt"));
                if *channel == Channel::Email {
                    expected.insert(format!("{base}.html"));
                }
            }
        }
    }
    let names = files::ALL.iter().map(|(name, _)| (*name).to_owned());
    let there: BTreeSet<String> = names.filter(|name| !shared.iter().any(|of| name.starts_with(of))).collect();
    assert_eq!(there, expected);
}

#[test]
fn what_is_owed_or_guards_the_account_goes_by_mail() {
    for (name, content) in samples::all() {
        let by_mail = Template::of(&content).channels().contains(&Channel::Email);
        assert!(by_mail || !content.kind().needs_email(), "{name}");
    }
}
