//! What is an address, and that none is shown by accident.

use super::Address;

fn somewhere() -> Address {
    let (name, lines, city) = (Some("Ann Bee".to_owned()), vec!["1 High Street".to_owned()], "Leeds".to_owned());
    Address { name, lines, city, postal_code: Some("LS1 4AP".to_owned()), country: "GB".to_owned() }
}

fn wrong(change: impl FnOnce(&mut Address)) -> Vec<String> {
    let mut address = somewhere();
    change(&mut address);
    address.faults().into_iter().map(|(field, _)| field).collect()
}

#[test]
fn every_field_that_is_wrong_is_named() {
    assert_eq!(wrong(|_| {}), Vec::<String>::new());
    assert_eq!(wrong(|address| address.name = Some(String::new())), ["/name"]);
    assert_eq!(wrong(|address| address.lines = Vec::new()), ["/lines"]);
    assert_eq!(wrong(|address| address.lines = vec!["a".to_owned(); 5]), ["/lines"]);
    assert_eq!(wrong(|address| address.lines.push("two\nlines".to_owned())), ["/lines/1"]);
    assert_eq!(wrong(|address| address.city = " ".to_owned()), ["/city"]);
    assert_eq!(wrong(|address| address.postal_code = Some("x".repeat(21))), ["/postal_code"]);
    assert_eq!(wrong(|address| address.country = "gb".to_owned()), ["/country"]);
    assert_eq!(
        wrong(|address| (address.city, address.country) = (String::new(), "England".to_owned())),
        ["/city", "/country"]
    );
}

#[test]
fn what_a_later_build_stored_is_read_and_what_a_client_sends_is_read_strictly() {
    let stored =
        r#"{"name":"Ann Bee","lines":["1 High Street"],"city":"Leeds","postal_code":"LS1 4AP","country":"GB"}"#;
    assert_eq!(serde_json::to_string(&somewhere()).unwrap(), stored);
    assert_eq!(Address::from_stored(stored).unwrap(), somewhere());
    let later = stored.replace("}", r#","region":"Yorkshire"}"#);
    assert_eq!(Address::from_stored(&later).unwrap(), somewhere());
    assert!(serde_json::from_str::<Address>(&later).is_err());
    let least = r#"{"lines":["1 High Street"],"city":"Leeds","country":"GB"}"#;
    assert_eq!(Address::from_stored(least).unwrap().name, None);
    for other in ["", "{}", "\"1 High Street\"", &format!("{stored} {stored}")] {
        assert!(Address::from_stored(other).is_err(), "{other}");
    }
}

#[test]
fn an_address_is_not_shown_by_debug() {
    assert_eq!(format!("{:?}", Some(somewhere())), "Some(Address(…))");
}
