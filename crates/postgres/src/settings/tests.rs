//! Tests of the settings.

use super::*;

#[test]
fn the_debug_form_shows_no_password() -> Result<(), Error> {
    let settings = Settings::parse("postgres://anna:canary@localhost/tillroll", "test")?;
    assert!(!format!("{settings:?} {:?}", settings.session()).contains("canary"));
    Ok(())
}

#[test]
fn a_malformed_url_is_refused_without_repeating_it() {
    let refused = Settings::parse("postgres://anna:canary@localhost:none/tillroll", "test");
    let text = format!("{refused:?}");
    assert!(refused.is_err() && !text.contains("canary"), "{text}");
}

#[test]
fn options_of_the_url_are_kept_beside_our_own() -> Result<(), Error> {
    let settings = Settings::parse("postgres://anna@localhost/tillroll?options=-c%20work_mem%3D8MB", "test")?;
    let session = settings.read_only().session();
    let options = session.get_options().unwrap_or_default();
    assert!(options.starts_with("-c work_mem=8MB -c statement_timeout=30000"), "{options}");
    assert!(options.ends_with("-c default_transaction_read_only=on"), "{options}");
    Ok(())
}

#[test]
fn a_database_is_the_same_whoever_asks_and_however_it_is_spelled() -> Result<(), Error> {
    let shop = Settings::parse("postgres://anna:one@localhost/tillroll", "shop")?;
    for (url, same) in [
        ("postgres://vault:two@LOCALHOST:5432/tillroll", true),
        ("postgresql://vault@127.0.0.1/tillroll?sslmode=disable", true),
        ("host=elsewhere,localhost user=vault dbname=tillroll", true),
        ("host=localhost user=tillroll", true),
        ("postgres://anna:one@localhost/vault", false),
        ("postgres://anna:one@localhost:5433/tillroll", false),
        ("postgres://anna:one@elsewhere/tillroll", false),
    ] {
        assert_eq!(Settings::parse(url, "vault")?.is_same_database(&shop), same, "{url}");
    }
    Ok(())
}
