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
