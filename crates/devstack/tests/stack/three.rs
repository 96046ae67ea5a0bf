//! Three brokers: any one may be killed, and what was acknowledged is still there.

use std::time::{Duration, Instant};

use tillroll_devstack::{Brokers, Data, Stack, StackConfig, StackError};

use crate::clients::{TOPIC, append, config, nothing_is_left_below, read, tempdir, topics};

const REPLICATED: [&str; 8] =
    ["--create", "--topic", TOPIC, "--partitions", "1", "--replication-factor", "3", "--if-not-exists"];

async fn in_sync(stack: &Stack) {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let partitions = stack.partitions().await.unwrap();
        let of_topic: Vec<_> = partitions.iter().filter(|each| each.topic == TOPIC).collect();
        let [one] = of_topic[..] else { panic!("{of_topic:?}") };
        assert_eq!(one.replicas.len(), 3, "{one:?}");
        if one.in_sync.len() == 3 {
            return;
        }
        assert!(Instant::now() < deadline, "{one:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn any_broker_may_be_killed_and_everything_is_still_there_after_a_stop() {
    let root = tempdir();
    let three = || StackConfig { brokers: Brokers::Three, ..config(root.path(), Data::Kept) };
    let stack = Stack::start(three()).await.unwrap();
    assert_eq!(stack.bootstrap_servers().split(',').count(), 3);
    topics(&stack, &REPLICATED);
    append(&stack, "one");

    let [first, second, third] = stack.brokers().unwrap() else { panic!("not three") };
    for (nth, broker) in [first, second, third].into_iter().enumerate() {
        broker.kill().await.unwrap();
        append(&stack, &format!("without {}", nth + 1));
        broker.start_again().await.unwrap();
        // Two of three must be in sync, so the next may not be killed before.
        in_sync(&stack).await;
    }
    let everything = ["one", "without 1", "without 2", "without 3"];
    assert_eq!(read(&stack, 4), everything);
    stack.end_memberships(&["nobody"]).await.unwrap();
    stack.stop().await.unwrap();
    nothing_is_left_below(root.path()).await;

    let one = Stack::start(config(root.path(), Data::Kept)).await;
    assert!(matches!(&one, Err(StackError::OtherBrokers { kept: 3, .. })), "{one:?}");
    let stack = Stack::start(three()).await.unwrap();
    assert_eq!(read(&stack, 4), everything);
    stack.stop().await.unwrap();
}
