//! The switch is seen by all, early and late.

use super::Shutdown;

#[tokio::test]
async fn a_request_before_the_wait_is_seen() {
    let shutdown = Shutdown::new();
    assert!(!shutdown.is_requested());
    shutdown.clone().request();
    shutdown.requested().await;
    assert!(shutdown.is_requested());
}

#[tokio::test]
async fn everyone_who_waits_is_woken() {
    let shutdown = Shutdown::new();
    let (a, b) = (shutdown.clone(), shutdown.clone());
    let waiting = crate::spawn("waits", async move { a.requested().await });
    let other = crate::spawn("waits too", async move { b.requested().await });
    shutdown.request();
    waiting.await.unwrap();
    other.await.unwrap();
}
