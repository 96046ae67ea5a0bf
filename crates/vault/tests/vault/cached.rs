//! What one process remembers of keys that another erases.

use crate::*;
use std::time::Instant;
use tillroll_testkit::until;

#[tokio::test]
async fn an_event_makes_another_process_forget_at_once() {
    let settings = vaults_database("forgotten").await;
    let (one, other) = (vault(&settings), vault(&settings));
    let sealed = seal(&one, ANNA).await;
    is_readable(&other, ANNA, &sealed).await;
    one.erase(ANNA).await.unwrap();
    assert_eq!(open(&one, ANNA, &sealed).await.unwrap(), Opened::Erased);
    // Its hour is not over: without the event it would go on.
    is_readable(&other, ANNA, &sealed).await;
    other.forget(ANNA);
    assert_eq!(open(&other, ANNA, &sealed).await.unwrap(), Opened::Erased);
}

#[tokio::test]
async fn who_hears_of_an_erasure_first_carries_it_out() {
    let settings = vaults_database("heard").await;
    let (one, other) = (vault(&settings), vault(&settings));
    let sealed = seal(&one, ANNA).await;
    is_readable(&other, ANNA, &sealed).await;
    let erased_at = "2026-01-02T03:04:05Z".parse().unwrap();
    other.entomb(&[tillroll_vault::Receipt { person: ANNA, erased_at }]).await.unwrap();
    assert_eq!(open(&other, ANNA, &sealed).await.unwrap(), Opened::Erased);
    assert_eq!(one.erase(ANNA).await.unwrap().erased_at, erased_at);
}

#[tokio::test]
async fn without_an_event_a_key_is_used_no_longer_than_its_time() {
    let settings = vaults_database("aged").await;
    let longest = Duration::from_millis(300);
    let caching = Caching { longest, ..Caching::default() };
    let other = Vault::new(&settings, MasterKeys::new(master(1)), caching).unwrap();
    let one = vault(&settings);
    let sealed = seal(&one, ANNA).await;
    is_readable(&other, ANNA, &sealed).await;
    one.erase(ANNA).await.unwrap();
    let erased = Instant::now();
    let mut last_read = Duration::ZERO;
    until("the key's time is over", async || {
        let began = erased.elapsed();
        let opened = open(&other, ANNA, &sealed).await.unwrap();
        if opened != Opened::Erased {
            last_read = began;
        }
        opened == Opened::Erased
    })
    .await;
    assert!(last_read <= longest, "read {last_read:?} after it was erased");
}

#[tokio::test]
async fn a_cached_key_needs_no_database() {
    let settings = vaults_database("cached").await;
    let vault = vault(&settings);
    let sealed = seal(&vault, ANNA).await;
    run(&settings, "DROP SCHEMA vault CASCADE").await;
    is_readable(&vault, ANNA, &sealed).await;
    seal(&vault, ANNA).await;
    // Where it has to be asked it is, and of nobody as of somebody.
    assert!(matches!(vault.open_anew(ANNA, "email", &sealed).await, Err(Error::Database(_))));
    assert!(matches!(vault.ask_about_nobody().await, Err(Error::Database(_))));
    vault.forget(ANNA);
    assert!(matches!(open(&vault, ANNA, &sealed).await, Err(Error::Database(_))));
}

#[tokio::test]
async fn what_is_opened_anew_is_opened_as_ever() {
    let settings = vaults_database("anew").await;
    let (vault, another) = (vault(&settings), vault(&settings));
    let sealed = seal(&vault, ANNA).await;
    assert!(matches!(vault.open_anew(ANNA, "email", &sealed).await, Ok(Opened::Text(_))));
    assert!(vault.open_anew(BOB, "email", &sealed).await.is_err(), "it is not his");
    vault.ask_about_nobody().await.unwrap();
    another.erase(ANNA).await.unwrap();
    is_readable(&vault, ANNA, &sealed).await;
    assert_eq!(vault.open_anew(ANNA, "email", &sealed).await.unwrap(), Opened::Erased);
    assert_eq!(open(&vault, ANNA, &sealed).await.unwrap(), Opened::Erased, "and what it was told is kept");
}
