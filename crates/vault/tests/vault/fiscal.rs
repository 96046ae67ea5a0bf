//! Fiscal keys: one a person and year, out of the reach of the person's erasure, gone when their term is over.

use crate::*;
use chrono::NaiveDate;
use tokio::task::JoinSet;

async fn seal_invoice(vault: &Vault, year: u16) -> Sealed {
    vault.seal_fiscal(ANNA, year, COMMAND, "email", "canary@example.com").await.unwrap()
}

fn new_year(year: i32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, 1, 1).unwrap()
}

#[tokio::test]
async fn an_invoice_outlives_the_person_until_its_term_is_over() {
    let settings = vaults_database("fiscal").await;
    let vault_a = vault(&settings);
    let personal = seal(&vault_a, ANNA).await;
    let (old, young) = (seal_invoice(&vault_a, 2014).await, seal_invoice(&vault_a, 2015).await);
    vault_a.erase(ANNA).await.unwrap();
    assert_eq!(open(&vault_a, ANNA, &personal).await.unwrap(), Opened::Erased);
    is_readable(&vault_a, ANNA, &old).await;

    assert_eq!(vault_a.erase_fiscal(new_year(2015)).await.unwrap(), 1);
    for vault in [vault_a, vault(&settings)] {
        assert_eq!(open(&vault, ANNA, &old).await.unwrap(), Opened::Erased);
        is_readable(&vault, ANNA, &young).await;
        // A credit note for someone who was erased.
        let note = seal_invoice(&vault, 2016).await;
        is_readable(&vault, ANNA, &note).await;
        let refused = vault.seal_fiscal(ANNA, 2014, COMMAND, "email", "too late").await;
        assert!(matches!(refused, Err(Error::Erased { .. })), "{refused:?}");
    }
}

#[tokio::test]
async fn for_somebody_who_is_unknown_or_was_erased_no_fiscal_key_is_made() {
    let settings = vaults_database("fiscal_known").await;
    let vault = vault(&settings);
    let known = async |person| vault.seal_fiscal_for_known(person, 2014, COMMAND, "email", "canary@example.com").await;
    let refused = known(ANNA).await;
    assert!(matches!(refused, Err(Error::KeyMissing { key }) if key == KeyName::personal(ANNA)), "{refused:?}");
    seal(&vault, ANNA).await;
    is_readable(&vault, ANNA, &known(ANNA).await.unwrap()).await;
    vault.erase(ANNA).await.unwrap();
    let refused = known(ANNA).await;
    assert!(matches!(refused, Err(Error::Erased { key }) if key == KeyName::personal(ANNA)), "{refused:?}");
    assert_eq!(number(&settings, "SELECT count(*) FROM vault.person_key").await, 2);
}

#[tokio::test]
async fn the_vault_tells_until_which_year_somebody_stands_on_documents_and_how_many_keys_would_go() {
    let settings = vaults_database("fiscal_told").await;
    let vault = vault(&settings);
    let told = async |person| vault.last_fiscal_year(person).await.unwrap();
    assert_eq!(told(ANNA).await, None);
    for year in [2015, 2013, 2014] {
        seal_invoice(&vault, year).await;
    }
    vault.seal_fiscal(BOB, 2013, COMMAND, "email", "canary@example.com").await.unwrap();
    assert_eq!((told(ANNA).await, told(BOB).await), (Some(2015), Some(2013)));
    for (before, keys) in [(2013, 0), (2014, 2), (2015, 3)] {
        assert_eq!(vault.fiscal_keys(new_year(before)).await.unwrap(), keys, "before {before}");
    }
    assert_eq!(vault.erase_fiscal(new_year(2014)).await.unwrap(), 2);
    assert_eq!((told(ANNA).await, told(BOB).await), (Some(2015), None));
}

#[tokio::test]
async fn a_year_that_is_not_over_is_not_destroyed() {
    let settings = vaults_database("fiscal_open").await;
    let vault = vault(&settings);
    let sealed = seal_invoice(&vault, 2014).await;
    let refused = vault.erase_fiscal(new_year(9999)).await;
    assert!(matches!(refused, Err(Error::YearNotOver { year: 9998 })), "{refused:?}");
    // The middle of a year is not the end of it.
    assert_eq!(vault.erase_fiscal(NaiveDate::from_ymd_opt(2014, 12, 31).unwrap()).await.unwrap(), 0);
    is_readable(&vault, ANNA, &sealed).await;
}

#[tokio::test]
async fn fiscal_keys_that_a_backup_brought_back_are_destroyed_again() {
    let settings = vaults_database("fiscal_restored").await;
    let vault_a = vault(&settings);
    let sealed = seal_invoice(&vault_a, 2014).await;
    run(&settings, "CREATE TABLE backup AS SELECT * FROM vault.person_key").await;
    assert_eq!(vault_a.erase_fiscal(new_year(2020)).await.unwrap(), 1);
    // A lower floor does not undo a higher one.
    assert_eq!(vault_a.erase_fiscal(new_year(2001)).await.unwrap(), 0);
    run(&settings, "INSERT INTO vault.person_key SELECT * FROM backup").await;
    assert_eq!(open(&vault(&settings), ANNA, &sealed).await.unwrap(), Opened::Erased, "the floor alone says no");
    run(&settings, "UPDATE vault.fiscal_floor SET before = 0").await;
    assert_eq!(vault_a.erase_fiscal(new_year(2020)).await.unwrap(), 1);
    assert_eq!(open(&vault(&settings), ANNA, &sealed).await.unwrap(), Opened::Erased);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_fiscal_key_is_made_behind_the_back_of_those_who_destroy() {
    let settings = vaults_database("fiscal_race").await;
    for year in 1950..1980_u16 {
        let mut race = JoinSet::new();
        for turn in 0..6 {
            let vault = vault(&settings);
            race.spawn(async move {
                match turn {
                    2 => vault.erase_fiscal(new_year(i32::from(year) + 1)).await.map(|_| ()),
                    _ => vault.seal_fiscal(Uuid::from_u128(turn), year, COMMAND, "email", "x").await.map(|_| ()),
                }
            });
        }
        for outcome in race.join_all().await {
            assert!(matches!(outcome, Ok(()) | Err(Error::Erased { .. })), "{outcome:?}");
        }
        assert_eq!(number(&settings, "SELECT count(*) FROM vault.person_key").await, 0, "{year}");
    }
}
