//! The law of repeats: a command that is applied twice adds nothing, at once or long after, to the same owner or to the
//! next. What an aggregate's `decide` does not recognise as a repeat, its owner does, by the command's id.

use crate::bench::{Bench, Told};
use proptest::prelude::*;
use std::time::Duration;
use tillroll_log::Aggregate;

/// What happens to a log.
#[derive(Clone, Debug)]
pub enum Step<C> {
    /// A new command comes.
    New(Way, C),
    /// One that has come before comes again: the one with this number among them, from the first again when they end.
    Again(usize),
    /// So many seconds pass, and deadlines fire.
    Seconds(u64),
    /// Another owner takes over.
    NewOwner,
}

/// How a command comes.
#[derive(Clone, Copy, Debug)]
pub enum Way {
    /// By HTTP, under an idempotency key.
    Http,
    /// By the commands topic, from a reactor.
    Topic,
}

/// Some of these commands in this order, each by either way, between repeats, owners and time.
pub fn story<C: Clone + std::fmt::Debug>(
    commands: impl Strategy<Value = Vec<C>>,
) -> impl Strategy<Value = Vec<Step<C>>> {
    let between = prop_oneof![
        6 => any::<usize>().prop_map(Between::Again),
        2 => (1..40_u64).prop_map(Between::Seconds),
        1 => Just(Between::NewOwner),
    ];
    let between = prop::collection::vec(between, 0..3);
    (commands, prop::collection::vec((any::<bool>(), between), 64)).prop_map(|(commands, seasoning)| {
        let steps = commands.into_iter().zip(seasoning.into_iter().cycle());
        let steps = steps.flat_map(|(command, (http, between))| {
            let way = if http { Way::Http } else { Way::Topic };
            std::iter::once(Step::New(way, command)).chain(between.into_iter().map(Between::step))
        });
        steps.collect()
    })
}

#[derive(Clone, Debug)]
enum Between {
    Again(usize),
    Seconds(u64),
    NewOwner,
}

impl Between {
    fn step<C>(self) -> Step<C> {
        match self {
            Self::Again(which) => Step::Again(which),
            Self::Seconds(seconds) => Step::Seconds(seconds),
            Self::NewOwner => Step::NewOwner,
        }
    }
}

/// Tells the story to two logs: one hears every command once, the other hears each twice at once and those that come
/// again once more. Both must hold the same events; the events, for a test that wants to know how far a story goes.
pub fn assert_twice_adds_nothing<A: Aggregate>(key: &str, story: &[Step<A::Command>]) -> Vec<String> {
    let (mut once, mut twice) = (Listener::<A>::new(key), Listener::<A>::new(key));
    for step in story {
        once.hear(step, 1, false);
        twice.hear(step, 2, true);
        assert_eq!(once.bench.events(), twice.bench.events(), "after {step:?}");
    }
    let state = |listener: &Listener<A>| format!("{:?}", listener.bench.state(key));
    assert_eq!(state(&once), state(&twice));
    once.bench.events().to_vec()
}

/// A log, and what it has heard.
struct Listener<'a, A: Aggregate> {
    bench: Bench<A>,
    key: &'a str,
    heard: Vec<(Way, A::Command)>,
    /// Which of them are known by their ids. One by HTTP that yielded no event is not: it may be asked again, and is
    /// decided again then.
    known: Vec<bool>,
}

impl<'a, A: Aggregate> Listener<'a, A> {
    fn new(key: &'a str) -> Self {
        Self { bench: Bench::new(), key, heard: Vec::new(), known: Vec::new() }
    }

    fn hear(&mut self, step: &Step<A::Command>, times: usize, again: bool) {
        match step {
            Step::New(way, command) => {
                self.heard.push((*way, command.clone()));
                let told = self.deliver(self.heard.len() - 1, times);
                self.known.push(told.first().is_none_or(|told| *told == Told::Applied));
                if let [Told::Applied, second] = told.as_slice() {
                    assert_eq!(*second, Told::Repeat, "{command:?}");
                }
            }
            Step::Again(_) if self.heard.is_empty() || !again => {}
            Step::Again(which) => {
                let which = which % self.heard.len();
                if self.known[which] {
                    let told = self.deliver(which, 1);
                    assert!(told.iter().all(|told| *told == Told::Repeat), "{told:?}");
                }
            }
            Step::Seconds(seconds) => self.bench.pass(Duration::from_secs(*seconds)),
            Step::NewOwner => self.bench.new_owner(),
        }
    }

    /// The answers; none if it came by topic.
    fn deliver(&mut self, which: usize, times: usize) -> Vec<Told> {
        let (way, command) = &self.heard[which];
        let id = which as u128;
        match way {
            Way::Http => self.bench.by_http(id, self.key, command, times),
            Way::Topic => {
                self.bench.by_topic(id, self.key, command, times);
                Vec::new()
            }
        }
    }
}
