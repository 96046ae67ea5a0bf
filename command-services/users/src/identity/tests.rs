//! Every spelling of an address is one claim, and no two addresses are.

use super::*;
use proptest::prelude::*;

fn key() -> IdentityHmacKey {
    IdentityHmacKey::new(&[7; 32])
}

fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

#[test]
fn every_spelling_of_an_address_is_one_claim() {
    let claim = key().of_email(&email("ann@example.org"));
    for spelling in ["Ann@Example.ORG", " ann@example.org ", "ANN@EXAMPLE.ORG\n"] {
        assert_eq!(key().of_email(&email(spelling)), claim, "{spelling}");
    }
    for other in ["ann+shop@example.org", "a.nn@example.org", "ann@example.com"] {
        assert_ne!(key().of_email(&email(other)), claim, "{other}");
    }
}

#[test]
fn an_address_is_kept_as_it_was_typed() {
    for typed in ["Ann@Example.org", "Jörg@Bücher.Example"] {
        assert_eq!(email(&format!(" {typed} ")).reveal(), typed);
    }
}

#[test]
fn beyond_ascii_too_every_spelling_is_one_claim() {
    let claim = key().of_email(&email("jörg@bücher.example"));
    for spelling in ["JÖRG@BÜCHER.Example", "jo\u{308}rg@bu\u{308}cher.example", "Jörg@XN--Bcher-kva.example"] {
        assert_eq!(key().of_email(&email(spelling)), claim, "{spelling}");
    }
    for other in ["jorg@bücher.example", "joerg@bücher.example", "jörg@bucher.example", "jörg+a@bücher.example"] {
        assert_ne!(key().of_email(&email(other)), claim, "{other}");
    }
    for taken in ["用户@例子.公司", "почта@пример.рф", "राम@उदाहरण.भारत", "ann@straße.example"]
    {
        assert!(Email::parse(taken).is_ok(), "{taken}");
    }
}

#[test]
fn what_mail_cannot_be_sent_to_is_no_address() {
    let long = format!("{}@example.org", "a".repeat(65));
    let longer = format!("a@{}.org", vec!["a".repeat(60); 5].join("."));
    for wrong in [
        "",
        "ann",
        "@",
        "ann@",
        "@example.org",
        "ann@example",
        "ann@@example.org",
        "ann@-example.org",
        "ann@example..org",
        ".ann@example.org",
        "ann.@example.org",
        "a..nn@example.org",
        "an n@example.org",
        "ann@exa mple.org",
        "ann@example.org\u{0}",
        "\"ann\"@example.org",
        "\"änn\"@example.org",
        "ä nn@example.org",
        "ä..nn@example.org",
        "änn",
        "änn@",
        "ä\u{ad}nn@example.org\u{0}",
        "ä\u{200b}nn@example.org",
        "än\u{ff20}n@example.org",
        "ann@ex\u{200b}ample.org",
        "ann@-exämple.org",
        "ann@exä_mple.org",
        "ann@exä mple.org",
        "ann@bücher",
        &format!("{}@example.org", "ä".repeat(33)),
        "ann@[1.2.3.4]",
        "a@b@c.d",
        &long,
        &longer,
    ] {
        assert_eq!(Email::parse(wrong), Err(InvalidEmail), "{wrong}");
    }
}

#[test]
fn a_username_is_plain_and_its_case_makes_no_difference() {
    let claim = key().of_username(&Username::parse("ann_b").unwrap());
    assert_eq!(key().of_username(&Username::parse(" Ann_B").unwrap()), claim);
    for wrong in ["", "an", ".ann", "-ann", "ann b", "änn", "ann@b", &"a".repeat(33)] {
        assert_eq!(Username::parse(wrong), Err(InvalidUsername), "{wrong}");
    }
}

#[test]
fn nothing_personal_shows_in_debug_output() {
    let shown = format!("{:?} {:?} {:?}", email("ann@example.org"), Username::parse("ann").unwrap(), key());
    assert_eq!(shown, "Email(…) Username(…) IdentityHmacKey(…)");
}

/// What the log holds was made with these bytes: another way to make a key would free every address.
#[test]
fn the_key_of_a_claim_is_made_as_it_always_was() {
    let mac = Hmac::<Sha256>::new_from_slice(&[7; 32]).unwrap().chain_update(b"email\0ann@example.org");
    let expected = ClaimKey::of_mac(&mac.finalize().into_bytes().into());
    assert_eq!(key().of_email(&email("Ann@example.org")), expected);
    let normal = "email\0jörg@xn--bcher-kva.example";
    let mac = Hmac::<Sha256>::new_from_slice(&[7; 32]).unwrap().chain_update(normal.as_bytes());
    let expected = ClaimKey::of_mac(&mac.finalize().into_bytes().into());
    assert_eq!(key().of_email(&email("JO\u{308}RG@Bücher.example")), expected);
    // What would be refused now and was taken once is somebody's address still.
    assert!(Email::parse("ann@xn--a.example").is_ok());
}

proptest! {
    #[test]
    fn a_username_is_never_the_claim_of_an_address(local in "[a-z]{3,8}", domain in "[a-z]{2,8}") {
        let email = email(&format!("{local}@{domain}.org"));
        let username = Username::parse(&local).unwrap();
        prop_assert_ne!(key().of_email(&email), key().of_username(&username));
        prop_assert_ne!(key().of_email(&email), IdentityHmacKey::new(&[8; 32]).of_email(&email));
    }

    #[test]
    fn any_text_at_all_is_answered(text in ".{0,300}") {
        let _ = (Email::parse(&text), Username::parse(&text));
    }

    /// Who typed it once gets in by what is shown to him, and by what it is made into.
    #[test]
    fn what_spellings_have_in_common_is_a_spelling_itself(local in "[a-zà-öа-я.]{1,12}", domain in "[a-zà-öа-я]{1,12}") {
        let Ok(address) = Email::parse(&format!("{local}@{domain}.example")) else { return Ok(()) };
        let normal = Email::parse(&address.normal).map(|again| again.normal);
        prop_assert_eq!(normal, Ok(address.normal));
    }
}
