//! Asks a broker who it is.

use crate::protocol::{Request, ask};

const METADATA: (i16, i16) = (3, 1);

/// How many brokers clients may use, as the broker on this port sees it. One that has started but is not registered
/// with its controller answers 0, and would refuse to create a topic.
pub(crate) async fn count_brokers(port: u16) -> std::io::Result<i32> {
    let no_topics = 0_i32.to_be_bytes().to_vec();
    ask(port, &Request { api: METADATA, body: no_topics }).await?.int32()
}
