//! An order that waits for six hundred stock items.

use crate::shop::{add_product, order_of, place, stock_of, text};
use e2e::{Outcome, shared};
use serde_json::json;
use tokio::task::JoinSet;

const LINES: usize = 600;

#[test]
fn an_order_of_600_lines() -> Outcome {
    shared(|system| async move {
        let http = system.http();
        let skus: Vec<String> = (0..LINES).map(|nth| format!("LONG-{nth}")).collect();
        for some in skus.chunks(50) {
            let mut added = JoinSet::new();
            for sku in some {
                let (http, sku) = (http.clone(), sku.clone());
                added.spawn(async move { add_product(&http, &sku, 100, 3).await });
            }
            added.join_all().await.into_iter().collect::<Outcome<Vec<_>>>()?;
        }
        let lines: Vec<(&str, i64)> = skus.iter().map(|sku| (sku.as_str(), 3)).collect();
        let order = place(&http, "long/1", &order_of(&lines)).send().await?.expect_status(201)?;
        assert_eq!(order.json()["lines"].as_array().map(Vec::len), Some(LINES));
        assert_eq!(order.json()["totals"]["net"]["amount"], 600 * 3 * 100);

        let path = format!("/orders/{}/fulfilments", text(&order.json(), "id"));
        let delivered = http.post(path).key("long/2").wait(30).json(&json!({})).send().await?.expect_status(201)?;
        assert_eq!(text(&delivered.json(), "status"), "fulfilled");
        for sku in ["LONG-0", "LONG-299", "LONG-599"] {
            let stock = stock_of(&http, sku, &delivered.token()).await?;
            assert_eq!((&stock["on_hand"], &stock["committed"]), (&0.into(), &0.into()), "{stock}");
        }
        Ok(())
    })
}
