//! Read models are made of the log and of nothing else.

use crate::generated::generate;
use crate::shop::{add_product, gbp, order_of, place, text};
use e2e::{Outcome, own, seed, until};
use serde_json::json;
use std::time::Duration;

const WITHIN: Duration = Duration::from_secs(30);

#[test]
fn deleting_all_read_models_and_all_local_state_gives_byte_identical_rows_and_answers() -> Outcome {
    own(|system| async move {
        let path = system.home().join("file.csv");
        std::fs::write(&path, generate(seed(), 2011, 150).csv)?;
        system.import(&path).await?;
        let http = system.http();
        add_product(&http, "R-1", 250, 10).await?;
        let order = place(&http, "r/1", &order_of(&[("R-1", 4)])).send().await?.expect_status(201)?.json();
        let cancel = format!("/orders/{}/cancel", text(&order, "id"));
        http.post(cancel)
            .key("r/2")
            .wait(30)
            .json(&json!({"reason": "ordered twice"}))
            .send()
            .await?
            .expect_status(200)?;
        place(&http, "r/3", &order_of(&[("R-1", 11)])).send().await?.expect_status(409)?;

        let mut by_card = order_of(&[("R-1", 1)]);
        by_card["payment"] = json!({"method": "card", "token": "pm_card_visa"});
        let paid = place(&http, "r/4", &by_card).send().await?.expect_status(201)?.json();
        let refund = json!({"amount": gbp(100), "reason": "late"});
        until("it is invoiced, and money goes back", WITHIN, || async {
            let ask = http.post(format!("/orders/{}/refunds", text(&paid, "id"))).key("r/5").wait(30).json(&refund);
            Ok((ask.send().await?.status == 201).then_some(()))
        })
        .await?;
        system.is_at_rest(WITHIN).await?;
        let before = system.rows().await?;
        // People's own, carts among it, have tests of their own.
        let of_trade = |table: &&str| {
            let own = ["catalog.", "inventory.", "orders.", "sales."];
            own.iter().any(|schema| table.starts_with(schema)) && !table.starts_with("orders.cart")
        };
        assert!(before.tables().into_iter().filter(of_trade).all(|table| before.count(table) > 0), "{before:?}");
        system.tillroll().await.stop().await?;
        assert!(system.delete_read_models().await? > 4);
        system.delete_local_state()?;
        system.tillroll().await.start_again().await?;
        system.caught_up().await?;
        assert_eq!(before.differences(&system.rows().await?), Vec::<String>::new());

        // Owners know what they knew: folded anew, and then from what they kept.
        for round in 0..2 {
            let again = place(&http, "r/1", &order_of(&[("R-1", 4)])).send().await?.expect_status(409)?.json();
            assert_eq!(
                (text(&again, "code"), text(&again, "order_id")),
                ("order_cancelled", text(&order, "id")),
                "{round}"
            );
            place(&http, "r/1", &order_of(&[("R-1", 5)])).send().await?.expect_status(422)?;
            system.tillroll().await.stop().await?;
            system.tillroll().await.start_again().await?;
        }
        system.caught_up().await?;
        assert_eq!(before.differences(&system.rows().await?), Vec::<String>::new());
        Ok(())
    })
}
