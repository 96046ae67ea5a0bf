//! Random shopping sessions through the public door, many at once, with the provider at fault: carts bought by card, twice,
//! in two windows, called off, delivered and given back. When all has come to rest, everybody's books say the same.
//! TILLROLL_SEED repeats what customers mean to do (not how they come between each other); TILLROLL_SESSIONS says how many
//! sessions there are.

#[path = "sessions/books.rs"]
mod books;

use crate::generated::Dice;
use crate::shop::{add_product, all, text};
use books::{Books, keeps_for_nobody};
use e2e::{Answer, Ask, Http, Outcome, System, own, seed, until};
use hyper::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tillroll_schemas::payment::payment_of;
use tillroll_schemas::{OrderId, PaymentId, UserId};
use tokio::task::JoinSet;
use uuid::Uuid;

const SESSIONS: u64 = 112;
/// Each has two windows open.
const CUSTOMERS: usize = 8;
const WINDOWS: usize = 2;
const SKUS: [&str; 4] = ["BOWL", "CUP", "JUG", "PLATE"];
const PASSWORD: &str = "a long enough password";
/// Longer than the waits after two calls without an answer, and than a late answer.
const AT_REST_WITHIN: Duration = Duration::from_secs(90);
const INSISTS_FOR: Duration = Duration::from_secs(60);

const CARDS: [&str; 10] = [
    "pm_card_visa",
    "pm_card_visa",
    "pm_card_visa",
    "pm_card_visa",
    "pm_sandbox_told_twice",
    "pm_card_threeDSecure2Required",
    "pm_card_threeDSecure2Required",
    "pm_card_visa_chargeDeclinedInsufficientFunds",
    "pm_sandbox_cannot_be_captured",
    "pm_sandbox_cannot_be_refunded",
];

#[test]
fn sessions_at_once_conserve_money_and_stock_whatever_the_provider_does() -> Outcome {
    own(|system| async move {
        let sessions = e2e::variable("TILLROLL_SESSIONS").map_or(Ok(SESSIONS), |text| text.parse())?;
        let seed = seed();
        let shop = Arc::new(Shop::opens(&system, sessions).await?);
        let began = Instant::now();
        let orders = shop.is_crowded(seed, sessions).await?;
        eprintln!("{sessions} sessions, {} orders in {} ms", orders.len(), began.elapsed().as_millis());
        shop.comes_to_rest(&orders).await?;
        eprintln!("at rest after {} ms", began.elapsed().as_millis());
        let books = Books::read(&shop, &orders).await?;
        books.agree(&shop).await
    })
}

/// What is the same for all sessions.
struct Shop {
    system: System,
    staff: Http,
    sandbox: Http,
    customers: Vec<Customer>,
    /// Pieces of each SKU at first.
    pieces: i64,
}

struct Customer {
    id: Uuid,
    http: Http,
}

impl Shop {
    /// With too few pieces for everybody.
    async fn opens(system: &System, sessions: u64) -> Outcome<Self> {
        let (staff, pieces) = (system.http(), i64::try_from(sessions)? / 4);
        for sku in SKUS {
            add_product(&staff, sku, 250, pieces).await?;
        }
        let nobody = staff.with_token(None);
        let mut customers = Vec::new();
        for nth in 0..CUSTOMERS {
            customers.push(register(&nobody, nth).await?);
        }
        let sandbox = sandbox_of(&customers[0].http).await?;
        Ok(Self { system: system.clone(), staff, sandbox, customers, pieces })
    }

    /// The ids of all orders that anybody was told.
    async fn is_crowded(self: &Arc<Self>, seed: u64, sessions: u64) -> Outcome<BTreeSet<String>> {
        let windows = (CUSTOMERS * WINDOWS) as u64;
        let mut open = JoinSet::new();
        for window in 0..windows {
            let nth = usize::try_from(window)? % CUSTOMERS;
            let dice = Dice::of(seed.wrapping_add(window * 7_919 + 1));
            let name = format!("window/{window}");
            let window = Window { shop: self.clone(), nth, name, dice, asked: 0, orders: BTreeSet::new() };
            open.spawn(window.shops(sessions.div_ceil(windows)));
        }
        let mut orders = BTreeSet::new();
        while let Some(told) = open.join_next().await {
            orders.extend(told??);
        }
        Ok(orders)
    }

    /// The provider behaves, whoever has not authenticated himself does or calls his order off, and nothing is under way.
    async fn comes_to_rest(&self, orders: &BTreeSet<String>) -> Outcome {
        self.sandbox.ask(Method::DELETE, "/sandbox/faults").send().await?.expect_status(204)?;
        let (acting, last) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
        let rest = until("nothing is under way", AT_REST_WITHIN, || async {
            let listed = self.system.run(&["saga", "list", "--json"]).await?;
            let sagas: Vec<Value> = listed.out.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
            let under_way: Vec<Value> = sagas.into_iter().filter(|saga| saga["stuck"].is_null()).collect();
            for saga in under_way.iter().filter(|saga| text(saga, "step") == "authenticate") {
                let id = text(saga, "id");
                self.acts_at_last(id, place_in(&acting, id), orders).await?;
            }
            let is_over = under_way.is_empty();
            *last.lock().unwrap_or_else(PoisonError::into_inner) = under_way;
            Ok(is_over.then_some(()))
        });
        rest.await.map_err(|why| format!("{why}, but {last:?}"))?;
        self.system.caught_up().await?;
        self.what_was_paid_back_whole_is_called_off().await
    }

    async fn what_was_paid_back_whole_is_called_off(&self) -> Outcome {
        for order in all(&self.staff, "/orders").await?.into_iter().filter(keeps_for_nobody) {
            let id = text(&order, "id");
            let cancel = self.staff.post(format!("/orders/{id}/cancel")).key(format!("paid-back/{id}")).wait(10);
            let off = cancel.json(&json!({})).send().await?.expect_status(200)?.json();
            let told = (text(&off, "status"), text(&off["payment"], "status"), &off["refunded"]);
            assert_eq!(told, ("cancelled", "refunded", &order["refunded"]), "{off}");
        }
        self.system.caught_up().await
    }

    async fn acts_at_last(&self, payment: &str, nth: usize, orders: &BTreeSet<String>) -> Outcome {
        match nth % 3 {
            0 => {}
            one => return self.at_the_bank(payment, one == 1).await,
        }
        let of = |order: &&String| order.parse::<OrderId>().is_ok_and(|id| payment_of(id).to_string() == payment);
        let Some(order) = orders.iter().find(of) else { return self.at_the_bank(payment, true).await };
        let cancel = self.staff.post(format!("/orders/{order}/cancel")).key(format!("at-last/{order}"));
        insist(&cancel.json(&json!({})), &[200, 202, 409]).await.map(drop)
    }

    /// What the provider has of every payment.
    async fn intents(&self) -> Outcome<Vec<Value>> {
        let told = self.sandbox.get("/sandbox/intents").send().await?.expect_status(200)?;
        Ok(told.json().as_array().cloned().unwrap_or_default())
    }

    /// The customer is asked whether it is he, if he is asked anything.
    async fn at_the_bank(&self, payment: &str, passes: bool) -> Outcome {
        let outcome = if passes { "outcome=pass" } else { "outcome=fail" };
        let of_it = |intent: &&Value| intent["payment"] == payment;
        if let Some(intent) = self.intents().await?.iter().find(of_it) {
            let path = format!("/sandbox/authenticate/{}", text(intent, "intent"));
            self.sandbox.post(path).bytes(outcome).send().await?;
        }
        Ok(())
    }

    async fn fault(&self, payment: PaymentId, on: &str, how: &str) -> Outcome {
        let fault = json!({"on": on, "do": how, "times": 1, "payment": payment});
        self.sandbox.post("/sandbox/faults").json(&fault).send().await?.expect_status(204).map(drop)
    }
}

/// Whoever it is always does the same: what he did may have been refused, or lost.
fn place_in(acting: &Mutex<Vec<String>>, id: &str) -> usize {
    let mut acting = acting.lock().unwrap_or_else(PoisonError::into_inner);
    acting.iter().position(|known| known == id).unwrap_or_else(|| {
        acting.push(id.to_owned());
        acting.len() - 1
    })
}

async fn register(nobody: &Http, nth: usize) -> Outcome<Customer> {
    let email = format!("customer{nth}@example.org");
    let body = json!({"email": email, "username": format!("customer{nth}"), "password": PASSWORD});
    let user = nobody.post("/users").json(&body).send().await?.expect_status(201)?.json();
    let body = json!({"email": email, "password": PASSWORD});
    let tokens = nobody.post("/sessions").json(&body).send().await?.expect_status(201)?.json();
    Ok(Customer { id: text(&user, "id").parse()?, http: nobody.with_token(tokens["access_token"].as_str()) })
}

/// Found as a customer finds it: by the page where he authenticates himself.
async fn sandbox_of(http: &Http) -> Outcome<Http> {
    put(http, SKUS[0], 1).send().await?.expect_status(200)?;
    let asked = check_out(http, "first", CARDS[5], 30).send().await?.expect_status(202)?.json();
    let action = text(&asked["payment"], "action").strip_prefix("/api/v1").ok_or("no way to act")?.to_owned();
    let page = http.get(&action).send().await?.expect_status(200)?.json();
    let (base, _) = text(&page, "url").split_once("/sandbox/").ok_or("no page of the sandbox")?;
    let cancel = http.post(format!("/orders/{}/cancel", text(&asked, "id"))).key("first").wait(30).json(&json!({}));
    cancel.send().await?.expect_status(200)?;
    Ok(Http::at_root(base))
}

fn put(http: &Http, sku: &str, pieces: u64) -> Ask {
    http.put(format!("/cart/items/{sku}")).json(&json!({"quantity": pieces}))
}

fn check_out(http: &Http, key: &str, card: &str, wait: u32) -> Ask {
    let body = json!({"from_cart": true, "payment": {"method": "card", "token": card}});
    http.post("/orders").key(key).wait(wait).json(&body)
}

/// One of a customer's windows.
struct Window {
    shop: Arc<Shop>,
    nth: usize,
    name: String,
    dice: Dice,
    asked: u64,
    orders: BTreeSet<String>,
}

impl Window {
    async fn shops(mut self, sessions: u64) -> Outcome<BTreeSet<String>> {
        for _ in 0..sessions {
            self.session().await?;
        }
        Ok(self.orders)
    }

    fn http(&self) -> Http {
        self.shop.customers[self.nth].http.clone()
    }

    fn key(&mut self) -> String {
        self.asked += 1;
        format!("{}/{}", self.name, self.asked)
    }

    /// Half of the customers have none that refuses refunds, the last: theirs may go wrong in every way.
    fn has_every_card(&self) -> bool {
        self.nth % 2 == 1
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.dice.below(n) == 0
    }

    async fn session(&mut self) -> Outcome {
        let mut filled = 0;
        for _ in 0..=self.dice.below(2) {
            let sku = SKUS[self.dice.below(4) as usize];
            let ask = put(&self.http(), sku, 1 + self.dice.below(3)).key(self.key());
            let answer = insist(&ask, &[200, 409]).await?;
            filled = answer.json()["version"].as_u64().filter(|_| answer.status == 200).unwrap_or(filled);
        }
        self.meets_a_fault(filled).await?;
        let Some(order) = self.buys().await? else { return Ok(()) };
        for _ in 0..2 + self.dice.below(4) {
            self.does(&order).await?;
        }
        Ok(())
    }

    /// Something may go wrong with the payment of this cart as it is now.
    async fn meets_a_fault(&mut self, version: u64) -> Outcome {
        let user = UserId(self.shop.customers[self.nth].id);
        let order = OrderId(Uuid::new_v5(&user.0, format!("cart/{version}").as_bytes()));
        let calls = ["create", "confirm", "capture", "cancel", "refund", "retrieve"];
        let ways = ["error_before", "error_after", "cut", "too_many", "never_answer", "answer_late"];
        if self.one_in(3) {
            // Waiting for what is never answered takes its time.
            let quick = if self.one_in(3) { 6 } else { 4 };
            let (call, way) = (calls[self.dice.below(6) as usize], ways[self.dice.below(quick) as usize]);
            // It is answered for ever under its key. Of a creation, or of a refund that the card refuses, it is given up
            // after minutes: nobody waits for that here.
            let kept = way == "error_after" && (call == "create" || call == "refund" && self.has_every_card());
            let way = if kept { "error_before" } else { way };
            self.shop.fault(payment_of(order), call, way).await?;
        }
        if self.one_in(4) {
            let way = if self.one_in(2) { "never_answer" } else { "error_before" };
            self.shop.fault(payment_of(order), "webhook", way).await?;
        }
        Ok(())
    }

    /// Checks the cart out, twice now and then; the order that is made of it, if any is.
    async fn buys(&mut self) -> Outcome<Option<String>> {
        let cards = if self.has_every_card() { 10 } else { 9 };
        let (card, wait) = (CARDS[self.dice.below(cards) as usize], [0, 2, 10][self.dice.below(3) as usize]);
        let key = self.key();
        let ask = check_out(&self.http(), &key, card, wait);
        let again = match self.dice.below(6) {
            0 => Some(ask.clone()),
            1 => Some(check_out(&self.http(), &self.key(), card, wait)),
            _ => None,
        };
        let (first, second) = tokio::try_join!(insist(&ask, &[201, 202, 409]), async {
            match &again {
                Some(ask) => insist(ask, &[201, 202, 409]).await.map(Some),
                None => Ok(None),
            }
        })?;
        let mut made = None;
        for answer in std::iter::once(first).chain(second) {
            let body = answer.json();
            let id = if answer.status == 409 { text(&body, "order_id") } else { text(&body, "id") };
            let nothing = ["cart_empty", "cart_changed"].contains(&answer.code().as_str());
            assert!(nothing || !id.is_empty(), "which order? {body}");
            if !nothing {
                self.orders.insert(id.to_owned());
                made = Some(id.to_owned());
            }
        }
        Ok(made)
    }

    /// Something with the order, whatever has become of it.
    async fn does(&mut self, order: &str) -> Outcome {
        let (own, staff) = (self.http(), self.shop.staff.clone());
        let path = |what: &str| format!("/orders/{order}/{what}");
        let item = json!([{"sku": SKUS[self.dice.below(4) as usize], "quantity": 1}]);
        let mut amount = json!({"amount": 1 + self.dice.below(400), "currency": "GBP"});
        let (which, key) = (self.dice.below(10), self.key());
        if which == 3 && self.one_in(2) {
            let shown = staff.get(format!("/orders/{order}")).send().await?.json();
            amount = if shown["totals"].is_null() { amount } else { shown["totals"]["gross"].clone() };
        }
        let ask = match which {
            0 => own.post(path("cancel")).json(&json!({"reason": "changed_mind"})),
            1 | 9 => staff.post(path("fulfilments")).json(&json!({})),
            2 => staff.post(path("fulfilments")).json(&json!({"lines": item})),
            3 => staff.post(path("refunds")).json(&json!({"amount": amount, "reason": "late"})),
            4 => staff.post(path("refunds")).json(&json!({"lines": item, "reason": "scratched"})),
            5 | 6 => {
                let restock = which == 5;
                staff.post(path("returns")).json(&json!({"lines": item, "restock": restock, "reason": "broken"}))
            }
            _ => {
                let passes = !self.one_in(4);
                return self.shop.at_the_bank(&payment_of(order.parse()?).to_string(), passes).await;
            }
        };
        let wait = [0, 1, 5][self.dice.below(3) as usize];
        insist(&ask.key(key).wait(wait), &[200, 201, 202, 409]).await.map(drop)
    }
}

/// The answer, however often it has to be asked for: an order that a cart was made into a moment ago is not there at once.
async fn insist(ask: &Ask, allowed: &[u16]) -> Outcome<Answer> {
    until(&format!("an answer of {}", ask.path()), INSISTS_FOR, || async {
        let answer = ask.clone().send().await?;
        match answer.status {
            404 | 503 | 504 => Ok(None),
            status if allowed.contains(&status) => Ok(Some(answer)),
            status => Err(format!("{}: {status} {}", ask.path(), String::from_utf8_lossy(&answer.bytes)).into()),
        }
    })
    .await
}
