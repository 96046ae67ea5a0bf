//! What a customer is told of his orders by card: each news once, with the right lines, sums and links.

use super::post::{Mail, Post};
use super::{Person, WITHIN};
use crate::shop::{add_product, gbp, order_of, place, text};
use e2e::{Answer, Outcome, System, until};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) const GOOD: &str = "pm_card_visa";
const DECLINED: &str = "pm_card_visa_chargeDeclinedInsufficientFunds";
const WANTS_ACTION: &str = "pm_card_threeDSecure2Required";

/// Templates by order, and how often each was told.
type News = BTreeMap<(String, String), usize>;

pub async fn are_told_each_news_of_their_orders_once(system: &System, post: &Post, ben: &Person) -> Outcome {
    let staff = system.http();
    add_product(&staff, "MUG", 500, 100).await?;
    let sold = buy(ben, "sold", GOOD, 2).await?.expect_status(201)?.json();
    let regretted = buy(ben, "regretted", GOOD, 1).await?.expect_status(201)?.json();
    let declined = buy(ben, "declined", DECLINED, 1).await?.expect_status(409)?.json();
    let asked = buy(ben, "asked", WANTS_ACTION, 3).await?.expect_status(202)?.json();
    let [sold, regretted, asked] = [&sold, &regretted, &asked].map(|order| text(order, "id").to_owned());
    let declined = text(&declined, "order_id").to_owned();

    staff.post(format!("/orders/{sold}/fulfilments")).key("out").wait(30).send().await?.expect_status(201)?;
    until("the invoice has its number, and money goes back", WITHIN, || async {
        let body = json!({"amount": gbp(123), "reason": "late"});
        let refunded = staff.post(format!("/orders/{sold}/refunds")).key("back").wait(30).json(&body).send().await?;
        Ok((refunded.status == 201).then_some(()))
    })
    .await?;
    for off in [&regretted, &asked] {
        let path = format!("/orders/{off}/cancel");
        ben.http.post(path).key(off).wait(30).json(&json!({})).send().await?.expect_status(200)?;
    }

    let expected: News = [
        (&sold, "order_confirmed"),
        (&sold, "invoice_issued"),
        (&sold, "order_shipped"),
        (&sold, "refund_issued"),
        (&regretted, "order_confirmed"),
        (&regretted, "invoice_issued"),
        (&regretted, "order_cancelled"),
        (&declined, "payment_failed"),
        (&asked, "payment_action_needed"),
        (&asked, "order_cancelled"),
    ]
    .into_iter()
    .map(|(order, template)| ((order.clone(), template.to_owned()), 1))
    .collect();
    until("every news is told and sent", WITHIN, || async {
        let (told, sent) = news(&ben.told(system).await?);
        assert!(told.values().all(|times| *times == 1), "{told:?}");
        Ok((told == expected && sent == expected.len()).then_some(()))
    })
    .await?;
    let mails: Vec<Mail> = post.mails()?.into_iter().filter(|mail| mail.text.contains("/orders/")).collect();
    assert_eq!(mails.len(), expected.len(), "each is one mail: {mails:?}");
    says(&mails, &sold, "is confirmed", &["2 x Product MUG (MUG): GBP 10.00", "Total: GBP 10.00"], "")?;
    says(&mails, &sold, "Your invoice 20", &["GBP 10.00"], "/invoice")?;
    says(&mails, &sold, "on its way", &["2 x Product MUG"], "")?;
    says(&mails, &sold, "refund of GBP 1.23", &["GBP 1.23"], "")?;
    says(&mails, &regretted, "is confirmed", &["1 x Product MUG (MUG): GBP 5.00"], "")?;
    says(&mails, &regretted, "was cancelled", &["as you asked"], "")?;
    says(&mails, &declined, "did not go through", &["GBP 5.00", "Nothing was taken"], "")?;
    says(&mails, &asked, "confirm your payment", &["GBP 15.00"], "/payment")?;
    says(&mails, &asked, "was cancelled", &["as you asked"], "")
}

pub(super) async fn buy(ben: &Person, key: &str, card: &str, pieces: i64) -> Outcome<Answer> {
    let mut body = order_of(&[("MUG", pieces)]);
    body["payment"] = json!({"method": "card", "token": card});
    place(&ben.http, key, &body).send().await
}

/// What was told of orders, and how many of that were sent as mails.
fn news(told: &[Value]) -> (News, usize) {
    let mut news = News::new();
    let of_orders: Vec<&Value> = told.iter().filter(|one| one["data"]["order_id"].is_string()).collect();
    for one in &of_orders {
        *news.entry((text(&one["data"], "order_id").to_owned(), text(one, "template").to_owned())).or_default() += 1;
    }
    (news, of_orders.iter().filter(|one| one["channels"]["email"] == "sent").count())
}

/// There is one mail about this of that order, with these words and a link to this page of it.
fn says(mails: &[Mail], order: &str, about: &str, words: &[&str], page: &str) -> Outcome {
    let link = format!("/orders/{order}{page}\n");
    let of_it = |mail: &&Mail| mail.text.replace("\r\n", "\n").contains(&link);
    let found: Vec<&Mail> = mails.iter().filter(of_it).filter(|mail| mail.subject.contains(about)).collect();
    let [mail] = found.as_slice() else { return Err(format!("{} mails about {about}: {mails:?}", found.len()).into()) };
    for word in words {
        assert!(mail.text.contains(word), "{word} is not in {mail:?}");
    }
    Ok(())
}
