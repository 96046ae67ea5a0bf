//! A request that comes again is the same request, at once, later, and after a crash.

use crate::shop::{add_product, count_orders, order_of, place, stock_of, text};
use e2e::{Answer, Outcome, own};
use serde_json::json;
use std::collections::BTreeSet;
use tokio::task::JoinSet;

#[test]
fn the_same_order_forty_times_at_once_is_one_order() -> Outcome {
    own(|system| async move {
        let http = system.http();
        add_product(&http, "REPEAT", 100, 50).await?;
        let mut body = order_of(&[("REPEAT", 2)]);
        body["customer"] = json!({"reference": "forty"});
        let mut asked = JoinSet::new();
        for _ in 0..40 {
            asked.spawn(place(&http, "repeat/1", &body).send());
        }
        let answers: Vec<Answer> = asked.join_all().await.into_iter().collect::<Outcome<_>>()?;
        let ids: BTreeSet<String> = answers.iter().map(|answer| text(&answer.json(), "id").to_owned()).collect();
        assert!(answers.iter().all(|answer| answer.status == 201), "{answers:?}");
        assert_eq!(ids.len(), 1);
        let stock = stock_of(&http, "REPEAT", &answers[0].token()).await?;
        assert_eq!(stock["available"], 48);
        assert_eq!(count_orders(&http, "customer=forty").await?, 1);

        let other = place(&http, "repeat/1", &order_of(&[("REPEAT", 3)])).send().await?;
        assert_eq!((other.status, other.code().as_str()), (422, "idempotency_key_reused"));

        let mut tillroll = system.tillroll().await;
        tillroll.kill().await?;
        tillroll.start_again().await?;
        drop(tillroll);
        let again = place(&http, "repeat/1", &body).send().await?.expect_status(201)?;
        // Its invoice has its number by now, which is an event more.
        let but_for_the_version = |answer: &Answer| {
            let mut body = answer.json();
            body.as_object_mut().map(|body| body.remove("version"));
            body
        };
        assert_eq!(but_for_the_version(&again), but_for_the_version(&answers[0]), "the same answer after a crash");
        let other = place(&http, "repeat/1", &order_of(&[("REPEAT", 3)])).send().await?;
        assert_eq!((other.status, other.code().as_str()), (422, "idempotency_key_reused"));
        let stock = stock_of(&http, "REPEAT", &again.token()).await?;
        assert_eq!(stock["available"], 48);
        Ok(())
    })
}
