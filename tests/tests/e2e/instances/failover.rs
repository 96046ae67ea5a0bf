//! How long a partition stands still after its owner has ended: builds and settings one after the other on one broker.
//! A measurement, not a test: FAILOVER_BUILDS=name=path[,name=path], FAILOVER_ROUNDS=5, with --ignored --nocapture.

use super::load::{Done, Load};
use super::{a_while, stocked};
use e2e::proof::{Roll, Written};
use e2e::{Outcome, Running, System, own_serving, variable};
use nix::sys::signal::Signal;
use std::path::PathBuf;
use std::time::{Duration, Instant};

const REST: [&str; 6] = ["serve", "catalog", "orders", "projectors", "query-api", "gateway"];
const TOPIC: &str = "stock-item.events.v1";

#[derive(Clone)]
struct Way {
    name: String,
    binary: PathBuf,
    settings: Vec<(&'static str, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Kill,
    Term,
    Freeze,
}

impl End {
    fn watched(self) -> Duration {
        match self {
            Self::Kill | Self::Freeze => Duration::from_secs(10),
            Self::Term => Duration::from_secs(4),
        }
    }
}

struct Found {
    stood_still: Vec<u128>,
    gaps: Vec<Vec<(u128, u128)>>,
    claims: Vec<usize>,
    claims_elsewhere: usize,
}

/// A claim as it stands in the topic, void or not.
fn claims(roll: &Roll) -> Vec<(i32, i64, String)> {
    let claim = |record: &Written| {
        if record.header("ce_type") != Some("log.claim.v1") {
            return None;
        }
        let value: serde_json::Value = serde_json::from_slice(record.value.as_deref()?).ok()?;
        Some((record.partition, record.offset, value["instance"].as_str()?.to_owned()))
    };
    roll.of(TOPIC).filter_map(claim).collect()
}

fn found(claims: &[(i32, i64, String)], ends: &[i64], pid: u32, ended: Instant, done: &Done) -> Found {
    let of_dead = |instance: &str| instance.contains(&format!("-{pid}-"));
    let mut found = Found { stood_still: Vec::new(), gaps: Vec::new(), claims: Vec::new(), claims_elsewhere: 0 };
    for (partition, end) in ends.iter().enumerate() {
        let of = |each: &&(i32, i64, String)| each.0 == partition as i32;
        let last = claims.iter().filter(of).filter(|each| each.1 < *end).next_back();
        let after: Vec<_> = claims.iter().filter(of).filter(|each| each.1 >= *end).collect();
        if !last.is_some_and(|(_, _, instance)| of_dead(instance)) {
            found.claims_elsewhere += after.len();
            continue;
        }
        found.claims.push(after.len());
        found.gaps.push(done.longest_gaps(&format!("{TOPIC}/{partition}"), ended));
        if let Some((_, offset, _)) = after.first() {
            let answered = done.first_answered_behind(&format!("{TOPIC}/{partition}"), *offset);
            found.stood_still.extend(answered.map(|at| at.saturating_duration_since(ended).as_millis()));
        }
    }
    found
}

async fn round(system: &System, way: &Way, end: End) -> Outcome<Done> {
    let start = || system.serve_other(way.binary.clone(), &way.settings, &super::INSTANCE);
    let (doomed, other): (Running, Running) = (start().await?, start().await?);
    let pid = doomed.pid().ok_or("it does not run")?;
    let load = Load::start(system, 16);
    a_while(&load, 200).await?;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let ends: Vec<i64> = system.topics()?.ends().await?.of_partitions(TOPIC);
    let ended = Instant::now();
    let frozen = match end {
        End::Kill => {
            doomed.kill().await?;
            None
        }
        End::Term => {
            doomed.stop().await?;
            None
        }
        End::Freeze => {
            doomed.signal(Signal::SIGSTOP)?;
            Some(doomed)
        }
    };
    let stopped = ended.elapsed().as_millis();
    tokio::time::sleep(end.watched().saturating_sub(ended.elapsed())).await;
    // The log as it is before anything else is stopped.
    let roll = system.roll().await?;
    if let Some(frozen) = frozen {
        frozen.signal(Signal::SIGCONT)?;
        a_while(&load, 500).await?;
        frozen.stop().await?;
    }
    let done = load.end().await?;
    other.stop().await?;
    let found = found(&claims(&roll), &ends, pid, ended, &done);
    println!(
        "ROUND\t{end:?}\t{}\tms {:?}\trefused {}\tof {}\tlongest {}\tclaims {:?}\telsewhere {}\tend took {stopped}\tgaps {:?}\tslowest {:?}",
        way.name,
        found.stood_still,
        done.refused().len(),
        done.commands(),
        done.longest().as_millis(),
        found.claims,
        found.claims_elsewhere,
        found.gaps,
        done.slowest(ended),
    );
    Ok(done)
}

fn ways() -> Outcome<Vec<Way>> {
    let builds = variable("FAILOVER_BUILDS").ok_or("FAILOVER_BUILDS=name=path[,name=path]")?;
    let mut ways = Vec::new();
    for build in builds.split(',') {
        let (name, binary) = build.split_once('=').ok_or("name=path")?;
        // name:ms sets another session.
        let settings = match name.split_once(':') {
            Some((_, session)) => vec![("TILLROLL_KAFKA_SESSION_TIMEOUT_MS", session.to_owned())],
            None => Vec::new(),
        };
        ways.push(Way { name: name.to_owned(), binary: binary.into(), settings });
    }
    Ok(ways)
}

#[test]
#[ignore = "a measurement"]
fn measure_how_long_partitions_stand_still() -> Outcome {
    own_serving(&REST, |system| async move {
        let rounds: usize = variable("FAILOVER_ROUNDS").unwrap_or_default().parse().unwrap_or(5);
        let ends = variable("FAILOVER_ENDS").unwrap_or_else(|| "kill,term,freeze".to_owned());
        let mut done = Done::default();
        let ways = ways()?;
        let first = system.serve_other(ways[0].binary.clone(), &[], &super::INSTANCE).await?;
        stocked(&system).await?;
        first.stop().await?;
        for end in [End::Kill, End::Term, End::Freeze] {
            if !ends.contains(&format!("{end:?}").to_lowercase()) {
                continue;
            }
            for _ in 0..rounds {
                for way in &ways {
                    done = done.and(round(&system, way, end).await?);
                }
            }
        }
        done.verify(&system).await?;
        println!("VERIFIED {} commands: none lost, none doubled, none falsely refused", done.commands());
        Ok(())
    })
}
