//! What the environment may say of a stack, and what is refused.

use super::*;

fn lookup<'a>(pairs: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
    move |name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
}

#[test]
fn native_is_the_default() {
    assert_eq!(Mode::from_lookup(lookup(&[])).unwrap(), Mode::Native);
    assert_eq!(Mode::from_lookup(lookup(&[(STACK_VARIABLE, "native")])).unwrap(), Mode::Native);
}

#[test]
fn an_unknown_mode_names_the_variable() {
    let error = Mode::from_lookup(lookup(&[(STACK_VARIABLE, "cloud")])).unwrap_err();
    assert_eq!(error.to_string(), "TILLROLL_STACK: `cloud` is none of `native`, `containers` and `external`");
}

#[test]
fn external_needs_both_addresses_and_names_the_missing_one() {
    let error = Mode::from_lookup(lookup(&[(STACK_VARIABLE, "external"), (BOOTSTRAP_VARIABLE, "k:1")])).unwrap_err();
    assert_eq!(error.to_string(), "DATABASE_URL: must be set when TILLROLL_STACK=external");
    let both = [(STACK_VARIABLE, "external"), (BOOTSTRAP_VARIABLE, "k:1"), (DATABASE_VARIABLE, "postgres://u@h/d")];
    let mode = Mode::from_lookup(lookup(&both)).unwrap();
    assert_eq!(
        mode,
        Mode::External { bootstrap_servers: "k:1".to_owned(), database_url: "postgres://u@h/d".to_owned() }
    );
}

#[test]
fn a_port_that_is_none_names_the_variable() {
    for bad in ["0", "70000", "kafka"] {
        let error = StackConfig::from_lookup(".x", Data::Kept, lookup(&[(KAFKA_PORT_VARIABLE, bad)])).unwrap_err();
        assert_eq!(error.to_string(), format!("TILLROLL_KAFKA_PORT: `{bad}` is not a port (1 to 65535)"));
    }
}

#[test]
fn jars_are_below_the_root_unless_said_otherwise() {
    let config = StackConfig::from_lookup(".x", Data::Kept, lookup(&[])).unwrap();
    assert_eq!(config.jars, Path::new(".x/kafka-libs"));
    let config = StackConfig::from_lookup(".x", Data::Kept, lookup(&[(JARS_VARIABLE, "/opt/jars")])).unwrap();
    assert_eq!(config.jars, Path::new("/opt/jars"));
}

#[test]
fn there_are_one_or_three_brokers() {
    let config = |value: &'static str| StackConfig::from_lookup(".x", Data::Kept, lookup(&[(BROKERS_VARIABLE, value)]));
    assert_eq!(StackConfig::from_lookup(".x", Data::Kept, lookup(&[])).unwrap().brokers, Brokers::One);
    assert_eq!(config("1").unwrap().brokers, Brokers::One);
    assert_eq!(config("3").unwrap().brokers, Brokers::Three);
    for bad in ["2", "0", "three"] {
        let error = config(bad).unwrap_err().to_string();
        assert_eq!(error, format!("TILLROLL_BROKERS: `{bad}` is neither 1 nor 3"));
    }
}

#[test]
fn containers_are_of_the_official_images_unless_said_otherwise() {
    let mode = Mode::from_lookup(lookup(&[(STACK_VARIABLE, "containers")])).unwrap();
    assert_eq!(mode, Mode::Containers(Images::default()));
    let own = [(STACK_VARIABLE, "containers"), (POSTGRES_IMAGE_VARIABLE, "registry.local/postgres:17")];
    let images = Images { postgres: "registry.local/postgres:17".to_owned(), ..Images::default() };
    assert_eq!(Mode::from_lookup(lookup(&own)).unwrap(), Mode::Containers(images));
}
