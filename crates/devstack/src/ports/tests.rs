//! Ports that are free, fixed or taken.

use super::*;

#[test]
fn a_port_in_use_is_named_with_the_variable_that_moves_it() {
    let squatter = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = squatter.local_addr().unwrap().port();
    let error = Port::take(Some(port), "Kafka", "TILLROLL_KAFKA_PORT").unwrap_err();
    let text = error.to_string();
    assert!(text.contains(&format!("port {port} for Kafka")) && text.contains("set TILLROLL_KAFKA_PORT"), "{text}");
}

#[test]
fn a_claimed_port_is_not_given_twice_even_while_its_server_is_down() {
    let first = Port::any().unwrap();
    assert!(Port::take(Some(first.number()), "Kafka", "X").is_err());
    let number = first.number();
    drop(first);
    assert!(Port::take(Some(number), "Kafka", "X").is_ok());
}

#[test]
fn many_claims_at_once_are_all_different() {
    let ports: Vec<Port> = (0..200).map(|_| Port::any().unwrap()).collect();
    let numbers: std::collections::BTreeSet<u16> = ports.iter().map(Port::number).collect();
    assert_eq!(numbers.len(), 200);
    assert!(numbers.iter().all(|number| (FIRST..=LAST).contains(number)));
}
