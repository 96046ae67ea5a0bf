//! Killing either side in the middle of an import.

use crate::crash_points::RESTS_WITHIN;
use crate::real_file::{every_invoice_is_there, sums_are_those_of, what_is_left_was_found};
use crate::shop::{all, count_orders, text};
use e2e::{Http, Outcome, lines, own, until, workspace};
use std::collections::BTreeSet;
use std::time::Duration;

#[test]
fn kill_nine_in_the_middle_of_an_import() -> Outcome {
    own(|system| async move {
        let file = workspace().join("data/online-retail-extract.csv");
        let file = file.to_string_lossy();
        let http = system.http();

        let first = system.begin(&["import", "online-retail", &file])?;
        orders_are_there(&http, 40).await?;
        first.kill().await?;

        let mut second = system.begin(&["import", "online-retail", &file])?;
        orders_are_there(&http, 150).await?;
        assert!(second.runs()?, "the import was over before it could be disturbed");
        let mut tillroll = system.tillroll().await;
        tillroll.kill().await?;
        tillroll.start_again().await?;
        drop(tillroll);
        let finished = second.finish().await?;
        assert_eq!(finished.code, Some(0), "{}{}", finished.out, finished.err);
        assert!(finished.out.contains("180,667.75 GBP in the shop's report\n"), "{}", finished.out);

        // The importer waits for the report; orders and stock have read models of their own, and the last invoices have
        // no number yet.
        system.is_at_rest(RESTS_WITHIN).await?;
        // All that a clean import is checked for, against the file itself.
        let lines = lines(&std::fs::read_to_string(workspace().join("data/online-retail-extract.csv"))?)?;
        sums_are_those_of(&http, &lines).await?;
        every_invoice_is_there(&http, &lines).await?;
        what_is_left_was_found(&http, &lines).await?;
        let orders = all(&http, "/orders?status=fulfilled").await?;
        let references: BTreeSet<&str> = orders.iter().map(|order| text(order, "reference")).collect();
        assert_eq!((orders.len(), references.len()), (424, 424));
        assert_eq!(count_orders(&http, "").await?, 424);

        // And the log that went through all this gives the same rows again, byte for byte.
        let before = system.rows().await?;
        system.tillroll().await.stop().await?;
        system.delete_read_models().await?;
        system.tillroll().await.start_again().await?;
        system.caught_up().await?;
        assert_eq!(before.differences(&system.rows().await?), Vec::<String>::new());
        Ok(())
    })
}

async fn orders_are_there(http: &Http, least: u64) -> Outcome {
    until("orders are there", Duration::from_secs(120), || async {
        Ok((count_orders(http, "").await? >= least).then_some(()))
    })
    .await
}
