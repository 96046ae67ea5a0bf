//! Effects of one partition: what waits and what is under way, in order within a key, beside each other across keys, so
//! many at once. Nothing of it is kept: what is not done when the partition is let go, the next owner does.

use super::{Control, DRAIN};
use crate::caught::{Panicked, caught};
use crate::{Aggregate, Cause, CommandId, EFFECT_WITHIN, EffectFuture, Effects, Key, LogId, Offset, Outgoing, Source};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout};

/// Effects of one partition that ask the outside world at the same time.
const AT_ONCE: usize = 64;
/// What was caused before this owner's claim waits so long: the owner before may be in the middle of it, and may take
/// [`DRAIN`] to record what came of it.
const RESTS: Duration = DRAIN.saturating_add(Duration::from_secs(1));

/// How long the next of an aggregate waits until the outcome before is recorded. A command that nobody can read never is.
const RECORDED_WITHIN: Duration = Duration::from_secs(10);

/// What one event does outside.
struct Deed<A: Aggregate> {
    cause: Cause,
    log: LogId,
    event: Arc<A::Event>,
    effect: EffectFuture,
}

/// What came of it: the commands that record it, none if that is unknown.
pub(in crate::runtime) struct Done {
    pub(super) cause: Cause,
    pub(super) log: LogId,
    pub(super) outgoing: Result<Vec<Outgoing>, serde_json::Error>,
}

/// The effects of one partition.
pub(super) struct Doing<A: Aggregate> {
    effects: Arc<dyn Effects<A>>,
    to_control: mpsc::UnboundedSender<Control>,
    /// What waits, by key.
    lanes: HashMap<Key, VecDeque<Deed<A>>>,
    /// The keys whose first may begin.
    turns: VecDeque<Key>,
    /// The keys whose first may begin at that time.
    resting: Option<(Instant, VecDeque<Key>)>,
    /// The keys of which one is under way.
    under_way: HashMap<Key, AbortHandle>,
    /// The keys whose last outcome is being recorded: which commands have to end, and for how long that is waited for.
    recording: HashMap<Key, (Vec<(Source, CommandId)>, Instant)>,
    ending: bool,
}

impl<A: Aggregate> Doing<A> {
    pub(super) fn new(effects: Arc<dyn Effects<A>>, to_control: mpsc::UnboundedSender<Control>) -> Self {
        Self {
            effects,
            to_control,
            lanes: HashMap::new(),
            turns: VecDeque::new(),
            resting: None,
            under_way: HashMap::new(),
            recording: HashMap::new(),
            ending: false,
        }
    }

    /// What the event does outside, to be done after whatever its aggregate does already; whether there is anything.
    pub(super) fn add(&mut self, cause: &Cause, log: LogId, event: &Arc<A::Event>) -> Result<bool, Panicked> {
        let Some(effect) = caught("the effects", || self.effects.on_event(cause, event))? else { return Ok(false) };
        let deed = Deed { cause: cause.clone(), log, event: event.clone(), effect };
        let lane = self.lanes.entry(cause.key.clone()).or_default();
        if lane.is_empty() && !self.under_way.contains_key(&cause.key) && !self.recording.contains_key(&cause.key) {
            self.turns.push_back(cause.key.clone());
        }
        lane.push_back(deed);
        Ok(true)
    }

    /// Whether anything of the key waits.
    pub(super) fn waits(&self, key: &Key) -> bool {
        self.lanes.contains_key(key)
    }

    /// Drops what the aggregate, whose state is this, does not wait for any more; where that was caused.
    pub(super) fn drop_unwanted(&mut self, key: &Key, state: &A::State) -> Result<Vec<Offset>, Panicked> {
        let mut dropped = Vec::new();
        let Some(lane) = self.lanes.get_mut(key) else { return Ok(dropped) };
        caught("the effects", || {
            lane.retain(|deed| {
                let wanted = self.effects.wanted(state, &deed.event);
                dropped.extend((!wanted).then_some(deed.cause.at.offset));
                wanted
            });
        })?;
        Ok(dropped)
    }

    /// The owner serves since now.
    pub(super) fn rest(&mut self) {
        let (_, mut keys) = self.resting.take().unwrap_or_else(|| (Instant::now(), VecDeque::new()));
        keys.append(&mut self.turns);
        self.resting = Some((Instant::now() + RESTS, keys));
    }

    /// Nothing begins any more.
    pub(super) fn end(&mut self) {
        self.ending = true;
    }

    /// The key whose first is to begin, if that is still wanted: [`Self::begin`] comes next.
    pub(super) fn next(&mut self) -> Option<Key> {
        if self.resting.as_ref().is_some_and(|(until, _)| *until <= Instant::now()) {
            self.turns.extend(self.resting.take().into_iter().flat_map(|(_, keys)| keys));
        }
        match self.ending || self.under_way.len() >= AT_ONCE {
            true => None,
            false => self.turns.front().cloned(),
        }
    }

    /// Begins the first of the key, if there still is one.
    pub(super) fn begin(&mut self, key: &Key) {
        self.turns.pop_front();
        // A key whose lane was empty for a moment may have two turns.
        if self.under_way.contains_key(key) || self.recording.contains_key(key) {
            return;
        }
        let Some(Deed { cause, log, effect, event: _ }) = self.lanes.get_mut(key).and_then(VecDeque::pop_front) else {
            self.lanes.remove(key);
            return;
        };
        // In a task of its own: a panic is an unknown outcome, and the next of the key has its turn.
        let doing = tillroll_telemetry::spawn("effect", timeout(EFFECT_WITHIN, effect));
        self.under_way.insert(key.clone(), doing.abort_handle());
        let control = self.to_control.clone();
        tillroll_telemetry::spawn("effects", async move {
            let outgoing = match doing.await {
                Ok(Ok(outgoing)) => outgoing,
                Ok(Err(_)) => {
                    tracing::warn!(cause = %cause.at, "an effect took too long and is cut off");
                    Ok(Vec::new())
                }
                Err(_) => Ok(Vec::new()),
            };
            let _ = control.send(Control::Done(Done { cause, log, outgoing }));
        });
    }

    /// The one of the key that was under way has ended. The next has its turn when the aggregate itself knows of it, by
    /// these commands: it may not be wanted any more.
    pub(super) fn ended(&mut self, key: Key, recorded_by: Vec<(Source, CommandId)>) {
        self.under_way.remove(&key);
        match recorded_by.is_empty() {
            true => self.turn(key),
            false => _ = self.recording.insert(key, (recorded_by, Instant::now() + RECORDED_WITHIN)),
        }
    }

    /// What was being recorded may be by now.
    pub(super) fn look_at_recording(&mut self, has_ended: impl Fn(&Source, CommandId) -> bool) {
        let recorded = |(commands, by): &mut (Vec<(Source, CommandId)>, Instant)| {
            commands.retain(|(source, id)| !has_ended(source, *id));
            commands.is_empty() || *by <= Instant::now()
        };
        let keys: Vec<Key> =
            self.recording.extract_if(|_, recording| recorded(recording)).map(|(key, _)| key).collect();
        keys.into_iter().for_each(|key| self.turn(key));
    }

    fn turn(&mut self, key: Key) {
        match self.lanes.get(&key).is_some_and(|lane| !lane.is_empty()) {
            true => self.turns.push_back(key),
            false => _ = self.lanes.remove(&key),
        }
    }

    /// Whether any is under way.
    pub(super) fn is_busy(&self) -> bool {
        !self.under_way.is_empty()
    }
}

impl<A: Aggregate> Drop for Doing<A> {
    fn drop(&mut self) {
        self.under_way.values().for_each(AbortHandle::abort);
    }
}
