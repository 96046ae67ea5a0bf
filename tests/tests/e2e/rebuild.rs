//! Read models are made of the log and of nothing else.

use crate::generated::{generate, seed};
use crate::shop::{add_product, order_of, place, text};
use e2e::{Outcome, own};
use serde_json::json;

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

        system.caught_up().await?;
        let before = system.rows().await?;
        assert!(before.tables().iter().all(|table| before.count(table) > 0), "{before:?}");
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
