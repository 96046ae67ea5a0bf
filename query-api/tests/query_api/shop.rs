//! A shop to ask: events go through the projections into the read models, requests through the router.

use crate::description::assert_described;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tillroll_http::{Identity, Keys, Role, unix_now};
use tillroll_log::record::{Ended, Envelope};
use tillroll_log::{CommandId, Coordinates, EventId, Offset, PartitionId, Timestamp, Version};
use tillroll_postgres::{Connection, Pool, Settings, connect};
use tillroll_projectors::{MIGRATIONS, Projection};
use tillroll_query_api::{EndOffsets, start};
use tillroll_schemas::order::{Customer, Line, PaymentTerms, PlaceOrder, Placed, Sale, SaleLine, Totals};
use tillroll_schemas::product::Details;
use tillroll_schemas::{Currency, Money, Quantity, Sealed, Sku, TaxRate};
use tillroll_telemetry::Shutdown;
use tillroll_testkit::database;
use tillroll_vault::{FiscalTerm, Vault};
use tower::ServiceExt;
use uuid::Uuid;

pub const LOG: Uuid = Uuid::from_u128(1);

type Topics = BTreeMap<&'static str, Vec<(PartitionId, Offset)>>;

/// Where the log ends, as the tests say.
#[derive(Clone, Default)]
pub struct Ends(Arc<Mutex<Topics>>);

impl EndOffsets for Ends {
    async fn end_offsets(&self, topic: &'static str) -> Option<Vec<(PartitionId, Offset)>> {
        self.0.lock().unwrap().get(topic).cloned()
    }
}

pub struct Shop {
    pub router: Router,
    pub keys: Keys,
    ends: Ends,
    pub connection: Connection,
    next: BTreeMap<&'static str, i64>,
    /// The command that the next events end.
    pub ends_command: Option<CommandId>,
    _shutdown: OnDrop,
    _keys: tempfile::TempDir,
}

struct OnDrop(Shutdown);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.request();
    }
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Shop {
    /// A new one with a database of its own.
    pub async fn new(name: &str) -> Self {
        Self::at(&database(name, MIGRATIONS).await).await
    }

    /// A new one in that database.
    pub async fn at(settings: &Settings) -> Self {
        Self::opened_by(settings, None).await
    }

    /// A new one in that database, with what this vault opens.
    pub async fn opened_by(settings: &Settings, vault: Option<Vault>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let keys = Keys::open_or_create(directory.path()).unwrap();
        let pool = Pool::new(&settings.clone().read_only()).unwrap();
        let (ends, shutdown) = (Ends::default(), Shutdown::new());
        let router = start(pool, vault, FiscalTerm::of_years(11), &keys, ends.clone(), &shutdown);
        let connection = connect(settings).await.unwrap();
        let (next, ends_command) = (BTreeMap::new(), None);
        Self { router, keys, ends, connection, next, ends_command, _shutdown: OnDrop(shutdown), _keys: directory }
    }

    /// Projects an event; its offset.
    pub async fn happens<P: Projection>(
        &mut self,
        topic: &'static str,
        key: &str,
        version: u64,
        event: &impl tillroll_log::Body,
    ) -> i64 {
        let offset = self.next.entry(topic).or_default();
        let recorded_at = Timestamp::from_timestamp_millis(1_600_000_000_000 + *offset).unwrap();
        let envelope = Envelope {
            id: EventId(Uuid::from_u128(7)),
            type_name: event.type_name().into(),
            key: key.into(),
            version: Version(version),
            occurred_at: "2010-12-01T08:26:00Z".parse().unwrap(),
            recorded_at,
            actor: Some("staff".into()),
            correlation: None,
            causation: None,
            ends: self.ends_command.map(|id| Ended { id, hash: None, source: None, floor: None }).into_iter().collect(),
            inbox: None,
            at: Coordinates { topic: topic.into(), partition: PartitionId(2), offset: Offset(*offset) },
        };
        *offset += 1;
        let event = P::decode(&envelope, &event.encode().unwrap()).unwrap();
        let mut batch = P::Batch::default();
        P::fold(&mut batch, &envelope, &event);
        let transaction = self.connection.transaction().await.unwrap();
        P::write(&batch, &transaction).await.unwrap();
        transaction.commit().await.unwrap();
        envelope.at.offset.0
    }

    /// The projection's checkpoint in partition 2.
    pub async fn reached(&self, projection: &str, topic: &str, next: i64) {
        let sql = "INSERT INTO projection.checkpoint (projection, topic, partition, next_offset, log, position)
            VALUES ($1, $2, 2, $3, $4, '{}')
            ON CONFLICT (projection, topic, partition) DO UPDATE SET next_offset = EXCLUDED.next_offset";
        self.connection.execute(sql, &[&projection, &topic, &next, &LOG]).await.unwrap();
    }

    /// The projection has no checkpoint in partition 2 any more.
    pub async fn lost(&self, projection: &str, topic: &str) {
        let sql = "DELETE FROM projection.checkpoint WHERE projection = $1 AND topic = $2 AND partition = 2";
        assert_eq!(self.connection.execute(sql, &[&projection, &topic]).await.unwrap(), 1);
    }

    /// The log's topic ends there: partitions, each with the next offset.
    pub fn ends_at(&self, topic: &'static str, ends: &[(i32, i64)]) {
        let ends = ends.iter().map(|(partition, next)| (PartitionId(*partition), Offset(*next)));
        self.ends.0.lock().unwrap().insert(topic, ends.collect());
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Some(Role::Staff.held_by("anna")), path, &[]).await
    }

    pub async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.ask(Some(Role::Staff.held_by("anna")), path, headers).await
    }

    pub async fn ask(&self, caller: Option<Identity>, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::get(format!("/api/v1{path}"));
        if let Some(caller) = caller {
            let identity = self.keys.identity.seal(&caller, unix_now()).unwrap();
            request = request.header(&tillroll_http::headers::IDENTITY, identity);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes().to_vec();
        // Documents come as PDF, too.
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let answer = Answer { status: head.status, headers: head.headers, text, bytes };
        assert_described(path, &answer);
        answer
    }
}

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn sku(text: &str) -> Sku {
    Sku::parse(text).unwrap()
}

pub fn gbp(amount: i64) -> Money {
    Money { amount, currency: Currency::GBP }
}

pub fn details(name: &str, category: Option<&str>, tracked: bool) -> Details {
    Details {
        name: name.to_owned(),
        description: String::new(),
        category: category.map(str::to_owned),
        price: gbp(255),
        tax_rate: TaxRate::try_from(2_000).unwrap(),
        tracked,
    }
}

pub fn line(of: &str, category: Option<&str>, pieces: i64, price: i64) -> Line {
    Line {
        sku: sku(of),
        name: format!("name of {of}"),
        category: category.map(str::to_owned),
        quantity: Quantity::new(pieces).unwrap(),
        unit_price: gbp(price),
        line_total: gbp(pieces * price),
        tax_rate: TaxRate::default(),
        tracked: true,
        product_version: 1,
    }
}

pub fn placed(placed_at: &str, customer: Option<&str>, lines: Vec<Line>) -> Placed {
    let net = gbp(lines.iter().map(|line| line.line_total.amount).sum());
    Placed {
        reference: Some("536365".to_owned()),
        customer: customer.map(|reference| Customer { reference: reference.to_owned() }),
        country: Some("France".to_owned()),
        user_id: None,
        from_cart: false,
        payment: PaymentTerms::OnAccount,
        placed_at: at(placed_at),
        totals: Totals { net, tax: gbp(0), gross: net },
        lines,
        claims: Vec::new(),
        reservations_expire_at: at(placed_at),
        answer_by: at(placed_at),
        shipping_address: None,
        buyer: None,
    }
}

/// What a cart asks for.
pub fn from_cart(shipping_address: Option<Sealed>) -> PlaceOrder {
    PlaceOrder {
        reference: None,
        customer: None,
        country: None,
        user_id: None,
        from_cart: true,
        payment: PaymentTerms::OnAccount,
        placed_at: None,
        lines: vec![],
        shipping_address,
        buyer: None,
    }
}

pub fn sale(dated: &str, country: Option<&str>, customer: Option<&str>, lines: &[Line]) -> Sale {
    let line = |line: &Line| SaleLine {
        sku: line.sku.clone(),
        category: line.category.clone(),
        quantity: line.quantity,
        amount: line.line_total,
    };
    Sale {
        dated: at(dated),
        country: country.map(str::to_owned),
        customer: customer.map(|reference| Customer { reference: reference.to_owned() }),
        lines: lines.iter().map(line).collect(),
    }
}
