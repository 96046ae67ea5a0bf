//! What earlier builds made of their logs in PostgreSQL, today's projections make of them too; columns may be new.

use crate::read;
use crate::record::{TABLES, rows_of};
use e2e::Outcome;
use serde_json::Value;
use tillroll_postgres::{Connection, connect};
use tillroll_projectors::projections::{Orders, Sales, Stock};
use tillroll_projectors::{MIGRATIONS, Projection};
use tillroll_schemas::catalogue;
use tillroll_testkit::{migrated, start};

async fn project<P: Projection>(log: u32, connection: &mut Connection) -> Outcome {
    let mut batch = P::Batch::default();
    for topic in P::TOPICS {
        for (envelope, value) in read::events(log, topic)? {
            P::fold(&mut batch, &envelope, &P::decode(&envelope, &value)?);
        }
    }
    let transaction = connection.transaction().await?;
    P::write(&batch, &transaction).await?;
    Ok(transaction.commit().await?)
}

/// The row as far as the earlier build had its columns.
fn as_far_as(kept: &Value, mut row: Value) -> Value {
    if let (Some(kept), Some(row)) = (kept.as_object(), row.as_object_mut()) {
        row.retain(|column, _| kept.contains_key(column));
    }
    row
}

#[test]
fn the_logs_of_earlier_builds_give_the_same_rows() -> Outcome {
    tokio::runtime::Runtime::new()?.block_on(async {
        let stack = start().await;
        for log in read::logs()? {
            assert!(!read::events(log, catalogue::ORDER.events)?.is_empty());
            let url = stack.create_database(&format!("evolution_{log}")).await?;
            let mut connection = connect(&migrated(&url, MIGRATIONS).await).await?;
            project::<Orders>(log, &mut connection).await?;
            project::<Sales>(log, &mut connection).await?;
            project::<Stock>(log, &mut connection).await?;
            compare(log, &url).await?;
        }
        Ok(())
    })
}

async fn compare(log: u32, url: &str) -> Outcome {
    let kept: Vec<Value> = read::lines(log, "rows")?;
    for (table, key) in TABLES {
        let kept: Vec<&Value> = kept.iter().filter(|row| row["table"] == table).map(|row| &row["row"]).collect();
        let rows = rows_of(url, table, key).await?;
        assert_eq!(rows.len(), kept.len(), "{table} of log {log}");
        for (row, kept) in rows.into_iter().zip(kept) {
            assert_eq!(as_far_as(kept, row), *kept, "{table} of log {log}");
        }
    }
    Ok(())
}
