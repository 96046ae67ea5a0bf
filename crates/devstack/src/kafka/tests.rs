//! What is told to the broker at its start.

use super::*;

#[test]
fn no_cluster_id_looks_like_an_option() {
    for first in 0..=u8::MAX {
        let mut bytes = [0xff; 16];
        bytes[0] = first;
        let id = cluster_id(bytes);
        assert!(id.len() == 22 && !id.starts_with('-'), "{id}");
    }
}
