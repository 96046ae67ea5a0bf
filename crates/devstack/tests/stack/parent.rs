//! However the parent ends, nothing of its stack is left running.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use tillroll_devstack::Data;

use crate::clients::{config, nothing_is_left_below, sql, start, tempdir, working_below};

/// Starts `devstack-hold` in a process group of its own, as a shell would, and waits until its stack is ready.
fn hold(root: &Path, words: &[&str]) -> Child {
    let mut parent = Command::new(env!("CARGO_BIN_EXE_devstack-hold"))
        .arg(root)
        .arg(config(root, Data::Fresh).jars)
        .args(words)
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(parent.stdout.as_mut().unwrap()).lines();
    let ready = lines.map_while(Result::ok).any(|line| line == "ready");
    assert!(ready, "the parent ended before its stack was ready");
    parent
}

/// What Ctrl-C does: the signal goes to the whole process group of the terminal's foreground.
fn press(signal: Signal, parent: &Child) {
    killpg(Pid::from_raw(i32::try_from(parent.id()).unwrap()), signal).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_after_the_parent_is_killed_and_its_root_can_be_used_at_once() {
    let root = tempdir();
    let mut parent = hold(root.path(), &["kept"]);
    assert!(working_below(root.path()).len() > 4, "the servers were found while they ran");
    parent.kill().unwrap();
    parent.wait().unwrap();
    let stack = start(root.path(), Data::Kept).await;
    assert_eq!(sql(stack.database_url(), "SELECT 1").await.unwrap(), ["1"]);
    stack.stop().await.unwrap();
    nothing_is_left_below(root.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_after_a_fresh_parent_is_killed_and_its_data_is_swept() {
    let root = tempdir();
    let mut parent = hold(root.path(), &[]);
    parent.kill().unwrap();
    parent.wait().unwrap();
    nothing_is_left_below(root.path()).await;
    let left = || std::fs::read_dir(root.path().join("fresh")).unwrap().count();
    assert_eq!(left(), 1, "nobody could remove the data of a killed process");
    start(root.path(), Data::Fresh).await.stop().await.unwrap();
    assert_eq!(left(), 0, "the next stack swept it");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_after_the_parent_panics() {
    let root = tempdir();
    let mut parent = hold(root.path(), &["panic"]);
    assert!(!parent.wait().unwrap().success());
    nothing_is_left_below(root.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_stops_everything_cleanly() {
    let root = tempdir();
    let mut parent = hold(root.path(), &["kept"]);
    press(Signal::SIGINT, &parent);
    assert!(parent.wait().unwrap().success(), "the parent stopped its stack itself");
    nothing_is_left_below(root.path()).await;
    let log = std::fs::read_to_string(root.path().join("logs/postgres.log")).unwrap();
    assert!(log.contains("database system is shut down"), "{log}");
    assert!(!root.path().join("data/postgres/postmaster.pid").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_were_paused_when_their_parent_was_killed_are_ended_by_the_next_start() {
    let root = tempdir();
    let mut parent = hold(root.path(), &["kept"]);
    for (pid, _) in working_below(root.path()) {
        match kill(Pid::from_raw(pid), Signal::SIGSTOP) {
            // PostgreSQL's process of a connection that was just closed.
            Ok(()) | Err(Errno::ESRCH) => {}
            Err(error) => panic!("{pid}: {error}"),
        }
    }
    parent.kill().unwrap();
    parent.wait().unwrap();
    let stack = start(root.path(), Data::Kept).await;
    assert_eq!(sql(stack.database_url(), "SELECT 1").await.unwrap(), ["1"]);
    stack.stop().await.unwrap();
    nothing_is_left_below(root.path()).await;
}
