//! What keeps a stack from starting is said in words that tell the way out.

use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt;

use tillroll_devstack::{Data, Stack, StackConfig, StackError};

use crate::clients::{config, nothing_is_left_below, start, tempdir};

async fn refusal(config: StackConfig) -> StackError {
    match Stack::start(config).await {
        Ok(_) => panic!("the stack started"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn a_taken_port_is_named_with_its_variable() {
    let root = tempdir();
    let squatter = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = squatter.local_addr().unwrap().port();
    let kafka = refusal(StackConfig { kafka_port: Some(port), ..config(root.path(), Data::Fresh) }).await.to_string();
    assert!(kafka.contains(&format!("port {port} for Kafka")) && kafka.contains("TILLROLL_KAFKA_PORT"), "{kafka}");
    let postgres = refusal(StackConfig { postgres_port: Some(port), ..config(root.path(), Data::Fresh) }).await;
    let postgres = postgres.to_string();
    assert!(postgres.contains("PostgreSQL") && postgres.contains("TILLROLL_POSTGRES_PORT"), "{postgres}");
}

#[tokio::test]
async fn a_fixed_port_is_used() {
    let root = tempdir();
    // Below the range that free ports are taken from. Another run of this suite may be at the same place just now.
    for port in 12_000..13_000 {
        match Stack::start(StackConfig { kafka_port: Some(port), ..config(root.path(), Data::Fresh) }).await {
            Err(StackError::PortTaken { .. }) => {}
            started => return assert_eq!(started.unwrap().bootstrap_servers(), format!("127.0.0.1:{port}")),
        }
    }
    panic!("all of a thousand ports are taken");
}

#[tokio::test]
async fn missing_jars_point_to_setup() {
    let root = tempdir();
    let error = refusal(StackConfig { jars: root.path().to_owned(), ..config(root.path(), Data::Fresh) }).await;
    assert!(error.to_string().contains("scripts/setup"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_stack_on_the_same_data_is_refused() {
    let root = tempdir();
    let first = start(root.path(), Data::Kept).await;
    let error = refusal(config(root.path(), Data::Kept)).await;
    let pid = std::process::id().to_string();
    assert!(matches!(&error, StackError::Locked { pid: holder, .. } if *holder == pid), "{error}");
    assert!(error.to_string().contains("scripts/down"), "{error}");
    drop(first);
    nothing_is_left_below(root.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_come_up_is_quoted() {
    let root = tempdir();
    start(root.path(), Data::Kept).await.stop().await.unwrap();
    let meta = root.path().join("data/kafka/meta.properties");
    std::fs::write(&meta, "version=1\ncluster.id=another\nnode.id=7\n").unwrap();
    let error = refusal(config(root.path(), Data::Kept)).await.to_string();
    assert!(
        error.contains("Kafka ended") && error.contains("kafka.log") && error.contains("Stored node id 7"),
        "{error}"
    );
    nothing_is_left_below(root.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_root_that_is_closed_to_postgres_has_its_data_elsewhere() {
    if !nix::unistd::geteuid().is_root() {
        return; // PostgreSQL then runs as ourselves, and nothing is closed to it.
    }
    let closed = tempdir();
    std::fs::set_permissions(closed.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let root = closed.path().join(".tillroll");
    for _ in 0..2 {
        // The second start finds what the first one made.
        start(&root, Data::Kept).await.stop().await.unwrap();
    }
    let data = root.join("data").read_link().unwrap();
    assert!(data.starts_with("/var/lib/tillroll") && data.join("postgres").is_dir(), "{}", data.display());
    std::fs::remove_dir_all(&data).unwrap();
    let stack = start(&root, Data::Fresh).await;
    assert!(!stack.logs().unwrap().starts_with(closed.path()));
    stack.stop().await.unwrap();
}
