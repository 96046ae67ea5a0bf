//! `tillroll doctor` finds nothing wrong with a system that is well, and names what is wrong with one that is not, with
//! its remedy.

use crate::shop::{add_product, order_of, place};
use e2e::{Finished, Outcome, System, installed, own, shared, until};
use serde_json::Value;
use std::fs::{Permissions, set_permissions};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

const WITHIN: Duration = Duration::from_secs(60);

const CHECKS: [&str; 12] = [
    "keys",
    "disk",
    "roles",
    "kafka",
    "topics",
    "dead-letters",
    "partitions",
    "clocks",
    "postgres",
    "migrations",
    "checkpoints",
    "vault",
];

fn findings(looked: &Finished) -> Outcome<Vec<Value>> {
    let findings: Vec<Value> = looked.out.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let healths = ["ok", "warn", "problem"];
    assert!(findings.iter().all(|finding| healths.contains(&finding["health"].as_str().unwrap_or_default())));
    let problems = findings.iter().any(|finding| finding["health"] == "problem");
    assert_eq!(looked.code, Some(i32::from(problems)), "{looked:?}");
    Ok(findings)
}

async fn look(system: &System) -> Outcome<Vec<Value>> {
    findings(&system.run(&["doctor", "--json"]).await?)
}

fn troubles(findings: Vec<Value>) -> Vec<Value> {
    findings.into_iter().filter(|finding| finding["health"] != "ok").collect()
}

/// It says this in this check, and that it is mended like that.
#[track_caller]
fn assert_named(findings: &[Value], check: &str, detail: &str, mend: &str) {
    let has = |value: &Value, text: &str| value.as_str().is_some_and(|told| told.contains(text));
    let named = |finding: &Value| {
        finding["check"] == check
            && finding["health"] == "problem"
            && has(&finding["detail"], detail)
            && has(&finding["mend"], mend)
    };
    let troubles = troubles(findings.to_vec());
    assert!(troubles.iter().any(named), "{check}: {detail}: {mend}: {troubles:#?}");
}

async fn console(system: &System, arguments: &[&str]) -> Outcome {
    let done = system.console(arguments).await?;
    if done.code == Some(0) { Ok(()) } else { Err(format!("{arguments:?}: {done:?}").into()) }
}

#[test]
fn what_is_well_is_said_to_be_and_what_is_not_is_named_with_its_remedy() -> Outcome {
    own(|system| async move {
        add_product(&system.http(), "DOCTOR", 100, 10).await?;
        system.caught_up().await?;
        let well = look(&system).await?;
        assert_eq!(troubles(well.clone()), Vec::<Value>::new());
        for check in CHECKS {
            assert!(well.iter().any(|finding| finding["check"] == check), "{check} is not looked at: {well:?}");
        }
        let claimed = |finding: &&Value| finding["detail"].as_str().is_some_and(|told| told.contains("claimed by"));
        let partitions = 4 * tillroll_schemas::catalogue::AGGREGATES.len();
        assert_eq!(well.iter().filter(claimed).count(), partitions, "each partition of each aggregate: {well:?}");

        let key = system.home().join("keys/internal.key");
        set_permissions(&key, Permissions::from_mode(0o644))?;
        assert_named(&look(&system).await?, "keys", "internal.key is open to others (644)", "chmod 600");
        set_permissions(&key, Permissions::from_mode(0o600))?;

        let alter = ["configs", "--alter", "--entity-type", "topics", "--entity-name", "order.events.v1"];
        console(&system, &[&alter[..], &["--add-config", "retention.ms=1000000000"]].concat()).await?;
        assert_named(&look(&system).await?, "topics", "order.events.v1: retention.ms", "--add-config retention.ms=-1");
        console(&system, &[&alter[..], &["--add-config", "retention.ms=-1"]].concat()).await?;

        let hide = |from: &str, to: &str| format!("ALTER TABLE sales.{from} RENAME TO {to}");
        execute(&system, &hide("total", "hidden")).await?;
        place(&system.http(), "doctor/1", &order_of(&[("DOCTOR", 1)])).send().await?.expect_status(201)?;
        until("projectors that have stopped are named", WITHIN, || async {
            let found = look(&system).await?;
            Ok(found.iter().any(|one| told(one, "detail").starts_with("projectors: ")).then_some(()))
        })
        .await?;
        execute(&system, &hide("hidden", "total")).await?;
        system.caught_up().await?;

        let other = system.run_with(&[("TILLROLL_PARTITIONS", "8".to_owned())], &["doctor", "--json"]).await?;
        let other = findings(&other)?;
        assert_named(&other, "topics", "has 4 partitions, 8 are configured", "set TILLROLL_PARTITIONS=4");
        assert_named(&other, "partitions", "the last claim counts 4 partitions", "as it says");
        assert_eq!(troubles(look(&system).await?), Vec::<Value>::new(), "each was mended");
        Ok(())
    })
}

fn told<'a>(finding: &'a Value, what: &str) -> &'a str {
    finding[what].as_str().unwrap_or_default()
}

async fn execute(system: &System, sql: &str) -> Outcome {
    let (client, connection) = tokio_postgres::connect(system.database_url(), tokio_postgres::NoTls).await?;
    let connection = tokio::runtime::Handle::current().spawn(connection);
    client.batch_execute(sql).await?;
    drop(client);
    Ok(connection.await??)
}

#[test]
fn a_log_that_is_not_the_one_it_was_is_named_by_what_had_read_it() -> Outcome {
    own(|system| async move {
        add_product(&system.http(), "DOCTOR-2", 100, 10).await?;
        system.caught_up().await?;
        system.tillroll().await.stop().await?;
        let stopped = look(&system).await?;
        assert_named(&stopped, "roles", "does not answer", "start it");
        assert_eq!(troubles(stopped.clone()).len(), 1, "nothing else is wrong: {:?}", troubles(stopped));

        let beyond = "UPDATE projection.checkpoint SET next_offset = next_offset + 1000,
            position = jsonb_set(position, '{next}', to_jsonb(next_offset + 1000))
            WHERE topic = 'stock-item.events.v1'";
        execute(&system, beyond).await?;
        assert_named(&look(&system).await?, "checkpoints", "beyond its end", "--rebuild");

        console(&system, &["topics", "--delete", "--topic", "product.events.v1"]).await?;
        console(&system, &["topics", "--delete", "--topic", "credit-note.commands.v1"]).await?;
        let gone = look(&system).await?;
        assert_named(&gone, "topics", "product.events.v1: is not there", "tillroll topics create");
        let fewer = ["topics", "--create", "--topic", "credit-note.commands.v1", "--partitions", "2"];
        console(&system, &fewer).await?;
        assert_eq!(system.run(&["topics", "create"]).await?.code, Some(0));
        let again = look(&system).await?;
        assert_named(&again, "checkpoints", "product.events.v1/", "--rebuild");
        assert_named(&again, "topics", "credit-note.commands.v1: has 2 partitions", "set TILLROLL_PARTITIONS=2");

        system.postgres()?.kill().await?;
        assert_named(&look(&system).await?, "postgres", "", "start it");
        system.kafka()?.kill().await?;
        assert_named(&look(&system).await?, "kafka", "no answer at 127.0.0.1", "start it");
        Ok(())
    })
}

#[test]
fn on_a_machine_where_nothing_runs_it_says_what_is_missing_and_how_to_start() -> Outcome {
    installed(|mut up| async move {
        let nothing = findings(&up.run(&[], &["doctor", "--json"]).await?)?;
        assert_named(&nothing, "keys", "is not there", "start it once");
        assert_named(&nothing, "roles", "does not answer", "scripts/up");
        assert_named(&nothing, "kafka", "no `tillroll up` is running here", "scripts/up");
        assert_named(&nothing, "postgres", "no `tillroll up` is running here", "scripts/up");
        assert_named(&nothing, "vault", "no `tillroll up` is running here", "TILLROLL_VAULT_URL");
        let programs = nothing.iter().filter(|finding| finding["check"] == "programs" && finding["health"] == "ok");
        assert_eq!(programs.count(), 3, "{nothing:?}");
        assert_eq!(troubles(nothing.clone()).len(), 5, "ports and programs are as they must be: {nothing:?}");

        let squatter = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = squatter.local_addr()?.port();
        let settings = [
            ("TILLROLL_KAFKA_PORT", port.to_string()),
            ("TILLROLL_KAFKA_LIBS", up.home().join("no-jars").to_string_lossy().into_owned()),
        ];
        let taken = findings(&up.run(&settings, &["doctor", "--json"]).await?)?;
        let detail = format!("127.0.0.1:{port} for Kafka is taken");
        assert_named(&taken, "ports", &detail, "set TILLROLL_KAFKA_PORT");
        assert_named(&taken, "programs", "no Kafka jars in", "scripts/setup");

        let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = other.local_addr()?;
        std::thread::spawn(move || greet(&other));
        let foreign = [("TILLROLL_LISTEN", address.to_string())];
        let foreign = findings(&up.run(&foreign, &["doctor", "--json"]).await?)?;
        assert_named(&foreign, "roles", "is not Tillroll's door", "stop what listens there");
        assert_named(&foreign, "ports", &format!("{address} for the public door is taken"), "TILLROLL_LISTEN");

        let nowhere = [("TILLROLL_HOME", up.home().join("nowhere").to_string_lossy().into_owned())];
        let nowhere = findings(&up.run(&nowhere, &["doctor", "--json"]).await?)?;
        assert_named(&nowhere, "home", "no Tillroll lives in", "go to the clone, or set TILLROLL_HOME");
        assert_eq!(nowhere.len(), 1, "nothing sends anybody to start a second shop: {nowhere:?}");

        up.tillroll.start_again().await?;
        let well = findings(&up.run(&[], &["doctor", "--json"]).await?)?;
        assert_eq!(troubles(well.clone()), Vec::<Value>::new());
        assert!(well.iter().any(|finding| finding["check"] == "postgres"), "found without DATABASE_URL: {well:?}");
        let told = up.run(&[], &["doctor"]).await?;
        assert!(told.out.lines().last().is_some_and(|line| line == "0 problems, 0 warnings"), "{told:?}");
        Ok(())
    })
}

/// A server of another kind, for as long as the process lives.
fn greet(listener: &TcpListener) {
    for client in listener.incoming().flatten() {
        let mut request = [0; 1024];
        let _ = (&client).read(&mut request);
        let _ = (&client).write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello");
    }
}

#[test]
fn a_word_that_it_does_not_know_is_a_wrong_use() -> Outcome {
    shared(|system| async move {
        assert_eq!(system.run(&["doctor", "--cure"]).await?.code, Some(2));
        Ok(())
    })
}
