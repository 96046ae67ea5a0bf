//! Every event version that was ever written is read by today's code, and written again as it was. A field that came
//! later has a sample beside the first: `<type>+<field>.json`.

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;
use tillroll_log::Body;

type Failure = Box<dyn std::error::Error>;

/// A test for each set of events, and the names of all of them.
macro_rules! sets {
    ($($test:ident: $set:path),+ $(,)?) => {
        $(#[test]
        fn $test() -> Result<(), Failure> {
            read_and_written_again::<$set>(<$set>::TYPE_NAMES)
        })+

        fn known() -> BTreeSet<String> {
            let written = [$(<$set>::TYPE_NAMES),+].into_iter().flatten().copied();
            let read = [$(<$set as Body>::OLD_TYPE_NAMES),+].into_iter().flatten().map(|(old, _)| *old);
            written.chain(read).map(str::to_owned).collect()
        }

        /// Every version that is read and not written any more is read as its successor.
        #[test]
        fn every_old_version_is_read_as_its_successor() -> Result<(), Failure> {
            let mut read = 0;
            $(read += read_as_successors::<$set>(<$set as Body>::OLD_TYPE_NAMES)?;)+
            assert!(read > 0, "there is an old version");
            Ok(())
        }
    };
}

sets! {
    every_event_of_an_api_key_is_read_and_written_again: tillroll_schemas::api_key::ApiKeyEvent,
    every_event_of_a_cart_is_read_and_written_again: tillroll_schemas::cart::CartEvent,
    every_event_of_a_credit_note_is_read_and_written_again: tillroll_schemas::credit_note::CreditNoteEvent,
    every_event_of_an_identity_claim_is_read_and_written_again: tillroll_schemas::identity_claim::IdentityClaimEvent,
    every_event_of_a_notification_is_read_and_written_again: tillroll_schemas::notification::NotificationEvent,
    every_event_of_an_invoice_series_is_read_and_written_again: tillroll_schemas::invoice_series::InvoiceSeriesEvent,
    every_event_of_an_order_is_read_and_written_again: tillroll_schemas::order::OrderEvent,
    every_event_of_a_payment_is_read_and_written_again: tillroll_schemas::payment::PaymentEvent,
    every_event_of_a_preference_is_read_and_written_again: tillroll_schemas::preference::PreferenceEvent,
    every_event_of_a_product_is_read_and_written_again: tillroll_schemas::product::ProductEvent,
    every_event_of_a_session_is_read_and_written_again: tillroll_schemas::session::SessionEvent,
    every_event_of_a_stock_item_is_read_and_written_again: tillroll_schemas::stock_item::StockItemEvent,
    every_event_of_a_user_is_read_and_written_again: tillroll_schemas::user::UserEvent,
}

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

fn read_and_written_again<B: Body>(type_names: &[&str]) -> Result<(), Failure> {
    let samples = samples()?;
    for &type_name in type_names {
        let of_it: Vec<&String> = samples.iter().filter(|file| type_of(file) == type_name).collect();
        assert!(of_it.contains(&&format!("{type_name}.json")), "{type_name} has no sample");
        for file in of_it {
            let stored = std::fs::read(fixtures().join(file))?;
            let event = B::decode(type_name, &stored).map_err(|why| format!("{file}: {why}"))?;
            assert_eq!(event.type_name(), type_name);
            let written: Value = serde_json::from_slice(&event.encode()?)?;
            assert_eq!(written, serde_json::from_slice::<Value>(&stored)?, "{file}");
        }
    }
    Ok(())
}

fn samples() -> Result<Vec<String>, Failure> {
    let files = std::fs::read_dir(fixtures())?;
    files.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

/// `order.placed.v2+buyer.json` is a later sample of the version, with a field that it was given since.
fn type_of(file: &str) -> &str {
    let name = file.strip_suffix(".json").unwrap_or(file);
    name.split_once('+').map_or(name, |(type_name, _)| type_name)
}

/// How many were read. What is made of an old version is an event like any other: written again, and read, it stays.
fn read_as_successors<B: Body + PartialEq + std::fmt::Debug>(old: &[(&str, &str)]) -> Result<usize, Failure> {
    for (old, successor) in old {
        let stored = std::fs::read(fixtures().join(format!("{old}.json"))).map_err(|why| format!("{old}: {why}"))?;
        let event = B::decode(old, &stored).map_err(|why| format!("{old}: {why}"))?;
        assert_eq!(event.type_name(), *successor, "{old}");
        let again = B::decode(successor, &event.encode()?).map_err(|why| format!("{successor}: {why}"))?;
        assert_eq!(again, event, "{old}");
        // Nothing of it is lost: whatever it said that its successor says in the same words, it still says.
        let (before, after): (Value, Value) =
            (serde_json::from_slice(&stored)?, serde_json::from_slice(&event.encode()?)?);
        let before = before.as_object().ok_or("no object")?;
        let changed: Vec<&String> = before.keys().filter(|name| before[*name] != after[*name]).collect();
        assert!(changed.len() <= 1, "{old} says otherwise: {changed:?}");
    }
    Ok(old.len())
}

/// A version that left the code would leave its sample behind: what was written must stay readable.
#[test]
fn every_sample_is_of_an_event_that_this_build_reads() -> Result<(), Failure> {
    let known = known();
    for file in samples()? {
        assert!(known.contains(type_of(&file)), "{file} is a sample of no known event");
    }
    Ok(())
}
