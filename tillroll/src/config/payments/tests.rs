//! What production refuses, and that no secret is ever shown.

use super::*;
use crate::config::Variables;
use std::ffi::OsString;

const STRIPE: [(&str, &str); 2] =
    [("TILLROLL_PAYMENT_PROVIDER", "stripe"), ("TILLROLL_PAYMENT_RETURN_URL", "https://shop.example/back")];

fn config(settings: &[(&str, &str)]) -> Config {
    let settings = settings.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    Config::from_variables(Variables::read(settings).unwrap()).unwrap()
}

fn adapter(settings: &[(&str, &str)]) -> Result<Stripe, String> {
    let nowhere = || watch::channel(Vec::new()).1;
    config(settings).payment_adapter(nowhere).map_err(|error| error.to_string())
}

#[test]
fn development_has_the_sandbox_unless_it_says_otherwise() {
    assert_eq!(config(&[]).payment_provider().unwrap(), PaymentProvider::Sandbox);
    assert_eq!(config(&STRIPE).payment_provider().unwrap(), PaymentProvider::Stripe);
    assert!(config(&[("TILLROLL_PAYMENT_PROVIDER", "cash")]).payment_provider().is_err());
    assert!(adapter(&[]).is_ok());
}

#[test]
fn production_names_a_provider_who_holds_money() {
    let production = ("TILLROLL_ENVIRONMENT", "production");
    for wrong in [vec![production], vec![production, ("TILLROLL_PAYMENT_PROVIDER", "sandbox")]] {
        let refused = config(&wrong).payment_provider().unwrap_err().to_string();
        assert!(refused.starts_with("TILLROLL_PAYMENT_PROVIDER: "), "{refused}");
    }
}

#[tokio::test]
async fn stripe_needs_its_key_and_a_way_back_and_the_key_is_never_shown() {
    let refused = adapter(&STRIPE).unwrap_err();
    assert!(refused.starts_with("TILLROLL_STRIPE_SECRET_KEY: "), "{refused}");
    let key = ("TILLROLL_STRIPE_SECRET_KEY", "sk_live_canary");
    let refused = adapter(&[STRIPE[0], key]).unwrap_err();
    assert!(refused.starts_with("TILLROLL_PAYMENT_RETURN_URL: "), "{refused}");
    let shown = format!("{:?}", adapter(&[&STRIPE[..], &[key]].concat()).unwrap());
    assert!(!shown.contains("canary"), "{shown}");
    let refused = adapter(&[&STRIPE[..], &[key, ("TILLROLL_STRIPE_URL", "http://api.example")]].concat()).unwrap_err();
    assert!(refused.starts_with("TILLROLL_STRIPE_URL: ") && !refused.contains("canary"), "{refused}");
}

#[test]
fn books_are_compared_daily_unless_it_says_otherwise() {
    let every = |seconds| config(&[("TILLROLL_RECONCILE_SECONDS", seconds)]).reconcile_every().unwrap();
    assert_eq!(config(&[]).reconcile_every().unwrap(), Some(Duration::from_secs(86_400)));
    assert_eq!((every("0"), every("3600")), (None, Some(Duration::from_secs(3_600))));
    let refused = config(&[("TILLROLL_RECONCILE_SECONDS", "daily")]).reconcile_every().unwrap_err().to_string();
    assert!(refused.starts_with("TILLROLL_RECONCILE_SECONDS: "), "{refused}");
}

#[test]
fn a_secret_comes_from_the_environment_or_from_a_file_and_not_from_both() {
    let config = config(&[("TILLROLL_STRIPE_SECRET_KEY", "a"), ("TILLROLL_STRIPE_SECRET_KEY_FILE", "/nowhere")]);
    assert!(config.secret(SECRET_KEY).is_err());
    let config = self::config(&[("TILLROLL_STRIPE_SECRET_KEY_FILE", "/nowhere")]);
    let refused = config.secret(SECRET_KEY).unwrap_err().to_string();
    assert!(refused.starts_with("TILLROLL_STRIPE_SECRET_KEY_FILE: /nowhere"), "{refused}");
    assert_eq!(format!("{:?}", Secret("canary".to_owned())), "Secret(secret)");
}
