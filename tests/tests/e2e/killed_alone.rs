//! Every role in a process of its own: each is killed alone, at named points, while the others go on with one import.

use crate::crash_points::{DIES_WITHIN, INVOICES, SESSION_MS, begin_import, broken_promises, imported, passing};
use crate::generated::{Dice, generate, seed};
use e2e::{Outcome, Running, System, own, until};
use std::collections::BTreeMap;
use tillroll_telemetry::{Crash, CrashPoint, Fate};

const OWNERS: [&str; 3] = ["catalog", "inventory", "orders"];
const OTHERS: [&str; 3] = ["projectors", "query-api", "gateway"];

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
        for role in OWNERS.into_iter().chain(OTHERS) {
            roles.insert(role, serve(&system, role).await?);
        }
        let path = system.home().join("killed.csv");
        std::fs::write(&path, &csv)?;
        let (mut import, mut dice) = (begin_import(&system, &path)?, Dice::of(seed));
        for point in CrashPoint::ALL.iter().copied() {
            let at = passed_by(point);
            let role = at[dice.below(at.len() as u64) as usize];
            let crash = Crash { point, passing: passing(point, &mut dice), fate: Fate::Killed };
            if !import.runs()? {
                import = begin_import(&system, &path)?;
            }
            roles.remove(role).ok_or("not served")?.kill().await?;
            let mut doomed = system.begin_serving(&settings(Some(crash)), &["serve", role])?;
            until(&format!("{role} dies at {crash}"), DIES_WITHIN, || {
                let runs = doomed.runs();
                async move { Ok((!runs?).then_some(())) }
            })
            .await?;
            eprintln!("{role} killed at {crash}");
            roles.insert(role, serve(&system, role).await?);
        }
        // As readers of the log the two that own nothing have no points; they are killed where they stand.
        for role in ["query-api", "gateway"] {
            roles.remove(role).ok_or("not served")?.kill().await?;
            roles.insert(role, serve(&system, role).await?);
        }
        let ended = import.finish().await?;
        eprintln!("the import that saw all this ended with {:?}: {}", ended.code, ended.err);
        assert_eq!(imported(&system, &csv).await?, expected);
        assert_eq!(broken_promises(&system, &system.roll().await?, &[]).await?, Vec::<String>::new());
        Ok(())
    })
}

/// The roles that pass it.
fn passed_by(point: CrashPoint) -> &'static [&'static str] {
    match point {
        CrashPoint::BeforeProduce
        | CrashPoint::AfterProduce
        | CrashPoint::AfterAcknowledgement
        | CrashPoint::BeforeAnswer
        | CrashPoint::BeforePositionCommit
        | CrashPoint::AfterPositionCommit
        | CrashPoint::BeforeStoreBatch
        | CrashPoint::AfterStoreBatch => &OWNERS,
        // A product asks for something only when it is added, which this import does at its beginning.
        CrashPoint::AfterCommandProduce => &["orders"],
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
