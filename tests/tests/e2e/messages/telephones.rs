//! Who wants to be told by text and push messages is, over webhooks of the deliverer's; who has no telephone is by mail.

use super::customers::{GOOD, buy};
use super::deliverer::{Deliverer, Delivery};
use super::post::Post;
use super::{Person, RETRIED_WITHIN};
use crate::shop::text;
use e2e::{Outcome, System, until};
use hyper::StatusCode;
use serde_json::{Value, json};

const NUMBER: &str = "+447700900317";

pub async fn are_reached_by_text_and_push_messages(system: &System, post: &Post, deliverer: &Deliverer) -> Outcome {
    let cy = Person::registered(system, "cyril").await?;
    a_number_that_nobody_can_dial_is_refused(&cy).await?;
    he_and_staff_see_his_number(system, &cy).await?;
    wants(&cy, &["sms", "push"]).await?;
    let shipped = sends(system, &cy, "texted").await?;
    what_was_answered_500_comes_again_and_is_told(system, &cy, deliverer, &shipped).await?;
    staff_take_his_number_away(system, &cy).await?;
    wants(&cy, &["sms"]).await?;
    let shipped = sends(system, &cy, "mailed").await?;
    a_mail_stands_in_for_a_message_to_no_number(system, &cy, (post, deliverer), &shipped).await
}

async fn a_number_that_nobody_can_dial_is_refused(cy: &Person) -> Outcome {
    let local = cy.http.put("/users/me").json(&json!({"phone": "07700 900317"})).send().await?.expect_status(400)?;
    let error = &local.json()["errors"][0];
    assert_eq!(error["field"], "/phone", "{error}");
    assert!(text(error, "detail").contains("+ and 7 to 15 digits"), "{error}");
    Ok(())
}

async fn he_and_staff_see_his_number(system: &System, cy: &Person) -> Outcome {
    let said =
        cy.http.put("/users/me").json(&json!({"name": "Cy", "phone": NUMBER})).send().await?.expect_status(200)?;
    assert_eq!(said.json()["phone"], NUMBER);
    for ask in [cy.http.get("/users/me"), system.http().get(format!("/users/{}", cy.id))] {
        let seen = ask.token(said.token()).send().await?.expect_status(200)?.json();
        assert_eq!(seen["phone"], NUMBER, "{seen}");
    }
    Ok(())
}

async fn staff_take_his_number_away(system: &System, cy: &Person) -> Outcome {
    let without = json!({"name": "Cy", "phone": null});
    let said = system.http().put(format!("/users/{}", cy.id)).json(&without).send().await?.expect_status(200)?;
    let seen = cy.http.get("/users/me").token(said.token()).send().await?.expect_status(200)?.json();
    assert_eq!((text(&seen, "name"), seen.get("phone")), ("Cy", None), "{seen}");
    Ok(())
}

async fn wants(cy: &Person, channels: &[&str]) -> Outcome {
    let wish = json!({ "delivery": channels });
    cy.http.put("/notifications/preferences").json(&wish).send().await?.expect_status(200).map(drop)
}

/// What he orders is sent; the order.
async fn sends(system: &System, cy: &Person, key: &str) -> Outcome<String> {
    let order = text(&buy(cy, key, GOOD, 1).await?.expect_status(201)?.json(), "id").to_owned();
    let out = system.http().post(format!("/orders/{order}/fulfilments")).key(key).wait(30).send().await?;
    out.expect_status(201)?;
    Ok(order)
}

/// The message that this order is on its way, as staff see it, as soon as its channels are like this.
async fn told(system: &System, cy: &Person, order: &str, what: &str, like: impl Fn(&Value) -> bool) -> Outcome<Value> {
    until(what, RETRIED_WITHIN, || async {
        let told = cy.told(system).await?;
        let is_it = |one: &&Value| one["template"] == "order_shipped" && one["data"]["order_id"] == order;
        Ok(told.iter().find(is_it).filter(|one| like(one)).cloned())
    })
    .await
}

fn delivery<'a>(one: &'a Value, channel: &str) -> &'a Value {
    let found = one["deliveries"].as_array().into_iter().flatten().find(|delivery| delivery["channel"] == channel);
    found.unwrap_or(&Value::Null)
}

/// Under the same key, so that a deliverer can tell: at the second attempt.
async fn what_was_answered_500_comes_again_and_is_told(
    system: &System,
    cy: &Person,
    deliverer: &Deliverer,
    order: &str,
) -> Outcome {
    let channels = ["sms", "push"];
    let waits = |delivery: &Value| delivery["status"] == "pending" && delivery["code"] == "500";
    let both_wait = |one: &Value| channels.iter().all(|channel| waits(delivery(one, channel)));
    let failed = told(system, cy, order, "the first attempts have failed", both_wait).await?;
    let both_sent = |one: &Value| channels.iter().all(|channel| one["channels"][channel] == "sent");
    let shipped = told(system, cy, order, "both are sent", both_sent).await?;
    assert_eq!(delivery(&shipped, "email")["reason"], "switched_off", "{shipped}");
    let own = cy.http.get("/notifications").send().await?.expect_status(200)?.json();
    let shown = own["items"].as_array().into_iter().flatten().find(|one| one["id"] == shipped["id"]);
    let expected = json!({"email": "given_up", "sms": "sent", "push": "sent"});
    assert_eq!(shown.map(|one| &one["channels"]), Some(&expected), "{own}");
    assert!(!own.to_string().contains(NUMBER), "no number stands in what was sent to it");
    for (channel, to) in [("sms", NUMBER), ("push", &cy.id)] {
        assert_eq!(delivery(&shipped, channel)["attempts"], 2, "{shipped}, before {failed}");
        let id = text(&shipped, "id");
        let attempts: [Delivery; 2] =
            deliverer.came(channel, id).try_into().map_err(|came| format!("attempts over {channel}: {came:?}"))?;
        let answers = [StatusCode::INTERNAL_SERVER_ERROR, StatusCode::NO_CONTENT];
        assert_eq!(attempts.each_ref().map(|attempt| attempt.answered), answers);
        for attempt in &attempts {
            assert_eq!(attempt.key, format!("{id}.{channel}"));
            assert_eq!(attempt.body, attempts[0].body, "the same message");
        }
        let body = &attempts[0].body;
        assert_eq!((text(body, "channel"), text(body, "to")), (channel, to));
        assert!(text(body, "text").ends_with(&format!("/orders/{order}")), "{body}");
        assert_eq!(body.get("title").is_some(), channel == "push", "{body}");
    }
    Ok(())
}

async fn a_mail_stands_in_for_a_message_to_no_number(
    system: &System,
    cy: &Person,
    (post, deliverer): (&Post, &Deliverer),
    order: &str,
) -> Outcome {
    let mailed = |one: &Value| one["channels"]["email"] == "sent" && one["channels"]["sms"] == "given_up";
    let shipped = told(system, cy, order, "a mail is sent", mailed).await?;
    let reasons = ["sms", "push"].map(|channel| text(delivery(&shipped, channel), "reason"));
    assert_eq!(reasons, ["no_address", "switched_off"], "{shipped}");
    let mail = post.to(&cy.email, "on its way").await?;
    assert!(mail.text.contains(&format!("/orders/{order}")), "{mail:?}");
    for channel in ["sms", "push"] {
        let came = deliverer.came(channel, text(&shipped, "id"));
        assert!(came.is_empty(), "{came:?}");
    }
    let mails = post.mails()?;
    let of_shipping = mails.iter().filter(|mail| mail.to == cy.email && mail.subject.contains("on its way"));
    assert_eq!(of_shipping.count(), 1, "of the first order he was told by telephone alone");
    Ok(())
}
