//! What the vault's keys and its database may not be.

use super::*;
use crate::config::Variables;
use std::ffi::OsString;

fn config(settings: &[(&str, &str)]) -> Config {
    let settings = settings.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    Config::from_variables(Variables::read(settings).unwrap()).unwrap()
}

#[test]
fn a_vault_in_the_database_of_the_read_models_is_refused() {
    let config = config(&[("DATABASE_URL", "postgres://shop:canary@localhost:5432/tillroll")]);
    let refused = config.vault_settings("postgres://vault:canary@127.0.0.1/tillroll").unwrap_err().to_string();
    assert!(refused.starts_with("TILLROLL_VAULT_URL: ") && refused.contains("DATABASE_URL"), "{refused}");
    assert!(!refused.contains("canary"), "{refused}");
    assert!(config.vault_settings("postgres://vault:canary@localhost/tillroll_vault").is_ok());
    let elsewhere = "postgres://shop@elsewhere/tillroll";
    assert!(config.vault_settings_beside("postgres://vault@elsewhere/tillroll", elsewhere).is_err());
}

#[test]
fn a_master_key_comes_from_the_environment_or_from_a_file_and_not_from_both() {
    let key = "7".repeat(64);
    let refused =
        |settings: &[(&str, &str)]| config(settings).master_keys(Missing::Refused).err().map(|e| e.to_string());
    assert_eq!(refused(&[(KEY, &key)]), None);
    let both = refused(&[(KEY, &key), (KEY_FILE, "/nowhere")]).unwrap();
    assert!(both.starts_with("TILLROLL_VAULT_KEY_FILE: is set besides TILLROLL_VAULT_KEY"), "{both}");
    let nowhere = refused(&[(KEY_FILE, "/nowhere")]).unwrap();
    assert!(nowhere.starts_with("TILLROLL_VAULT_KEY_FILE: "), "{nowhere}");
}
