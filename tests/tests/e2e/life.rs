//! A customer's whole life through the public door, over every context: he registers, buys, is told, gives back, and is
//! forgotten; and then nothing of him is left but what he bought.

use crate::people::canaries::nowhere;
use crate::shop::{add_product, gbp, order_of, place, text};
use e2e::{Answer, Ask, Http, Outcome, System, own, until};
use futures_util::future::try_join_all;
use hyper::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

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
const STREET: &str = "1 Kowari Street";
const CITY: &str = "Mulgaraville";
const RECIPIENT: &str = "Antechinus Ltd";
const OTHER_STREET: &str = "2 Ningaui Lane";
/// What he would say of himself where nothing personal belongs.
const OWN_WORDS: &str = "Phascogale has moved in";

#[test]
fn a_customer_registers_buys_is_told_gives_back_and_is_forgotten() -> Outcome {
    own(|system| async move {
        let life = Life::begins(&system).await?;
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
        nothing_of_him_is_left_and_the_rest_is_made_again(&system).await
    })
}

struct Life {
    system: System,
    staff: Http,
    he: Http,
    id: String,
}

fn shipping() -> Value {
    json!({"name": RECIPIENT, "lines": [OTHER_STREET], "city": CITY, "postal_code": "LS1 4AP", "country": "GB"})
}

impl Life {
    async fn begins(system: &System) -> Outcome<Self> {
        let (staff, nobody) = (system.http(), system.http().with_token(None));
        let seen = add_product(&staff, "CUP", 500, 20).await?;
        add_product(&staff, "JUG", 2_000, 5).await?;
        let email = format!("{MAIL}@example.org");
        let body = json!({"email": email, "username": USERNAME, "password": PASSWORD, "name": NAME});
        let id = text(&nobody.post("/users").json(&body).send().await?.expect_status(201)?.json(), "id").to_owned();
        let body = json!({"email": email, "password": PASSWORD});
        let tokens = nobody.post("/sessions").json(&body).send().await?.expect_status(201)?.json();
        let he = nobody.with_token(tokens["access_token"].as_str());
        let profile = json!({"name": NAME, "addresses": [{"lines": [STREET], "city": CITY, "country": "GB"}]});
        let told = he.put("/users/me").json(&profile).send().await?.expect_status(200)?;
        let read = he.get("/users/me").token(told.token()).send().await?.expect_status(200)?.json();
        assert_eq!((text(&read, "email"), &read["addresses"]), (email.as_str(), &profile["addresses"]));
        let shelf = he.get("/products?limit=10").token(seen).send().await?.expect_status(200)?.json();
        assert_eq!((&shelf["total"], &shelf["items"][0]["available"]), (&json!(2), &json!(20)), "{shelf}");
        Ok(Self { system: system.clone(), staff, he, id })
    }

    /// The token is the put's.
    async fn puts(&self, sku: &str, pieces: i64) -> Outcome<String> {
        let put = self.he.put(format!("/cart/items/{sku}")).json(&json!({"quantity": pieces}));
        Ok(put.send().await?.expect_status(200)?.token().to_owned())
    }

    fn checks_out(&self, query: &str, key: &str, card: &str) -> Ask {
        let payment = json!({"method": "card", "token": card});
        let body = json!({"from_cart": true, "payment": payment, "shipping_address": shipping()});
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
        let last = self.puts("CUP", 3).await?;
        let cart = self.he.get("/cart").token(&last).send().await?.expect_status(200)?.json();
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

    async fn he_is_told_and_has_his_invoice(&self, bought: &str) -> Outcome {
        until("he is told that he has bought", WITHIN, || async {
            let told = self.he.get("/notifications").send().await?.expect_status(200)?.json();
            let is_it = |one: &&Value| one["template"] == "order_confirmed" && one["data"]["order_id"] == bought;
            let sent = told["items"].as_array().into_iter().flatten().find(is_it).map(|one| one["channels"].clone());
            Ok(sent.filter(|channels| channels["email"] == "sent"))
        })
        .await?;
        let invoice = until("it is invoiced", WITHIN, || async {
            let ask = self.he.get(format!("/orders/{bought}/invoice")).header("accept", "application/pdf");
            Ok(Some(ask.send().await?).filter(|answer| answer.status == 200))
        })
        .await?;
        assert!(invoice.bytes.starts_with(b"%PDF-"), "{:?}", invoice.headers);
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
        let topics = receipt["unreadable"].as_array().into_iter().flatten();
        let addressed =
            topics.filter(|one| one["fields"].as_array().is_some_and(|f| f.contains(&"shipping_address".into())));
        let addressed: BTreeSet<&str> = addressed.map(|one| text(one, "topic")).collect();
        assert_eq!(addressed, BTreeSet::from(["cart.events.v1", "order.events.v1"]), "{receipt}");
        // Whoever has kept the order is told that it is another now.
        let order = self.staff.get(&path).header("if-none-match", &known).send().await?.expect_status(200)?.json();
        assert_eq!(order.get("shipping_address"), Some(&Value::Null), "it is gone, and said to be gone");
        assert_eq!(text(&order, "user_id"), self.id, "what was bought is still there");
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
    let words = [MAIL, USERNAME, NAME, STREET, CITY, RECIPIENT, OTHER_STREET, OWN_WORDS];
    until("nothing is under way", WITHIN, || async {
        Ok(system.run(&["saga", "list", "--json"]).await?.out.trim().is_empty().then_some(()))
    })
    .await?;
    let roll = system.roll().await?;
    let holds = |bytes: &[u8], word: &str| bytes.windows(word.len()).any(|part| part == word.as_bytes());
    let said = |word: &str| {
        let of = |record: &&e2e::proof::Written| {
            let headers = record.headers.iter().map(|(_, value)| value.as_slice());
            headers.chain(record.key.as_deref()).chain(record.value.as_deref()).any(|bytes| holds(bytes, word))
        };
        roll.records.iter().filter(of).map(|record| record.place()).collect::<Vec<_>>()
    };
    assert!(!said(REASON).is_empty(), "the topics are read as they were written");
    for word in words {
        assert_eq!(said(word), Vec::<String>::new(), "{word}");
    }
    system.caught_up().await?;
    let before = system.rows().await?;
    system.tillroll().await.stop().await?;
    nowhere(system, &words, (REASON, "order.events.v1")).await?;
    system.delete_read_models().await?;
    system.delete_local_state()?;
    system.tillroll().await.start_again().await?;
    system.caught_up().await?;
    assert_eq!(before.differences(&system.rows().await?), Vec::<String>::new());
    Ok(())
}
