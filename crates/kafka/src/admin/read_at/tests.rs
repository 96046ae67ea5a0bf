//! How many may ask at once, and what becomes of questions whose asker has gone.

use std::pin::Pin;
use std::task::{Context, Poll, Waker as TaskWaker};

use super::*;
use crate::{Admin, Config};

type Asked<'a> = Pin<Box<dyn Future<Output = Result<Option<Arc<Record>>, KafkaError>> + 'a>>;

fn poll(asked: &mut Asked<'_>) -> Poll<Result<Option<Arc<Record>>, KafkaError>> {
    asked.as_mut().poll(&mut Context::from_waker(TaskWaker::noop()))
}

#[test]
fn no_more_questions_wait_than_may_and_those_whose_asker_has_gone_hold_nobody_up() {
    // Nobody answers there.
    let admin = Admin::new(&Config::new("127.0.0.1:1")).unwrap();
    let topic = Topic::from("orders");
    let ask = || -> Asked<'_> { Box::pin(admin.read_at(&topic, PartitionId(0), Offset(0))) };
    let mut waiting: Vec<_> = (0..2 * MOST_QUESTIONS).map(|_| ask()).collect();
    let refused = waiting.iter_mut().map(poll).filter(|answer| {
        assert!(matches!(answer, Poll::Pending | Poll::Ready(Err(KafkaError::Overloaded { .. }))), "{answer:?}");
        answer.is_ready()
    });
    // One more than may wait, if the thread has taken one already.
    assert!((MOST_QUESTIONS - 1..=MOST_QUESTIONS).contains(&refused.count()));
    drop(waiting);
    // None of them is looked up any more: soon as many may ask as before.
    let begun = Instant::now();
    let mut pause = Duration::from_millis(10);
    loop {
        let mut again: Vec<_> = (0..MOST_QUESTIONS).map(|_| ask()).collect();
        if !again.iter_mut().any(|asked| poll(asked).is_ready()) {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(3), "there is no room yet");
        drop(again);
        // Those stand in the way now: on a busy machine for longer.
        std::thread::sleep(pause);
        pause *= 2;
    }
}
