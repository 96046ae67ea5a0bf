//! Rotation of the master key: in batches, resumable, with both readable meanwhile.

use crate::*;
use tillroll_vault::{Kind, Rotated};
use tokio::task::JoinSet;

const PERSONS: u128 = 20;

/// Fails on the 15th key that is wrapped anew.
const BREAK: &str = "
    CREATE SEQUENCE rewrapped;
    CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF nextval('rewrapped') > 14 THEN RAISE EXCEPTION 'interrupted'; END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER fail BEFORE UPDATE ON vault.person_key FOR EACH ROW EXECUTE FUNCTION fail();";

fn old() -> MasterKeys {
    MasterKeys::new(master(1))
}

fn both() -> MasterKeys {
    MasterKeys::new(master(2)).also(master(1))
}

/// Texts under 25 keys: each person's own, and five fiscal ones of two of them.
async fn sealed(settings: &Settings) -> Vec<(Uuid, Sealed)> {
    let vault = vault_with(settings, old());
    let mut sealed = Vec::new();
    for person in (0..PERSONS).map(Uuid::from_u128) {
        sealed.push((person, seal(&vault, person).await));
    }
    for (person, year) in [(0, 2024), (0, 2025), (0, 2026), (1, 2025), (1, 2026)] {
        let person = Uuid::from_u128(person);
        let fiscal = vault.seal_fiscal(person, year, COMMAND, "email", "canary@example.com").await.unwrap();
        sealed.push((person, fiscal));
    }
    sealed
}

async fn all_are_readable(settings: &Settings, masters: MasterKeys, sealed: &[(Uuid, Sealed)]) {
    let vault = vault_with(settings, masters);
    vault.check().await.unwrap();
    for (person, sealed) in sealed {
        is_readable(&vault, *person, sealed).await;
    }
}

#[tokio::test]
async fn after_a_rotation_the_old_master_key_is_needed_no_more() {
    let settings = vaults_database("rotation").await;
    let sealed = sealed(&settings).await;
    let vault = vault_with(&settings, both());
    assert_eq!(vault.rotate().await.unwrap(), Rotated { rewrapped: 25, left: 0 });
    assert_eq!(vault.rotate().await.unwrap(), Rotated { rewrapped: 0, left: 0 });
    assert_eq!(vault.masters().await.unwrap(), [(master(2).id(), 25)]);
    all_are_readable(&settings, MasterKeys::new(master(2)), &sealed).await;
    assert!(vault_with(&settings, old()).check().await.is_err());
}

#[tokio::test]
async fn a_rotation_that_was_interrupted_goes_on_where_it_stopped() {
    let settings = vaults_database("rotation_resumed").await;
    let sealed = sealed(&settings).await;
    let interrupted = vault_with(&settings, both());
    run(&settings, BREAK).await;
    assert_eq!(interrupted.rewrap(10).await.unwrap(), 10);
    assert!(matches!(interrupted.rewrap(10).await, Err(Error::Database(_))));
    drop(interrupted);
    let counts = [(master(1).id(), 15), (master(2).id(), 10)];
    let mut found = vault_with(&settings, both()).masters().await.unwrap();
    found.sort_by_key(|(_, keys)| std::cmp::Reverse(*keys));
    assert_eq!(found, counts, "a batch is all or nothing");
    all_are_readable(&settings, both(), &sealed).await;
    all_are_readable(&settings, MasterKeys::new(master(1)).also(master(2)), &sealed).await;

    run(&settings, "DROP TRIGGER fail ON vault.person_key").await;
    let resumed = vault_with(&settings, both());
    assert_eq!(resumed.rotate().await.unwrap(), Rotated { rewrapped: 15, left: 0 });
    all_are_readable(&settings, MasterKeys::new(master(2)), &sealed).await;
}

#[tokio::test]
async fn a_rotation_without_the_old_master_key_changes_nothing() {
    let settings = vaults_database("rotation_blind").await;
    let sealed = sealed(&settings).await;
    let blind = vault_with(&settings, MasterKeys::new(master(2)).also(master(3)));
    let refused = blind.rotate().await;
    assert!(matches!(refused, Err(Error::UnknownMaster { master: needed }) if needed == master(1).id()));
    all_are_readable(&settings, old(), &sealed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rotations_erasures_and_seals_go_on_beside_each_other() {
    let settings = vaults_database("rotation_busy").await;
    let sealed = sealed(&settings).await;
    let mut busy = JoinSet::new();
    for _ in 0..2 {
        let vault = vault_with(&settings, both());
        busy.spawn(async move { while vault.rewrap(3).await.unwrap() > 0 {} });
    }
    let vault = vault_with(&settings, MasterKeys::new(master(1)).also(master(2)));
    busy.spawn(async move {
        for person in (0..PERSONS).map(Uuid::from_u128) {
            match person.as_u128() % 2 {
                0 => drop(vault.erase(person).await.unwrap()),
                _ => drop(seal(&vault, person).await),
            }
        }
    });
    busy.join_all().await;
    let reader = vault_with(&settings, both());
    assert_eq!(reader.rotate().await.unwrap().left, 0);
    for (person, sealed) in &sealed {
        match (person.as_u128() % 2, sealed.label().unwrap().key.kind) {
            (0, Kind::Personal) => assert_eq!(open(&reader, *person, sealed).await.unwrap(), Opened::Erased),
            _ => is_readable(&reader, *person, sealed).await,
        }
    }
}
