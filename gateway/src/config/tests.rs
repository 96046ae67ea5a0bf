//! Addresses of roles: one plain base URL each, and nothing else.

use tillroll_http::Keys;

use super::{GatewayConfig, GatewayLimits, bases};
use crate::routes::Upstream;

#[test]
fn every_role_needs_a_plain_base_url() {
    let dir = tempfile::tempdir().unwrap();
    let keys = Keys::open_or_create(dir.path()).unwrap();
    let upstreams = Upstream::ALL.map(|role| (role, "http://127.0.0.1:1".to_owned())).into();
    let good = GatewayConfig { upstreams, keys, limits: GatewayLimits::default() };
    assert_eq!(bases(&good).unwrap().len(), 4);
    for url in ["", "127.0.0.1:1", "https://x:1", "http://x:1/base", "http://x:1/?a", "http://"] {
        let mut bad = good.clone();
        bad.upstreams.insert(Upstream::Orders, url.to_owned());
        assert!(bases(&bad).unwrap_err().to_string().contains("orders"), "{url}");
    }
    let mut missing = good;
    missing.upstreams.remove(&Upstream::QueryApi);
    assert!(bases(&missing).unwrap_err().to_string().contains("query-api"));
}
