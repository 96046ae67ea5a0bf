//! What the environment says is heeded everywhere, or refused with the variable's name.

use crate::generated::generate;
use e2e::{Outcome, shared};

#[test]
fn a_setting_that_cannot_be_meant_refuses_to_start_and_is_named() -> Outcome {
    shared(|system| async move {
        for (name, value, said) in [
            ("TILLROLL_PARTITION", "8", "TILLROLL_PARTITION: there is no such variable; is TILLROLL_PARTITIONS meant?"),
            ("TILLROLL_MAX_REQUESTS", "0", "TILLROLL_MAX_REQUESTS: 0 is not a number from 1 to 100000"),
            ("TILLROLL_MAX_REQUESTS", "18446744073709551615", "TILLROLL_MAX_REQUESTS: `18446744073709551615` is not"),
            ("TILLROLL_PARTITIONS", "0", "TILLROLL_PARTITIONS: 0 is not a number from 1 to 1000"),
            ("TILLROLL_ARGON2", "19456,1", "TILLROLL_ARGON2: `19456,1` is not KiB of memory and passes, from 19456,2"),
            ("TILLROLL_TRUSTED_PROXIES", "0.0.0.0/0", "TILLROLL_TRUSTED_PROXIES: `0.0.0.0/0` is not networks like"),
            ("TILLROLL_PROXY_HEADER", "x-real-ip", "TILLROLL_PROXY_HEADER: `x-real-ip` is not `x-forwarded-for` or"),
            ("TILLROLL_LOG_FORMAT", "xml", "TILLROLL_LOG_FORMAT: `xml` is not `text` or `json`"),
        ] {
            let refused = system.run_with(&[(name, value.to_owned())], &["serve", "all"]).await?;
            assert_eq!((refused.code, refused.out.as_str()), (Some(1), ""), "{refused:?}");
            assert!(refused.err.contains(said), "{refused:?}");
        }
        let in_one_database = [("TILLROLL_VAULT_URL", system.database_url().to_owned())];
        let refused = system.run_with(&in_one_database, &["serve", "users"]).await?;
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.err.contains("TILLROLL_VAULT_URL: is the database of the read models"), "{refused:?}");
        let listed = system.run_with(&[("TILLROLL_PARTITION", "8".to_owned())], &["settings"]).await?;
        assert!(listed.code == Some(0) && listed.out.contains("TILLROLL_PARTITIONS"), "{listed:?}");
        Ok(())
    })
}

#[test]
fn looking_at_topics_makes_no_keys() -> Outcome {
    shared(|system| async move {
        let home = system.home().join("an-operators");
        let elsewhere = [("TILLROLL_HOME", home.to_string_lossy().into_owned())];
        for command in ["check", "create"] {
            let ended = system.run_with(&elsewhere, &["topics", command]).await?;
            assert_eq!(ended.code, Some(0), "{ended:?}");
            assert!(!home.exists(), "`topics {command}` has made {}", home.display());
        }
        Ok(())
    })
}

#[test]
fn production_makes_no_keys_by_itself() -> Outcome {
    shared(|system| async move {
        let home = system.home().join("a-new-shop");
        let settings =
            [("TILLROLL_HOME", home.to_string_lossy().into_owned()), ("TILLROLL_ENVIRONMENT", "production".to_owned())];
        let refused = system.run_with(&settings, &["serve", "inventory"]).await?;
        assert!(refused.code == Some(1) && refused.err.contains("TILLROLL_HOME: there are no keys in"), "{refused:?}");
        assert!(!home.join("keys").exists());

        let made = system.run_with(&settings, &["keys", "create"]).await?;
        assert!(made.code == Some(0) && made.out.contains("the vault's master key among them"), "{made:?}");
        let listed = system.run_with(&settings, &["keys", "list"]).await?;
        assert!(listed.code == Some(0) && listed.out.contains("signs"), "{listed:?}");
        let hash = home.join("keys/command-hash.key");
        let before = std::fs::read(&hash)?;
        let again = system.run_with(&settings, &["keys", "create"]).await?;
        assert!(again.code == Some(1) && again.err.contains("is not empty"), "{again:?}");
        assert_eq!(std::fs::read(&hash)?, before);

        std::fs::remove_file(&hash)?;
        let lost = system.run_with(&settings, &["serve", "inventory"]).await?;
        assert!(lost.code == Some(1) && lost.err.contains("command-hash.key"), "{lost:?}");
        assert!(!hash.exists(), "nobody could log in under a new one");
        Ok(())
    })
}

#[test]
fn an_import_reaches_kafka_as_everything_else_does() -> Outcome {
    shared(|system| async move {
        let path = system.home().join("counted.csv");
        std::fs::write(&path, generate(8, 2013, 5).csv)?;
        let import = ["import", "online-retail", &path.to_string_lossy()];
        let counted = system.run(&import).await?;
        assert!(counted.code == Some(0) && counted.out.contains("records added to the log"), "{counted:?}");
        // This broker speaks no TLS: who asks it as configured gets no figure.
        let tls = [("TILLROLL_KAFKA_SECURITY_PROTOCOL", "ssl".to_owned())];
        let not_counted = system.run_with(&tls, &import).await?;
        assert!(
            not_counted.code == Some(0) && !not_counted.out.contains("records added to the log"),
            "{not_counted:?}"
        );
        Ok(())
    })
}
