//! What of a profile stands in the log in the clear has no room for anything personal; what is dialled can be.

use super::ProfileBody;
use tillroll_command_http::Checks;

fn is_taken(locale: &str) -> bool {
    let mut checks = Checks::new();
    ProfileBody { locale: Some(locale.to_owned()), ..ProfileBody::default() }.check(&mut checks);
    checks.finish().is_ok()
}

fn is_dialled(phone: &str) -> bool {
    let mut checks = Checks::new();
    ProfileBody { phone: Some(phone.to_owned()), ..ProfileBody::default() }.check(&mut checks);
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

#[test]
fn a_telephone_number_is_reached_from_everywhere() {
    for good in ["+447700900123", "+14155550123", "+2906123", "+999999999999999"] {
        assert!(is_dialled(good), "{good}");
    }
}

#[test]
fn what_nobody_could_dial_from_elsewhere_is_no_telephone_number() {
    let long_or_short = ["", "+", "+123456", "+1234567890123456"];
    let local = ["447700900123", "00447700900123", "07700900123", "+07700900123"];
    let decorated = ["+44 7700 900123", "+44-7700-900123", "+44(0)7700900123", "+447700900123 ", " +447700900123"];
    let other =
        ["++44770090012", "+44770090012a", "tel:+447700900123", "+٤٤٧٧٠٠٩٠٠", "+447700900123\n", "ann@example.org"];
    for bad in long_or_short.into_iter().chain(local).chain(decorated).chain(other) {
        assert!(!is_dialled(bad), "{bad}");
    }
}
