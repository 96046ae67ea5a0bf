//! Erasure: final for every process, and stronger than any backup.

use crate::*;
use chrono::{DateTime, Utc};
use tillroll_vault::Receipt;
use tokio::task::JoinSet;

const BACK_UP: &str = "CREATE TABLE backup AS SELECT * FROM vault.person_key";
const RESTORE: &str = "TRUNCATE vault.person_key; INSERT INTO vault.person_key SELECT * FROM backup";

fn of_anna(erased_at: DateTime<Utc>) -> Receipt {
    Receipt { person: ANNA, erased_at }
}

#[tokio::test]
async fn what_was_erased_is_told_from_what_is_missing() {
    let settings = vaults_database("erased").await;
    let vault_of_anna = vault(&settings);
    let (anna, bob) = (seal(&vault_of_anna, ANNA).await, seal(&vault_of_anna, BOB).await);
    let receipt = vault_of_anna.erase(ANNA).await.unwrap();
    assert_eq!(receipt.person, ANNA);
    for vault in [vault_of_anna, vault(&settings)] {
        assert_eq!(open(&vault, ANNA, &anna).await.unwrap(), Opened::Erased);
        is_readable(&vault, BOB, &bob).await;
        let refused = vault.seal(ANNA, COMMAND, "email", "again").await;
        assert!(matches!(refused, Err(Error::Erased { key }) if key.person == ANNA), "{refused:?}");
    }
    assert_eq!(number(&settings, "SELECT count(*) FROM vault.person_key WHERE wrapped IS NULL").await, 1);
}

#[tokio::test]
async fn erasing_twice_gives_the_first_receipt() {
    let settings = vaults_database("erased_twice").await;
    let vault = vault(&settings);
    let first = vault.erase(ANNA).await.unwrap();
    assert_eq!(vault.erase(ANNA).await.unwrap(), first);
    let later = first.erased_at + Duration::from_secs(60);
    vault.entomb(&[of_anna(later)]).await.unwrap();
    assert_eq!(vault.erase(ANNA).await.unwrap(), first);
    // The log knows better when the vault came to it late.
    let earlier = first.erased_at - Duration::from_secs(60);
    vault.entomb(&[of_anna(earlier)]).await.unwrap();
    assert_eq!(vault.erase(ANNA).await.unwrap(), Receipt { person: ANNA, erased_at: earlier });
}

/// Until the vault hears of an erasure the key is there for every process to read.
#[tokio::test]
async fn how_long_a_key_is_gone_counts_from_when_it_went() {
    let settings = vaults_database("erased_late").await;
    let vault = vault(&settings);
    seal(&vault, ANNA).await;
    assert_eq!(vault.destroyed(ANNA).await.unwrap(), None);
    let long_ago: DateTime<Utc> = "2026-01-02T03:04:05Z".parse().unwrap();
    vault.entomb(&[of_anna(long_ago)]).await.unwrap();
    let gone = vault.destroyed(ANNA).await.unwrap().expect("it is gone");
    assert!(gone < Duration::from_secs(60), "{gone:?}");
    run(&settings, "UPDATE vault.person_key SET destroyed_at = destroyed_at - interval '1 hour'").await;
    vault.entomb(&[of_anna(long_ago - Duration::from_secs(600))]).await.unwrap();
    vault.erase(ANNA).await.unwrap();
    let gone = vault.destroyed(ANNA).await.unwrap().expect("it is gone");
    assert!(gone > Duration::from_secs(3_000), "it goes once: {gone:?}");
}

#[tokio::test]
async fn a_key_that_a_backup_brought_back_is_destroyed_by_the_log() {
    let settings = vaults_database("restored").await;
    let before = vault(&settings);
    let (anna, bob) = (seal(&before, ANNA).await, seal(&before, BOB).await);
    run(&settings, BACK_UP).await;
    let receipt = before.erase(ANNA).await.unwrap();
    run(&settings, RESTORE).await;
    let after = vault(&settings);
    is_readable(&after, ANNA, &anna).await;

    after.entomb(&[receipt, receipt]).await.unwrap();
    after.entomb(&[receipt]).await.unwrap();
    for vault in [after, vault(&settings)] {
        assert_eq!(open(&vault, ANNA, &anna).await.unwrap(), Opened::Erased);
        is_readable(&vault, BOB, &bob).await;
    }
    assert_eq!(vault(&settings).erase(ANNA).await.unwrap(), receipt);
}

#[tokio::test]
async fn a_tombstone_comes_back_even_if_the_backup_had_never_seen_the_person() {
    let settings = vaults_database("restored_empty").await;
    let vault_before = vault(&settings);
    run(&settings, BACK_UP).await;
    let sealed = seal(&vault_before, ANNA).await;
    let receipt = vault_before.erase(ANNA).await.unwrap();
    run(&settings, RESTORE).await;
    let vault = vault(&settings);
    assert!(matches!(open(&vault, ANNA, &sealed).await, Err(Error::KeyMissing { .. })));
    vault.entomb(&[receipt]).await.unwrap();
    assert_eq!(open(&vault, ANNA, &sealed).await.unwrap(), Opened::Erased);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_is_erased_while_sealing_begins_stays_erased() {
    let settings = vaults_database("erased_race").await;
    for person in (100..140).map(Uuid::from_u128) {
        let mut race = JoinSet::new();
        for turn in 0..6 {
            let vault = vault(&settings);
            race.spawn(async move {
                match turn {
                    3 => vault.erase(person).await.map(|_| None),
                    _ => vault.seal(person, COMMAND, "email", "canary").await.map(Some),
                }
            });
        }
        let reader = vault(&settings);
        for sealed in race.join_all().await {
            match sealed {
                Ok(Some(sealed)) => assert_eq!(open(&reader, person, &sealed).await.unwrap(), Opened::Erased),
                Ok(None) | Err(Error::Erased { .. }) => {}
                Err(other) => panic!("{other}"),
            }
        }
    }
    assert_eq!(number(&settings, "SELECT count(*) FROM vault.person_key WHERE wrapped IS NOT NULL").await, 0);
}
