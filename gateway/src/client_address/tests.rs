//! Whom a request is counted to, whatever its client writes.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;

use super::{ProxyHeader, TrustedProxies};

/// The proxies of these tests; the last one is in the internet, before the others.
const PROXIES: &str = "10.0.0.0/8, fd00::/8, 203.0.113.7";

fn proxies(header: ProxyHeader) -> TrustedProxies {
    PROXIES.parse::<TrustedProxies>().unwrap().said_in(header)
}

fn headers(name: &'static str, lines: &[impl AsRef<[u8]>]) -> HeaderMap {
    let line = |line: &[u8]| (HeaderName::from_static(name), HeaderValue::from_bytes(line).unwrap());
    lines.iter().map(|bytes| line(bytes.as_ref())).collect()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn by_x_forwarded_for(peer: &str, lines: &[impl AsRef<[u8]>]) -> String {
    proxies(ProxyHeader::XForwardedFor).client(ip(peer), &headers("x-forwarded-for", lines)).to_string()
}

fn by_forwarded(peer: &str, lines: &[impl AsRef<[u8]>]) -> String {
    proxies(ProxyHeader::Forwarded).client(ip(peer), &headers("forwarded", lines)).to_string()
}

#[test]
fn whoever_is_no_trusted_proxy_is_where_he_is_whatever_he_says() {
    assert_eq!(by_x_forwarded_for("198.51.100.9", &["192.0.2.1"]), "198.51.100.9");
    assert_eq!(by_x_forwarded_for("11.0.0.1", &["192.0.2.1, 10.0.0.1"]), "11.0.0.1");
    assert_eq!(by_forwarded("2001:db8::9", &["for=192.0.2.1"]), "2001:db8::9");
    let nobody = TrustedProxies::default();
    assert_eq!(nobody.client(ip("127.0.0.1"), &headers("x-forwarded-for", &["192.0.2.1"])), ip("127.0.0.1"));
}

#[test]
fn the_last_before_the_trusted_proxies_is_the_client() {
    for (lines, client) in [
        (&["192.0.2.1"][..], "192.0.2.1"),
        (&["192.0.2.1, 10.1.2.3"], "192.0.2.1"),
        (&["192.0.2.1, 203.0.113.7, 10.1.2.3,fd00::7"], "192.0.2.1"),
        (&["192.0.2.1", "10.1.2.3"], "192.0.2.1"),
        (&["192.0.2.1,,", ", 10.1.2.3 ,"], "192.0.2.1"),
        (&["2001:db8::1, 10.1.2.3"], "2001:db8::1"),
        (&["192.0.2.1:4711, 10.1.2.3:80"], "192.0.2.1"),
        (&["[2001:db8::1]:4711, [fd00::7]"], "2001:db8::1"),
        (&["::ffff:192.0.2.1, ::ffff:10.1.2.3"], "192.0.2.1"),
        (&["10.9.9.9, 10.1.2.3"], "10.9.9.9"),
    ] {
        assert_eq!(by_x_forwarded_for("10.0.0.1", lines), client, "{lines:?}");
    }
    assert_eq!(by_x_forwarded_for("10.0.0.1", &[""; 0]), "10.0.0.1", "it asks itself");
}

#[test]
fn what_a_client_writes_before_is_never_looked_at() {
    let many = vec!["10.0.0.1"; 5_000].join(", ");
    for written in [
        "127.0.0.1",
        "10.0.0.1",
        "192.0.2.66, 10.0.0.1, 203.0.113.7",
        "unknown",
        "\"",
        "for=\"192.0.2.66",
        "%00%0d%0a",
        "999.999.999.999",
        "' OR 1=1 --",
        many.as_str(),
    ] {
        assert_eq!(by_x_forwarded_for("10.0.0.1", &[format!("{written}, 192.0.2.1")]), "192.0.2.1", "{written}");
        assert_eq!(by_x_forwarded_for("10.0.0.1", &[written, "192.0.2.1, 10.0.0.2"]), "192.0.2.1", "{written}");
        assert_eq!(by_forwarded("10.0.0.1", &[format!("{written}, for=192.0.2.1")]), "192.0.2.1", "{written}");
    }
    assert_eq!(by_x_forwarded_for("10.0.0.1", &[&b"\xff\xfe, 192.0.2.1"[..]]), "192.0.2.1");
}

#[test]
fn where_a_proxy_names_nobody_it_is_the_proxy() {
    for said in ["unknown", "_hidden", "192.0.2.1/24", "192.0.2", "fe80::1%eth0", "[192.0.2.1]", "shop.example", "1"] {
        assert_eq!(by_x_forwarded_for("10.0.0.1", &[format!("192.0.2.66, {said}")]), "10.0.0.1", "{said}");
        assert_eq!(by_x_forwarded_for("10.0.0.1", &[format!("192.0.2.66, {said}, 10.5.5.5")]), "10.5.5.5", "{said}");
    }
    assert_eq!(by_forwarded("10.0.0.1", &["for=192.0.2.66, by=10.0.0.9;proto=https"]), "10.0.0.1");
}

#[test]
fn forwarded_is_read_as_its_rfc_has_it() {
    for (element, client) in [
        ("for=192.0.2.1", "192.0.2.1"),
        ("For=\"192.0.2.1:4711\"", "192.0.2.1"),
        ("for=\"[2001:db8::1]\"", "2001:db8::1"),
        ("proto=https;by=10.0.0.9; FOR=\"[2001:db8::1]:4711\";host=shop.example", "2001:db8::1"),
        ("for=192.0.2.1, for=10.1.2.3", "192.0.2.1"),
    ] {
        assert_eq!(by_forwarded("10.0.0.1", &[element]), client, "{element}");
    }
}

#[test]
fn the_header_that_the_proxies_do_not_write_is_the_clients_own() {
    let mut both = headers("x-forwarded-for", &["192.0.2.1"]);
    both.extend(headers("forwarded", &["for=192.0.2.2"]));
    assert_eq!(proxies(ProxyHeader::XForwardedFor).client(ip("10.0.0.1"), &both), ip("192.0.2.1"));
    assert_eq!(proxies(ProxyHeader::Forwarded).client(ip("10.0.0.1"), &both), ip("192.0.2.2"));
}

#[test]
fn networks_are_addresses_with_the_same_first_bits() {
    for (network, within, without) in [
        ("10.0.0.0/8", &["10.0.0.0", "10.255.255.255"][..], &["11.0.0.0", "9.255.255.255", "::a00:1"][..]),
        ("172.17.0.1/16", &["172.17.255.1"], &["172.18.0.1"]),
        ("192.0.2.128/25", &["192.0.2.200"], &["192.0.2.127"]),
        ("192.0.2.1", &["192.0.2.1"], &["192.0.2.0"]),
        ("fd00::/8", &["fdff::1"], &["fe00::1", "253.0.0.1"]),
        ("2001:db8::1/128", &["2001:db8::1"], &["2001:db8::2"]),
    ] {
        let proxies: TrustedProxies = network.parse().unwrap();
        assert!(within.iter().all(|address| proxies.trusts(ip(address))), "{network}");
        assert!(!without.iter().any(|address| proxies.trusts(ip(address))), "{network}");
    }
    for wrong in ["", "10.0.0.0/33", "::1/129", "0.0.0.0/0", "::/0", "10.0.0.0/", "10.0.0.0/-1", "proxy", "10.0.0.0/8,"]
    {
        assert!(wrong.parse::<TrustedProxies>().is_err(), "{wrong}");
    }
    assert_eq!("X-Forwarded-For".parse(), Ok(ProxyHeader::XForwardedFor));
    assert_eq!("forwarded".parse(), Ok(ProxyHeader::Forwarded));
    assert!("x-real-ip".parse::<ProxyHeader>().is_err());
}

proptest! {
    /// Whatever a client sends, on as many lines as it likes: behind a proxy that appends it is where it is.
    #[test]
    fn nothing_moves_a_client(lines in prop::collection::vec("[ -~\u{e9}]{0,40}", 0..5), one_line: bool) {
        for (name, own) in [("x-forwarded-for", "198.51.100.9"), ("forwarded", "for=\"198.51.100.9:1\"")] {
            let mut lines: Vec<Vec<u8>> = lines.iter().map(|line| line.clone().into_bytes()).collect();
            match lines.last_mut() {
                Some(last) if one_line => last.extend(format!(", {own}").into_bytes()),
                _ => lines.push(own.as_bytes().to_vec()),
            }
            let header = name.parse().unwrap();
            prop_assert_eq!(proxies(header).client(ip("10.0.0.1"), &headers(name, &lines)), ip("198.51.100.9"));
        }
    }
}
