//! Who may give which reason.

use super::{CancelBody, REASONS};
use crate::routes::lines::tests::named;
use tillroll_http::Reach;
use uuid::Uuid;

const HIS: Reach = Reach::Own(Uuid::from_u128(9));

fn because(reason: &str) -> CancelBody {
    CancelBody { reason: Some(reason.to_owned()) }
}

#[test]
fn a_customer_gives_one_of_a_few_reasons_or_none() {
    assert!(CancelBody::default().check(HIS).is_ok());
    for reason in REASONS {
        assert!(because(reason).check(HIS).is_ok(), "{reason}");
    }
}

#[test]
fn a_customers_own_words_are_refused() {
    for words in ["", "changed mind", "Changed_Mind", "other: I am Ann and live at 1 High Street", "ann@example.org"] {
        let (code, fields) = named(&because(words).check(HIS).unwrap_err());
        assert_eq!((code.as_str(), fields), ("invalid_field", vec!["/reason".to_owned()]), "{words}");
    }
}

#[test]
fn staff_say_it_in_their_own_words() {
    assert!(because("ordered twice").check(Reach::All).is_ok());
    assert!(because(&"x".repeat(501)).check(Reach::All).is_err());
}
