//! Unusual words in every personal field: after the erasure they are nowhere any more, and everything still works.

use super::sealed::the_receipt_says_what_he_had;
use super::{PASSWORD, is_refused_soon, of, with};
use e2e::{Http, LogEnds, Outcome, System, by_hand, texts, until};
use hyper::Method;
use serde_json::json;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// One word for each field; none is part of another.
const CANARIES: [&str; 10] = [
    "zyzzyva-mail",
    "quokkaname",
    "axolotlfull",
    "numbatfirst",
    "okapilast",
    "tarsierbio",
    "447700900731",
    "pangolinstreet",
    "aardwolfcity",
    "fossadevice",
];
/// The reason of a suspension, which is no personal data.
pub(super) const IN_THE_CLEAR: &str = "card testing";
/// What else the dead letter says. Compression leaves it whole: no part of it stands in the letter before.
const IN_A_LETTER: &str = "quokkahops";
/// Keys may be in memory for ten seconds.
const RECEIPT_WITHIN: Duration = Duration::from_secs(25);

pub(super) async fn after_erasure_nothing_yields_the_plaintext(system: &System, nobody: &Http) -> Outcome {
    let since = system.topics()?.ends().await?;
    let [mail, name, full, first, last, bio, phone, street, city, device] = CANARIES;
    let email = format!("{mail}@example.org");
    let body = json!({"email": email, "username": name, "password": PASSWORD, "name": full});
    let user = nobody.post("/users").json(&body).send().await?.expect_status(201)?.json();
    let body = json!({"email": email, "password": PASSWORD, "device": device});
    let tokens = nobody.post("/sessions").json(&body).send().await?.expect_status(201)?.json();
    let own = with(nobody, &tokens);
    let profile = json!({"name": full, "first_name": first, "last_name": last, "bio": bio, "phone": format!("+{phone}"),
        "addresses": [{"name": full, "lines": [street], "city": city, "country": "GB"}]});
    own.put("/users/me").json(&profile).send().await?.expect_status(200)?;
    // What is refused, and what is malformed, must not be kept either.
    nobody.post("/users").json(&json!({"email": email, "username": full, "password": PASSWORD})).send().await?;
    nobody.post("/sessions").json(&json!({"email": email, "password": bio, "nonsense": street})).send().await?;
    own.put("/users/me").json(&json!({"phone": phone, "name": full})).send().await?.expect_status(400)?;
    let seen = system.http().get(format!("/users/{}", of(&user, "id"))).send().await?;
    assert!(String::from_utf8_lossy(&seen.bytes).contains(mail), "staff see it before");

    own.post("/users/me/email-verification").send().await?.expect_status(202)?;
    until("development's mailbox has a mail to him", RECEIPT_WITHIN, || async {
        Ok(found(&[system.home().join("mail")], &[mail])?.contains(".eml").then_some(()))
    })
    .await?;

    let erased = own.ask(Method::DELETE, "/users/me").send().await?.expect_status(202)?;
    is_refused_soon(&own).await?;
    let path = erased.header("location").strip_prefix("/api/v1").unwrap_or_default().to_owned();
    let receipt = until("the receipt is given", RECEIPT_WITHIN, || async {
        let asked = nobody.get(&path).token(erased.token()).send().await?.expect_status(200)?.json();
        Ok((asked["status"] == "erased").then_some(asked))
    })
    .await?;
    assert!(receipt["unreadable"].as_array().is_some_and(|topics| topics.len() >= 2), "{receipt}");
    let seen = system.http().get(format!("/users/{}", of(&user, "id"))).send().await?.expect_status(200)?.json();
    assert_eq!((of(&seen, "status"), seen.get("email")), ("erased", None));
    nobody.post("/sessions").json(&body).send().await?.expect_status(401)?;

    system.caught_up().await?;
    let before = system.rows().await?;
    the_receipt_says_what_he_had(system, &since, of(&user, "id"), &receipt).await?;
    a_dead_letter_has_a_text_of_his(system, &since).await?;
    system.tillroll().await.stop().await?;
    nowhere(system, &CANARIES, &[(IN_THE_CLEAR, "user.events.v1"), (IN_A_LETTER, "dead-letter.")]).await?;
    system.delete_read_models().await?;
    system.delete_local_state()?;
    system.tillroll().await.start_again().await?;
    system.caught_up().await?;
    assert_eq!(before.differences(&system.rows().await?), Vec::<String>::new());
    // Address and name are free again, and his old key is not.
    let body = json!({"email": email, "username": name, "password": PASSWORD});
    let again = nobody.post("/users").json(&body).send().await?.expect_status(201)?.json();
    assert_ne!(again["id"], user["id"]);
    Ok(())
}

/// A command that nobody understands, with a sealed text of his: letters are kept as they came.
async fn a_dead_letter_has_a_text_of_his(system: &System, since: &LogEnds) -> Outcome {
    let topics = system.topics()?;
    let bodies = topics.bodies(since, &topics.ends().await?).await?;
    let of_users = bodies.iter().filter(|(topic, _)| topic == "user.events.v1");
    let mut sealed = of_users.flat_map(|(_, body)| body.split('"')).filter(|text| text.starts_with("s1."));
    let sealed = sealed.next().ok_or("nothing is sealed")?;
    by_hand(system, "NO-SUCH-SKU", "stock-item.fulfil", &json!({"email": sealed, "note": IN_A_LETTER})).await?;
    until("it is a dead letter", RECEIPT_WITHIN, || async {
        let bodies = topics.bodies(since, &topics.ends().await?).await?;
        let mut letters = bodies.iter().filter(|(topic, _)| topic.starts_with("dead-letter."));
        Ok(letters.any(|(_, body)| body.contains(sealed) && body.contains(IN_A_LETTER)).then_some(()))
    })
    .await
}

/// None of these words is in any file or row of a system that stands still. What stands in records in the clear is
/// found, `(what, in which topic)`: they are not hidden by compression.
pub async fn nowhere(system: &System, canaries: &[&str], in_the_clear: &[(&str, &str)]) -> Outcome {
    // Topics, tables, write-ahead log, local state and logs are all files here, and the mailbox.
    let directories = system.directories();
    for (word, topic) in in_the_clear {
        let control = found(&directories, &[word])?;
        assert!(control.contains(topic), "{word} only in {control}");
    }
    let plaintext = found(&directories, canaries)?;
    assert!(plaintext.is_empty(), "the plaintext stands in {plaintext}");
    for url in [system.database_url(), system.vault_url()] {
        rows(url, canaries).await?;
    }
    Ok(())
}

/// The files there that have one of these words.
fn found(directories: &[PathBuf], words: &[&str]) -> Outcome<String> {
    let mut grep = Command::new("grep");
    grep.args(["--recursive", "--text", "--fixed-strings", "--files-with-matches"]);
    grep.args(words.iter().flat_map(|word| ["-e", word])).args(directories);
    Ok(String::from_utf8(grep.output()?.stdout)?)
}

/// Looks into every row of every table: what is compressed on the disk is not there.
async fn rows(url: &str, canaries: &[&str]) -> Outcome {
    let tables = "SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables
        WHERE schemaname NOT IN ('pg_catalog', 'information_schema')";
    for table in texts(url, tables).await?.concat() {
        for row in texts(url, &format!("SELECT t::text FROM {table} AS t")).await?.concat() {
            let found = canaries.iter().find(|canary| row.contains(**canary));
            assert!(found.is_none(), "{found:?} stands in {table}");
        }
    }
    Ok(())
}
