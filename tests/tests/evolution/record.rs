//! Makes a log by an earlier build: orders of all lives, or what the real file becomes; what that build said that its
//! aggregates are, and the rows that it made.

use crate::read;
use e2e::proof::Written;
use e2e::{Http, Outcome, System, by_hand, own, texts, until, workspace};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use uuid::Uuid;

/// Where a log is kept.
pub const LOGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/logs");
/// The log of orders of all lives.
pub const LIVES: u32 = 1;
/// The log of an import.
pub const IMPORT: u32 = 2;
/// How much of the real file was imported: some twenty invoices, over two hundred SKUs.
const IMPORTED_LINES: usize = 300;
/// The aggregates whose records are kept.
pub const KINDS: [&str; 3] = ["order", "stock-item", "credit-note"];
/// Tables with what their rows are sorted by.
pub const TABLES: [(&str, &str); 6] = [
    ("orders.order", "order_id"),
    ("orders.order_line", "order_id, line"),
    ("orders.fulfilled", "order_id, sku"),
    ("orders.order_history", "order_id, version"),
    ("sales.total", "dimension, day, key, currency"),
    ("inventory.stock", "sku"),
];
const WITHIN: Duration = Duration::from_secs(30);

#[test]
#[ignore = "makes tests/data/logs/1 anew, by the binary of the build whose log it is to be: TILLROLL_BINARY"]
fn record_lives() -> Outcome {
    own(|system| async move {
        let shop = Shop { system: &system, http: system.http() };
        shop.opens().await?;
        shop.sells().await?;
        shop.gets_stuck().await?;
        shop.credits().await?;
        shop.is_left_without_stock_items().await?;
        system.caught_up().await?;
        keep(&system, LIVES).await
    })
}

#[test]
#[ignore = "makes tests/data/logs/2 anew, by the binary of the build whose log it is to be: TILLROLL_BINARY"]
fn record_import() -> Outcome {
    own(|system| async move {
        let real = std::fs::read_to_string(workspace().join("data/online-retail-extract.csv"))?;
        let head: String = real.split_inclusive('\n').take(1 + IMPORTED_LINES).collect();
        let file = tempfile::NamedTempFile::new()?;
        std::fs::write(file.path(), head)?;
        system.import(file.path()).await?;
        system.caught_up().await?;
        keep(&system, IMPORT).await
    })
}

struct Shop<'a> {
    system: &'a System,
    http: Http,
}

fn gbp(amount: i64) -> Value {
    json!({"amount": amount, "currency": "GBP"})
}

fn on_account(lines: &[(&str, i64)]) -> Value {
    let lines: Vec<Value> = lines.iter().map(|(sku, quantity)| json!({"sku": sku, "quantity": quantity})).collect();
    json!({"lines": lines, "payment": {"method": "on_account"}})
}

impl Shop<'_> {
    async fn opens(&self) -> Outcome {
        for (sku, price, tax_rate, tracked) in
            [("MUG", 255, 2000, true), ("BOWL", 100, 0, true), ("VASE", 999, 500, true), ("POST", 300, 0, false)]
        {
            let body = json!({"sku": sku, "name": format!("a {sku}"), "category": "kitchen", "price": gbp(price),
                "tax_rate": tax_rate, "tracked": tracked});
            self.http.post("/products").key(sku).json(&body).send().await?.expect_status(201)?;
            if tracked {
                let body = json!({"delta": 20, "reason": "received"});
                let path = format!("/products/{sku}/inventory");
                self.http.patch(path).key(sku).json(&body).send().await?.expect_status(200)?;
            }
        }
        Ok(())
    }

    /// Places it and waits for its end; its id.
    async fn place(&self, key: &str, body: &Value, status: u16) -> Outcome<String> {
        let answer = self
            .http
            .post("/orders")
            .key(key.replace(' ', "-"))
            .wait(30)
            .json(body)
            .send()
            .await?
            .expect_status(status)?
            .json();
        let id = answer["id"].as_str().or(answer["order_id"].as_str()).ok_or("no id")?;
        Ok(id.to_owned())
    }

    async fn ask(&self, id: &str, what: &str, body: Value, status: u16) -> Outcome {
        let key = format!("{what}/{body}").replace(' ', "-");
        let ask = self.http.post(format!("/orders/{id}/{what}")).key(key).wait(30).json(&body);
        ask.send().await?.expect_status(status).map(drop)
    }

    async fn sells(&self) -> Outcome {
        let body = json!({
            "lines": [{"sku": "MUG", "quantity": 2}, {"sku": "BOWL", "quantity": 1},
                {"sku": "MUG", "quantity": 1, "unit_price": gbp(200)}, {"sku": "POST", "quantity": 1}],
            "payment": {"method": "on_account"}, "reference": "536365", "customer": {"reference": "17850"},
            "country": "United Kingdom", "placed_at": "2010-12-01T08:26:00Z"});
        self.place("confirmed", &body, 201).await?;
        self.place("refused", &on_account(&[("MUG", 1_000), ("BOWL", 1)]), 409).await?;
        self.place("services", &on_account(&[("POST", 2)]), 201).await?;
        let id = self.place("called off", &on_account(&[("MUG", 1), ("VASE", 2)]), 201).await?;
        self.ask(&id, "cancel", json!({"reason": "not wanted any more"}), 200).await?;
        let id = self.place("fulfilled", &on_account(&[("BOWL", 2), ("POST", 1)]), 201).await?;
        self.ask(&id, "fulfilments", json!({}), 201).await?;
        let id = self.place("in parts", &on_account(&[("MUG", 2), ("VASE", 1)]), 201).await?;
        self.ask(&id, "fulfilments", json!({"lines": [{"sku": "MUG", "quantity": 1}]}), 201).await?;
        let id = self.place("in two parts", &on_account(&[("MUG", 2)]), 201).await?;
        self.ask(&id, "fulfilments", json!({"lines": [{"sku": "MUG", "quantity": 1}]}), 201).await?;
        self.ask(&id, "fulfilments", json!({}), 201).await
    }

    /// Somebody takes the pieces of three orders; operators see to two of them.
    async fn gets_stuck(&self) -> Outcome {
        let seen_to = json!({"reason": "counted by hand"});
        for (action, body) in [("retry", json!({})), ("complete", seen_to.clone()), ("compensate", seen_to)] {
            let sku = format!("STUCK-{}", action.to_uppercase());
            let product = json!({"sku": sku, "name": action, "price": gbp(100)});
            self.http.post("/products").key(&sku).json(&product).send().await?.expect_status(201)?;
            let received = json!({"delta": 5, "reason": "received"});
            let path = format!("/products/{sku}/inventory");
            self.http.patch(&path).key(&sku).json(&received).send().await?.expect_status(200)?;
            let id = self.place(action, &on_account(&[(&sku, 2)]), 201).await?;
            let taken = json!({"order_id": id, "fulfilment_id": Uuid::from_u128(5), "quantity": 2});
            by_hand(self.system, &sku, "stock-item.fulfil", &taken).await?;
            until("the pieces are gone", WITHIN, || {
                let ask = self.http.get(&path);
                async move { Ok((ask.send().await?.json()["committed"] == 0).then_some(())) }
            })
            .await?;
            self.ask(&id, "fulfilments", json!({}), 202).await?;
            let operator = self.system.http_of(&self.system.mint(&["--role", "operator", "--subject", "maria"]).await?);
            let ask = operator.post(format!("/orders/{id}/saga/{action}")).key(action).wait(30).json(&body);
            ask.send().await?.expect_status(200)?;
        }
        Ok(())
    }

    async fn credits(&self) -> Outcome {
        for (reference, restock) in [("C536379", false), ("C536380", true)] {
            let line = json!({"sku": "MUG", "quantity": 1, "unit_price": gbp(255)});
            let body = json!({"reference": reference, "lines": [line], "restock": restock, "reason": "broken",
                "customer": {"reference": "17850"}, "placed_at": "2010-12-02T09:41:00Z"});
            self.http.post("/credit-notes").key(reference).json(&body).send().await?.expect_status(201)?;
        }
        Ok(())
    }

    /// Two orders wait when the log ends: one for reservations, longer than at first, one to be rid of them.
    async fn is_left_without_stock_items(&self) -> Outcome {
        let mut tillroll = self.system.tillroll().await;
        tillroll.stop().await?;
        tillroll.serve_by(&["serve", "catalog", "orders", "projectors", "query-api", "gateway"]);
        tillroll.start_again().await?;
        drop(tillroll);
        let waits = on_account(&[("BOWL", 1), ("VASE", 1)]);
        let ask = |key: &'static str| self.http.post("/orders").key(key).json(&waits).send();
        let called_off = ask("left-compensating").await?.expect_status(202)?.json();
        let id = called_off["id"].as_str().ok_or("no id")?;
        self.http.post(format!("/orders/{id}/cancel")).key("off").json(&json!({})).send().await?.expect_status(202)?;
        let left = ask("left-reserving").await?.expect_status(202)?.json();
        let path = format!("/orders/{}", left["id"].as_str().ok_or("no id")?);
        until("a wait has become longer", WITHIN, || {
            let ask = self.http.get(&path);
            async move { Ok((ask.send().await?.json()["version"].as_i64() > Some(1)).then_some(())) }
        })
        .await
    }
}

/// Writes it all down: what stands in the topics, what the build says that it is, and what it made of it in PostgreSQL.
async fn keep(system: &System, log: u32) -> Outcome {
    let roll = system.roll().await?;
    let kept = |record: &&Written| KINDS.iter().any(|kind| record.topic == format!("{kind}.events.v1"));
    let kept: Vec<&Written> = roll.records.iter().filter(kept).collect();
    let records = kept.iter().map(|record| line_of(record)).collect::<Outcome<Vec<_>>>()?;
    let ids: BTreeSet<(&str, String)> = kept.iter().filter_map(|record| aggregate_of(record)).collect();
    let mut states = Vec::new();
    for (kind, id) in ids {
        let shown = system.run(&["aggregate", "show", kind, &id, "--json"]).await?;
        let shown: Value = serde_json::from_str(&shown.out)?;
        states.push(json!({"kind": kind, "id": id, "state": shown["state"]}));
    }
    let mut rows = Vec::new();
    for (table, key) in TABLES {
        for row in rows_of(system.database_url(), table, key).await? {
            rows.push(json!({"table": table, "row": row}));
        }
    }
    for (name, lines) in [("records", records), ("states", states), ("rows", rows)] {
        read::write(log, name, &lines)?;
    }
    Ok(())
}

fn line_of(record: &Written) -> Outcome<Value> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec());
    let headers = record.headers.iter().map(|(name, value)| Ok([name.clone(), text(value)?]));
    Ok(json!({
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "recorded_ms": record.recorded_ms,
        "key": record.key.as_deref().map(text).transpose()?,
        "headers": headers.collect::<Outcome<Vec<_>>>()?,
        "value": record.value.as_deref().map(text).transpose()?,
    }))
}

/// Whose event it is, if it is one.
fn aggregate_of(record: &Written) -> Option<(&str, String)> {
    let kind = record.topic.strip_suffix(".events.v1").filter(|_| record.header("ce_sequence").is_some())?;
    Some((kind, String::from_utf8(record.key.clone()?).ok()?))
}

/// The rows of a table, in order. The bodies of a history stand in the records.
pub async fn rows_of(database_url: &str, table: &str, key: &str) -> Outcome<Vec<Value>> {
    let sql = format!("SELECT (to_jsonb(t) - 'body')::text FROM {table} AS t ORDER BY {key}");
    let rows = texts(database_url, &sql).await?;
    rows.iter().map(|row| Ok(serde_json::from_str(&row[0])?)).collect()
}
