//! A till of the test: asks payments as an order would, and looks into the sandbox's own ledger.

use bytes::Bytes;
use e2e::{Answer, Http, Outcome, System, until};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tillroll_kafka::{Config, NewRecord, Producer, Topic, partition_for};
use tillroll_schemas::OrderId;
use tillroll_schemas::payment::payment_of;
use uuid::Uuid;

/// Longer than the waits after two calls without an answer.
pub const WITHIN: Duration = Duration::from_secs(60);

/// Where payments are asked, and where the money is.
pub struct Till {
    pub system: System,
    sandbox: Http,
    producer: Producer,
    last: AtomicU32,
    /// Where payments listen internally, once they came back.
    metrics: String,
}

/// A payment of 5.00.
#[derive(Clone, Copy)]
pub struct Asked(OrderId);

/// The nth order of this test.
pub fn order(nth: u32) -> OrderId {
    OrderId(Uuid::from_u128(0xca5e_0000 + u128::from(nth)))
}

fn gbp(amount: i64) -> Value {
    json!({"amount": amount, "currency": "GBP"})
}

fn in_seconds(seconds: i64) -> String {
    (tillroll_log::now() + chrono::TimeDelta::seconds(seconds)).to_rfc3339()
}

impl Asked {
    pub fn new(nth: u32) -> Self {
        Self(order(nth))
    }

    pub fn id(&self) -> String {
        payment_of(self.0).to_string()
    }

    /// The provider's id of it.
    pub async fn intent(&self, till: &Till) -> Outcome<String> {
        let id = self.id();
        let intents = till.intents().await?;
        let own = intents.iter().find(|intent| intent["payment"] == id.as_str());
        Ok(own.and_then(|intent| intent["intent"].as_str()).ok_or("the sandbox does not know it")?.to_owned())
    }
}

impl Till {
    /// Finds the sandbox as a customer finds it: by the page where he authenticates himself.
    pub async fn of(system: &System) -> Outcome<Self> {
        let producer = Producer::start(&Config::new(system.bootstrap_servers()))?;
        let nowhere = Http::at_root("http://127.0.0.1:1");
        let metrics = format!("127.0.0.1:{}", e2e::free_port()?);
        let mut till = Self { system: system.clone(), sandbox: nowhere, producer, last: AtomicU32::new(0), metrics };
        till.find_sandbox().await?;
        Ok(till)
    }

    async fn find_sandbox(&mut self) -> Outcome {
        let first = self.request("pm_card_threeDSecure2Required").await?;
        self.becomes(&first, "requires_action").await?;
        let page = self.page(&first).await?;
        let (base, _) = page.split_once("/sandbox/").ok_or("no page of the sandbox")?;
        self.sandbox = Http::at_root(base);
        self.void(&first).await?;
        self.becomes(&first, "voided").await?;
        Ok(())
    }

    pub fn next(&self) -> u32 {
        self.last.fetch_add(1, Ordering::Relaxed)
    }

    async fn page(&self, payment: &Asked) -> Outcome<String> {
        let path = format!("/payments/{}/action", payment.id());
        let told = self.system.http().get(path).send().await?.expect_status(200)?;
        assert_eq!(told.header("cache-control"), "no-store");
        Ok(told.json()["url"].as_str().ok_or("no page")?.to_owned())
    }

    /// The customer goes to the page and says that it is he, or not.
    pub async fn at_the_bank(&self, payment: &Asked, outcome: &str) -> Outcome {
        let page = self.page(payment).await?;
        let (base, path) = page.split_at(page.find("/sandbox/").ok_or("no page of the sandbox")?);
        let bank = Http::at_root(base);
        let shown = bank.get(path).send().await?.expect_status(200)?;
        assert!(String::from_utf8_lossy(&shown.bytes).contains("It is me"));
        bank.post(path).bytes(format!("outcome={outcome}")).send().await?;
        Ok(())
    }

    /// Asks for a payment of 5.00 with this card.
    pub async fn request(&self, card: &str) -> Outcome<Asked> {
        let payment = Asked::new(self.next());
        self.request_as(&payment, card, 60).await?;
        Ok(payment)
    }

    /// The same whose customer has that many seconds.
    pub async fn request_until(&self, card: &str, seconds: i64) -> Outcome<Asked> {
        let payment = Asked::new(self.next());
        self.ask_for(&payment, card, 60, seconds).await?;
        Ok(payment)
    }

    /// The same as that payment, to be authorised within that many seconds.
    pub async fn request_as(&self, payment: &Asked, card: &str, seconds: i64) -> Outcome {
        self.ask_for(payment, card, seconds, 600).await
    }

    /// The same within seconds for the answer, and for the customer.
    pub async fn ask_for(&self, payment: &Asked, card: &str, answer: i64, action: i64) -> Outcome {
        let body = json!({
            "order_id": payment.0, "amount": gbp(500), "method_token": card, "reference": "a test",
            "answer_by": in_seconds(answer), "action_by": in_seconds(action),
        });
        self.command(payment, "payment.request", &body).await
    }

    pub async fn capture(&self, payment: &Asked) -> Outcome {
        self.command(payment, "payment.capture", &json!({"order_id": payment.0, "amount": gbp(500)})).await
    }

    pub async fn void(&self, payment: &Asked) -> Outcome {
        self.command(payment, "payment.void", &json!({"order_id": payment.0, "reason": "cancelled"})).await
    }

    pub async fn refund(&self, payment: &Asked, amount: i64) -> Outcome {
        let refund_id = Uuid::new_v5(&payment.0.0, b"a refund");
        let body = json!({
            "order_id": payment.0, "refund_id": refund_id, "amount": gbp(amount), "reason": "broken",
        });
        self.command(payment, "payment.refund", &body).await
    }

    async fn command(&self, payment: &Asked, type_name: &'static str, body: &Value) -> Outcome {
        send(&self.producer, "payment.commands.v1", &payment.id(), type_name, body).await
    }

    /// Waits until the payment is shown so.
    pub async fn becomes(&self, payment: &Asked, status: &str) -> Outcome<Value> {
        let what = format!("payment {} is {status}", payment.id());
        self.shown(payment, &what, |body| body["status"] == status).await
    }

    /// Waits until that much of it went back.
    pub async fn has_given_back(&self, payment: &Asked, amount: i64) -> Outcome<Value> {
        let what = format!("{amount} of payment {} went back", payment.id());
        self.shown(payment, &what, |body| body["refunded"] == gbp(amount)).await
    }

    async fn shown(&self, payment: &Asked, what: &str, is: impl Fn(&Value) -> bool) -> Outcome<Value> {
        let (http, path, is) = (self.system.http(), format!("/payments/{}", payment.id()), &is);
        until(what, WITHIN, || {
            let ask = http.get(&path);
            async move { Ok(Some(ask.send().await?.json()).filter(is)) }
        })
        .await
    }

    /// That the next calls of this kind for this payment go wrong.
    pub async fn fault(&self, payment: &Asked, on: &str, how: &str, times: u32) -> Outcome {
        let fault = json!({"on": on, "do": how, "times": times, "payment": payment.id()});
        self.sandbox.post("/sandbox/faults").json(&fault).send().await?.expect_status(204).map(drop)
    }

    /// That every call goes wrong.
    pub async fn fault_of_all(&self, how: &str, times: u32) -> Outcome {
        let fault = json!({"do": how, "times": times});
        self.sandbox.post("/sandbox/faults").json(&fault).send().await?.expect_status(204).map(drop)
    }

    pub async fn behaves(&self) -> Outcome {
        let forget = self.sandbox.ask("DELETE".parse()?, "/sandbox/faults");
        forget.send().await?.expect_status(204).map(drop)
    }

    /// Somebody calls the provider himself.
    pub async fn by_hand(&self, path: &str) -> Outcome<Answer> {
        self.by_hand_with(path, "").await
    }

    /// The same with a form.
    pub async fn by_hand_with(&self, path: &str, form: &str) -> Outcome<Answer> {
        let ask = self.sandbox.post(path).header("authorization", "Bearer sk_hand");
        ask.bytes(form.to_owned()).send().await?.expect_status(200)
    }

    async fn intents(&self) -> Outcome<Vec<Value>> {
        let told = self.sandbox.get("/sandbox/intents").send().await?.expect_status(200)?;
        Ok(told.json().as_array().cloned().unwrap_or_default())
    }

    /// Intents that hold money, with how much.
    pub async fn holds(&self) -> Outcome<Vec<(String, i64)>> {
        let held = |intent: &Value| (intent["intent"].as_str().unwrap_or_default().to_owned(), minor(&intent["held"]));
        Ok(self.intents().await?.iter().map(held).filter(|(_, held)| *held != 0).collect())
    }

    /// What the provider has taken and given back in all.
    pub async fn taken(&self) -> Outcome<(i64, i64)> {
        let intents = self.intents().await?;
        let sum = |of: &str| intents.iter().map(|intent| minor(&intent[of])).sum();
        Ok((sum("received"), sum("refunded")))
    }

    /// What reconciliation says, which must end with that code.
    pub async fn reconciled(&self, code: i32) -> Outcome<Value> {
        let told = self.system.run(&["payments", "reconcile", "--json"]).await?;
        assert_eq!(told.code, Some(code), "{told:?}");
        Ok(serde_json::from_str(&told.out)?)
    }

    /// Waits until payments by themselves have found that many differences.
    pub async fn finds_by_itself(&self, differences: usize) -> Outcome {
        let (http, line) = (Http::at_root(&format!("http://{}", self.metrics)), "tillroll_reconciliation_differences");
        until(&format!("{differences} differences are counted"), WITHIN, || async {
            let told = http.get("/metrics").send().await?.expect_status(200)?;
            let told = String::from_utf8_lossy(&told.bytes).into_owned();
            Ok(told.lines().any(|one| one == format!("{line} {differences}")).then_some(()))
        })
        .await
    }

    /// Provider and log say the same, and nothing is under way.
    pub async fn agrees(&self) -> Outcome {
        let told = self.reconciled(0).await?;
        assert_eq!((&told["differences"], &told["under_way"]), (&json!([]), &json!(0)), "{told}");
        Ok(())
    }

    /// How often the server has logged it.
    pub async fn logged(&self, what: &str) -> usize {
        self.system.tillroll().await.log().matches(what).count()
    }

    /// Waits until the server has logged it more often than before.
    pub async fn logs_again(&self, what: &str, before: usize) -> Outcome {
        until(what, WITHIN, || async { Ok((self.logged(what).await > before).then_some(())) }).await
    }

    /// SIGKILL, and a start at the same address; the sandbox listens somewhere else then. From then on payments compare
    /// the books all the time, and say at that address what came of it.
    pub async fn dies_and_comes_back(&mut self) -> Outcome {
        {
            let mut tillroll = self.system.tillroll().await;
            tillroll.kill().await?;
            tillroll.set("TILLROLL_RECONCILE_SECONDS", Some("1".to_owned()));
            tillroll.set("TILLROLL_PAYMENTS_LISTEN", Some(self.metrics.clone()));
            tillroll.start_again().await?;
        }
        self.find_sandbox().await
    }
}

fn minor(value: &Value) -> i64 {
    value.as_i64().unwrap_or_default()
}

/// A series is asked for the invoice of an order, as in the fourth example of docs/invoices.md.
pub async fn issue(system: &System, order: OrderId) -> Outcome {
    let producer = Producer::start(&Config::new(system.bootstrap_servers()))?;
    let line = |sku: &str, net: i64| json!({"sku": sku, "name": sku, "quantity": 1, "net": gbp(net), "tax_rate": 2000});
    let body = json!({
        "kind": "invoice", "order_id": order, "dated": "2026-11-22T10:00:00Z",
        "lines": [line("A", 998), line("B", 1_009), line("C", 1)],
    });
    send(&producer, "invoice-series.commands.v1", "2026-11", "invoice-series.issue", &body).await
}

/// A command by topic.
async fn send(producer: &Producer, topic: &str, key: &str, type_name: &'static str, body: &Value) -> Outcome {
    let id = Uuid::new_v5(&Uuid::nil(), format!("{key}/{type_name}/{body}").as_bytes());
    let headers = [
        ("ce_id", id.to_string()),
        ("ce_type", type_name.to_owned()),
        ("source", format!("hand/{id}/hand.events.v1/0@0/{type_name}")),
        ("floor", "-".to_owned()),
    ];
    let record = NewRecord {
        topic: Topic::from(topic),
        partition: partition_for(key.as_bytes(), 4),
        key: Some(Bytes::copy_from_slice(key.as_bytes())),
        headers: headers.into_iter().map(|(name, text)| (name, Bytes::from(text))).collect(),
        value: Some(Bytes::from(body.to_string())),
    };
    let (told, delivered) = tokio::sync::oneshot::channel();
    let sent = producer.send(record, Box::new(move |result| drop(told.send(result))));
    sent.map_err(|refused| refused.error)?;
    delivered.await??;
    Ok(())
}
