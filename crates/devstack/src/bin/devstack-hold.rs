//! Holds a stack until it is told to end: the parent process that `tests/stack.rs` kills in every way, and a stack for
//! the hand. Prints one line a fact, then `ready`, then waits for SIGINT or SIGTERM and stops cleanly.
//!
//! `devstack-hold ROOT JARS [kept|fresh] [three] [bench] [panic]`: with `panic` the main thread panics once the stack
//! is ready.

use std::path::PathBuf;

use tillroll_devstack::{Brokers, Data, Server, Stack, StackConfig, StackError, Tuning};
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [root, jars, rest @ ..] = arguments.as_slice() else {
        return Err("usage: devstack-hold ROOT JARS [kept|fresh] [three] [bench] [panic]".into());
    };
    let says = |word: &str| rest.iter().any(|argument| argument == word);
    let stack = Stack::start(StackConfig {
        root: PathBuf::from(root),
        keep: if says("kept") { Data::Kept } else { Data::Fresh },
        brokers: if says("three") { Brokers::Three } else { Brokers::One },
        kafka_port: None,
        postgres_port: None,
        jars: PathBuf::from(jars),
        broker_tuning: if says("bench") { Tuning::Bench } else { Tuning::Dev },
    })
    .await?;
    // Asked for before `ready`, so that a signal after that line is never the default one.
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    introduce(&stack)?;
    if says("panic") {
        fall_over();
    }
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    stack.stop().await?;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the lines are this program's interface")]
fn introduce(stack: &Stack) -> Result<(), StackError> {
    let pid = |server: &Server| server.pid().map_or_else(|| "none".to_owned(), |pid| pid.to_string());
    println!("kafka {}", stack.bootstrap_servers());
    println!("postgres {}", stack.database_url());
    println!("kafka-pid {}", pid(stack.kafka()?));
    println!("postgres-pid {}", pid(stack.postgres()?));
    println!("ready");
    Ok(())
}

#[expect(clippy::panic, reason = "what happens to the servers when their parent panics is under test")]
fn fall_over() -> ! {
    panic!("as asked")
}
