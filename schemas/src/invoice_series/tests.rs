//! A series is a month, and every document has a name of its own.

use super::*;

#[test]
fn a_series_is_a_year_and_a_month() {
    for good in ["2026-11", "0001-01", "9999-12"] {
        assert_eq!(good.parse::<Series>().map(|series| series.to_string()), Ok(good.to_owned()));
    }
    for bad in ["", "2026", "2026-13", "2026-00", "2026-1", "26-11", "2026-11-01", "+026-11", "2026-+1"] {
        assert_eq!(bad.parse::<Series>(), Err(InvalidSeries), "{bad}");
    }
}

#[test]
fn a_series_is_of_the_month_in_utc() {
    let last: Timestamp = "2026-11-30T23:59:59.999Z".parse().unwrap();
    let first: Timestamp = "2026-12-01T00:00:00Z".parse().unwrap();
    assert_eq!((Series::of(last).to_string(), Series::of(first).to_string()), ("2026-11".into(), "2026-12".into()));
    assert_eq!(Series::of(last).numbered(17), "2026-11-000017");
}

#[test]
fn an_order_and_the_credit_of_its_cancellation_are_two_documents() {
    let order_id = OrderId(Uuid::from_u128(1));
    let credit = Document::CreditNote { credit_id: order_id.0, order_id: Some(order_id) };
    assert_ne!(Document::Invoice { order_id }.id(), credit.id());
}
