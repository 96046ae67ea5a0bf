//! What the inventory knows of products: whether stock is kept of them, by the catalogue's last word.

use super::*;
use tillroll_schemas::product::{Added, Archived, Details};
use tillroll_schemas::{Currency, Money, TaxRate};

fn details(tracked: bool) -> Details {
    Details {
        name: "Postage".to_owned(),
        description: String::new(),
        category: None,
        price: Money::zero(Currency::GBP),
        tax_rate: TaxRate::default(),
        tracked,
    }
}

fn known(events: &[ProductEvent]) -> Tracking {
    events.iter().fold(Tracking::default(), ProductFacts::evolve)
}

#[test]
fn stock_is_kept_of_what_the_catalogue_says() {
    assert_eq!(known(&[]), Tracking::Unknown);
    assert_eq!(known(&[Added { details: details(true), initial_stock: None }.into()]), Tracking::Tracked);
    assert_eq!(known(&[Added { details: details(false), initial_stock: None }.into()]), Tracking::Untracked);
}

#[test]
fn an_archived_product_may_still_get_stock() {
    let events =
        [Added { details: details(true), initial_stock: None }.into(), Archived { details: details(true) }.into()];
    assert_eq!(known(&events), Tracking::Tracked);
}
