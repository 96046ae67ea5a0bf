//! Who stands on a document, and that he is not shown by accident.

use super::Buyer;
use crate::Address;

fn at(name: Option<&str>) -> Address {
    let (lines, city) = (vec!["1 High Street".to_owned()], "Leeds".to_owned());
    Address { name: name.map(str::to_owned), lines, city, postal_code: None, country: "GB".to_owned() }
}

#[test]
fn the_name_in_the_address_comes_before_the_persons_own() {
    let name = |address: Option<&Address>, own: Option<&str>| {
        Buyer::of(address, own.map(str::to_owned)).map(|buyer| (buyer.name, buyer.address))
    };
    let ann = Some("Ann Bee".to_owned());
    assert_eq!(name(Some(&at(Some("Ann Bee"))), Some("ann")), Some((ann.clone(), Some(at(None)))));
    assert_eq!(name(Some(&at(None)), Some("Ann Bee")), Some((ann.clone(), Some(at(None)))));
    assert_eq!(name(None, Some("Ann Bee")), Some((ann, None)));
    assert_eq!(name(Some(&at(None)), None), Some((None, Some(at(None)))));
    assert_eq!(name(None, None), None, "nobody is nobody");
}

#[test]
fn a_buyer_that_a_later_build_stored_is_read() {
    let buyer = Buyer::of(Some(&at(Some("Ann Bee"))), None).unwrap();
    let stored = r#"{"name":"Ann Bee","address":{"lines":["1 High Street"],"city":"Leeds","country":"GB"}}"#;
    assert_eq!(serde_json::to_string(&buyer).unwrap(), stored);
    let of_the_address = stored.replace(r#""GB""#, r#""GB","region":"Yorkshire""#);
    let of_the_buyer = stored.replace("}}", r#"},"vat_number":"GB123456789"}"#);
    for text in [stored, &of_the_address, &of_the_buyer] {
        assert_eq!(serde_json::from_str::<Buyer>(text).unwrap(), buyer, "{text}");
    }
    for text in ["{}", r#"{"address":null}"#] {
        assert_eq!(serde_json::from_str::<Buyer>(text).unwrap(), Buyer { name: None, address: None }, "{text}");
    }
    assert!(serde_json::from_str::<Buyer>(r#"{"address":{"city":"Leeds"}}"#).is_err(), "what has to be there");
}

#[test]
fn a_buyer_is_not_shown_by_debug() {
    assert_eq!(format!("{:?}", Buyer::of(Some(&at(Some("Ann Bee"))), None)), "Some(Buyer(…))");
}
