//! Over the real log: admitted events make rows, void ones do not, and a new projector goes on where the last one was.

use std::time::Duration;
use tillroll_devstack::Stack;
use tillroll_kafka::{Config, NewRecord, Producer};
use tillroll_log::record::{Claim, Origin, Place, Writer, event_id};
use tillroll_log::{Body, ClaimId, Environment, LogId, Node, NodeConfig, Ordinal, PartitionId, Timestamp, Version};
use tillroll_postgres::{Connection, connect};
use tillroll_projectors::{MIGRATIONS, Place as TroublePlace, Projectors};
use tillroll_schemas::catalogue::{AGGREGATES, PRODUCT};
use tillroll_schemas::product::{Added, Details, ProductEvent};
use tillroll_schemas::{Currency, Money, TaxRate};
use tillroll_telemetry::Shutdown;
use tillroll_testkit::{migrated, start, until};
use uuid::Uuid;

const PARTITION: PartitionId = PartitionId(1);

fn node(stack: &Stack) -> Node {
    let config = NodeConfig {
        kafka: Config::new(stack.bootstrap_servers()),
        hash_key: [7; 32].as_slice().into(),
        instance: "test".to_owned(),
        url: "http://127.0.0.1:1".to_owned(),
        build: "test".to_owned(),
        partitions: 3,
        environment: Environment::Development,
        max_requests: 100,
        state: None,
    };
    Node::connect(config).unwrap()
}

/// An owner of one partition, as simple as can be.
struct Owner {
    producer: Producer,
    writer: Writer,
    claim: ClaimId,
    next: Ordinal,
}

impl Owner {
    fn new(stack: &Stack) -> Self {
        let producer = Producer::start(&Config::new(stack.bootstrap_servers())).unwrap();
        let writer = Writer::new(PRODUCT.events.into(), PARTITION, PRODUCT.name);
        Self { producer, writer, claim: ClaimId(Uuid::nil()), next: Ordinal(0) }
    }

    fn send(&self, record: NewRecord) {
        self.producer
            .send(record, Box::new(|delivery| assert!(delivery.is_ok(), "{delivery:?}")))
            .unwrap_or_else(|_| panic!("refused"));
    }

    fn take_over(&mut self, claim: u128) {
        let previous = (self.claim.0 != Uuid::nil()).then_some(self.claim);
        self.claim = ClaimId(Uuid::from_u128(claim));
        self.next = Ordinal(0);
        let claim = Claim {
            claim: self.claim,
            previous,
            log: LogId(Uuid::from_u128(99)),
            instance: "test".to_owned(),
            url: "http://127.0.0.1:1".to_owned(),
            build: "test".to_owned(),
            partitions: 3,
        };
        self.send(self.writer.claim(&claim, time()).unwrap());
    }

    fn add(&mut self, sku: &str) {
        self.send(self.event(sku, self.claim, self.next));
        self.next = self.next.next();
    }

    fn event(&self, sku: &str, claim: ClaimId, ordinal: Ordinal) -> NewRecord {
        let price = Money { amount: 1, currency: Currency::GBP };
        let (name, description) = ("thing".to_owned(), String::new());
        let details = Details { name, description, category: None, price, tax_rate: TaxRate::default(), tracked: true };
        let event = ProductEvent::from(Added { details, initial_stock: None });
        let id = event_id(claim, ordinal, time());
        let place = Place { id, occurred_at: time(), claim, ordinal, inbox: None, ends: &[] };
        let key = sku.into();
        self.writer.event(&place, &Origin::default(), (&key, Version(1)), event.type_name(), event.encode().unwrap())
    }

    fn mark(&mut self) {
        let id = event_id(self.claim, self.next, time());
        let (claim, ordinal) = (self.claim, self.next);
        self.send(self.writer.mark(&Place { id, occurred_at: time(), claim, ordinal, inbox: None, ends: &[] }));
        self.next = self.next.next();
    }
}

fn time() -> Timestamp {
    "2010-12-01T08:26:00Z".parse().unwrap()
}

async fn next_offset(connection: &Connection) -> i64 {
    let sql = "SELECT COALESCE(MAX(next_offset), 0) FROM projection.checkpoint
        WHERE projection = 'products' AND partition = 1";
    connection.query_one(sql, &[]).await.unwrap().get(0)
}

async fn reaches(connection: &Connection, offset: i64) -> i64 {
    until("a checkpoint so far", async || next_offset(connection).await >= offset).await;
    connection.query_one("SELECT COUNT(*) FROM catalog.product", &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_real_log_is_followed() {
    let stack = start().await;
    let settings = migrated(stack.database_url(), MIGRATIONS).await;
    let connection = connect(&settings).await.unwrap();
    node(&stack).create_topics(&AGGREGATES, 1).await.unwrap();
    let mut owner = Owner::new(&stack);
    owner.take_over(1);
    (0..100).for_each(|number| owner.add(&format!("SKU-{number}")));
    let superseded = owner.claim;
    owner.take_over(2);
    owner.send(owner.event("GHOST", superseded, Ordinal(100)));
    owner.mark();
    assert!(owner.producer.flush(Duration::from_secs(10)).await);

    let first = Shutdown::new();
    let projectors = Projectors::start(&settings, node(&stack), &first);
    assert_eq!(reaches(&connection, 104).await, 100, "the late record of a superseded owner makes no row");
    assert!(projectors.troubles().is_empty(), "{:?}", projectors.troubles().list());
    first.request();
    projectors.stopped().await;

    owner.add("LATER");
    let second = Shutdown::new();
    let projectors = Projectors::start(&settings, node(&stack), &second);
    assert_eq!(reaches(&connection, 105).await, 101);

    // A checkpoint of another history is refused, loudly.
    second.request();
    projectors.stopped().await;
    let forge = "UPDATE projection.checkpoint SET position = jsonb_set(position, '{last,id}', to_jsonb($1::text))
        WHERE projection = 'products' AND partition = 1";
    connection.execute(forge, &[&Uuid::nil().to_string()]).await.unwrap();
    let third = Shutdown::new();
    let projectors = Projectors::start(&settings, node(&stack), &third);
    until("a trouble", async || !projectors.troubles().is_empty()).await;
    let (place, reason) = projectors.troubles().list().remove(0);
    let expected = TroublePlace { projection: "products", topic: Some(PRODUCT.events), partition: None };
    assert!(place == expected && reason.contains("stored position"), "{place}: {reason}");
    third.request();
    projectors.stopped().await;
    stack.stop().await.unwrap();
}
