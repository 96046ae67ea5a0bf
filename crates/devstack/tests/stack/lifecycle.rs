//! Start, ask, pause, stop.

use std::time::Duration;

use tillroll_devstack::{Data, Mode, Stack, StackConfig, Tuning};

use crate::clients::{append, config, create_topic, nothing_is_left_below, read, sql, start, tempdir, working_below};

#[tokio::test(flavor = "multi_thread")]
async fn two_fresh_stacks_run_side_by_side_and_leave_nothing() {
    let root = tempdir();
    let (one, two) = tokio::join!(start(root.path(), Data::Fresh), start(root.path(), Data::Fresh));
    assert_ne!(one.bootstrap_servers(), two.bootstrap_servers());
    assert_ne!(one.database_url(), two.database_url());
    for stack in [&one, &two] {
        create_topic(stack);
        append(stack, "placed");
        assert_eq!(read(stack, 1), ["placed"]);
        let database = sql(stack.database_url(), "SELECT current_database()").await.unwrap();
        assert_eq!(database, ["tillroll"]);
    }
    let logs = one.logs().unwrap();
    assert!(logs.join("kafka.log").exists() && logs.join("postgres.log").exists());
    one.stop().await.unwrap();
    assert!(!logs.exists(), "fresh data and logs are removed");
    drop(two);
    nothing_is_left_below(root.path()).await;
    assert_eq!(std::fs::read_dir(root.path().join("fresh")).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_ones_own_is_made_once() {
    let root = tempdir();
    let stack = start(root.path(), Data::Fresh).await;
    let url = stack.create_database("test_one").await.unwrap();
    sql(&url, "CREATE TABLE till (id int)").await.unwrap();
    let again = stack.create_database("test_one").await.unwrap();
    assert_eq!(url, again);
    assert_eq!(sql(&again, "SELECT count(*) FROM till").await.unwrap(), ["0"]);
    assert!(sql(stack.database_url(), "SELECT * FROM till").await.is_err());
    let error = stack.create_database("x; DROP DATABASE tillroll").await.unwrap_err();
    assert!(error.to_string().contains("a-z, 0-9 and _"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_database_is_entered_by_its_own_role_only_and_survives_a_second_start() {
    let root = tempdir();
    let stack = start(root.path(), Data::Fresh).await;
    let url = stack.create_private_database("test_vault").await.unwrap();
    assert_eq!(sql(&url, "SELECT current_user").await.unwrap(), ["test_vault"]);
    sql(&url, "CREATE SCHEMA safe; CREATE TABLE safe.key (id int)").await.unwrap();
    assert_eq!(stack.create_private_database("test_vault").await.unwrap(), url, "made once");
    assert_eq!(sql(&url, "SELECT count(*) FROM safe.key").await.unwrap(), ["0"]);
    let other = stack.create_private_database("test_other").await.unwrap();
    let trespasser = format!("{}/test_vault", other.rsplit_once('/').unwrap().0);
    let error = sql(&trespasser, "SELECT 1").await.unwrap_err();
    assert_eq!(error.code(), Some(&tokio_postgres::error::SqlState::INSUFFICIENT_PRIVILEGE));
    let log = std::fs::read_to_string(stack.logs().unwrap().join("postgres.log")).unwrap();
    let password = url.split([':', '@']).nth(2).unwrap();
    assert!(password.len() > 20 && !log.contains(password), "the password stands in the server's log");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_without_the_password_is_refused() {
    let root = tempdir();
    let stack = start(root.path(), Data::Fresh).await;
    let port = stack.postgres().unwrap().port();
    let error = sql(&format!("postgres://tillroll:guess@127.0.0.1:{port}/tillroll"), "SELECT 1").await.unwrap_err();
    assert_eq!(error.code(), Some(&tokio_postgres::error::SqlState::INVALID_PASSWORD));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_server_is_silent_and_answers_when_resumed() {
    let root = tempdir();
    let stack = start(root.path(), Data::Fresh).await;
    let postgres = stack.postgres().unwrap();
    postgres.pause().unwrap();
    let asked = tokio::time::timeout(Duration::from_secs(1), sql(stack.database_url(), "SELECT 1")).await;
    assert!(asked.is_err(), "a paused PostgreSQL answered");
    postgres.resume().unwrap();
    assert_eq!(sql(stack.database_url(), "SELECT 1").await.unwrap(), ["1"]);

    let kafka = stack.kafka().unwrap();
    kafka.pause().unwrap();
    kafka.stop().await.unwrap();
    assert_eq!(kafka.pid(), None, "a paused server can be stopped");
    let error = kafka.pause().unwrap_err();
    assert_eq!(error.to_string(), "Kafka is not running");
    kafka.start_again().await.unwrap();
    let error = kafka.start_again().await.unwrap_err();
    assert_eq!(error.to_string(), "Kafka is running already");
}

#[test]
fn the_setup_has_made_the_class_data_archive() {
    let root = tempdir();
    let archive = config(root.path(), Data::Fresh).jars.join("kafka.jsa");
    let told = std::fs::metadata(&archive);
    assert!(told.is_ok(), "brokers start a second slower without {}: scripts/setup says why", archive.display());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unusable_class_data_archive_costs_time_and_nothing_else() {
    let root = tempdir();
    let jars = root.path().join("jars");
    std::fs::create_dir(&jars).unwrap();
    let fresh = config(root.path(), Data::Fresh);
    for jar in std::fs::read_dir(fresh.jars.canonicalize().unwrap()).unwrap().map(|entry| entry.unwrap().path()) {
        std::os::unix::fs::symlink(&jar, jars.join(jar.file_name().unwrap())).unwrap();
    }
    let archive = jars.join("kafka.jsa");
    let _there_or_not = std::fs::remove_file(&archive);
    std::fs::write(&archive, "not an archive").unwrap();
    let stack = Stack::start(StackConfig { jars, broker_tuning: Tuning::Bench, ..fresh }).await.unwrap();
    assert!(stack.kafka().unwrap().pid().is_some());
}

#[tokio::test]
async fn an_external_stack_starts_nothing() {
    let root = tempdir();
    let mode = Mode::External {
        bootstrap_servers: "broker.example:9092".to_owned(),
        database_url: "postgres://somebody@db.example/shop".to_owned(),
    };
    let stack = Stack::from_mode(mode, config(root.path(), Data::Kept)).await.unwrap();
    assert_eq!(stack.bootstrap_servers(), "broker.example:9092");
    assert_eq!(stack.database_url(), "postgres://somebody@db.example/shop");
    assert!(stack.kafka().is_err() && stack.postgres().is_err());
    assert!(working_below(root.path()).is_empty());
    assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0);
    stack.stop().await.unwrap();
}
