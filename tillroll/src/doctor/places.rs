//! The addresses that are configured: whether they can be listened on, or who listens there already.

use super::Finding;
use super::door::json_at;
use crate::config::{Config, of_role};
use crate::roles::Role;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use tillroll_devstack::{KAFKA_PORT_VARIABLE, Mode, POSTGRES_PORT_VARIABLE};

/// Somewhere to listen, and the variable that says where.
struct Place {
    who: String,
    address: SocketAddr,
    variable: String,
}

/// `open`: Tillroll's door answers.
pub async fn look(config: &Config, open: bool) -> Vec<Finding> {
    // Whoever runs holds its own ports.
    if config.running_pid().is_some() {
        return Vec::new();
    }
    let mut findings = Vec::new();
    if !open {
        let who = "the public door".to_owned();
        findings.push(finding(&Place { who, address: config.listen, variable: "TILLROLL_LISTEN".to_owned() }));
    }
    for role in Role::ALL.into_iter().filter(|role| *role != Role::Gateway) {
        let variable = of_role(role.name(), "LISTEN");
        match config.role_listen(role.name()) {
            Ok(None) => {}
            Ok(Some(address)) if is_a_role(address).await => {}
            Ok(Some(address)) => findings.push(finding(&Place { who: role.name().to_owned(), address, variable })),
            Err(error) => findings.push(Finding::problem("ports", error.to_string(), format!("set {variable} right"))),
        }
    }
    findings.extend(servers(config).iter().map(finding));
    findings
}

/// The ports that a stack of our own is told to use.
fn servers(config: &Config) -> Vec<Place> {
    let Ok((Mode::Native | Mode::Containers(_), stack)) = config.stack() else { return Vec::new() };
    let place = |who: &str, port: Option<u16>, variable: &str| {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port?));
        Some(Place { who: who.to_owned(), address, variable: variable.to_owned() })
    };
    let kafka = place("Kafka", stack.kafka_port, KAFKA_PORT_VARIABLE);
    let postgres = place("PostgreSQL", stack.postgres_port, POSTGRES_PORT_VARIABLE);
    kafka.into_iter().chain(postgres).collect()
}

/// Whether a role's internal listener answers there.
async fn is_a_role(address: SocketAddr) -> bool {
    json_at(&format!("http://{address}/health/live")).await.is_ok_and(|body| body["status"] == "ok")
}

fn finding(place: &Place) -> Finding {
    let Place { who, address, variable } = place;
    match TcpListener::bind(address) {
        Ok(_) => Finding::ok("ports", format!("{address} is free for {who}")),
        Err(error) if error.kind() == ErrorKind::AddrInUse => Finding::problem(
            "ports",
            format!("{address} for {who} is taken by somebody else"),
            format!("stop what listens there (ss -ltnp 'sport = :{}'), or set {variable}", address.port()),
        ),
        Err(error) => Finding::problem(
            "ports",
            format!("{address} for {who} cannot be listened on: {error}"),
            format!("set {variable} to an address of this machine"),
        ),
    }
}
