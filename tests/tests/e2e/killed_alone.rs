//! Every role in a process of its own: each is killed alone, at named points, while the others go on with an import.

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
const ROLES: [&str; 9] =
    ["catalog", "inventory", "orders", "payments", "users", "notifications", "projectors", "query-api", "gateway"];
/// What is sold while payments are killed: what is sent again needs no number any more.
const INVOICED: u64 = 50;
const OF_AN_APPEND: [CrashPoint; 4] =
    [CrashPoint::BeforeProduce, CrashPoint::AfterProduce, CrashPoint::AfterAcknowledgement, CrashPoint::BeforeAnswer];

#[test]
#[cfg_attr(not(debug_assertions), ignore = "release builds have no crash points")]
fn each_role_that_is_killed_alone_leaves_the_same_business_rows() -> Outcome {
    own(|system| async move {
        let seed = seed();
        let files = [generate(seed, 2013, INVOICES).csv, generate(seed + 1, 2014, INVOICED).csv];
        let clean = System::another().await?;
        imported(&clean, &files[0]).await?;
        let expected = imported(&clean, &files[1]).await?;
        drop(clean);

        system.tillroll().await.kill().await?;
        let mut roles = BTreeMap::new();
        for role in ROLES {
            roles.insert(role, serve(&system, role).await?);
        }
        let (mut dice, mut rows) = (Dice::of(seed), Vec::new());
        for (csv, crashes) in files.iter().zip([crashes(&mut dice), invoicing(&mut dice)]) {
            let path = system.home().join("killed.csv");
            std::fs::write(&path, csv)?;
            let mut import = None::<Running>;
            for (role, crash) in crashes {
                roles.remove(role).ok_or("not served")?.kill().await?;
                if let Some(crash) = crash {
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
                }
                roles.insert(role, serve(&system, role).await?);
            }
            let ended = import.ok_or("no import")?.finish().await?;
            eprintln!("the import that saw all this ended with {:?}: {}", ended.code, ended.err);
            rows = imported(&system, csv).await?;
        }
        assert_eq!(rows, expected);
        system.is_at_rest(RESTS_WITHIN).await?;
        assert_eq!(broken_promises(&system, &system.roll().await?, &[]).await?, Vec::<String>::new());
        Ok(())
    })
}

/// At one of the first so many points of an append.
fn of_an_append(dice: &mut Dice, points: u64) -> Crash {
    let point = OF_AN_APPEND[dice.below(points) as usize];
    Crash { point, passing: 1 + dice.below(10) as u32, fate: Fate::Killed }
}

type Kill = (&'static str, Option<Crash>);

/// Who is killed where. An import has nothing for people and their messages to decide, and the last two own nothing: they
/// are killed where they stand.
fn crashes(dice: &mut Dice) -> Vec<Kill> {
    let first = of_an_append(dice, OF_AN_APPEND.len() as u64);
    let rest = points().into_iter().map(|point| {
        let at = passed_by(point);
        let role = at[dice.below(at.len() as u64) as usize];
        (role, Some(Crash { point, passing: passing(point, dice), fate: Fate::Killed }))
    });
    let standing = ["users", "notifications", "query-api", "gateway"].map(|role| (role, None));
    // Products are added first of all, so that their owner comes first.
    [("catalog", Some(first))].into_iter().chain(rest).chain(standing).collect()
}

/// Who asks for a number comes by the log: he gets no answer over HTTP.
fn invoicing(dice: &mut Dice) -> Vec<Kill> {
    vec![("payments", Some(of_an_append(dice, OF_AN_APPEND.len() as u64 - 1)))]
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
