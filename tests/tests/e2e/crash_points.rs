//! The whole process is killed at every named point, again and again, in the middle of one import.

use crate::generated::{Dice, generate};
use e2e::proof::{Answered, Roll, Shown, of_the_log, of_the_rows};
use e2e::{Outcome, Running, System, own, seed, texts};
use std::path::Path;
use std::time::{Duration, Instant};
use tillroll_telemetry::{Crash, CrashPoint, Fate};

/// What the business knows, and nothing that depends on when or where it was written, or in how many records.
const BUSINESS: [&str; 6] = [
    "SELECT concat_ws('|', sku, name, description, category, price_amount, currency, tax_rate, tracked, archived)
       FROM catalog.product ORDER BY 1",
    "SELECT concat_ws('|', sku, on_hand, reserved, committed) FROM inventory.stock ORDER BY 1",
    "SELECT concat_ws('|', order_id, reference, customer, country, status, payment_method, currency, net, tax, gross,
            refunded, owed, placed_at, cancellation_code, cancellation_detail) FROM orders.order ORDER BY 1",
    "SELECT concat_ws('|', order_id, line, sku, name, category, quantity, unit_price, line_total, tax_rate, tracked)
       FROM orders.order_line ORDER BY 1",
    "SELECT concat_ws('|', order_id, sku, quantity) FROM orders.fulfilled ORDER BY 1",
    "SELECT concat_ws('|', dimension, day, key, currency, gross, credits, quantity, orders, credit_notes)
       FROM sales.total ORDER BY 1",
];
/// An import that goes on for as long as it takes to pass each point often enough.
pub const INVOICES: u64 = 250;
const LOOK_EVERY: Duration = Duration::from_millis(100);
pub const DIES_WITHIN: Duration = Duration::from_secs(120);
/// An overdue step is waited for 160 s at last.
pub const RESTS_WITHIN: Duration = Duration::from_secs(200);
/// A dead process's partitions are free after that long, which the development broker allows: many kills in one test.
pub const SESSION_MS: &str = "1500";

#[test]
#[cfg_attr(not(debug_assertions), ignore = "release builds have no crash points")]
fn an_import_that_is_killed_at_every_point_comes_out_as_a_clean_one() -> Outcome {
    own(|system| async move {
        let seed = seed();
        let csv = generate(seed, 2012, INVOICES).csv;
        let clean = System::another().await?;
        let expected = imported(&clean, &csv).await?;
        drop(clean);

        let path = system.home().join("killed.csv");
        std::fs::write(&path, &csv)?;
        let mut dice = Dice::of(seed);
        let mut import = begin_import(&system, &path)?;
        system.tillroll().await.kill().await?;
        for point in points() {
            let crash = Crash { point, passing: passing(point, &mut dice), fate: Fate::Killed };
            let mut tillroll = system.tillroll().await;
            tillroll.set("TILLROLL_KAFKA_SESSION_TIMEOUT_MS", Some(SESSION_MS.into()));
            tillroll.set("TILLROLL_CRASH", Some(crash.to_string()));
            tillroll.begin_again()?;
            let began = Instant::now();
            while !tillroll.dies(LOOK_EVERY).await? {
                assert!(began.elapsed() < DIES_WITHIN, "it was not killed at {crash}");
                if !import.runs()? {
                    // It is over: what is sent again is answered again, and the owners write marks for it.
                    import = begin_import(&system, &path)?;
                }
            }
            eprintln!("killed at {crash}");
        }
        let mut tillroll = system.tillroll().await;
        tillroll.set("TILLROLL_CRASH", None);
        tillroll.start_again().await?;
        drop(tillroll);
        // However the first one ended: it is a client, and a client that lost its answer asks again.
        let ended = import.finish().await?;
        eprintln!("the import that saw all this ended with {:?}: {}", ended.code, ended.err);
        assert_eq!(imported(&system, &csv).await?, expected);
        system.is_at_rest(RESTS_WITHIN).await?;
        assert_eq!(broken_promises(&system, &system.roll().await?, &[]).await?, Vec::<String>::new());
        Ok(())
    })
}

/// Every point that an import passes, which asks nobody outside; first the one that nobody passes any more once the
/// import is over and only repeated.
pub fn points() -> Vec<CrashPoint> {
    let mut points = CrashPoint::ALL.to_vec();
    points.retain(|point| *point != CrashPoint::AfterEffect);
    points.sort_by_key(|point| *point != CrashPoint::AfterCommandProduce);
    points
}

/// Often enough for something to be under way, and early enough to come before the import is over.
pub fn passing(point: CrashPoint, dice: &mut Dice) -> u32 {
    let most = match point {
        CrashPoint::BeforeProduce
        | CrashPoint::AfterProduce
        | CrashPoint::AfterAcknowledgement
        | CrashPoint::BeforeAnswer
        | CrashPoint::AfterCommandProduce
        | CrashPoint::AfterEffect => 120,
        CrashPoint::BeforePositionCommit
        | CrashPoint::AfterPositionCommit
        | CrashPoint::BeforeStoreBatch
        | CrashPoint::AfterStoreBatch
        | CrashPoint::BetweenCheckpointAndRows
        | CrashPoint::BeforeRowsCommit
        | CrashPoint::AfterRowsCommit => 8,
    };
    1 + dice.below(most) as u32
}

pub fn begin_import(system: &System, path: &Path) -> Outcome<Running> {
    system.begin(&["import", "online-retail", &path.to_string_lossy()])
}

/// Imports the file, and what the business then knows.
pub async fn imported(system: &System, csv: &str) -> Outcome<Vec<Vec<Vec<String>>>> {
    let path = system.home().join("file.csv");
    std::fs::write(&path, csv)?;
    system.import(&path).await?;
    system.caught_up().await?;
    let mut tables = Vec::new();
    for sql in BUSINESS {
        tables.push(texts(system.database_url(), sql).await?);
    }
    assert!(tables.iter().all(|rows| !rows.is_empty()), "every table has rows");
    Ok(tables)
}

/// Everything that the log and the rows can be held to, on what was read and what clients were told. Of a system at rest:
/// what is written between the two readings is no breach.
pub async fn broken_promises(system: &System, roll: &Roll, told: &[Answered]) -> Outcome<Vec<String>> {
    let shown = Shown::read(system.database_url()).await?;
    let verdicts = [of_the_log(roll, told), vec![of_the_rows(roll, &shown)]].concat();
    Ok(verdicts.iter().filter(|verdict| !verdict.breaches.is_empty()).map(ToString::to_string).collect())
}
