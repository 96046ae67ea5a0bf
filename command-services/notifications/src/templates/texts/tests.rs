//! Every template with sample data against its golden file in `golden/`; and what must not be written.
//! `cargo test -p tillroll-notifications -- --ignored write_golden` writes the files anew: read the difference.

use super::*;
use crate::samples;
use std::collections::BTreeSet;
use std::path::PathBuf;
use tillroll_schemas::notification::{Content, OrderShipped};

const LINK: &str = "https://shop.example/l/token?a=1&b=<2>";

fn texts() -> Texts {
    Texts::new("Hearts & Co").unwrap()
}

fn golden() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden")
}

/// Every sample over every channel, as files.
fn written() -> Vec<(String, String)> {
    let texts = texts();
    let mut files = Vec::new();
    for (name, content) in samples::all() {
        for channel in Template::of(&content).channels() {
            let written = texts.write(&content, *channel, Language::English, LINK).unwrap();
            let base = format!("{name}.{}.en", channel.as_str());
            let head = if written.subject.is_empty() { String::new() } else { format!("{}\n\n", written.subject) };
            files.push((format!("{base}.txt"), format!("{head}{}\n", written.text)));
            files.extend(written.html.map(|html| (format!("{base}.html"), html)));
        }
    }
    files
}

#[test]
fn every_template_writes_what_its_golden_file_says() {
    let written = written();
    for (name, text) in &written {
        let file = golden().join(name);
        let expected = std::fs::read_to_string(&file).unwrap_or_else(|why| panic!("{}: {why}", file.display()));
        assert_eq!(*text, expected, "{name}");
    }
    let names: BTreeSet<_> = written.into_iter().map(|(name, _)| name).collect();
    let there = std::fs::read_dir(golden()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(there.collect::<BTreeSet<_>>(), names);
}

#[test]
#[ignore = "writes the golden files anew"]
fn write_golden() {
    for (name, text) in written() {
        std::fs::write(golden().join(name), text).unwrap();
    }
}

#[test]
fn every_template_has_a_sample() {
    let sampled: Vec<Template> = samples::all().iter().map(|(_, content)| Template::of(content)).collect();
    for template in Template::ALL {
        assert!(sampled.contains(&template), "{template:?}");
    }
}

#[test]
fn html_is_escaped_and_plain_text_is_not() {
    let mut content = samples::shipped();
    let Content::OrderShipped(OrderShipped { items, .. }) = &mut content else { panic!("shipped") };
    items[0].name = "<script>alert('&')</script>".to_owned();
    let written = texts().write(&content, Channel::Email, Language::English, LINK).unwrap();
    let html = written.html.unwrap();
    assert!(!html.contains("<script>") && html.contains("&lt;script&gt;"), "{html}");
    assert!(html.contains("Hearts &amp; Co") && html.contains("a=1&amp;b=&lt;2&gt;"), "{html}");
    assert!(written.text.contains("<script>alert('&')</script>") && written.text.contains(LINK), "{}", written.text);
}

#[test]
fn a_name_that_nobody_gave_is_an_error() {
    let mut texts = texts();
    for wrong in
        ["Subject: a\n{{ data.nothing }}", "Subject: a\n{{ nothing }}", "Subject: a\n{% if data.nothing %}{% endif %}"]
    {
        texts.environment.add_template("email_changed.email.en.txt", wrong).unwrap();
        let (_, content) = samples::all().into_iter().find(|(name, _)| *name == "email_changed").unwrap();
        let written = texts.write(&content, Channel::Email, Language::English, LINK);
        assert!(matches!(written, Err(TextError::Template { .. })), "{wrong}: {written:?}");
    }
}

#[test]
fn no_template_is_without_any_of_its_data() {
    for (name, content) in samples::all() {
        for channel in Template::of(&content).channels() {
            let texts = texts();
            let file = format!("{}.{}.en.txt", Template::of(&content).name(), channel.as_str());
            let empty = texts.render(&file, &serde_json::json!({}), LINK);
            // A text that names nothing of its content would be the same for everybody.
            assert!(empty.is_err(), "{name}");
        }
    }
}

#[test]
fn a_text_without_a_subject_of_one_line_is_an_error() {
    assert_eq!(split_subject("Subject: a b \n\nc\n"), Some(("a b".to_owned(), "c\n".to_owned())));
    for wrong in ["", "Hello\n", "Subject: \nHello", "Subject: a", "Subject: a\u{7}b\nc", "Subject: a\rBcc: x\nc"] {
        assert_eq!(split_subject(wrong), None, "{wrong:?}");
    }
}

#[test]
fn what_is_written_is_never_shown() {
    let (_, content) = samples::all().remove(0);
    let written = texts().write(&content, Channel::Email, Language::English, "https://shop.example/canary").unwrap();
    assert!(!format!("{written:?}").contains("canary"));
}
