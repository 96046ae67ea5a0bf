//! What of a profile stands in the log in the clear has no room for anything personal.

use super::ProfileBody;
use tillroll_command_http::Checks;

fn is_taken(locale: &str) -> bool {
    let mut checks = Checks::new();
    ProfileBody { locale: Some(locale.to_owned()), ..ProfileBody::default() }.check(&mut checks);
    checks.finish().is_ok()
}

#[test]
fn a_locale_is_a_language_with_its_script_and_region() {
    for good in ["en", "EN", "gsw", "en-GB", "en-gb", "es-419", "zh-Hant", "zh-Hant-TW"] {
        assert!(is_taken(good), "{good}");
    }
}

#[test]
fn a_locale_has_no_room_for_words_and_numbers() {
    let personal = ["4242424242424242", "ann-bee", "Ann-1-High-Street", "en-GB-AnnBee", "en-x-ann", "07700900123"];
    let malformed =
        ["", "e", "english", "en_GB", "en-", "-GB", "en-GB-", "en--GB", "en-G", "en-12", "en-1234", "en-GB-US", "ен"];
    for bad in personal.into_iter().chain(malformed) {
        assert!(!is_taken(bad), "{bad}");
    }
}
