//! Every role in a process of its own: each is killed alone, at named points, while the others go on with one import.

use crate::crash_points::{
    DIES_WITHIN, INVOICES, RESTS_WITHIN, SESSION_MS, begin_import, broken_promises, imported, passing, points,
};
use crate::generated::{Dice, generate};
use e2e::{Outcome, Running, System, own, seed};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tillroll_telemetry::{Crash, CrashPoint, Fate};

const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Payments number the invoices of what was sold.
const ROLES: [&str; 7] = ["catalog", "inventory", "orders", "payments", "projectors", "query-api", "gateway"];
const OF_AN_APPEND: [CrashPoint; 4] =
    [CrashPoint::BeforeProduce, CrashPoint::AfterProduce, CrashPoint::AfterAcknowledgement, CrashPoint::BeforeAnswer];

#[test]
#[cfg_attr(not(debug_assertions), ignore = "release builds have no crash points")]
fn each_role_that_is_killed_alone_leaves_the_same_business_rows() -> Outcome {
    own(|system| async move {
        let seed = seed();
        let csv = generate(seed, 2013, INVOICES).csv;
        let clean = System::another().await?;
        let expected = imported(&clean, &csv).await?;
        drop(clean);

        system.tillroll().await.kill().await?;
        let mut roles = BTreeMap::new();
        for role in ROLES {
            roles.insert(role, serve(&system, role).await?);
        }
        let path = system.home().join("killed.csv");
        std::fs::write(&path, &csv)?;
        let (mut import, mut dice) = (None::<Running>, Dice::of(seed));
        for (role, crash) in crashes(&mut dice) {
            roles.remove(role).ok_or("not served")?.kill().await?;
            let mut doomed = system.begin_serving(&settings(Some(crash)), &["serve", role])?;
            let began = Instant::now();
            while doomed.runs_until_killed()? {
                assert!(began.elapsed() < DIES_WITHIN, "{role} was not killed at {crash}");
                if !import.as_mut().map_or(Ok(false), Running::runs)? {
                    // It is over: what is sent again is answered again, and the owners write marks for it.
                    import = Some(begin_import(&system, &path)?);
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
            eprintln!("{role} killed at {crash}");
            roles.insert(role, serve(&system, role).await?);
        }
        // As readers of the log the two that own nothing have no points; they are killed where they stand.
        for role in ["query-api", "gateway"] {
            roles.remove(role).ok_or("not served")?.kill().await?;
            roles.insert(role, serve(&system, role).await?);
        }
        let ended = import.ok_or("no import")?.finish().await?;
        eprintln!("the import that saw all this ended with {:?}: {}", ended.code, ended.err);
        assert_eq!(imported(&system, &csv).await?, expected);
        system.is_at_rest(RESTS_WITHIN).await?;
        assert_eq!(broken_promises(&system, &system.roll().await?, &[]).await?, Vec::<String>::new());
        Ok(())
    })
}

/// Who is killed where. Products are added first of all, so that their owner comes first.
fn crashes(dice: &mut Dice) -> Vec<(&'static str, Crash)> {
    let point = OF_AN_APPEND[dice.below(OF_AN_APPEND.len() as u64) as usize];
    let first = Crash { point, passing: 1 + dice.below(10) as u32, fate: Fate::Killed };
    let rest = points().into_iter().map(|point| {
        let at = passed_by(point);
        let role = at[dice.below(at.len() as u64) as usize];
        (role, Crash { point, passing: passing(point, dice), fate: Fate::Killed })
    });
    [("catalog", first)].into_iter().chain(rest).collect()
}

/// The roles that pass it for as long as the import goes on.
fn passed_by(point: CrashPoint) -> &'static [&'static str] {
    match point {
        CrashPoint::BeforeProduce
        | CrashPoint::AfterProduce
        | CrashPoint::AfterAcknowledgement
        | CrashPoint::BeforeAnswer
        | CrashPoint::AfterCommandProduce
        | CrashPoint::BeforePositionCommit
        | CrashPoint::AfterPositionCommit
        | CrashPoint::BeforeStoreBatch
        | CrashPoint::AfterStoreBatch => &["inventory", "orders"],
        CrashPoint::AfterEffect => &[],
        CrashPoint::BetweenCheckpointAndRows | CrashPoint::BeforeRowsCommit | CrashPoint::AfterRowsCommit => {
            &["projectors"]
        }
    }
}

fn settings(crash: Option<Crash>) -> Vec<(&'static str, String)> {
    let crash = crash.map(|crash| ("TILLROLL_CRASH", crash.to_string()));
    [("TILLROLL_KAFKA_SESSION_TIMEOUT_MS", SESSION_MS.to_owned())].into_iter().chain(crash).collect()
}

async fn serve(system: &System, role: &str) -> Outcome<Running> {
    system.serve_with(&settings(None), &["serve", role]).await
}
