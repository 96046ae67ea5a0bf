//! What is taken from an environment, and what refuses to start.

use super::*;
use std::os::unix::ffi::OsStringExt;

fn read(variables: &[(&str, &str)]) -> Result<Variables, ConfigError> {
    Variables::read(variables.iter().map(|(name, value)| (name.into(), value.into())))
}

fn refused(variables: &[(&str, &str)]) -> String {
    read(variables).err().map(|error| error.to_string()).unwrap_or_default()
}

#[test]
fn a_typing_mistake_is_named_with_what_was_meant() {
    for (mistaken, meant) in [
        ("TILLROLL_PARTITION", "TILLROLL_PARTITIONS"),
        ("TILLROLL_MAXREQUESTS", "TILLROLL_MAX_REQUESTS"),
        ("TILLROLL_ORDER_LISTEN", "TILLROLL_ORDERS_LISTEN"),
        ("TILLROLL_QUERYAPI_URL", "TILLROLL_QUERY_API_URL"),
        ("TILLROLL_KAFKA_", "TILLROLL_KAFKA_PORT"),
        ("TILLROLL_HOMES", "TILLROLL_HOME"),
    ] {
        let said = refused(&[(mistaken, "8")]);
        assert!(said.starts_with(&format!("{mistaken}: ")) && said.contains(&format!("is {meant} meant?")), "{said}");
    }
}

#[test]
fn every_variable_that_is_listed_may_be_set() {
    for name in known() {
        assert!(read(&[(&name, "x")]).is_ok(), "{name}");
    }
}

#[test]
fn what_is_not_tillrolls_is_nobodys_business_and_an_empty_value_is_none() {
    let variables = read(&[("TILL", "1"), ("PATH", "/bin"), ("TILLROLL_HOME", "")]);
    assert!(variables.is_ok_and(|read| read.get("PATH").is_none() && read.get("TILLROLL_HOME").is_none()));
}

#[test]
fn properties_of_kafka_are_named_as_kafka_names_them() {
    let set = [("TILLROLL_KAFKA_SECURITY_PROTOCOL", "ssl"), ("TILLROLL_KAFKA_PORT", "9092")];
    let properties = read(&set).map(|read| read.kafka_properties()).unwrap_or_default();
    assert_eq!(properties, [("security.protocol".to_owned(), "ssl".to_owned())]);
}

#[test]
fn a_value_that_is_no_text_is_named_but_not_shown() {
    for name in ["TILLROLL_TOKEN", "DATABASE_URL", "TILLROLL_KAFKA_SASL_PASSWORD"] {
        let value = OsString::from_vec(b"secret\xff".to_vec());
        let said = Variables::read([(name.into(), value)]).err().map(|error| error.to_string());
        assert_eq!(said, Some(format!("{name}: is not UTF-8")));
    }
    let foreign = OsString::from_vec(b"\xff".to_vec());
    assert!(Variables::read([("LESS".into(), foreign.clone()), (foreign.clone(), foreign)]).is_ok());
}

#[test]
fn a_number_is_held_to_its_range() {
    let number = |text| read(&[("TILLROLL_MAX_REQUESTS", text)])?.number("TILLROLL_MAX_REQUESTS", 7, 1..=100);
    for absurd in ["0", "101", "-1", "99999999999999999999", "many", "1.5"] {
        let said = number(absurd).err().map(|error: ConfigError| error.to_string()).unwrap_or_default();
        assert_eq!(said.replace('`', ""), format!("TILLROLL_MAX_REQUESTS: {absurd} is not a number from 1 to 100"));
    }
    assert!(matches!((number(""), number(" 100 ")), (Ok(7), Ok(100))));
}

#[test]
fn a_crash_point_may_be_named_in_builds_for_tests_only() {
    let tests = cfg!(debug_assertions);
    assert_eq!(read(&[("TILLROLL_CRASH", "before-produce:17")]).is_ok(), tests);
    assert_eq!(known().contains(&"TILLROLL_CRASH".to_owned()), tests);
}
