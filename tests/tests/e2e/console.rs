//! What an operator sees of the log: `tillroll tail` and `tillroll aggregate show`.

use crate::shop::{add_product, order_of, place, text};
use e2e::{Outcome, shared, until};
use serde_json::Value;
use std::time::Duration;

const WITHIN: Duration = Duration::from_secs(30);

#[test]
fn the_log_tells_the_whole_story_of_an_order() -> Outcome {
    shared(|system| async move {
        let http = system.http();
        add_product(&http, "STORY", 100, 5).await?;
        let order = place(&http, "story/1", &order_of(&[("STORY", 2)])).send().await?.expect_status(201)?;
        let id = text(&order.json(), "id").to_owned();
        // Nothing more happens to it once its invoice has its number.
        let (order, token) = until("it is invoiced", WITHIN, || async {
            let order = place(&http, "story/1", &order_of(&[("STORY", 2)])).send().await?;
            let invoiced = order.json()["version"] == 5;
            Ok(invoiced.then(|| (order.json(), order.token())))
        })
        .await?;

        let shown = system.run(&["aggregate", "show", "order", &id, "--json"]).await?;
        assert_eq!(shown.code, Some(0), "{shown:?}");
        let story: Value = serde_json::from_str(&shown.out)?;
        assert_eq!(story["state"], order, "the fold of the log is what the client was told");
        let told = http.get(format!("/orders/{id}/history")).token(token).send().await?.expect_status(200)?.json();
        let types = |events: &Value| -> Vec<String> {
            events.as_array().into_iter().flatten().map(|event| text(event, "type").to_owned()).collect()
        };
        assert_eq!(types(&story["events"]), types(&told["items"]));

        let tailed = system.run(&["tail", "order", "--aggregate", &id, "--json"]).await?;
        let lines: Vec<Value> = tailed.out.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        assert_eq!(types(&Value::Array(lines.clone())), types(&told["items"]));
        let versions: Vec<u64> = lines.iter().filter_map(|line| line["version"].as_u64()).collect();
        assert_eq!(versions, (1..=lines.len() as u64).collect::<Vec<_>>());

        let all = system.run(&["tail", "--all", "--from-beginning"]).await?;
        assert_eq!(all.code, Some(0), "{}", all.err);
        assert!(all.out.contains("log.claim.v1") && all.out.contains("stock-item.committed.v1"));
        let recorded: Vec<&str> = all.out.lines().filter_map(|line| line.split(' ').next()).collect();
        assert!(recorded.is_sorted(), "in the order of recording");
        Ok(())
    })
}

#[test]
fn what_is_not_there_is_said_plainly() -> Outcome {
    shared(|system| async move {
        let known = ["product", "stock-item", "order", "credit-note"];
        let unknown_type = system.run(&["aggregate", "show", "cat", "tom"]).await?;
        assert_eq!(unknown_type.code, Some(1), "{unknown_type:?}");
        assert!(known.iter().all(|kind| unknown_type.err.contains(kind)), "{unknown_type:?}");
        let unknown_id = system.run(&["aggregate", "show", "product", "NOT-THERE"]).await?;
        assert_eq!((unknown_id.code, unknown_id.out.as_str()), (Some(1), ""), "{unknown_id:?}");
        assert!(unknown_id.err.contains("there is no product NOT-THERE"), "{unknown_id:?}");
        for (command, prints) in [
            (&["aggregate", "show", "order", "xyz"][..], "`tillroll tail order`"),
            (&["saga", "show", "xyz"], "`tillroll saga list`"),
            (&["payments", "show", "xyz"], "`tillroll tail payment`"),
            (&["payments", "retry", "xyz"], "`tillroll tail payment`"),
        ] {
            let no_id = system.run(command).await?;
            assert_ne!(no_id.code, Some(0), "{no_id:?}");
            assert!(no_id.err.contains("UUID") && no_id.err.contains(prints), "{no_id:?}");
        }
        let unknown_topic = system.run(&["tail", "nothing.events.v1"]).await?;
        assert_eq!(unknown_topic.code, Some(1), "{unknown_topic:?}");
        assert!(unknown_topic.err.contains("order.events.v1"), "{unknown_topic:?}");
        Ok(())
    })
}
