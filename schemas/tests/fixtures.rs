//! Every event version that was ever written is read by today's code, and written again as it was.

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;
use tillroll_log::Body;
use tillroll_schemas::credit_note::CreditNoteEvent;
use tillroll_schemas::invoice_series::InvoiceSeriesEvent;
use tillroll_schemas::order::OrderEvent;
use tillroll_schemas::payment::PaymentEvent;
use tillroll_schemas::product::ProductEvent;
use tillroll_schemas::stock_item::StockItemEvent;

type Failure = Box<dyn std::error::Error>;

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

fn read_and_written_again<B: Body>(type_names: &[&str]) -> Result<(), Failure> {
    for &type_name in type_names {
        let file = fixtures().join(format!("{type_name}.json"));
        let stored = std::fs::read(&file).map_err(|why| format!("{}: {why}", file.display()))?;
        let event = B::decode(type_name, &stored).map_err(|why| format!("{type_name}: {why}"))?;
        assert_eq!(event.type_name(), type_name);
        let written: Value = serde_json::from_slice(&event.encode()?)?;
        assert_eq!(written, serde_json::from_slice::<Value>(&stored)?, "{type_name}");
    }
    Ok(())
}

#[test]
fn every_event_of_a_product_is_read_and_written_again() -> Result<(), Failure> {
    read_and_written_again::<ProductEvent>(ProductEvent::TYPE_NAMES)
}

#[test]
fn every_event_of_a_stock_item_is_read_and_written_again() -> Result<(), Failure> {
    read_and_written_again::<StockItemEvent>(StockItemEvent::TYPE_NAMES)
}

#[test]
fn every_event_of_an_order_is_read_and_written_again() -> Result<(), Failure> {
    read_and_written_again::<OrderEvent>(OrderEvent::TYPE_NAMES)
}

#[test]
fn every_event_of_a_credit_note_is_read_and_written_again() -> Result<(), Failure> {
    read_and_written_again::<CreditNoteEvent>(CreditNoteEvent::TYPE_NAMES)
}

#[test]
fn every_event_of_an_invoice_series_is_read_and_written_again() -> Result<(), Failure> {
    read_and_written_again::<InvoiceSeriesEvent>(InvoiceSeriesEvent::TYPE_NAMES)
}

#[test]
fn every_event_of_a_payment_is_read_and_written_again() -> Result<(), Failure> {
    read_and_written_again::<PaymentEvent>(PaymentEvent::TYPE_NAMES)
}

/// A version that left the code would leave its sample behind: what was written must stay readable.
#[test]
fn every_sample_is_of_an_event_that_this_build_reads() -> Result<(), Failure> {
    let sets = [
        ProductEvent::TYPE_NAMES,
        StockItemEvent::TYPE_NAMES,
        OrderEvent::TYPE_NAMES,
        CreditNoteEvent::TYPE_NAMES,
        InvoiceSeriesEvent::TYPE_NAMES,
        PaymentEvent::TYPE_NAMES,
    ];
    let known: BTreeSet<String> = sets.into_iter().flatten().map(|name| format!("{name}.json")).collect();
    for entry in std::fs::read_dir(fixtures())? {
        let file = entry?.file_name().to_string_lossy().into_owned();
        assert!(known.contains(&file), "{file} is a sample of no known event");
    }
    Ok(())
}
