//! A part that is away: 503 in good time, and everything resumes by itself.

use crate::shop::{add_product, order_of, place, receive, stock_of};
use e2e::{Answer, Ask, Http, Outcome, own, until};
use std::time::{Duration, Instant};

/// `docs/ARCHITECTURE.md`, what a client sees: commands 5 s after Kafka has fallen silent, queries 2 s after PostgreSQL
/// has. A second more for everything else on a busy machine.
const COMMAND_TOLD_WITHIN: Duration = Duration::from_secs(6);
const QUERY_TOLD_WITHIN: Duration = Duration::from_secs(3);
/// It has nothing to wait for.
const DOOR_OPENS_WITHIN: Duration = Duration::from_secs(10);
const RESUMES_WITHIN: Duration = Duration::from_secs(60);

#[test]
fn a_broker_that_is_down_is_told_in_time_and_everything_resumes() -> Outcome {
    own(|system| async move {
        let http = system.http();
        add_product(&http, "BROKER", 100, 10).await?;
        let order = |key: &str| place(&http, key, &order_of(&[("BROKER", 1)]));
        order("broker/1").send().await?.expect_status(201)?;

        system.kafka()?.pause()?;
        let add = |key: &str| http.post("/products").key(key).json(&product("BROKER-2"));
        unavailable(add("broker/2"), COMMAND_TOLD_WITHIN).await?;
        unavailable(order("broker/3"), COMMAND_TOLD_WITHIN).await?;
        unavailable(receiving(&http), COMMAND_TOLD_WITHIN).await?;
        http.get("/products/BROKER").send().await?.expect_status(200)?;
        system.kafka()?.resume()?;
        resumes(|| order("broker/3"), 201).await?;
        resumes(|| add("broker/2"), 201).await?;

        system.kafka()?.kill().await?;
        unavailable(add("broker/4"), COMMAND_TOLD_WITHIN).await?;
        unavailable(order("broker/5"), COMMAND_TOLD_WITHIN).await?;
        http.get("/products/BROKER").send().await?.expect_status(200)?;
        system.kafka()?.start_again().await?;
        resumes(|| receiving(&http), 200).await?;
        let last = resumes(|| order("broker/5"), 201).await?;
        // The same keys before and after: what was told to be unavailable was carried out once, if at all before.
        assert_eq!(stock_of(&http, "BROKER", &last.token()).await?["available"], 10, "each command once");
        Ok(())
    })
}

#[test]
fn a_database_that_is_down_stops_no_command_and_reads_resume() -> Outcome {
    own(|system| async move {
        let http = system.http();
        add_product(&http, "DATABASE", 100, 10).await?;

        for (nth, hard) in [(1, false), (2, true)] {
            match hard {
                true => system.postgres()?.kill().await?,
                false => system.postgres()?.pause()?,
            }
            for path in
                ["/products/DATABASE", "/products/DATABASE/inventory", "/orders", "/analytics/sales?group_by=day"]
            {
                unavailable(http.get(path), QUERY_TOLD_WITHIN).await?;
            }
            let placed = place(&http, &format!("database/{nth}"), &order_of(&[("DATABASE", 1)])).send().await?;
            let token = placed.expect_status(201)?.token();
            match hard {
                true => system.postgres()?.start_again().await?,
                false => system.postgres()?.resume()?,
            }
            let read = || http.get("/products/DATABASE/inventory").token(&token).wait(30);
            let stock = resumes(read, 200).await?;
            assert_eq!(stock.json()["available"], 10 - nth, "the token is kept over the outage");
        }
        receive(&http, "DATABASE", 5).await?;
        Ok(())
    })
}

#[test]
fn a_start_without_the_database_serves_commands_and_reads_come_by_themselves() -> Outcome {
    own(|system| async move {
        let http = system.http();
        let added = add_product(&http, "LATER", 100, 10).await?;
        system.caught_up().await?;
        system.tillroll().await.stop().await?;
        // Nothing is left of the tables either: the projectors make them once they can.
        system.delete_read_models().await?;
        system.postgres()?.kill().await?;
        system.tillroll().await.start_again().await?;

        let placed = place(&http, "later/1", &order_of(&[("LATER", 4)])).send().await?.expect_status(201)?;
        for path in ["/products/LATER", "/orders", "/analytics/sales?group_by=day"] {
            unavailable(http.get(path), QUERY_TOLD_WITHIN).await?;
        }
        system.postgres()?.start_again().await?;
        let both = format!("{added}, {}", placed.token());
        let read = || http.get("/products/LATER/inventory").token(&both).wait(30);
        assert_eq!(resumes(read, 200).await?.json()["available"], 6);
        let sales = resumes(|| http.get("/analytics/sales?group_by=day").token(placed.token()).wait(30), 200).await?;
        assert_eq!(sales.json()["items"][0]["net"], 400, "{sales:?}");
        Ok(())
    })
}

#[test]
fn a_door_and_its_reads_start_without_the_broker() -> Outcome {
    own(|system| async move {
        let http = system.http();
        add_product(&http, "DOOR", 100, 10).await?;
        system.caught_up().await?;
        system.tillroll().await.stop().await?;
        system.kafka()?.kill().await?;

        let began = Instant::now();
        let mut door = system.begin(&["serve", "gateway", "query-api"])?;
        until("the door is open", RESUMES_WITHIN, || {
            let runs = door.runs();
            let asked = http.get("/products/DOOR").send();
            async move {
                assert!(runs?, "it ended");
                Ok(asked.await.ok().filter(|answer| answer.status == 200))
            }
        })
        .await?;
        assert!(began.elapsed() < DOOR_OPENS_WITHIN, "it took {:?}", began.elapsed());
        unavailable(http.post("/products").key("door/1").json(&product("DOOR-2")), COMMAND_TOLD_WITHIN).await?;
        door.kill().await
    })
}

fn product(sku: &str) -> serde_json::Value {
    serde_json::json!({"sku": sku, "name": sku, "price": crate::shop::gbp(100)})
}

fn receiving(http: &Http) -> Ask {
    let body = serde_json::json!({"delta": 3, "reason": "received"});
    http.patch("/products/BROKER/inventory").key("broker/receive").json(&body)
}

async fn unavailable(ask: Ask, within: Duration) -> Outcome {
    let began = Instant::now();
    let answer = ask.send().await?;
    let took = began.elapsed();
    assert_eq!((answer.status, answer.code().as_str()), (503, "unavailable"), "{answer:?}");
    assert!(answer.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0), "{answer:?}");
    assert_eq!(answer.header("content-type"), "application/problem+json");
    eprintln!("told after {} ms", took.as_millis());
    assert!(took < within, "told after {took:?}: {answer:?}");
    Ok(())
}

/// Asks again and again, as a client does that honours 503.
async fn resumes(ask: impl Fn() -> Ask, status: u16) -> Outcome<Answer> {
    until("it resumes", RESUMES_WITHIN, || async {
        let answer = ask().send().await?;
        match answer.status {
            503 | 504 | 202 => Ok(None),
            _ => answer.expect_status(status).map(Some),
        }
    })
    .await
}
