//! `TILLROLL_STACK=containers tillroll up`: the same shop, with Kafka and PostgreSQL in containers.
//!
//! It runs where the binary was built with them (`cargo build --bin tillroll --features containers`), a container
//! engine answers and has the images, or can fetch them. Elsewhere it says that it was skipped, and why.

use crate::shop::{add_product, order_of, place, text};
use e2e::{Outcome, Up, installed};
use std::io::Write;
use std::time::Instant;

const IN_CONTAINERS: [(&str, &str); 1] = [("TILLROLL_STACK", "containers")];

/// Whether it started, or why it cannot start here.
async fn starts(up: &mut Up) -> Outcome<Result<(), String>> {
    let Err(failure) = up.tillroll.start_again().await else { return Ok(Ok(())) };
    let log = up.tillroll.log();
    let excuses = ["this build cannot start containers", "no container engine answers", "failed to pull the image"];
    match log.lines().find(|line| excuses.iter().any(|excuse| line.contains(excuse))) {
        Some(why) => Ok(Err(why.to_owned())),
        None => Err(format!("{failure}: {log}").into()),
    }
}

#[test]
fn a_stack_of_containers_serves_and_keeps_its_data_until_it_is_wiped() -> Outcome {
    installed(|mut up| async move {
        for (name, value) in IN_CONTAINERS {
            up.tillroll.set(name, Some(value.to_owned()));
        }
        let began = Instant::now();
        if let Err(why) = starts(&mut up).await? {
            // Past the test runner, which keeps what a test prints to itself: `.ci/run` looks for it.
            writeln!(std::io::stderr(), "SKIPPED, nothing in containers was tested: {why}")?;
            assert!(why.contains("TILLROLL_STACK=") || why.contains("pull"), "it says what to do: {why}");
            return Ok(());
        }
        eprintln!("serves in {} ms", began.elapsed().as_millis());
        let http = up.http().await?;
        add_product(&http, "BOXED", 100, 10).await?;
        let order = order_of(&[("BOXED", 1)]);
        let placed = place(&http, "boxed/1", &order).send().await?.expect_status(201)?.json();
        let looked = up.run(&[("TILLROLL_STACK", "containers".to_owned())], &["doctor"]).await?;
        assert_eq!(looked.code, Some(0), "{looked:?}");

        up.tillroll.stop().await?;
        up.tillroll.start_again().await?;
        let again = place(&http, "boxed/1", &order).send().await?.expect_status(201)?.json();
        assert_eq!(text(&again, "id"), text(&placed, "id"), "kept over a stop");

        // Containers outlive a killed process; the next start removes them.
        up.tillroll.kill().await?;
        up.tillroll.start_again().await?;
        let again = place(&http, "boxed/1", &order).send().await?.expect_status(201)?.json();
        assert_eq!(text(&again, "id"), text(&placed, "id"), "kept over a kill");

        up.tillroll.stop().await?;
        let name = std::fs::read_to_string(up.home().join("data/containers.name"))?;
        let down = up.script("down", &["--wipe"]).await?;
        assert_eq!(down.code, Some(0), "{down:?}");
        assert!(down.out.contains("removed the volumes"), "{down:?}");
        let volumes = std::process::Command::new("docker").args(["volume", "ls", "--quiet"]).output()?;
        assert!(!String::from_utf8(volumes.stdout)?.contains(name.trim()), "{name} is still there");
        Ok(())
    })
}
