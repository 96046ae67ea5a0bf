//! The page for people lists each card, and no other.

use std::collections::BTreeSet;

use super::Card;

/// What stands between backticks in the first cells of the page's tables.
fn listed() -> BTreeSet<&'static str> {
    let page = include_str!("../../../../../docs/sandbox.md");
    let cells = page.lines().filter(|line| line.starts_with("| `pm_")).filter_map(|line| line.split(" | ").next());
    cells.flat_map(|cell| cell.split('`')).filter(|name| name.starts_with("pm_")).collect()
}

#[test]
fn every_card_on_the_page_is_known_and_every_name_in_the_code_is_on_the_page() {
    let (listed, code) = (listed(), include_str!("../cards.rs"));
    assert!(listed.iter().all(|name| Card::of(name).is_some()), "{listed:?}");
    let named: BTreeSet<_> = code.split('"').filter(|name| name.starts_with("pm_") && !name.ends_with('_')).collect();
    assert!(named.len() > 10 && named.is_subset(&listed), "{:?}", named.difference(&listed));
}

#[test]
fn stripes_names_of_declined_cards_are_known_in_both_forms() {
    for (why, code) in [("", "generic_decline"), ("InsufficientFunds", "insufficient_funds"), ("LostCard", "lost_card")]
    {
        for brand in ["", "visa_"] {
            assert_eq!(Card::of(&format!("pm_card_{brand}chargeDeclined{why}")), Some(Card::Declined(code)));
        }
    }
    for unknown in ["pm_card_chargeDeclinedForFun", "pm_card_visa_", "pm_card_pendingRefund", "tok_visa", ""] {
        assert_eq!(Card::of(unknown), None, "{unknown}");
    }
}
