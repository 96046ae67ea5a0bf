//! `tillroll up`: how long it takes until it serves, after whatever end it had before.

use crate::shop::{add_product, order_of, place, text};
use e2e::{Outcome, Up, installed};
use std::time::{Duration, Instant};

/// What the README promises, with Kafka and PostgreSQL included, and kept by an unoptimised build too.
const SERVES_WITHIN: Duration = Duration::from_secs(10);

#[test]
fn it_serves_within_ten_seconds_for_the_first_time_after_a_stop_and_after_a_kill() -> Outcome {
    installed(|mut up| async move {
        serves(&mut up, "for the first time").await?;
        let http = up.http().await?;
        add_product(&http, "START", 100, 10).await?;
        let order = order_of(&[("START", 1)]);
        let placed = place(&http, "start/1", &order).send().await?.expect_status(201)?.json();

        up.tillroll.stop().await?;
        serves(&mut up, "after a stop").await?;
        let again = place(&http, "start/1", &order).send().await?.expect_status(201)?.json();
        assert_eq!(text(&again, "id"), text(&placed, "id"), "it is the same shop");

        // Its servers are killed with it; the broker's groups still have its members.
        up.tillroll.kill().await?;
        serves(&mut up, "after a kill").await?;
        let again = place(&http, "start/1", &order).send().await?.expect_status(201)?.json();
        assert_eq!(text(&again, "id"), text(&placed, "id"), "it is the same shop");
        Ok(())
    })
}

#[test]
fn a_clean_stop_says_nothing_that_would_alarm_anybody() -> Outcome {
    installed(|mut up| async move {
        for when in ["for the first time", "again"] {
            serves(&mut up, when).await?;
            up.tillroll.stop().await?;
        }
        let log = up.tillroll.log();
        let alarming: Vec<&str> =
            log.lines().filter(|line| line.contains(" WARN ") || line.contains(" ERROR ")).collect();
        assert!(alarming.is_empty(), "{}", alarming.join("\n"));
        Ok(())
    })
}

#[test]
fn the_scripts_heed_an_installation_elsewhere() -> Outcome {
    installed(|mut up| async move {
        serves(&mut up, "elsewhere").await?;
        let again = up.script("up", &["--detach"]).await?;
        assert_eq!(again.code, Some(0), "{again:?}");
        assert!(again.out.contains("runs already") && again.out.contains(up.url()), "{again:?}");
        let topics = up.script("kafka", &["topics", "--list"]).await?;
        assert!(topics.out.lines().any(|topic| topic == "order.events.v1"), "{topics:?}");

        let down = up.script("down", &["--wipe"]).await?;
        assert_eq!(down.code, Some(0), "{down:?}");
        assert!(down.out.contains("stopped Tillroll"), "{down:?}");
        // It was stopped by the script; what is left is to take note of its end.
        up.tillroll.kill().await?;
        assert!(!up.home().join("data").exists() && !up.home().join("keys").exists(), "{down:?}");

        std::fs::remove_dir_all(up.home().join("run"))?;
        std::fs::create_dir(up.home().join("data"))?;
        let foreign = up.script("down", &["--wipe"]).await?;
        assert_eq!(foreign.code, Some(1), "{foreign:?}");
        assert!(up.home().join("data").exists(), "what is not seen to be Tillroll's stays");
        Ok(())
    })
}

async fn serves(up: &mut Up, when: &str) -> Outcome {
    let began = Instant::now();
    up.tillroll.start_again().await?;
    let took = began.elapsed();
    up.http().await?.get("/health").send().await?.expect_status(200)?;
    eprintln!("serves {when} in {} ms", took.as_millis());
    assert!(took < SERVES_WITHIN, "it took {took:?} {when}: {}", up.tillroll.log());
    Ok(())
}
