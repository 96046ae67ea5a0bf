//! Messages to people, over real SMTP and webhooks: once for each cause, whatever dies, with links that work.

#[path = "messages/customers.rs"]
mod customers;
#[path = "messages/deliverer.rs"]
pub mod deliverer;
#[path = "messages/post.rs"]
mod post;
#[path = "messages/telephones.rs"]
mod telephones;

use deliverer::Deliverer;
use e2e::{Answer, Http, LogEnds, Outcome, System, own_with, until};
use hyper::Method;
use post::{Mail, Post};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

const PASSWORD: &str = "a long enough password";
const WITHIN: Duration = Duration::from_secs(20);
/// Longer than the rest after a first attempt: 10 s and an eighth.
const RETRIED_WITHIN: Duration = Duration::from_secs(30);
const DIES_WITHIN: Duration = Duration::from_secs(30);

/// Somebody with an account.
struct Person {
    id: String,
    email: String,
    http: Http,
}

impl Person {
    async fn registered(system: &System, name: &str) -> Outcome<Self> {
        let nobody = system.http().with_token(None);
        let email = format!("{name}@customers.example");
        let body = json!({"email": email, "username": name, "password": PASSWORD});
        let user = nobody.post("/users").key(name).json(&body).send().await?.expect_status(201)?.json();
        let id = user["id"].as_str().unwrap_or_default().to_owned();
        let http = logged_in(&nobody, &email, PASSWORD).await?;
        Ok(Self { id, email, http })
    }

    async fn asks_for_verification(&self) -> Outcome<Answer> {
        self.http.post("/users/me/email-verification").send().await?.expect_status(202)
    }

    /// What staff see of the messages to him, newest first.
    async fn told(&self, system: &System) -> Outcome<Vec<Value>> {
        let path = format!("/users/{}/notifications", self.id);
        let list = system.http().get(path).send().await?.expect_status(200)?.json();
        Ok(list["items"].as_array().cloned().unwrap_or_default())
    }

    /// Waits until so many of his messages are like this.
    async fn is_told(&self, system: &System, many: usize, what: &str, like: impl Fn(&Value) -> bool) -> Outcome {
        until(what, WITHIN, || async {
            Ok((self.told(system).await?.iter().filter(|one| like(one)).count() == many).then_some(()))
        })
        .await
    }
}

async fn logged_in(nobody: &Http, email: &str, password: &str) -> Outcome<Http> {
    let body = json!({"email": email, "password": password});
    let tokens = nobody.post("/sessions").json(&body).send().await?.expect_status(201)?.json();
    Ok(nobody.with_token(tokens["access_token"].as_str()))
}

fn is_sent(one: &Value) -> bool {
    one["channels"]["email"] == "sent"
}

#[test]
#[cfg_attr(not(debug_assertions), ignore = "release builds have no crash points")]
fn people_are_told_once_whatever_dies_and_the_links_work() -> Outcome {
    let post = Post::closed()?;
    let deliverer = Deliverer::failing_first()?;
    let own = vec![("TILLROLL_SMTP_URL", post.url()), ("TILLROLL_CRASH", "after-effect:1".to_owned())];
    let settings = [own, deliverer.settings()].concat();
    own_with(settings, |system| async move {
        let before = system.topics()?.ends().await?;
        let mut post = post;
        deliverer.open()?;
        let ann = Person::registered(&system, "ann").await?;
        post.open().await?;
        a_crash_between_sending_and_recording_sends_the_same_mail_again(&system, &post, &ann).await?;
        let ben = Person::registered(&system, "ben").await?;
        post.close();
        ben.asks_for_verification().await?;
        nothing_blocks_while_the_mail_server_is_down(&system, &ben).await?;
        post.open().await?;
        let ann = the_links_work_and_each_cause_is_told_once(&system, &post, ann).await?;
        everybody_has_his_own(&system, &ann, &ben).await?;
        what_was_missed_comes_when_the_mail_server_is_back(&system, &post, &ben).await?;
        nobody_was_told_more(&system, &post, &before, &[&ann, &ben]).await?;
        customers::are_told_each_news_of_their_orders_once(&system, &post, &ben).await?;
        telephones::are_reached_by_text_and_push_messages(&system, &post, &deliverer).await?;
        a_mail_that_comes_back_is_recorded_once(&system, &post, &ben).await?;
        an_address_that_is_none_is_not_tried_again(&system, &post, &ben).await
    })
}

/// The one point at which a mail is sent twice: under one Message-ID, so that a mailbox can drop the second.
async fn a_crash_between_sending_and_recording_sends_the_same_mail_again(
    system: &System,
    post: &Post,
    ann: &Person,
) -> Outcome {
    ann.asks_for_verification().await?;
    let mut tillroll = system.tillroll().await;
    assert!(tillroll.dies(DIES_WITHIN).await?, "it was not killed after the mail");
    let sent =
        || Ok::<_, e2e::Failure>(post.mails()?.into_iter().filter(|mail| mail.to == ann.email).collect::<Vec<_>>());
    assert_eq!(sent()?.len(), 1, "the mail was sent");
    tillroll.set("TILLROLL_CRASH", None);
    tillroll.start_again().await?;
    drop(tillroll);
    ann.is_told(system, 1, "the mail is recorded as sent", is_sent).await?;
    let mails = sent()?;
    let ids: BTreeSet<&str> = mails.iter().map(|mail| mail.id.as_str()).collect();
    assert_eq!((mails.len(), ids.len()), (2, 1), "{mails:?}");
    Ok(())
}

async fn nothing_blocks_while_the_mail_server_is_down(system: &System, ben: &Person) -> Outcome {
    let unreachable = |one: &Value| {
        let delivery = &one["deliveries"][0];
        delivery["status"] == "pending" && delivery["code"] == "unreachable" && delivery["next_at"].is_string()
    };
    ben.is_told(system, 1, "the first attempt has failed and the next is set", unreachable).await?;
    // Commands to the same role, and the reactions of the users, go on.
    let choices = json!({"delivery": ["email", "push"]});
    let chosen = ben.http.put("/notifications/preferences").json(&choices).send().await?.expect_status(200)?;
    let seen = ben.http.get("/notifications/preferences").token(chosen.token()).send().await?.expect_status(200)?;
    assert_eq!((&seen.json()["delivery"], &seen.json()["order"]), (&json!(["email", "push"]), &json!(["email"])));
    let owed = ben.http.put("/notifications/preferences").json(&json!({"account": []})).send().await?;
    assert_eq!((owed.status, owed.code().as_str()), (409, "email_required"));
    Ok(())
}

async fn the_links_work_and_each_cause_is_told_once(system: &System, post: &Post, ann: Person) -> Outcome<Person> {
    let nobody = system.http().with_token(None);
    let verify = post.to(&ann.email, "confirm your e-mail address").await?;
    let confirm = json!({"token": verify.token()?});
    let verified = ann.http.post("/users/me/email-verification/confirm").json(&confirm).send().await?;
    assert_eq!(verified.expect_status(200)?.json()["email_verified"], true);
    let spent = ann.http.post("/users/me/email-verification/confirm").json(&confirm).send().await?;
    assert_eq!((spent.status, spent.code().as_str()), (409, "single_use_token_invalid"));
    let wanted = json!({"owner": ann.id, "label": "before the reset", "scopes": ["profile:own"]});
    let key = system.http().post("/api-keys").json(&wanted).send().await?.expect_status(201)?.json();
    let machine = nobody.with_token(key["key"].as_str());
    machine.get("/users/me").send().await?.expect_status(200)?;

    let asked = nobody.post("/users/password-resets").json(&json!({"email": ann.email})).send().await?;
    asked.expect_status(202)?;
    let reset = post.to(&ann.email, "new password").await?;
    let body = json!({"token": reset.token()?, "new_password": "another long password"});
    nobody.post("/users/password-resets/confirm").json(&body).send().await?.expect_status(200)?;
    // What could pass for her is over within a second: log-ins, and keys that whoever had her account may have made.
    for who in [&ann.http, &machine] {
        until("what was good before the reset is refused", Duration::from_secs(1), || async {
            Ok((who.get("/users/me").send().await?.status == 401).then_some(()))
        })
        .await?;
    }
    let spent = nobody.post("/users/password-resets/confirm").json(&body).send().await?;
    assert_eq!((spent.status, spent.code().as_str()), (409, "single_use_token_invalid"));
    post.to(&ann.email, "password was changed").await?;

    let http = logged_in(&nobody, &ann.email, "another long password").await?;
    let moved = json!({"email": "ann@elsewhere.example", "password": "another long password"});
    http.put("/users/me/email").wait(10).json(&moved).send().await?.expect_status(200)?;
    let farewell = post.to(&ann.email, "e-mail address was changed").await?;
    assert_eq!(farewell.to, ann.email, "to the address before the change");
    let ann = Person { http, ..ann };
    ann.is_told(system, 4, "verification, reset, password and address", is_sent).await?;
    Ok(ann)
}

async fn everybody_has_his_own(system: &System, ann: &Person, ben: &Person) -> Outcome {
    system.caught_up().await?;
    let list = ann.http.get("/notifications").send().await?.expect_status(200)?.json();
    let templates: Vec<_> = list["items"].as_array().unwrap().iter().map(|one| one["template"].clone()).collect();
    assert_eq!(templates, ["email_changed", "password_changed", "reset_password", "verify_email"]);
    assert!(!list.to_string().contains("customers.example"), "nothing personal: {list}");
    let first = list["items"][0]["id"].as_str().unwrap_or_default();
    let path = format!("/notifications/{first}/read");
    ben.http.put(&path).send().await?.expect_status(404)?;
    let read = ann.http.put(&path).send().await?.expect_status(200)?;
    assert!(read.json()["read_at"].is_string());
    ann.http.put(&path).send().await?.expect_status(200)?;
    let unread = ann.http.get("/notifications?unread=true").token(read.token()).send().await?.expect_status(200)?;
    assert_eq!(unread.json()["items"].as_array().map(Vec::len), Some(3));
    system.http().get("/notifications").send().await?.expect_status(403)?;
    ben.http.get(format!("/users/{}/notifications", ann.id)).send().await?.expect_status(403)?;
    Ok(())
}

async fn a_mail_that_comes_back_is_recorded_once(system: &System, post: &Post, ben: &Person) -> Outcome {
    let lost = post.to(&ben.email, "is confirmed").await?;
    let report = system.home().join("report.eml");
    std::fs::write(&report, lost.returned("5.1.1"))?;
    for _ in 0..2 {
        let said = system.run(&["bounce", &report.to_string_lossy()]).await?;
        assert!(said.code == Some(0) && said.out.contains("5.1.1, bounced: true"), "{said:?}");
    }
    let other = system.home().join("other.eml");
    std::fs::write(&other, "From: a@b.example\r\nSubject: hello\r\n\r\nI am on holiday.\r\n")?;
    let said = system.run(&["bounce", &other.to_string_lossy()]).await?;
    assert!(said.code == Some(0) && said.out.contains("no report"), "{said:?}");
    let bounced = |one: &Value| one["deliveries"][0]["status"] == "bounced" && one["deliveries"][0]["code"] == "5.1.1";
    ben.is_told(system, 1, "the mail counts as bounced", bounced).await?;
    let json = json!({"from": "somebody"});
    system.http().ask(Method::POST, "/notifications/bounces").json(&json).send().await?.expect_status(415)?;
    ben.http.ask(Method::POST, "/notifications/bounces").json(&json).send().await?.expect_status(403)?;
    Ok(())
}

/// Until he says anew what he wants. What he asks for to be let in again is sent all the same.
async fn an_address_that_is_none_is_not_tried_again(system: &System, post: &Post, ben: &Person) -> Outcome {
    let (nobody, next) = (system.http().with_token(None), "another long password");
    let change = json!({"current_password": PASSWORD, "new_password": next});
    ben.http.put("/users/me/password").json(&change).send().await?.expect_status(200)?;
    let given_up = |one: &Value| {
        let delivery = &one["deliveries"][0];
        one["template"] == "password_changed"
            && delivery["status"] == "given_up"
            && delivery["reason"] == "undeliverable"
    };
    ben.is_told(system, 1, "the mail is given up", given_up).await?;
    let reset = json!({"email": ben.email});
    nobody.post("/users/password-resets").json(&reset).send().await?.expect_status(202)?;
    post.to(&ben.email, "new password").await?;

    let again = logged_in(&nobody, &ben.email, next).await?;
    again.put("/notifications/preferences").json(&json!({})).send().await?.expect_status(200)?;
    let change = json!({"current_password": next, "new_password": PASSWORD});
    again.put("/users/me/password").json(&change).send().await?.expect_status(200)?;
    post.to(&ben.email, "password was changed").await?;
    Ok(())
}

async fn what_was_missed_comes_when_the_mail_server_is_back(system: &System, post: &Post, ben: &Person) -> Outcome {
    until("the mail that was missed comes", RETRIED_WITHIN, || async {
        Ok(post.mails()?.iter().any(|mail| mail.to == ben.email).then_some(()))
    })
    .await?;
    let second = |one: &Value| is_sent(one) && one["deliveries"][0]["attempts"] == 2;
    ben.is_told(system, 1, "it was the second attempt", second).await
}

/// One mail for each cause, but for the one that a crash has doubled; the log has each of them queued once.
async fn nobody_was_told_more(system: &System, post: &Post, before: &LogEnds, people: &[&Person]) -> Outcome {
    let mails: Vec<Mail> = post.mails()?;
    let ids: BTreeSet<&str> = mails.iter().map(|mail| mail.id.as_str()).collect();
    assert_eq!((mails.len(), ids.len()), (6, 5), "{mails:?}");
    let mut told = 0;
    for person in people {
        told += person.told(system).await?.len();
    }
    assert_eq!(told, 5);
    let added = system.topics()?.added(before, &system.topics()?.ends().await?).await?;
    let queued = added.get(&("notification.events.v1".to_owned(), "notification.queued.v1".to_owned()));
    assert_eq!(queued, Some(&5), "{added:?}");
    Ok(())
}
