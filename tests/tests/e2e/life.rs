//! A customer's whole life through the public door, over every context: he registers, buys, is told, gives back, and is
//! forgotten; and then nothing of him is left but what he bought, and his name and address on the documents of it.

#[path = "life/term.rs"]
mod term;

use crate::messages::deliverer::Deliverer;
use crate::people::sealed::the_receipt_says_what_he_had;
use crate::people::searched::nowhere;
use crate::shop::{add_product, gbp, order_of, place, text};
use e2e::{Answer, Ask, Http, LogEnds, Outcome, System, own_with, until};
use futures_util::future::try_join_all;
use hyper::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use term::keys_go_when_their_term_is_over_and_not_before;
use tillroll_testkit::pdf_text;

const PASSWORD: &str = "a long enough password";
const GOOD: &str = "pm_card_visa";
const DECLINED: &str = "pm_card_visa_chargeDeclinedInsufficientFunds";
const WANTS_ACTION: &str = "pm_card_threeDSecure2Required";
const WITHIN: Duration = Duration::from_secs(30);
/// Why money went back: in the log in the clear.
const REASON: &str = "the handle came off";

/// One word for each thing that is his; none is part of another.
const MAIL: &str = "wombatmail";
const USERNAME: &str = "echidnauser";
const NAME: &str = "Bilby Dunnart";
const PHONE: &str = "447700900461";
const STREET: &str = "1 Kowari Street";
const CITY: &str = "Mulgaraville";
const RECIPIENT: &str = "Antechinus Ltd";
const OTHER_STREET: &str = "2 Ningaui Lane";
/// What he would say of himself where nothing personal belongs.
const OWN_WORDS: &str = "Phascogale has moved in";

#[test]
fn a_customer_registers_buys_is_told_gives_back_and_is_forgotten() -> Outcome {
    let deliverer = Deliverer::closed()?;
    own_with(deliverer.settings(), |system| async move {
        deliverer.open()?;
        let life = Life::begins(&system, deliverer).await?;
        life.his_cart_is_his_again_when_his_card_is_declined().await?;
        life.he_buys_nothing_at_a_price_that_he_did_not_see().await?;
        let bought = life.he_authenticates_himself_and_has_bought().await?;
        life.a_cart_checked_out_twice_is_one_order().await?;
        life.he_is_told_and_has_his_invoice(&bought).await?;
        let cancelled = life.he_calls_another_order_off().await?;
        life.what_he_gives_back_is_paid_back(&bought).await?;
        life.he_sees_all_of_it_at_a_glance(&bought, &cancelled).await?;
        life.where_it_went_only_he_and_staff_may_know(&bought).await?;
        life.he_is_forgotten(&bought).await?;
        life.his_documents_still_name_him(&bought).await?;
        nothing_of_him_is_left_and_the_rest_is_made_again(&system).await?;
        life.his_documents_still_name_him(&bought).await?;
        keys_go_when_their_term_is_over_and_not_before(&system).await?;
        life.his_documents_still_name_him(&bought).await
    })
}

struct Life {
    system: System,
    staff: Http,
    he: Http,
    id: String,
    /// Where the log ended before him.
    since: LogEnds,
    deliverer: Deliverer,
}

fn shipping() -> Value {
    json!({"name": RECIPIENT, "lines": [OTHER_STREET], "city": CITY, "postal_code": "LS1 4AP", "country": "GB"})
}

/// As he stands on his documents: the name is that of his profile.
fn buyer() -> Value {
    json!({"name": NAME, "address": {"lines": [STREET], "city": CITY, "country": "GB"}})
}

impl Life {
    async fn begins(system: &System, deliverer: Deliverer) -> Outcome<Self> {
        let (staff, nobody) = (system.http(), system.http().with_token(None));
        let seen = add_product(&staff, "CUP", 500, 20).await?;
        add_product(&staff, "JUG", 2_000, 5).await?;
        let since = system.topics()?.ends().await?;
        let email = format!("{MAIL}@example.org");
        let body = json!({"email": email, "username": USERNAME, "password": PASSWORD, "name": NAME});
        let id = text(&nobody.post("/users").json(&body).send().await?.expect_status(201)?.json(), "id").to_owned();
        let body = json!({"email": email, "password": PASSWORD});
        let tokens = nobody.post("/sessions").json(&body).send().await?.expect_status(201)?.json();
        let he = nobody.with_token(tokens["access_token"].as_str());
        let addresses = json!([{"lines": [STREET], "city": CITY, "country": "GB"}]);
        let profile = json!({"name": NAME, "phone": format!("+{PHONE}"), "addresses": addresses});
        let told = he.put("/users/me").json(&profile).send().await?.expect_status(200)?;
        he.put("/notifications/preferences").json(&json!({"delivery": ["sms"]})).send().await?.expect_status(200)?;
        let read = he.get("/users/me").token(told.token()).send().await?.expect_status(200)?.json();
        assert_eq!((text(&read, "email"), &read["phone"]), (email.as_str(), &profile["phone"]));
        assert_eq!(read["addresses"], profile["addresses"]);
        let shelf = he.get("/products?limit=10").token(seen).send().await?.expect_status(200)?.json();
        assert_eq!((&shelf["total"], &shelf["items"][0]["available"]), (&json!(2), &json!(20)), "{shelf}");
        Ok(Self { system: system.clone(), staff, he, id, since, deliverer })
    }

    async fn puts(&self, sku: &str, pieces: i64) -> Outcome {
        let put = self.he.put(format!("/cart/items/{sku}")).json(&json!({"quantity": pieces}));
        put.send().await?.expect_status(200).map(drop)
    }

    fn checks_out(&self, query: &str, key: &str, card: &str) -> Ask {
        let payment = json!({"method": "card", "token": card});
        let body = json!({"from_cart": true, "payment": payment, "shipping_address": shipping(),
            "billing_address": buyer()["address"]});
        self.he.post(format!("/orders{query}")).key(key).wait(30).json(&body)
    }

    /// What lies in his cart as soon as nothing is being made of it.
    async fn cart(&self) -> Outcome<Value> {
        until("the cart is open", WITHIN, || async {
            let cart = self.he.get("/cart").send().await?.expect_status(200)?.json();
            Ok(cart["order_id"].is_null().then_some(cart))
        })
        .await
    }

    async fn order(&self, id: &str) -> Outcome<Value> {
        self.system.caught_up().await?;
        Ok(self.he.get(format!("/orders/{id}")).wait(10).send().await?.expect_status(200)?.json())
    }

    async fn becomes(&self, id: &str, payment: &str) -> Outcome<Value> {
        until("the order is paid like that", WITHIN, || async {
            let order = self.order(id).await?;
            Ok((text(&order["payment"], "status") == payment).then_some(order))
        })
        .await
    }

    async fn his_cart_is_his_again_when_his_card_is_declined(&self) -> Outcome {
        self.puts("CUP", 3).await?;
        self.puts("JUG", 1).await?;
        let dry = self.checks_out("?dry_run=true", "dry", GOOD).send().await?.expect_status(200)?.json();
        assert_eq!((&dry["totals"]["net"], text(&dry, "status")), (&gbp(3_500), "pending"));
        let no_address = json!({"from_cart": true, "payment": {"method": "card", "token": GOOD},
            "shipping_address": {"lines": [], "city": "\n", "country": "England"}});
        let refused = self.he.post("/orders").key("nowhere").json(&no_address).send().await?.expect_status(400)?.json();
        let fields = refused["errors"].as_array().into_iter().flatten().map(|error| text(error, "field"));
        let wrong: BTreeSet<&str> = fields.filter_map(|field| field.strip_prefix("/shipping_address")).collect();
        assert_eq!(wrong, BTreeSet::from(["/city", "/country", "/lines"]), "{refused}");

        let declined = self.checks_out("", "declined", DECLINED).send().await?.expect_status(409)?;
        assert_eq!(declined.code(), "payment_declined");
        // At once: he tries another card.
        let again = self.he.get("/cart").token(declined.token()).send().await?.expect_status(200)?.json();
        assert_eq!(again["order_id"], Value::Null, "{again}");
        self.puts("CUP", 4).await?;
        self.puts("CUP", 3).await?;
        self.system.caught_up().await?;
        let cart = self.cart().await?;
        let pieces = cart["items"].as_array().into_iter().flatten().filter_map(|item| item["quantity"].as_i64());
        assert_eq!(pieces.sum::<i64>(), 4, "{cart}");
        Ok(())
    }

    async fn he_buys_nothing_at_a_price_that_he_did_not_see(&self) -> Outcome {
        let mut body = order_of(&[("CUP", 1)]);
        body["payment"] = json!({"method": "card", "token": GOOD});
        body["lines"][0]["expected_unit_price"] = gbp(499);
        let refused = place(&self.he, "dearer", &body).send().await?.expect_status(409)?;
        assert_eq!(refused.code(), "price_changed");
        Ok(())
    }

    async fn he_authenticates_himself_and_has_bought(&self) -> Outcome<String> {
        let asked = self.checks_out("", "bought", WANTS_ACTION).send().await?.expect_status(202)?.json();
        assert_eq!(text(&asked, "status"), "requires_action", "{asked}");
        let busy = self.he.put("/cart/items/CUP").json(&json!({"quantity": 9})).send().await?;
        assert_eq!((busy.status, busy.code().as_str()), (409, "checkout_in_progress"));
        let rehearsed = self.checks_out("?dry_run=true", "rehearsed", GOOD).send().await?.expect_status(409)?;
        assert_eq!((rehearsed.code().as_str(), &rehearsed.json()["order_id"]), ("checkout_in_progress", &asked["id"]));
        let action = text(&asked["payment"], "action").strip_prefix("/api/v1").ok_or("no way to act")?;
        let page = self.he.get(action).send().await?.expect_status(200)?.json();
        let (base, path) = text(&page, "url").split_at(text(&page, "url").find("/sandbox/").ok_or("no page")?);
        Http::at_root(base).post(path).bytes("outcome=pass").send().await?;
        let id = text(&asked, "id").to_owned();
        let order = self.becomes(&id, "captured").await?;
        assert_eq!((text(&order, "status"), &order["totals"]["net"]), ("confirmed", &gbp(3_500)));
        assert_eq!(self.cart().await?["items"], json!([]), "what was bought lies there no more");
        Ok(id)
    }

    async fn a_cart_checked_out_twice_is_one_order(&self) -> Outcome {
        self.puts("CUP", 1).await?;
        let checkouts = ["twice", "twice", "otherwise"].map(|key| self.checks_out("", key, GOOD).send());
        let mut orders = BTreeSet::new();
        for answer in try_join_all(checkouts).await? {
            let body = answer.json();
            match (answer.status, answer.code().as_str()) {
                (201 | 202, _) => _ = orders.insert(text(&body, "id").to_owned()),
                (409, "checkout_in_progress") => _ = orders.insert(text(&body, "order_id").to_owned()),
                (409, "cart_empty") => {}
                other => return Err(format!("{other:?}: {body}").into()),
            }
        }
        let [only] = Vec::from_iter(orders).try_into().map_err(|orders| format!("{orders:?}"))?;
        self.becomes(&only, "captured").await.map(drop)
    }

    /// He is told this of his order, over this channel.
    async fn he_is_told(&self, order: &str, template: &str, channel: &str) -> Outcome {
        until(template, WITHIN, || async {
            let told = self.he.get("/notifications").send().await?.expect_status(200)?.json();
            let is_it = |one: &&Value| one["template"] == template && one["data"]["order_id"] == order;
            let found = told["items"].as_array().into_iter().flatten().find(is_it);
            Ok(found.is_some_and(|one| one["channels"][channel] == "sent").then_some(()))
        })
        .await
    }

    async fn he_is_told_and_has_his_invoice(&self, bought: &str) -> Outcome {
        self.he_is_told(bought, "order_confirmed", "email").await?;
        let invoice = until("it is invoiced", WITHIN, || async {
            let ask = self.he.get(format!("/orders/{bought}/invoice")).header("accept", "application/pdf");
            Ok(Some(ask.send().await?).filter(|answer| answer.status == 200))
        })
        .await?;
        let printed = pdf_text(&invoice.bytes);
        assert!(printed.contains(&format!("Buyer     {NAME}\n          {STREET}\n          {CITY}\n")), "{printed}");
        let json = self.he.get(format!("/orders/{bought}/invoice")).send().await?.expect_status(200)?.json();
        assert_eq!(json["buyer"], buyer());
        Ok(())
    }

    async fn he_calls_another_order_off(&self) -> Outcome<String> {
        let mut body = order_of(&[("JUG", 1)]);
        body["payment"] = json!({"method": "card", "token": GOOD});
        let id = text(&place(&self.he, "regretted", &body).send().await?.expect_status(201)?.json(), "id").to_owned();
        let because = |key: &str, reason: &str| {
            self.he.post(format!("/orders/{id}/cancel")).key(key).wait(30).json(&json!({ "reason": reason })).send()
        };
        let refused = because("off/1", OWN_WORDS).await?.expect_status(400)?.json();
        assert_eq!(refused["errors"][0]["field"], "/reason", "{refused}");
        let off = because("off/2", "changed_mind").await?.expect_status(200)?.json();
        assert_eq!(off["cancellation"]["detail"], "changed_mind", "{off}");
        assert_eq!((text(&off, "status"), text(&off["payment"], "status")), ("cancelled", "refunded"));
        Ok(id)
    }

    async fn gets_back(&self, path: String, key: &str, body: Value) -> Outcome<Value> {
        Ok(self.staff.post(&path).key(key).wait(30).json(&body).send().await?.expect_status(201)?.json())
    }

    async fn what_he_gives_back_is_paid_back(&self, bought: &str) -> Outcome {
        let out = self.staff.post(format!("/orders/{bought}/fulfilments")).key("out").wait(30).send().await?;
        out.expect_status(201)?;
        self.he_is_told(bought, "order_shipped", "sms").await?;
        self.deliverer.to("sms", &format!("+{PHONE}")).await?;
        let pieces = json!({"lines": [{"sku": "CUP", "quantity": 2}], "restock": true, "reason": REASON});
        let returned = self.gets_back(format!("/orders/{bought}/returns"), "back", pieces).await?;
        assert_eq!(returned["refunded"], gbp(1_000));
        let rest = json!({"amount": gbp(2_500), "reason": REASON});
        let refunded = self.gets_back(format!("/orders/{bought}/refunds"), "rest", rest).await?;
        assert_eq!((&refunded["refunded"], text(&refunded["payment"], "status")), (&gbp(3_500), "refunded"));
        Ok(())
    }

    async fn he_sees_all_of_it_at_a_glance(&self, bought: &str, cancelled: &str) -> Outcome {
        self.system.caught_up().await?;
        let by_staff = self.staff.get(format!("/users/{}/overview", self.id));
        for ask in [self.he.get("/users/me/overview"), by_staff] {
            let all = ask.send().await?.expect_status(200)?.json();
            assert_eq!((&all["failed"], text(&all["profile"], "username")), (&json!({}), USERNAME), "{all}");
            let orders: Vec<&str> =
                all["orders"]["items"].as_array().into_iter().flatten().map(|order| text(order, "id")).collect();
            assert!(orders.contains(&bought) && orders.contains(&cancelled), "{orders:?}");
            assert!(all["unread_notifications"]["items"].as_array().is_some_and(|unread| !unread.is_empty()), "{all}");
        }
        // One declined, one authenticated, one twice, one called off.
        let own = self.he.get("/orders").send().await?.expect_status(200)?.json();
        assert_eq!(own["total"], 4, "{own}");
        self.staff.get(format!("/users/{}/overview", uuid::Uuid::from_u128(1))).send().await?.expect_status(404)?;
        Ok(())
    }

    async fn where_it_went_only_he_and_staff_may_know(&self, bought: &str) -> Outcome {
        let path = format!("/orders/{bought}");
        for reader in [&self.he, &self.staff] {
            let order = reader.get(&path).send().await?.expect_status(200)?.json();
            assert_eq!(order["shipping_address"], shipping());
        }
        let other = self.system.mint(&["--role", "customer", "--user", &uuid::Uuid::from_u128(7).to_string()]).await?;
        let other = self.system.http_of(&other);
        other.get(&path).send().await?.expect_status(404)?;
        // Whoever never registered has no key under which an address could be sealed, and gets none.
        let mut body = order_of(&[("CUP", 1)]);
        (body["payment"], body["shipping_address"]) = (json!({"method": "card", "token": GOOD}), shipping());
        place(&other, "nobody's", &body).send().await?.expect_status(403)?;
        let list = self.he.get("/orders").send().await?.expect_status(200)?;
        assert!(!String::from_utf8_lossy(&list.bytes).contains("shipping_address"), "lists do not tell");
        Ok(())
    }

    async fn he_is_forgotten(&self, bought: &str) -> Outcome {
        let path = format!("/orders/{bought}");
        let known = self.staff.get(&path).send().await?.expect_status(200)?.header("etag").to_owned();
        let erased = self.he.ask(Method::DELETE, "/users/me").send().await?.expect_status(202)?;
        until("he is let in no more", WITHIN, || async {
            Ok((self.he.get("/cart").send().await?.status == 401).then_some(()))
        })
        .await?;
        let receipt = self.receipt(&erased).await?;
        assert!(text(&receipt["kept"], "until").ends_with("-12-31"), "by law: {receipt}");
        the_receipt_says_what_he_had(&self.system, &self.since, &self.id, &receipt).await?;
        // Whoever has kept the order is told that it is another now.
        let order = self.staff.get(&path).header("if-none-match", &known).send().await?.expect_status(200)?.json();
        assert_eq!(order.get("shipping_address"), Some(&Value::Null), "it is gone, and said to be gone");
        assert_eq!(text(&order, "user_id"), self.id, "what was bought is still there");
        Ok(())
    }

    /// The invoice and both credit notes of what he bought; where it went they do not tell.
    async fn his_documents_still_name_him(&self, bought: &str) -> Outcome {
        self.system.caught_up().await?;
        let list = self.staff.get(format!("/invoices?order={bought}")).send().await?.expect_status(200)?.json();
        let documents: Vec<&Value> = list["items"].as_array().into_iter().flatten().collect();
        assert_eq!(documents.len(), 3, "{list}");
        for document in documents {
            let ask = || self.staff.get(format!("/invoices/{}", text(document, "number")));
            assert_eq!(ask().send().await?.expect_status(200)?.json()["buyer"], buyer(), "{document}");
            let printed = ask().header("accept", "application/pdf").send().await?.expect_status(200)?;
            let printed = pdf_text(&printed.bytes);
            assert!(printed.contains(NAME) && printed.contains(STREET) && !printed.contains(RECIPIENT), "{printed}");
        }
        Ok(())
    }

    async fn receipt(&self, erased: &Answer) -> Outcome<Value> {
        let path = erased.header("location").strip_prefix("/api/v1").ok_or("no receipt")?.to_owned();
        until("the receipt is given", WITHIN, || async {
            let asked = self.he.with_token(None).get(&path).token(erased.token()).send().await?.expect_status(200)?;
            Ok(Some(asked.json()).filter(|receipt| receipt["status"] == "erased"))
        })
        .await
    }
}

async fn nothing_of_him_is_left_and_the_rest_is_made_again(system: &System) -> Outcome {
    let words = [MAIL, USERNAME, NAME, PHONE, STREET, CITY, RECIPIENT, OTHER_STREET, OWN_WORDS];
    system.is_at_rest(WITHIN).await?;
    let before = system.rows().await?;
    system.tillroll().await.stop().await?;
    nowhere(system, &words, &[(REASON, "record order.events.v1"), (REASON, "/order.events.v1-")]).await?;
    system.delete_read_models().await?;
    system.delete_local_state()?;
    system.tillroll().await.start_again().await?;
    system.caught_up().await?;
    assert_eq!(before.differences(&system.rows().await?), Vec::<String>::new());
    Ok(())
}
