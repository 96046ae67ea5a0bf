//! Documents as rows.

use super::*;
use crate::samples::{at, envelope, gbp, quantity, sku};
use tillroll_schemas::OrderId;
use tillroll_schemas::invoice_series::{InvoiceLine, NumberRecalled, RateTotal};
use tillroll_schemas::order::Totals;

fn issued(number: u32, document: Document) -> DocumentIssued {
    let line = InvoiceLine {
        sku: sku("LAMP"),
        name: "Lamp".to_owned(),
        quantity: quantity(2),
        net: gbp(13),
        tax_rate: Default::default(),
        fixed_tax: None,
    };
    DocumentIssued {
        series: "2026-11".parse().unwrap(),
        number,
        document,
        dated: at("2026-11-22T10:00:00Z"),
        user_id: None,
        customer: None,
        country: Some("France".to_owned()),
        buyer: None,
        lines: vec![IssuedLine { line, tax: gbp(0) }],
        rates: vec![RateTotal { tax_rate: Default::default(), net: gbp(13), tax: gbp(0) }],
        totals: Totals { net: gbp(13), tax: gbp(0), gross: gbp(13) },
    }
}

#[test]
fn each_document_is_one_row_and_a_number_that_is_told_again_is_none() {
    let order = OrderId(Uuid::from_u128(1));
    let invoice = Document::Invoice { order_id: order };
    let credit = Document::CreditNote { credit_id: Uuid::from_u128(2), order_id: Some(order) };
    let recalled = NumberRecalled { series: "2026-11".parse().unwrap(), number: 1, document: invoice };
    let events: [InvoiceSeriesEvent; 3] = [issued(1, invoice).into(), recalled.into(), issued(2, credit).into()];
    let mut batch = Batch::default();
    for (version, event) in (1..).zip(&events) {
        Invoices::fold(&mut batch, &envelope("invoice-series.events.v1", "2026-11", version, 40), event);
    }
    let places: Vec<_> = batch.0.keys().map(|(series, number)| (series.as_str(), *number)).collect();
    assert_eq!(places, [("2026-11", 1), ("2026-11", 2)]);
    let kinds = column(&batch, |issued| (kind(&issued.document.document), credit_of(issued)));
    assert_eq!(kinds, [("invoice", None), ("credit_note", Some(Uuid::from_u128(2)))]);
}

fn credit_of(issued: &Issued) -> Option<Uuid> {
    credit(&issued.document.document)
}
