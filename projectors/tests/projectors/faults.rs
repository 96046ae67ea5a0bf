//! Second projectors, killed connections, a database that goes away, readings that break off: the rows are those of one
//! undisturbed reading, and never without their checkpoint.

use crate::read_models::{caught_up, rows, undisturbed};
use crate::roll::Roll;
use crate::shop::{Shop, Step};
use std::time::Duration;
use tillroll_postgres::{Connection, Settings, connect};
use tillroll_projectors::{MIGRATIONS, Projectors};
use tillroll_schemas::catalogue::PRODUCT;
use tillroll_telemetry::Shutdown;
use tillroll_testkit::{database, migrated, start, until};
use tokio::time::sleep;

/// The same steps for the same number, of all kinds.
fn steps(count: u32) -> impl Iterator<Item = Step> {
    (0..count).map(|number| {
        let mixed = (u64::from(number) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
        (mixed[0], mixed[1], u16::from_be_bytes([mixed[2], mixed[3]]), u16::from_be_bytes([mixed[4], mixed[5]]))
    })
}

/// Writes the log bit by bit while projectors are at work and `disturb` does its worst.
async fn disturbed(
    settings: &Settings,
    roll: &Roll,
    projectors: usize,
    mut disturb: impl AsyncFnMut(u32, &[Projectors]),
) -> (Vec<String>, Vec<String>) {
    let shutdown = Shutdown::new();
    let started: Vec<Projectors> =
        (1_u64..).take(projectors).map(|seed| Projectors::start(settings, roll.cut(7, seed), &shutdown)).collect();
    let mut shop = Shop::new(roll);
    for (number, step) in (0..).zip(steps(600)) {
        shop.step(step);
        if number % 20 == 0 {
            disturb(number / 20, &started).await;
        }
    }
    roll.break_after(u64::MAX);
    let connection = connect(settings).await.unwrap();
    caught_up(&connection, roll).await;
    shutdown.request();
    for one in started {
        one.stopped().await;
    }
    let disturbed = rows(&connection).await;
    (disturbed, undisturbed(settings, roll).await)
}

/// How many products there are and how many were taken account of, in one snapshot.
async fn rows_without_checkpoint(connection: &Connection) -> i64 {
    let sql = "SELECT COUNT(*) FROM catalog.product AS p
        LEFT JOIN projection.checkpoint AS c ON c.projection = 'products' AND c.partition = p.at_partition
        WHERE c.next_offset IS NULL OR c.next_offset <= p.at_offset";
    connection.query_one(sql, &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_projector_is_kept_out() {
    let settings = database("faults_second", MIGRATIONS).await;
    let (disturbed, undisturbed) = disturbed(&settings, &Roll::new(7, 1), 3, async |_, _| {
        sleep(Duration::from_millis(20)).await;
    })
    .await;
    assert_eq!(disturbed, undisturbed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_projector_that_is_behind_writes_nothing() {
    let settings = database("faults_behind", MIGRATIONS).await;
    let connection = connect(&settings).await.unwrap();
    let roll = Roll::new(7, 1);
    let mut shop = Shop::new(&roll);
    shop.step((0, 0, 0, 0));
    let shutdown = Shutdown::new();
    let projectors = Projectors::start(&settings, roll.clone(), &shutdown);
    caught_up(&connection, &roll).await;
    // Somebody else takes account of what comes next, without a row of it.
    let sql = "UPDATE projection.checkpoint SET next_offset = next_offset + 1,
        position = jsonb_set(position, '{next}', to_jsonb(next_offset + 1)) WHERE projection = 'products' AND next_offset > 0";
    assert_eq!(connection.execute(sql, &[]).await.unwrap(), 1);
    let readings = roll.opened(PRODUCT.events);
    shop.step((0, 0, 3, 3));
    shop.step((1, 0, 3, 3));
    until("a reading from the other's checkpoint", async || roll.opened(PRODUCT.events) > readings).await;
    let version: i64 = connection.query_one("SELECT version FROM catalog.product", &[]).await.unwrap().get(0);
    assert_eq!(version, 1, "what was folded from the old place was written");
    shop.step((0, 0, 6, 6));
    caught_up(&connection, &roll).await;
    let version: i64 = connection.query_one("SELECT version FROM catalog.product", &[]).await.unwrap().get(0);
    assert_eq!(version, 3, "it goes on from the other's checkpoint");
    shutdown.request();
    projectors.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_killed_anywhere_leaves_rows_and_checkpoint_or_neither() {
    let settings = database("faults_killed", MIGRATIONS).await;
    let connection = connect(&settings).await.unwrap();
    // Every third transaction is cut off after its checkpoint and some rows, and now and then one at its commit.
    let traps = "
        CREATE SEQUENCE public.rows_written; CREATE SEQUENCE public.commits;
        CREATE FUNCTION public.cut_rows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF nextval('public.rows_written') % 3 = 0 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
            RETURN NULL; END $$;
        CREATE FUNCTION public.cut_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF nextval('public.commits') IN (3, 9, 20, 31, 50, 75, 101) THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
            RETURN NULL; END $$;
        CREATE TRIGGER cut AFTER INSERT OR UPDATE ON catalog.product EXECUTE FUNCTION public.cut_rows();
        CREATE TRIGGER cut AFTER INSERT OR UPDATE ON sales.total EXECUTE FUNCTION public.cut_rows();
        CREATE CONSTRAINT TRIGGER cut_late AFTER INSERT OR UPDATE ON orders.order DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION public.cut_commit();";
    connection.batch_execute(traps).await.unwrap();
    let (disturbed, undisturbed) = disturbed(&settings, &Roll::new(7, 1), 1, async |_, _| {
        sleep(Duration::from_millis(10)).await;
        assert_eq!(rows_without_checkpoint(&connection).await, 0);
    })
    .await;
    assert_eq!(disturbed, undisturbed);
}

#[tokio::test(flavor = "multi_thread")]
async fn readings_that_break_off_are_begun_again() {
    let settings = database("faults_readings", MIGRATIONS).await;
    let roll = Roll::new(7, 1);
    let (disturbed, undisturbed) = disturbed(&settings, &roll.clone(), 1, async |round, _| {
        roll.break_after(u64::from(round % 5) * 4);
        sleep(Duration::from_millis(10)).await;
    })
    .await;
    assert_eq!(disturbed, undisturbed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_goes_away_is_waited_for() {
    let stack = start().await;
    let settings = migrated(stack.database_url(), MIGRATIONS).await;
    let server = stack.postgres().unwrap();
    let roll = Roll::new(7, 1);
    let (disturbed, undisturbed) = disturbed(&settings, &roll.clone(), 2, async |round, projectors| {
        sleep(Duration::from_millis(20)).await;
        if round % 10 == 3 {
            let all_well = || projectors.iter().all(|one| one.troubles().is_empty());
            until("the end of the last outage", async || all_well()).await;
            server.kill().await.unwrap();
            // Something to write, should they have written everything.
            roll.append_mark(PRODUCT.events, "A");
            let all_ill = || projectors.iter().all(|one| !one.troubles().is_empty());
            until("projectors that cannot write", async || all_ill()).await;
            server.start_again().await.unwrap();
        }
    })
    .await;
    assert_eq!(disturbed, undisturbed);
    stack.stop().await.unwrap();
}
