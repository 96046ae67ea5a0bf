//! E-mail in real SMTP conversations: a server of the test's own, over TCP, that takes, refuses, defers, breaks off, or
//! is slow, in the clear or by TLS.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so and ends")]
mod smtp {
    pub mod deliveries;
    pub mod encryption;
    pub mod mails;
    pub mod outcomes;
    pub mod server;
}
