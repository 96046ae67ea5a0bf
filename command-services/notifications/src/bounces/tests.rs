//! Reports as mail servers write them, and what is none.

use super::*;
use proptest::prelude::*;

const DOMAIN: &str = "shop.example";
const UNKNOWN_USER: &[u8] = include_bytes!("dsn/postfix_unknown_user.eml");

fn bounce(status: &str) -> Option<Bounce> {
    let notification = "6f1c2a52-6c7e-5d0b-9b5e-2f1d7a0c4e11".parse().unwrap();
    Some(Bounce { notification, status: status.to_owned() })
}

fn with_crlf(mail: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(mail).replace('\n', "\r\n").into_bytes()
}

#[test]
fn a_report_with_the_whole_mail_names_its_notification_and_status() {
    assert_eq!(read_bounce(UNKNOWN_USER, DOMAIN), bounce("5.1.1"));
    assert_eq!(read_bounce(&with_crlf(UNKNOWN_USER), DOMAIN), bounce("5.1.1"));
}

#[test]
fn a_report_with_the_headers_alone_does_too() {
    let mail = include_bytes!("dsn/exim_headers_only.eml");
    assert_eq!(read_bounce(mail, DOMAIN), bounce("5.0.0"));
    assert_eq!(read_bounce(&with_crlf(mail), DOMAIN), bounce("5.0.0"));
    let unlinked = String::from_utf8_lossy(mail).replace("References:", "X-Nothing:");
    assert_eq!(read_bounce(unlinked.as_bytes(), DOMAIN), bounce("5.0.0"));
}

#[test]
fn a_report_without_the_mail_is_known_by_what_it_replies_to() {
    assert_eq!(read_bounce(include_bytes!("dsn/exchange_no_original.eml"), DOMAIN), bounce("5.1.10"));
}

#[test]
fn a_report_that_names_the_mail_in_its_fields_alone_is_enough() {
    let mail = String::from_utf8_lossy(include_bytes!("dsn/exchange_no_original.eml"));
    let unlinked = mail.replace("In-Reply-To:", "X-A:").replace("References:", "X-B:");
    assert_eq!(read_bounce(unlinked.as_bytes(), DOMAIN), None);
    let id = "<6f1c2a52-6c7e-5d0b-9b5e-2f1d7a0c4e11.email@shop.example>";
    let named = unlinked.replace("Arrival-Date:", &format!("Original-Message-ID: {id}\nArrival-Date:"));
    assert_eq!(read_bounce(named.as_bytes(), DOMAIN), bounce("5.1.10"));
}

#[test]
fn a_delay_is_no_bounce() {
    assert_eq!(read_bounce(include_bytes!("dsn/postfix_delayed.eml"), DOMAIN), None);
}

#[test]
fn a_report_of_somebody_elses_mail_is_none_of_ours() {
    assert_eq!(read_bounce(include_bytes!("dsn/postfix_of_another.eml"), DOMAIN), None);
    assert_eq!(read_bounce(UNKNOWN_USER, "elsewhere.example"), None);
}

#[test]
fn a_mail_that_is_no_report_is_no_bounce() {
    assert_eq!(read_bounce(include_bytes!("dsn/vacation.eml"), DOMAIN), None);
    assert_eq!(read_bounce(b"", DOMAIN), None);
}

#[test]
fn a_status_that_is_none_becomes_an_undefined_failure() {
    for status in ["", "ok", "2.0.0", "5.1", "5.1.1.1", "5.1.1111", "5.x.1"] {
        let mail = String::from_utf8_lossy(UNKNOWN_USER).replace("Status: 5.1.1", &format!("Status: {status}"));
        assert_eq!(read_bounce(mail.as_bytes(), DOMAIN), bounce("5.0.0"), "{status:?}");
    }
    let commented = String::from_utf8_lossy(UNKNOWN_USER).replace("Status: 5.1.1", "Status: 5.2.2 (mailbox full)");
    assert_eq!(read_bounce(commented.as_bytes(), DOMAIN), bounce("5.2.2"));
}

/// Each of them is parsed: of a report of a mebibyte that would be some hundred thousand.
#[test]
fn what_a_report_says_after_many_groups_of_fields_is_not_read() {
    let with = |groups: usize| {
        let more = format!("{}Final-Recipient:", "X-Group: a\n\n".repeat(groups));
        let mail = String::from_utf8_lossy(UNKNOWN_USER).replace("Final-Recipient:", &more);
        read_bounce(mail.as_bytes(), DOMAIN)
    };
    assert_eq!((with(1), with(62)), (bounce("5.1.1"), bounce("5.1.1")));
    assert_eq!((with(63), with(80_000)), (None, None));
}

#[test]
fn the_command_names_the_channel_and_the_status_and_nobody() {
    let bounce = read_bounce(UNKNOWN_USER, DOMAIN).unwrap();
    assert_eq!(bounce.command(), RecordBounce { channel: Channel::Email, status: "5.1.1".to_owned() });
}

proptest! {
    #[test]
    fn whatever_comes_is_read_without_a_panic(at in 0..UNKNOWN_USER.len(), byte: u8, cut in 0..UNKNOWN_USER.len()) {
        let mut mail = UNKNOWN_USER.to_vec();
        mail[at] = byte;
        let _ = read_bounce(&mail, DOMAIN);
        let _ = read_bounce(&mail[..cut], DOMAIN);
    }
}
