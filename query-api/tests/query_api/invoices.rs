//! Documents are made out to their buyer for as long as the law wants it, whatever becomes of the person.

use crate::shop::{Answer, Shop, at, gbp, sku};
use axum::http::StatusCode;
use serde_json::{Value, json};
use tillroll_http::{Identity, Role};
use tillroll_projectors::{MIGRATIONS, projections};
use tillroll_schemas::catalogue::INVOICE_SERIES;
use tillroll_schemas::invoice_series::{
    Document, DocumentIssued, InvoiceLine, InvoiceSeriesEvent, IssuedLine, RateTotal,
};
use tillroll_schemas::order::Totals;
use tillroll_schemas::{Buyer, OrderId, Quantity, Sealed, TaxRate, UserId};
use tillroll_testkit::{database, pdf_text};
use tillroll_vault::{Caching, MasterKey, MasterKeys, Vault};
use uuid::Uuid;

const ANN: Uuid = Uuid::from_u128(0xa);
const BEN: Uuid = Uuid::from_u128(0xb);
const COMMAND: Uuid = Uuid::from_u128(0xc);
const ORDER: Uuid = Uuid::from_u128(0xd);
const YEAR: u16 = 2014;
const AS_PDF: (&str, &str) = ("accept", "application/pdf");

/// Documents, and the vault that opens them.
struct Books {
    shop: Shop,
    vault: Vault,
}

fn buyer() -> Value {
    json!({"name": "Ann Bee", "address": {"lines": ["1 High Street"], "city": "Leeds", "country": "GB"}})
}

impl Books {
    async fn new(name: &str) -> Self {
        let settings = database(&format!("{name}_vault"), tillroll_vault::MIGRATIONS).await;
        let masters = MasterKeys::new(MasterKey::from_text(&"01".repeat(32)).unwrap());
        let vault = Vault::new(&settings, masters, Caching::default()).unwrap();
        let shop = Shop::opened_by(&database(name, MIGRATIONS).await, Some(vault.clone())).await;
        Self { shop, vault }
    }

    async fn issued(&mut self, number: u32, document: Document, buyer: Option<Sealed>) {
        let (name, quantity, net) = ("Lamp".to_owned(), Quantity::new(1).unwrap(), gbp(1_234));
        let tax_rate = TaxRate::try_from(0).unwrap();
        let line = InvoiceLine { sku: sku("LAMP"), name, quantity, net, tax_rate, fixed_tax: None };
        let event = InvoiceSeriesEvent::from(DocumentIssued {
            series: "2014-11".parse().unwrap(),
            number,
            document,
            dated: at("2014-11-22T10:00:00Z"),
            user_id: Some(UserId(ANN)),
            customer: None,
            country: None,
            buyer,
            lines: vec![IssuedLine { line, tax: gbp(0) }],
            rates: vec![RateTotal { tax_rate, net, tax: gbp(0) }],
            totals: Totals { net, tax: gbp(0), gross: net },
        });
        let topic = INVOICE_SERIES.events;
        self.shop.happens::<projections::Invoices>(topic, "2014-11", u64::from(number), &event).await;
    }

    async fn seen_by(&self, user: Uuid, headers: &[(&str, &str)]) -> Answer {
        let customer = Identity::of_user(user, &[Role::Customer], None);
        self.shop.ask(Some(customer), &format!("/orders/{ORDER}/invoice"), headers).await
    }
}

async fn sold_to_ann(name: &str) -> Books {
    let mut books = Books::new(name).await;
    books.vault.seal(ANN, COMMAND, "name", "Ann").await.unwrap();
    let text = buyer().to_string();
    let sealed = books.vault.seal_fiscal_for_known(ANN, YEAR, COMMAND, Buyer::FIELD, &text).await.unwrap();
    let order_id = OrderId(ORDER);
    books.issued(1, Document::Invoice { order_id }, Some(sealed.clone())).await;
    let credit = Document::CreditNote { credit_id: Uuid::from_u128(0xe), order_id: Some(order_id) };
    books.issued(2, credit, Some(sealed)).await;
    books
}

const PAPERS: [&str; 2] = ["/invoices/2014-11-000001", "/invoices/2014-11-000002"];

#[tokio::test]
async fn a_document_is_made_out_to_its_buyer_who_may_see_it_and_so_may_staff() {
    let books = sold_to_ann("invoices_seen").await;
    let mine = books.seen_by(ANN, &[]).await;
    assert_eq!((mine.status, &mine.json()["buyer"]), (StatusCode::OK, &buyer()));
    let printed = pdf_text(&books.seen_by(ANN, &[AS_PDF]).await.bytes);
    assert!(
        printed.contains("Buyer     Ann Bee\n          1 High Street\n          Leeds\n          GB\n"),
        "{printed}"
    );
    assert_eq!(books.seen_by(BEN, &[]).await.status, StatusCode::NOT_FOUND);
    for paper in PAPERS {
        assert_eq!(books.shop.get(paper).await.json()["buyer"], buyer(), "{paper}");
    }
    let list = books.shop.get("/invoices").await;
    assert!(list.json()["items"].as_array().is_some_and(|all| all.len() == 2), "{}", list.text);
    assert!(!list.text.contains("buyer") && !list.text.contains("s1."), "lists do not tell: {}", list.text);
}

#[tokio::test]
async fn a_document_outlives_its_buyers_erasure_and_its_sums_outlive_the_term() {
    let books = sold_to_ann("invoices_kept").await;
    let before = books.shop.get(PAPERS[0]).await;
    books.vault.erase(ANN).await.unwrap();
    for paper in PAPERS {
        assert_eq!(books.shop.get(paper).await.json()["buyer"], buyer(), "{paper} is kept by law");
    }
    assert_eq!(books.vault.erase_fiscal("2015-01-01".parse().unwrap()).await.unwrap(), 1);
    for paper in PAPERS {
        // Whoever has kept the document is told that it is another now.
        let after = books.shop.get_with(paper, &[("if-none-match", before.header("etag"))]).await;
        assert_eq!(after.status, StatusCode::OK, "{paper}");
        let after = after.json();
        assert_eq!((after.get("buyer"), &after["totals"]), (Some(&Value::Null), &before.json()["totals"]), "{paper}");
        let printed = pdf_text(&books.shop.get_with(paper, &[AS_PDF]).await.bytes);
        assert!(printed.contains("Buyer     (name and address are kept no longer)\n"), "{printed}");
        assert!(printed.contains("12.34") && !printed.contains("Ann"), "{printed}");
    }
}

#[tokio::test]
async fn a_document_of_an_earlier_build_is_made_out_to_nobody() {
    let mut books = Books::new("invoices_earlier").await;
    books.issued(1, Document::Invoice { order_id: OrderId(ORDER) }, None).await;
    assert_eq!(books.shop.get(PAPERS[0]).await.json().get("buyer"), None);
    let printed = pdf_text(&books.shop.get_with(PAPERS[0], &[AS_PDF]).await.bytes);
    assert!(printed.contains("Invoice 2014-11-000001") && !printed.contains("Buyer"), "{printed}");
}
