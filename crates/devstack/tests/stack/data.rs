//! Kept data survives a clean stop, and a SIGKILL of either server.

use std::net::TcpListener;

use tillroll_devstack::Data;

use crate::clients::{append, create_topic, nothing_is_left_below, read, sql, start, tempdir};

#[tokio::test(flavor = "multi_thread")]
async fn kept_data_survives_a_clean_stop_and_a_change_of_ports() {
    let root = tempdir();
    let stack = start(root.path(), Data::Kept).await;
    create_topic(&stack);
    append(&stack, "placed");
    sql(stack.database_url(), "CREATE TABLE till AS SELECT 7 AS id").await.unwrap();
    let first = stack.bootstrap_servers().to_owned();
    stack.stop().await.unwrap();
    nothing_is_left_below(root.path()).await;

    // Else its port might be drawn again.
    let _squatter = TcpListener::bind(&first).unwrap();
    let stack = start(root.path(), Data::Kept).await;
    assert_ne!(stack.bootstrap_servers(), first);
    append(&stack, "confirmed");
    assert_eq!(read(&stack, 2), ["placed", "confirmed"]);
    assert_eq!(sql(stack.database_url(), "SELECT id FROM till").await.unwrap(), ["7"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn kept_records_survive_a_killed_broker() {
    let root = tempdir();
    let stack = start(root.path(), Data::Kept).await;
    let kafka = stack.kafka().unwrap();
    create_topic(&stack);
    append(&stack, "placed");
    let (pid, port) = (kafka.pid(), kafka.port());
    kafka.kill().await.unwrap();
    assert_eq!(kafka.pid(), None);
    kafka.start_again().await.unwrap();
    assert_ne!(kafka.pid(), pid);
    assert_eq!(kafka.port(), port);
    append(&stack, "confirmed");
    assert_eq!(read(&stack, 2), ["placed", "confirmed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn kept_rows_survive_a_killed_postgres() {
    let root = tempdir();
    let stack = start(root.path(), Data::Kept).await;
    let postgres = stack.postgres().unwrap();
    sql(stack.database_url(), "CREATE TABLE till (id int)").await.unwrap();
    for round in 1..=3 {
        sql(stack.database_url(), &format!("INSERT INTO till VALUES ({round})")).await.unwrap();
        postgres.kill().await.unwrap();
        assert!(sql(stack.database_url(), "SELECT 1").await.is_err());
        postgres.start_again().await.unwrap();
        let ids = sql(stack.database_url(), "SELECT count(*) FROM till").await.unwrap();
        assert_eq!(ids, [round.to_string()]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pid_file_that_names_a_stranger_does_not_keep_postgres_from_starting() {
    let root = tempdir();
    let stack = start(root.path(), Data::Kept).await;
    sql(stack.database_url(), "CREATE TABLE till AS SELECT 7 AS id").await.unwrap();
    let postgres = stack.postgres().unwrap();
    postgres.kill().await.unwrap();
    // After a restart of the machine (or the container) the old number may belong to anybody.
    let pid_file = root.path().join("data/postgres/postmaster.pid");
    let stale = std::fs::read_to_string(&pid_file).unwrap();
    let (_old, rest) = stale.split_once('\n').unwrap();
    let mut stranger = std::process::Command::new("sleep").arg("60").spawn().unwrap();
    std::fs::write(&pid_file, format!("{}\n{rest}", stranger.id())).unwrap();
    let started = postgres.start_again().await;
    stranger.kill().unwrap();
    stranger.wait().unwrap();
    started.unwrap();
    assert_eq!(sql(stack.database_url(), "SELECT id FROM till").await.unwrap(), ["7"]);
}
