//! Several instances of a role: whoever is asked, the owner answers; and whichever of them ends, in order or not, no
//! answered command is lost or doubled.

#[path = "instances/failover.rs"]
mod failover;
#[path = "instances/load.rs"]
mod load;

use crate::claims::{claims, last_claims};
use crate::crash_points::broken_promises;
use crate::load as shop;
use crate::shop::add_product;
use e2e::proof::Written;
use e2e::{Outcome, System, own, seed, until};
use load::{Load, SKUS};
use nix::sys::signal::Signal;
use std::time::{Duration, Instant};
use tillroll_telemetry::{Crash, CrashPoint, Fate};

/// A partition that moves is served by its old owner until the new one has claimed. What it took is printed.
const PLANNED: Duration = Duration::from_secs(1);
/// An order with all its steps, each at a partition that may just be moving.
const PLANNED_ORDER: Duration = Duration::from_millis(1_500);
/// The session time-out of 6 s and one second.
const KILLED: Duration = Duration::from_secs(7);
const GOES_ON_WITHIN: Duration = Duration::from_secs(60);
const INSTANCE: [&str; 2] = ["serve", "inventory"];
const TOPIC: &str = "stock-item.events.v1";

async fn stocked(system: &System) -> Outcome {
    for sku in SKUS {
        add_product(&system.http(), sku, 100, 1).await?;
    }
    Ok(())
}

/// Waits until every partition has been asked for and has answered.
async fn a_while(load: &Load, commands: usize) -> Outcome {
    let until_then = load.answered() + commands;
    until("commands are answered", Duration::from_secs(60), || async {
        Ok((load.answered() >= until_then).then_some(()))
    })
    .await
}

#[test]
fn a_rolling_restart_under_load_fails_no_command_and_hands_over_at_once() -> Outcome {
    own(|system| async move {
        stocked(&system).await?;
        let mut instances = vec![system.serve(&INSTANCE).await?, system.serve(&INSTANCE).await?];
        let load = Load::start(&system, 16);
        a_while(&load, 200).await?;
        let moves = Instant::now();
        for _ in 0..2 {
            instances.remove(0).stop().await?;
            a_while(&load, 200).await?;
            instances.push(system.serve(&INSTANCE).await?);
            a_while(&load, 200).await?;
        }
        let done = load.end().await?;
        eprintln!("rolling restart: {done}");
        assert_eq!(done.refused(), Vec::<String>::new(), "no command is refused, not even for a moment");
        assert!(done.longest_since(moves) < PLANNED, "{done}");
        done.verify(&system).await
    })
}

/// Orders, stock and reads at once, while one instance after the other of every role behind the door is replaced.
#[test]
fn every_role_is_restarted_under_load_and_no_client_notices() -> Outcome {
    own(|system| async move {
        let mut instances = Vec::new();
        for role in ["catalog", "inventory", "orders", "payments", "users", "notifications", "query-api", "projectors"]
        {
            instances.push((role, system.serve(&["serve", role]).await?));
        }
        let load = shop::Load::start(&system.http(), "moves", seed(), 8).await?;
        load.gets_on("before anything moves", GOES_ON_WITHIN).await?;
        let moves = Instant::now();
        for (role, instance) in instances {
            instance.stop().await?;
            let again = system.serve(&["serve", role]).await?;
            load.gets_on(role, GOES_ON_WITHIN).await?;
            again.stop().await?;
        }
        let journal = load.keeps_every_promise(&system, GOES_ON_WITHIN).await?;
        assert_eq!(journal.sent_away, 0, "nobody is asked to come again");
        let slowest = journal.slowest(Some(moves));
        eprintln!("once they moved the slowest took {} ms", slowest.as_millis());
        assert!(slowest < PLANNED_ORDER, "{slowest:?}");
        Ok(())
    })
}

/// A door is what clients hold on to: while the only one is away they come again, as to any server.
#[test]
fn the_door_is_restarted_under_load_and_every_command_has_its_answer() -> Outcome {
    own(|system| async move {
        let load = shop::Load::start(&system.http(), "door", seed(), 8).await?;
        for _ in 0..2 {
            let mut all = system.tillroll().await;
            all.stop().await?;
            all.start_again().await?;
            load.gets_on("restarted", GOES_ON_WITHIN).await?;
        }
        let journal = load.keeps_every_promise(&system, GOES_ON_WITHIN).await?;
        assert!(journal.sent_away > 0, "nobody noticed");
        Ok(())
    })
}

#[test]
fn an_instance_that_is_killed_is_replaced_within_its_session_and_nothing_is_lost_or_doubled() -> Outcome {
    own(|system| async move {
        stocked(&system).await?;
        let (doomed, _other) = (system.serve(&INSTANCE).await?, system.serve(&INSTANCE).await?);
        let load = Load::start(&system, 16);
        a_while(&load, 200).await?;
        doomed.kill().await?;
        tokio::time::sleep(KILLED).await;
        a_while(&load, 200).await?;
        let done = load.end().await?;
        eprintln!("kill -9: {done}");
        assert!(done.longest() < KILLED, "{done}");
        done.verify(&system).await
    })
}

/// It freezes with a record that it has decided and not handed over: when it thaws, that record comes late.
#[test]
#[cfg_attr(not(debug_assertions), ignore = "release builds cannot be frozen at a point")]
fn an_instance_that_froze_and_thaws_loses_nothing_doubles_nothing_and_refuses_nothing_falsely() -> Outcome {
    own(|system| async move {
        stocked(&system).await?;
        let freezes = Crash { point: CrashPoint::BeforeProduce, passing: 200, fate: Fate::Frozen };
        let frozen = system.serve_with(&[("TILLROLL_CRASH", freezes.to_string())], &INSTANCE).await?;
        let _other = system.serve(&INSTANCE).await?;
        let load = Load::start(&system, 16);
        until("it freezes", GOES_ON_WITHIN, || async { Ok(frozen.is_frozen()?.then_some(())) }).await?;
        let froze = Instant::now();
        let of_frozen = format!("-{}-", frozen.pid().ok_or("it does not run")?);
        let before = last_claims(&system.roll().await?, TOPIC);
        until("others have claimed what was its own", GOES_ON_WITHIN, || async {
            let last = last_claims(&system.roll().await?, TOPIC);
            Ok(last.values().all(|claim| !claim.instance.contains(&of_frozen)).then_some(()))
        })
        .await?;
        frozen.signal(Signal::SIGCONT)?;
        a_while(&load, 500).await?;
        let done = load.end().await?;
        let roll = system.roll().await?;
        let after = claims(&roll, TOPIC);
        let its_own: Vec<_> = before.iter().filter(|(_, last)| last.instance.contains(&of_frozen)).collect();
        assert!(!its_own.is_empty(), "the frozen instance served something");
        for (partition, last) in its_own {
            let mut later = after[partition].iter().filter(|claim| claim.offset > last.offset);
            let next = later.next().ok_or("nobody has claimed what was its own")?;
            assert!(!next.instance.contains(&of_frozen), "it thawed before anybody had taken over: {next:?}");
            let answered = done.first_answered_behind(&format!("{TOPIC}/{partition}"), next.offset);
            let took = answered.ok_or("no command was answered")?.saturating_duration_since(froze);
            eprintln!("partition {partition} was served again {} ms after the freeze", took.as_millis());
            assert!(took < KILLED, "{took:?}");
        }
        let void: Vec<String> = roll.void().into_iter().map(Written::place).collect();
        eprintln!("frozen and thawed: {done}; void: {void:?}");
        assert!(!void.is_empty(), "what it wrote late stands in the topic, for a console consumer to see");
        system.caught_up().await?;
        assert_eq!(broken_promises(&system, &roll, &[]).await?, Vec::<String>::new());
        done.verify(&system).await
    })
}
