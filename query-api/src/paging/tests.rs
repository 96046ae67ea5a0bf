//! Pages and cursors: parameters are checked, and a walk by cursor sees everything once.

use super::*;
use proptest::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Number(u32);

impl CursorKey for Number {
    fn write(&self) -> String {
        self.0.to_string()
    }
    fn read(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }
}

fn refused(page: Option<i64>, limit: Option<i64>, cursor: Option<&str>) -> Option<String> {
    let problem = Paging::<Number>::of("n", page, limit, cursor).err()?;
    Some(problem.errors()[0].field.clone())
}

#[test]
fn parameters_are_checked() {
    assert_eq!(Paging::<Number>::of("n", None, None, None).unwrap(), Paging::Numbered { page: 1, limit: 20 });
    assert_eq!(
        Paging::<Number>::of("n", None, Some(100), Some("")).unwrap(),
        Paging::After { list: "n", key: None, limit: 100 }
    );
    for limit in [0, 101, -1] {
        assert_eq!(refused(None, Some(limit), None).as_deref(), Some("limit"));
    }
    for page in [0, -1, i64::MAX] {
        assert_eq!(refused(Some(page), None, None).as_deref(), Some("page"));
    }
    let other_list = URL_SAFE_NO_PAD.encode("m:7");
    for cursor in ["x", "!!", "bjp4", &other_list] {
        assert_eq!(refused(None, None, Some(cursor)).as_deref(), Some("cursor"), "{cursor}");
    }
    assert_eq!(refused(Some(1), None, Some("")).as_deref(), Some("cursor"));
}

#[test]
fn the_last_page_may_be_short() {
    let paging = Paging::<Number>::of("n", Some(3), Some(10), None).unwrap();
    assert_eq!(paging.window(), (10, 20));
    let List::Numbered { total_pages, .. } = paging.list(vec![Number(1)], 21, Clone::clone) else { panic!() };
    assert_eq!(total_pages, 3);
}

/// Clients keep cursors.
#[test]
fn a_cursor_is_written_as_it_always_was() {
    let id = Uuid::from_u128(7);
    let at = DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap();
    for (cursor, text) in [
        (encode("sessions", &id), "sessions:00000000-0000-0000-0000-000000000007"),
        (encode("orders", &ByTime { at, id }), "orders:1700000000123456:00000000-0000-0000-0000-000000000007"),
    ] {
        assert_eq!(URL_SAFE_NO_PAD.decode(cursor).unwrap(), text.as_bytes());
    }
    assert_eq!(decode("orders", &encode("orders", &ByTime { at, id })), Some(ByTime { at, id }));
    assert_eq!(decode::<ByTime>("users", &encode("orders", &ByTime { at, id })), None);
}

proptest! {
    #[test]
    fn a_walk_by_cursor_sees_everything_once(count in 0_u32..50, limit in 1_i64..8) {
        let (mut seen, mut cursor) = (Vec::new(), Some(String::new()));
        while let Some(from) = cursor {
            let paging = Paging::<Number>::of("n", None, Some(limit), Some(&from)).unwrap();
            let Paging::After { key, .. } = &paging else { panic!() };
            let begin = key.as_ref().map_or(0, |key| key.0 + 1);
            let found: Vec<Number> = (begin..count).take(usize::try_from(paging.window().0).unwrap()).map(Number).collect();
            let List::After { items, next_cursor } = paging.list(found, 0, Clone::clone) else { panic!() };
            seen.extend(items.into_iter().map(|number| number.0));
            cursor = next_cursor;
        }
        prop_assert_eq!(seen, (0..count).collect::<Vec<_>>());
    }
}
