//! Ports on 127.0.0.1 for servers of this machine's stacks.
//!
//! A free port comes from below the ephemeral range, so that no outgoing connection can sit on it while its server is
//! down for a moment. Stacks of several processes agree on who has which by a name in the kernel (an abstract Unix
//! socket): it is held as long as the stack, also while the server is down, and freed however the process ends.

use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, TcpListener};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};

use crate::StackError;

const FIRST: u16 = 20_000;
const LAST: u16 = 31_999;

/// A port that no other stack will take while this lives.
#[derive(Debug)]
pub(crate) struct Port {
    number: u16,
    _claim: UnixListener,
}

impl Port {
    /// The fixed port, or any free one.
    pub(crate) fn take(fixed: Option<u16>, server: &'static str, variable: &'static str) -> Result<Self, StackError> {
        let Some(port) = fixed else { return Self::any() };
        claim(port).ok_or(StackError::PortTaken { server, port, variable })
    }

    /// Any free port.
    pub(crate) fn any() -> Result<Self, StackError> {
        let span = u64::from(LAST - FIRST) + 1;
        let start = RandomState::new().hash_one(std::process::id()) % span;
        (0..span)
            .filter_map(|step| u16::try_from((start + step) % span).ok())
            .find_map(|step| claim(FIRST + step))
            .ok_or(StackError::NoFreePort { from: FIRST, to: LAST })
    }

    /// Its number.
    pub(crate) fn number(&self) -> u16 {
        self.number
    }
}

fn claim(number: u16) -> Option<Port> {
    let name = SocketAddr::from_abstract_name(format!("tillroll-devstack-{number}")).ok()?;
    let claim = UnixListener::bind_addr(&name).ok()?;
    // Bound and let go: whoever listens there without being a stack shows himself.
    TcpListener::bind((Ipv4Addr::LOCALHOST, number)).ok()?;
    Some(Port { number, _claim: claim })
}

#[cfg(test)]
mod tests;
