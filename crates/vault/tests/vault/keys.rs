//! Keys: made once, needed for ever, and never guessed at when they are missing.

use crate::*;
use tillroll_testkit::empty_database;
use tillroll_vault::prepare;
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread")]
async fn many_first_seals_at_once_make_one_key() {
    let settings = vaults_database("race").await;
    let mut seals = JoinSet::new();
    for _ in 0..20 {
        // Each as a process of its own: own connections, own cache.
        let vault = vault(&settings);
        seals.spawn(async move { seal(&vault, ANNA).await });
    }
    let sealed = seals.join_all().await;
    assert_eq!(number(&settings, "SELECT count(*) FROM vault.person_key").await, 1);
    let reader = vault(&settings);
    for sealed in &sealed {
        is_readable(&reader, ANNA, sealed).await;
    }
}

#[tokio::test]
async fn a_text_opens_only_where_it_was_sealed_for() {
    let settings = vaults_database("places").await;
    let vault = vault(&settings);
    let sealed = seal(&vault, ANNA).await;
    is_readable(&vault, ANNA, &sealed).await;
    seal(&vault, BOB).await;
    for refused in [vault.open(BOB, "email", &sealed).await, vault.open(ANNA, "name", &sealed).await] {
        assert!(
            matches!(&refused, Err(Error::Misplaced { person: ANNA, field }) if &**field == "email"),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn a_key_that_is_missing_without_a_tombstone_is_a_fault() {
    let settings = vaults_database("missing").await;
    let sealed = seal(&vault(&settings), ANNA).await;
    run(&settings, "DELETE FROM vault.person_key").await;
    let refused = open(&vault(&settings), ANNA, &sealed).await;
    assert!(matches!(refused, Err(Error::KeyMissing { key }) if key.person == ANNA), "{refused:?}");
    // A new key in its place opens new texts, and is not taken for the old one.
    let vault = vault(&settings);
    is_readable(&vault, ANNA, &seal(&vault, ANNA).await).await;
    let refused = open(&vault, ANNA, &sealed).await;
    assert!(matches!(refused, Err(Error::KeyReplaced { key }) if key.person == ANNA), "{refused:?}");
}

#[tokio::test]
async fn for_somebody_who_must_be_known_no_key_is_made() {
    let settings = vaults_database("known").await;
    let vault = vault(&settings);
    let known = async |person| vault.seal_for_known(person, COMMAND, "email", "canary@example.com").await;
    let refused = known(ANNA).await;
    assert!(matches!(refused, Err(Error::KeyMissing { key }) if key.person == ANNA), "{refused:?}");
    assert_eq!(number(&settings, "SELECT count(*) FROM vault.person_key").await, 0);
    seal(&vault, ANNA).await;
    is_readable(&vault, ANNA, &known(ANNA).await.unwrap()).await;
    vault.erase(ANNA).await.unwrap();
    let refused = known(ANNA).await;
    assert!(matches!(refused, Err(Error::Erased { key }) if key.person == ANNA), "{refused:?}");
}

#[tokio::test]
async fn a_key_under_another_persons_name_is_a_fault() {
    let settings = vaults_database("swapped").await;
    let sealed = seal(&vault(&settings), ANNA).await;
    seal(&vault(&settings), BOB).await;
    let swap = format!(
        "UPDATE vault.person_key SET wrapped = (SELECT wrapped FROM vault.person_key WHERE person = '{BOB}')
        WHERE person = '{ANNA}'"
    );
    run(&settings, &swap).await;
    let refused = open(&vault(&settings), ANNA, &sealed).await;
    assert!(matches!(refused, Err(Error::DamagedKey { key }) if key.person == ANNA), "{refused:?}");
}

#[tokio::test]
async fn another_master_key_is_noticed_before_anything_is_served() {
    let settings = vaults_database("stranger").await;
    let sealed = seal(&vault(&settings), ANNA).await;
    vault(&settings).check().await.unwrap();
    let stranger = vault_with(&settings, MasterKeys::new(master(2)));
    for refused in [stranger.check().await, open(&stranger, ANNA, &sealed).await.map(drop)] {
        assert!(matches!(refused, Err(Error::UnknownMaster { master: needed }) if needed == master(1).id()));
    }
}

#[tokio::test]
async fn a_process_with_another_master_key_makes_no_key_even_if_nobody_asked_it_to_check() {
    let settings = vaults_database("unchecked").await;
    seal(&vault(&settings), ANNA).await;
    let stranger = vault_with(&settings, MasterKeys::new(master(2)));
    let refused = stranger.seal(BOB, Uuid::from_u128(7), "name", "Bob").await;
    assert!(matches!(refused, Err(Error::UnknownMaster { master: needed }) if needed == master(1).id()));
    assert_eq!(vault(&settings).masters().await.unwrap(), [(master(1).id(), 1)]);
}

#[tokio::test]
async fn many_are_opened_with_one_question() {
    let settings = vaults_database("many").await;
    let writer = vault(&settings);
    let (anna, bob, erased) = (seal(&writer, ANNA).await, seal(&writer, BOB).await, Uuid::from_u128(0xe));
    let gone = seal(&writer, erased).await;
    writer.erase(erased).await.unwrap();
    let found = [(BOB, "email", &bob), (ANNA, "email", &anna), (erased, "email", &gone), (ANNA, "email", &anna)];
    let opened = vault(&settings).open_all(&found).await.unwrap();
    let canary = || text("canary@example.com");
    assert_eq!(opened, [canary(), canary(), Opened::Erased, canary()]);
    assert_eq!(vault(&settings).open_all(&[]).await.unwrap(), []);
    let wrong = [(ANNA, "email", &anna), (ANNA, "email", &bob)];
    assert!(matches!(vault(&settings).open_all(&wrong).await, Err(Error::Misplaced { .. })));
}

#[tokio::test]
async fn the_database_holds_no_plaintext_and_no_key_in_the_clear() {
    let settings = vaults_database("contents").await;
    seal(&vault(&settings), ANNA).await;
    let canary = "SELECT count(*) FROM vault.person_key AS k WHERE k::text LIKE '%canary%'";
    assert_eq!(number(&settings, canary).await, 0);
    assert_eq!(number(&settings, "SELECT octet_length(wrapped)::bigint FROM vault.person_key").await, 12 + 32 + 16);
}

#[tokio::test]
async fn a_vault_is_prepared_more_than_once() {
    let settings = empty_database("vault_prepared").await;
    prepare(&settings).await.unwrap();
    let sealed = seal(&vault(&settings), ANNA).await;
    prepare(&settings).await.unwrap();
    is_readable(&vault(&settings), ANNA, &sealed).await;
}

#[tokio::test]
async fn a_vault_shows_no_secret() {
    let settings = Settings::parse("postgres://anna:canary@127.0.0.1:1/nowhere", "test").unwrap();
    let masters = MasterKeys::new(MasterKey::from_text(&"5ec2".repeat(16)).unwrap());
    let shown = format!("{:?}", vault_with(&settings, masters));
    assert!(!shown.contains("canary") && !shown.contains("5ec2") && !shown.contains("94, 194"), "{shown}");
}

#[tokio::test]
async fn a_database_that_is_away_is_no_erasure() {
    let settings = Settings::parse("postgres://nobody@127.0.0.1:1/nowhere", "test").unwrap();
    let refused = vault(&settings).seal(ANNA, COMMAND, "email", "canary").await.unwrap_err();
    assert!(refused.is_unavailable(), "{refused:?}");
    assert!(!format!("{refused} {refused:?}").contains("canary"));
}
