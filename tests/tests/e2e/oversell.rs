//! What is not there cannot be sold, however many ask at once.

use crate::shop::{add_product, order_of, place, stock_of};
use e2e::{Answer, Outcome, System, shared};
use serde_json::Value;
use tokio::task::JoinSet;

#[test]
fn oversell() -> Outcome {
    shared(|system| async move {
        let http = system.http();
        add_product(&http, "OVERSELL", 100, 100).await?;
        let mut asked = JoinSet::new();
        for nth in 0..500 {
            let ask = place(&http, &format!("oversell/{nth}"), &order_of(&[("OVERSELL", 1)]));
            asked.spawn(ask.send());
        }
        let answers: Vec<Answer> = asked.join_all().await.into_iter().collect::<Outcome<_>>()?;
        let sold: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 201).collect();
        for refused in answers.iter().filter(|answer| answer.status != 201) {
            assert_eq!((refused.status, refused.code().as_str()), (409, "insufficient_stock"));
            assert!(refused.json()["order_id"].is_string(), "a refusal names the order that was cancelled");
        }
        assert_eq!(sold.len(), 100);

        // Several tokens count as one that asks for all.
        let tokens: Vec<String> = sold.iter().map(|answer| answer.token()).collect();
        for some in tokens.chunks(16) {
            let stock = stock_of(&http, "OVERSELL", &some.join(", ")).await?;
            assert_eq!(stock["available"], 0, "{stock}");
        }
        let stock = stock_of(&http, "OVERSELL", &tokens[0]).await?;
        assert_eq!((&stock["on_hand"], &stock["committed"], &stock["reserved"]), (&100.into(), &100.into(), &0.into()));
        never_below_zero(&system).await
    })
}

/// At no moment of the log were there fewer pieces than claims to them.
async fn never_below_zero(system: &System) -> Outcome {
    let shown = system.run(&["aggregate", "show", "stock-item", "OVERSELL", "--json"]).await?;
    let story: Value = serde_json::from_str(&shown.out)?;
    let events = story["events"].as_array().ok_or("no events")?;
    let sold = events.iter().filter(|event| event["type"] == "stock-item.committed.v1").count();
    assert_eq!(sold, 100);
    for event in events {
        let level = |name: &str| event["data"]["levels"][name].as_i64();
        let levels = (level("on_hand"), level("reserved"), level("committed"));
        let (Some(on_hand), Some(reserved), Some(committed)) = levels else {
            return Err(format!("no levels: {event}").into());
        };
        assert!(reserved >= 0 && committed >= 0 && on_hand - reserved - committed >= 0, "{event}");
    }
    Ok(())
}
