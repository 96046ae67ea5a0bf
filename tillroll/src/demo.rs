//! `tillroll demo`: guarantees to be watched. What is shown is checked against the log itself, and not by the parts
//! that are shown.

mod load;
mod stage;
mod verdict;

use crate::Failure;
use crate::config::Config;
use clap::{Args, Subcommand};
use load::Load;
use nix::sys::signal::Signal;
use stage::Stage;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use tillroll_log::{Node, Place};
use verdict::Verdict;

/// Longer than the group's session and than an owner's catching up.
const TAKEN_OVER_WITHIN: Duration = Duration::from_secs(60);
/// Enough for the other's first records, and less than a producer keeps what it could not send.
const THAWS_AFTER: Duration = Duration::from_millis(700);
const LOOK_EVERY: Duration = Duration::from_millis(50);

#[derive(Subcommand)]
pub enum DemoCommand {
    /// Freeze the process that writes, let another take over, thaw it, and look for what was lost or doubled. On a
    /// Kafka and a PostgreSQL of its own, which are thrown away.
    Failover(FailoverArgs),
}

#[derive(Args)]
pub struct FailoverArgs {
    /// Clients that send commands at once.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    clients: u16,
    /// Seconds of work before each freeze, and after the last thaw.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// How often a process is frozen.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=100))]
    freezes: u16,
}

pub async fn run(command: DemoCommand, config: Config) -> Result<ExitCode, Failure> {
    let DemoCommand::Failover(args) = command;
    let stage = Stage::set(&config).await?;
    let played = play(&args, &stage).await;
    stage.clear().await?;
    Ok(if played?.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[expect(clippy::print_stdout, reason = "the command's output")]
async fn play(args: &FailoverArgs, stage: &Stage) -> Result<Verdict, Failure> {
    let began = Instant::now();
    let say = |what: String| println!("{:6.1} s  {what}", began.elapsed().as_secs_f32());
    say("two processes of the role `catalog` share its partitions, behind one gateway".to_owned());
    let node = stage.node();
    let load = Load::start(stage, usize::from(args.clients))?;
    say(format!("{} clients add products; each command has a number and a key", args.clients));
    for _ in 0..args.freezes {
        tokio::time::sleep(Duration::from_secs(args.seconds)).await;
        let (frozen, places) = owned_by(node, stage).ok_or("no process of the role serves anything")?;
        say(format!("{} commands are answered; {} serves {}", load.answered(), frozen.name, named(&places)));
        frozen.signal(Signal::SIGSTOP)?;
        let (froze, at) = (Instant::now(), load.answered());
        say(format!("SIGSTOP: {} is frozen, with commands under way", frozen.name));
        taken_over(node, &frozen.instance, &places).await?;
        let took = froze.elapsed().as_secs_f32();
        say(format!("the other process serves all of it, {took:.1} s later; {} commands more", load.answered() - at));
        tokio::time::sleep(THAWS_AFTER).await;
        frozen.signal(Signal::SIGCONT)?;
        say(format!("SIGCONT: {} goes on as if nothing had happened", frozen.name));
    }
    tokio::time::sleep(Duration::from_secs(args.seconds)).await;
    let done = load.end().await?;
    say("the clients have every answer; now the topic is read, record by record".to_owned());
    let verdict = verdict::read(stage, &done).await?;
    println!("{verdict}");
    Ok(verdict)
}

/// A process that serves something, and what that is.
fn owned_by<'a>(node: &Node, stage: &'a Stage) -> Option<(&'a stage::Process, Vec<Place>)> {
    stage.writers().iter().find_map(|process| {
        let served = stage.places().filter(|place| owner(node, *place).as_deref() == Some(&*process.instance));
        let places: Vec<Place> = served.collect();
        (!places.is_empty()).then_some((process, places))
    })
}

fn owner(node: &Node, place: Place) -> Option<String> {
    node.services().owner(place).map(|owner| owner.instance)
}

fn named(places: &[Place]) -> String {
    let each: Vec<String> = places.iter().map(|place| format!("{}/{}", place.topic, place.partition.0)).collect();
    each.join(", ")
}

/// Waits until somebody else says that he serves all of it.
async fn taken_over(node: &Node, from: &str, places: &[Place]) -> Result<(), Failure> {
    let began = Instant::now();
    let taken = |place: &Place| owner(node, *place).is_some_and(|owner| owner != from);
    while !places.iter().all(taken) {
        if began.elapsed() > TAKEN_OVER_WITHIN {
            return Err("nobody has taken over".into());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(())
}
