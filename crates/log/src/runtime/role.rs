//! A role: a member of the consumer group of its commands topics, which owns the partitions that it is given.

use super::commands::{Commands, Routes};
use super::follower::Trouble;
use super::node::{Node, StartError};
use super::partition::{self, Control, Gauge, Spawned};
use super::replica::Replica;
use super::services::{Served, Suspicion};
use crate::{Aggregate, AggregateTopics, Effects, PartitionId, Reactions, Replicated, Topic};
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tillroll_kafka::{Group, GroupSignal};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, timeout_at};

/// How long a replica may take before it is looked how far it has to read.
const CATCHES_UP_WITHIN: Duration = Duration::from_secs(5);
const ASK_AGAIN: Duration = Duration::from_millis(200);
/// How long an instance that stops serves what nobody has claimed yet. Between leaving a group and its giving
/// partitions to others passes a second or more: librdkafka joins no more often than that.
const SUCCEEDED_WITHIN: Duration = Duration::from_secs(5);

/// Ends when a replica was read to its end.
type CatchingUp = Pin<Box<dyn Future<Output = ()> + Send>>;

/// An aggregate that the role owns, with its types forgotten.
type Spawn = Box<dyn Fn(PartitionId, Group, Option<String>) -> Spawned + Send + Sync>;

/// A role before it starts.
pub struct Role {
    node: Node,
    name: &'static str,
    owned: Vec<(AggregateTopics, Spawn)>,
    gauge: Arc<Gauge>,
    rests_on: Vec<Trouble>,
    catching_up: Vec<Box<dyn Fn() -> CatchingUp + Send + Sync>>,
}

/// A role that owns partitions.
pub struct RunningRole {
    name: &'static str,
    watch: RoleWatch,
    stop: mpsc::Sender<oneshot::Sender<()>>,
}

impl Role {
    pub(super) fn new(node: Node, name: &'static str) -> Self {
        Self { node, name, owned: Vec::new(), gauge: Arc::default(), rests_on: Vec::new(), catching_up: Vec::new() }
    }

    /// Owns the aggregate's partitions, with the reactions to its events. The handle serves once the role runs.
    pub fn own<A: Aggregate, R: Reactions<A>>(&mut self) -> Commands<A> {
        self.own_and::<A, R>(None)
    }

    /// The same, and does what the events do to the outside world.
    pub fn own_with<A: Aggregate, R: Reactions<A>>(&mut self, effects: impl Effects<A>) -> Commands<A> {
        self.own_and::<A, R>(Some(Arc::new(effects)))
    }

    fn own_and<A: Aggregate, R: Reactions<A>>(&mut self, effects: Option<Arc<dyn Effects<A>>>) -> Commands<A> {
        let partitions = usize::try_from(self.node.config().partitions).unwrap_or_default();
        let (commands, routes): (_, Routes<A>) = Commands::new(self.node.clone(), partitions);
        let (node, gauge) = (self.node.clone(), self.gauge.clone());
        let spawn: Spawn = Box::new(move |partition, group, suspected| {
            let (node, gauge, effects) = (node.clone(), gauge.clone(), effects.clone());
            partition::spawn::<A, R>(node, group, routes.clone(), partition, gauge, effects, suspected)
        });
        self.owned.push((A::TOPICS, spawn));
        commands
    }

    /// What the role decides rests on that replica: until it was read to its end once, and while it cannot read on, the
    /// role is not ready; of the latter it says why.
    pub fn depends_on<R: Replicated>(&mut self, replica: &Replica<R>) {
        self.rests_on.push(replica.troubles().clone());
        let replica = replica.clone();
        self.catching_up.push(Box::new(move || {
            let replica = replica.clone();
            Box::pin(async move {
                while replica.refresh(CATCHES_UP_WITHIN).await.is_err() {
                    tokio::time::sleep(ASK_AGAIN).await;
                }
            })
        }));
    }

    /// Checks the topics, joins the group, and owns what it is given until it is stopped.
    pub async fn start(self) -> Result<RunningRole, StartError> {
        let aggregates: Vec<_> = self.owned.iter().map(|(topics, _)| *topics).collect();
        let findings = self.node.check_topics(&aggregates).await?;
        if !findings.is_empty() {
            return Err(StartError::Guards(findings));
        }
        let topics: Vec<Topic> = aggregates.iter().map(|topics| topics.commands.into()).collect();
        let group_id = format!("tillroll.{}", self.name);
        let (group, signals) = Group::join(&self.node.config().kafka, &group_id, &topics).map_err(StartError::Kafka)?;
        let (stop, stopping) = mpsc::channel(1);
        let alive = Arc::new(AtomicBool::new(true));
        let caught_up = Arc::new(AtomicBool::new(false));
        let watch = RoleWatch {
            caught_up: caught_up.clone(),
            gauge: self.gauge.clone(),
            alive: alive.clone(),
            rests_on: self.rests_on.iter().cloned().collect(),
        };
        let running = RunningRole { name: self.name, watch, stop };
        let replicas: Vec<CatchingUp> = self.catching_up.iter().map(|catching_up| catching_up()).collect();
        let catching_up = Box::pin(async move {
            for each in replicas {
                each.await;
            }
            caught_up.store(true, Ordering::Relaxed);
        });
        tillroll_telemetry::spawn("role", run(self, group, signals, stopping, alive, catching_up));
        Ok(running)
    }
}

impl RunningRole {
    /// The role's name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Whether the group has given it its partitions, be there none for it, it serves all of them, and every replica
    /// that it depends on reads on.
    pub fn ready(&self) -> bool {
        self.watch.ready()
    }

    /// Why one of its partitions, or a replica that it depends on, stopped for good, if so.
    pub fn alarm(&self) -> Option<String> {
        self.watch.alarm()
    }

    /// The partitions that it serves, as that changes.
    pub fn served(&self) -> watch::Receiver<Served> {
        self.watch.gauge.served()
    }

    /// How many records of its events topics it has read since it started.
    pub fn records_read(&self) -> u64 {
        self.watch.gauge.records_read()
    }

    /// Looks at the role from elsewhere.
    pub fn watch(&self) -> RoleWatch {
        self.watch.clone()
    }

    /// Leaves the group, and serves until other instances have claimed its partitions. If there are none it takes
    /// nothing new and lets what is under way end.
    pub async fn stop(self) {
        let (done, stopped) = oneshot::channel();
        if self.stop.send(done).await.is_ok() {
            let _ = stopped.await;
        }
    }
}

/// Whether a role serves. Cheap to clone.
#[derive(Clone)]
pub struct RoleWatch {
    gauge: Arc<Gauge>,
    alive: Arc<AtomicBool>,
    /// Every replica was read to its end once.
    caught_up: Arc<AtomicBool>,
    rests_on: Arc<[Trouble]>,
}

impl RoleWatch {
    /// Whether the group has given the role its partitions, be there none for it, it serves all of them, and every
    /// replica that it depends on reads on.
    pub fn ready(&self) -> bool {
        let caught_up = self.caught_up.load(Ordering::Relaxed);
        let reads_on = self.rests_on.iter().all(|replica| replica.text().is_none());
        caught_up && reads_on && self.alive.load(Ordering::Relaxed) && self.gauge.all_serving()
    }

    /// Why one of its partitions, or a replica that it depends on, stopped for good, if so.
    pub fn alarm(&self) -> Option<String> {
        self.gauge.alarm().or_else(|| self.rests_on.iter().find_map(Trouble::stopped))
    }

    /// The same, and what passes by itself.
    pub fn trouble(&self) -> Option<String> {
        self.gauge.alarm().or_else(|| self.rests_on.iter().find_map(Trouble::text))
    }
}

/// Running owners by their place.
#[derive(Default)]
struct Owners {
    of_group: HashMap<(Topic, PartitionId), Spawned>,
    /// The group has given these to somebody else; each ends when that one has claimed.
    given_away: HashMap<(Topic, PartitionId), Spawned>,
}

impl Owners {
    fn runs(&self, place: &(Topic, PartitionId)) -> bool {
        let all = [self.of_group.get(place), self.given_away.get(place)];
        all.into_iter().flatten().any(|owner| !owner.control.is_closed())
    }

    fn give_away(&mut self, places: &[(Topic, PartitionId)]) {
        self.given_away.retain(|_, owner| !owner.control.is_closed());
        for place in places {
            if let Some(owner) = self.of_group.remove(place) {
                let _ = owner.control.send(Control::GiveAway);
                self.given_away.insert(place.clone(), owner);
            }
        }
    }

    /// Waits until all that was given away has been claimed, or for as long as that may take.
    async fn succeeded(&mut self) {
        let by = Instant::now() + SUCCEEDED_WITHIN;
        for owner in self.given_away.values_mut() {
            // It ends when it is released, and says nothing else.
            let _ = timeout_at(by, &mut owner.released).await;
        }
    }

    /// Who still runs.
    fn rest(self) -> Vec<Spawned> {
        let all = self.of_group.into_values().chain(self.given_away.into_values());
        all.filter(|owner| !owner.control.is_closed()).collect()
    }

    fn take(&mut self, places: &[(Topic, PartitionId)]) -> Vec<Spawned> {
        places.iter().flat_map(|place| [self.of_group.remove(place), self.given_away.remove(place)]).flatten().collect()
    }
}

/// Who was suspected last: never twice, for whoever lived on claims again.
type Suspected = HashMap<(Topic, PartitionId), String>;

async fn run(
    role: Role,
    group: Group,
    mut signals: mpsc::Receiver<GroupSignal>,
    mut stopping: mpsc::Receiver<oneshot::Sender<()>>,
    alive: Arc<AtomicBool>,
    mut catching_up: CatchingUp,
) {
    let mut catches_up = true;
    let (mut owners, mut suspicions, mut suspected) = (Owners::default(), role.node.suspicions(), Suspected::new());
    let stopped = loop {
        tokio::select! {
            signal = signals.recv() => match signal {
                Some(signal) => handle(&role, &group, &mut owners, signal).await,
                None => break None,
            },
            // One that was missed is soon told again.
            suspicion = suspicions.recv() => if let Ok(suspicion) = suspicion {
                suspect(&role, &group, &mut owners, &mut suspected, suspicion);
            },
            () = &mut catching_up, if catches_up => catches_up = false,
            stop = stopping.recv() => break stop,
        }
    };
    alive.store(false, Ordering::Relaxed);
    let places: Vec<_> = owners.of_group.keys().cloned().collect();
    if has_heirs(&role) {
        owners.give_away(&places);
        group.leave().await;
        owners.succeeded().await;
    } else {
        drain(owners.take(&places)).await;
        group.leave().await;
    }
    drain(owners.rest()).await;
    if let Some(stopped) = stopped {
        let _ = stopped.send(());
    }
}

async fn handle(role: &Role, group: &Group, owners: &mut Owners, signal: GroupSignal) {
    match signal {
        GroupSignal::Assigned(assigned) => {
            // Those that rest on a suspicion end, or were given away in vain; what they have folded is kept.
            let places: Vec<_> = assigned.iter().map(|each| (each.topic.clone(), each.partition)).collect();
            drain(owners.take(&places)).await;
            for assignment in assigned {
                let (topic, partition) = (assignment.topic, assignment.partition);
                let owned = role.owned.iter().find(|(topics, _)| *topics.commands == *topic);
                if let Some((_, spawn)) = owned {
                    let spawned = spawn(partition, group.clone(), None);
                    let _ = spawned.control.send(Control::Commands(assignment.records));
                    owners.of_group.insert((topic, partition), spawned);
                }
            }
            role.gauge.set_member(true);
        }
        GroupSignal::Revoked(revoked, acknowledge) => {
            owners.give_away(&revoked);
            acknowledge.release();
        }
        GroupSignal::Lost(lost) => {
            role.gauge.set_member(false);
            // Somebody else may write already; the log arbitrates. What is under way is answered or it is not.
            drain(owners.take(&lost)).await;
        }
        GroupSignal::Fault(error) => tracing::error!(role = role.name, %error, "consumer group failed"),
    }
}

/// Claims a partition whose owner seems to be gone before the group has noticed. Its commands by topic are read once
/// the group has assigned it.
fn suspect(role: &Role, group: &Group, owners: &mut Owners, suspected: &mut Suspected, suspicion: Suspicion) {
    let Suspicion { topic, partition, instance } = suspicion;
    let Some((topics, spawn)) = role.owned.iter().find(|(topics, _)| topics.events == topic) else { return };
    let place = (Topic::from(topics.commands), partition);
    let announced = role.node.services().owner_of(&topic, partition.0);
    let stands = role.gauge.is_member() && announced.is_some_and(|owner| owner.instance == instance);
    let owned = owners.runs(&place);
    if !stands || owned || suspected.get(&place) == Some(&instance) {
        return;
    }
    tracing::info!(kafka.topic = topic, kafka.partition = partition.0, instance, "its owner seems to be gone");
    owners.of_group.insert(place.clone(), spawn(partition, group.clone(), Some(instance.clone())));
    suspected.insert(place, instance);
}

/// Whether another instance of the role stays, as far as is known: it will claim what this one gives away.
fn has_heirs(role: &Role) -> bool {
    let own = &role.node.config().instance;
    role.node.services().all().iter().any(|each| each.role == role.name && each.instance != *own && !each.leaving)
}

async fn drain(owners: Vec<Spawned>) {
    let released: Vec<_> = owners
        .into_iter()
        .map(|owner| {
            // First of all nothing new comes in.
            (owner.unroute)();
            let _ = owner.control.send(Control::Drain);
            owner.released
        })
        .collect();
    for released in released {
        let _ = released.await;
    }
}
