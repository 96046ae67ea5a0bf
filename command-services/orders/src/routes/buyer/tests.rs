//! Whom a document is made out to.

use tillroll_schemas::Address;

use super::{Addresses, Own, full, made_out_to, of_a_profile};

fn at(city: &str, name: Option<&str>) -> Address {
    let (lines, country) = (vec!["1 High Street".to_owned()], "GB".to_owned());
    Address { name: name.map(str::to_owned), lines, city: city.to_owned(), postal_code: None, country }
}

/// Name and city on the document.
fn told(billing: Option<&Address>, shipping: Option<&Address>, own: Own) -> Option<(Option<String>, Option<String>)> {
    let buyer = made_out_to(Addresses { shipping, billing }, own)?;
    Some((buyer.name, buyer.address.map(|address| address.city)))
}

fn ann() -> Own {
    Own { name: Some("Ann Bee".to_owned()), address: Some(at("Leeds", None)) }
}

fn some(name: &str, city: &str) -> Option<(Option<String>, Option<String>)> {
    Some((Some(name.to_owned()), Some(city.to_owned())))
}

#[test]
fn an_invoice_goes_where_the_order_says_or_where_it_is_sent_or_to_the_persons_own_address() {
    let (billing, shipping) = (at("York", Some("Bee Ltd")), at("Hull", None));
    assert_eq!(told(Some(&billing), Some(&shipping), ann()), some("Bee Ltd", "York"));
    assert_eq!(told(None, Some(&shipping), ann()), some("Ann Bee", "Hull"));
    assert_eq!(told(None, None, ann()), some("Ann Bee", "Leeds"));
    assert_eq!(told(None, None, Own::default()), None, "of nobody nothing is sealed");
}

#[test]
fn the_address_of_a_profile_that_a_later_build_stored_is_one_to_be_invoiced_at() {
    let later = r#"{"lines":["1 High Street"],"city":"Leeds","country":"GB","region":"Yorkshire"}"#;
    assert_eq!(of_a_profile(later).unwrap(), at("Leeds", None));
    assert_eq!(of_a_profile("{}").unwrap_err().code(), "internal");
}

#[test]
fn first_and_last_name_are_the_name_only_together() {
    let of = |first: Option<&str>, last: Option<&str>| full(first.map(str::to_owned), last.map(str::to_owned));
    assert_eq!(of(Some("Ann"), Some("Bee")).as_deref(), Some("Ann Bee"));
    assert_eq!((of(Some("Ann"), None), of(None, Some("Bee"))), (None, None));
}
