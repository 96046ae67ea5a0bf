//! Unusual words in every personal field: after the erasure they are nowhere any more, and everything still works.

use super::sealed::the_receipt_says_what_he_had;
use super::searched::{in_files, nowhere};
use super::{PASSWORD, is_refused_soon, of, with};
use crate::shop::gbp;
use e2e::{Http, LogEnds, Outcome, System, by_hand, texts, until};
use hyper::Method;
use serde_json::json;
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
/// What else the dead letter says.
const IN_A_LETTER: &str = "quokkahops";
/// What a product is called.
const ON_SALE: &str = "wolpertinger";
/// The id of a request of his.
const IN_A_LOG: &str = "jackalope-zyx";
/// What somebody asks of the database and does not get.
const OF_THE_DATABASE: &str = "bunyipquux";
/// What is there for good, and where it has to be found: in each place in which his words are looked for.
const CONTROLS: [(&str, &str); 10] = [
    (IN_THE_CLEAR, "record user.events.v1"),
    (IN_THE_CLEAR, "/user.events.v1-"),
    (IN_A_LETTER, "record dead-letter."),
    (IN_A_LETTER, "/dead-letter."),
    (ON_SALE, "store product.events.v1"),
    (ON_SALE, "/state/"),
    (ON_SALE, "database catalog."),
    (ON_SALE, "/pg_wal/"),
    (IN_A_LOG, "/tillroll.log"),
    (OF_THE_DATABASE, "postgres.log"),
];
/// Keys may be in memory for ten seconds.
const RECEIPT_WITHIN: Duration = Duration::from_secs(25);

pub(super) async fn after_erasure_nothing_yields_the_plaintext(system: &System, nobody: &Http) -> Outcome {
    let sold = json!({"sku": "ON-SALE", "name": ON_SALE, "price": gbp(1)});
    system.http().post("/products").json(&sold).send().await?.expect_status(201)?;
    let since = system.topics()?.ends().await?;
    let [mail, name, full, first, last, bio, phone, street, city, device] = CANARIES;
    let email = format!("{mail}@example.org");
    let body = json!({"email": email, "username": name, "password": PASSWORD, "name": full});
    let asked = nobody.post("/users").json(&body).header("x-request-id", IN_A_LOG);
    let user = asked.send().await?.expect_status(201)?.json();
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
        let found = in_files(&[system.home().join("mail")], &[mail])?;
        Ok(found.iter().any(|(_, file)| file.ends_with(".eml")).then_some(()))
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
    assert!(texts(system.database_url(), &format!("SELECT '{OF_THE_DATABASE}'::integer")).await.is_err());
    system.tillroll().await.stop().await?;
    nowhere(system, &CANARIES, &CONTROLS).await?;
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
