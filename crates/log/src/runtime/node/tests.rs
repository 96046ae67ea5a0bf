//! A node for tests of what happens without a broker.

use super::*;

pub(in crate::runtime) fn unconnected() -> Node {
    let config = NodeConfig {
        kafka: Config::new("127.0.0.1:1"),
        hash_key: Arc::from(&b"a secret"[..]),
        instance: "test".into(),
        url: String::new(),
        build: "test".into(),
        partitions: 1,
        environment: Environment::Development,
        max_requests: 100,
        state: None,
    };
    Node::connect(config).unwrap_or_else(|error| panic!("{error}"))
}
