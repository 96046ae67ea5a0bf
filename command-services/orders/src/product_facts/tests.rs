//! What orders know of products: the last word of the catalogue counts.

use tillroll_log::Replicated;
use tillroll_schemas::product::{Added, Archived, Details, ProductEvent, Revised};
use tillroll_schemas::{Money, TaxRate};

use super::{Facts, ProductFacts};

fn details(pence: i64) -> Details {
    Details {
        name: "a fine MUG".to_owned(),
        description: "not of interest here".to_owned(),
        category: Some("Kitchen".to_owned()),
        price: Money { amount: pence, currency: "GBP".parse().unwrap() },
        tax_rate: TaxRate::try_from(2_000).unwrap(),
        tracked: true,
    }
}

fn known(events: &[ProductEvent]) -> Option<Facts> {
    events.iter().fold(None, ProductFacts::evolve).map(|facts| facts.as_ref().clone())
}

#[test]
fn the_last_word_of_the_catalogue_counts() {
    let added = ProductEvent::from(Added { details: details(255), initial_stock: None });
    let revised = ProductEvent::from(Revised { details: details(295) });
    let archived = ProductEvent::from(Archived { details: details(295) });
    let facts = |pence, archived| {
        let Details { name, category, price, tax_rate, tracked, .. } = details(pence);
        Some(Facts { name, category, price, tax_rate, tracked, archived })
    };
    assert_eq!(known(&[]), None);
    assert_eq!(known(std::slice::from_ref(&added)), facts(255, false));
    assert_eq!(known(&[added.clone(), revised.clone()]), facts(295, false));
    assert_eq!(known(&[added, revised, archived]), facts(295, true));
}
