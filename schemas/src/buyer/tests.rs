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
fn a_buyer_is_not_shown_by_debug() {
    assert_eq!(format!("{:?}", Buyer::of(Some(&at(Some("Ann Bee"))), None)), "Some(Buyer(…))");
}
