//! The forms of ids: one SKU is one text, and the same command creates the same id.

use super::*;

#[test]
fn skus_that_differ_only_in_case_are_one() {
    assert_eq!(Sku::parse("85123a"), Sku::parse("85123A"));
}

#[test]
fn a_sku_has_the_documented_form() {
    for bad in ["", "-A", ".A", "A B", "Ä", "A/B", "A\u{0}", &"A".repeat(65)] {
        assert_eq!(Sku::parse(bad), Err(InvalidSku), "{bad:?}");
    }
    for good in ["A", "0", "BANK-CHARGES", "a.b_c-1", &"A".repeat(64)] {
        assert!(Sku::parse(good).is_ok(), "{good:?}");
    }
}

#[test]
fn the_same_command_creates_the_same_id() {
    let command = Uuid::from_u128(7);
    assert_eq!(OrderId::of_command(command), OrderId::of_command(command));
    assert_ne!(OrderId::of_command(command).0, CreditNoteId::of_command(command).0);
}
