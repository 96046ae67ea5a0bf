//! A topic that was made again, behind owners and checkpoints that know more: noticed, named, and mended. First nothing
//! starts; if what is lost is to be forgotten owners serve, and rows stand until they are made again.

use crate::shop::add_product;
use e2e::{Http, Outcome, System, own, texts, until};
use serde_json::Value;
use std::time::Duration;

const NOTICED_WITHIN: Duration = Duration::from_secs(30);
const PRODUCTS: &str = "SELECT sku FROM catalog.product ORDER BY sku";
const CHECKPOINTS: &str = "SELECT partition::text, next_offset::text, position::text FROM projection.checkpoint
    WHERE projection = 'products' ORDER BY partition";

#[test]
fn a_topic_made_again_is_named_at_the_start_and_forgotten_only_by_hand() -> Outcome {
    own(|system| async move {
        let http = system.http();
        for nth in 0..12 {
            add_product(&http, &format!("BEFORE-{nth}"), 100, 5).await?;
        }
        system.caught_up().await?;
        let (rows, checkpoints) = (state(&system, PRODUCTS).await?, state(&system, CHECKPOINTS).await?);
        // Found while the door's own is taken.
        let internal = format!("127.0.0.1:{}", e2e::free_port()?);
        let mut tillroll = system.tillroll().await;
        tillroll.stop().await?;
        let deleted = system.console(&["topics", "--delete", "--topic", "product.events.v1"]).await?;
        assert_eq!(deleted.code, Some(0), "{deleted:?}");
        tillroll.set("TILLROLL_PROJECTORS_LISTEN", Some(internal.clone()));
        assert!(tillroll.start_again().await.is_err(), "an empty log is not taken for the shop's");
        let refused = tillroll.log();
        let kept = system.home().join("state");
        for part in ["product.events.v1", "made again", "restore it from its copy", &kept.to_string_lossy()] {
            assert!(refused.contains(part), "{part:?} is not in: {refused}");
        }
        std::fs::remove_dir_all(kept)?;
        tillroll.start_again().await?;
        drop(tillroll);

        let added = add_product(&http, "AFTER", 100, 5).await?;
        let health = Http::at_root(&format!("http://{internal}"));
        let said = until("the projectors say that they cannot go on", NOTICED_WITHIN, || async {
            let answer = health.get("/health/ready").send().await?;
            let problem = answer.json()["checks"]["projections"].clone();
            let noticed = problem.as_str().is_some_and(|problem| problem.contains("is outside of"));
            Ok((answer.status == 503 && noticed).then_some(problem))
        })
        .await?;
        names_it(said.as_str().unwrap_or_default());
        let log = system.tillroll().await.log();
        names_it(log.lines().rfind(|line| line.contains("projection stopped")).unwrap_or_default());
        let read = http.get("/products/AFTER").token(added).wait(1).send().await?;
        assert!(matches!(read.status, 400 | 503), "a token of the new log is not answered from the old: {read:?}");
        assert_eq!(state(&system, PRODUCTS).await?, rows, "no row has changed");
        assert_eq!(state(&system, CHECKPOINTS).await?, checkpoints, "no checkpoint has moved");

        let mut tillroll = system.tillroll().await;
        tillroll.stop().await?;
        tillroll.serve_by(&["serve", "all", "--rebuild"]);
        tillroll.start_again().await?;
        drop(tillroll);
        system.caught_up().await?;
        assert_eq!(state(&system, PRODUCTS).await?, [["AFTER"]], "what the log holds now");
        let well = health.get("/health/ready").send().await?.expect_status(200)?.json();
        assert_eq!(well["checks"]["projections"], Value::from("ok"));
        Ok(())
    })
}

/// What has stopped, why, and what to do.
fn names_it(said: &str) {
    for part in ["products", "product.events.v1", "is outside of", "--rebuild"] {
        assert!(said.contains(part), "{part:?} is not in: {said}");
    }
}

async fn state(system: &System, sql: &str) -> Outcome<Vec<Vec<String>>> {
    texts(system.database_url(), sql).await
}
