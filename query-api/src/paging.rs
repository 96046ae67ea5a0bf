//! Two ways through a list: numbered pages with a count, and a cursor that costs the same at any depth.

use crate::answer::Extent;
use crate::failure::parameter;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;
use serde::Serialize;
use tillroll_http::Problem;
use tillroll_schemas::Timestamp;
use uuid::Uuid;

/// Items on a page, unless something else is asked for.
const LIMIT: i64 = 20;
/// Items on a page at most.
const MOST: i64 = 100;

/// What a list was asked for. `K` is the key that its order goes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Paging<K> {
    /// A page, from 1.
    Numbered {
        /// Which.
        page: i64,
        /// Items on it.
        limit: i64,
    },
    /// What comes after a key; the beginning without one.
    After {
        /// Stands before the key in cursors, so that one of another list is not taken.
        list: &'static str,
        /// The last item that was seen.
        key: Option<K>,
        /// Items.
        limit: i64,
    },
}

/// A key that stands in cursors.
pub(crate) trait CursorKey: Sized {
    /// The key as text.
    fn write(&self) -> String;
    /// The key of that text.
    fn read(text: &str) -> Option<Self>;
}

/// Of lists in the order of their ids.
impl CursorKey for Uuid {
    fn write(&self) -> String {
        self.to_string()
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// The key of lists by time: when it was, and the id for those of one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ByTime {
    pub(crate) at: Timestamp,
    pub(crate) id: Uuid,
}

impl CursorKey for ByTime {
    /// In microseconds, as PostgreSQL keeps times.
    fn write(&self) -> String {
        format!("{}:{}", self.at.timestamp_micros(), self.id)
    }

    fn read(text: &str) -> Option<Self> {
        let (micros, id) = text.split_once(':')?;
        let at = DateTime::from_timestamp_micros(micros.parse().ok()?)?;
        Some(Self { at, id: id.parse().ok()? })
    }
}

/// A list's body.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum List<T> {
    /// A page.
    Numbered {
        /// What is on it.
        items: Vec<T>,
        /// Its number.
        page: i64,
        /// Items on a page.
        limit: i64,
        /// Items in all.
        total: i64,
        /// Pages in all.
        total_pages: i64,
    },
    /// What came after a cursor.
    After {
        /// They.
        items: Vec<T>,
        /// Where to go on; absent at the end.
        next_cursor: Option<String>,
    },
}

impl<T> List<T> {
    pub(crate) fn items(&self) -> &[T] {
        match self {
            Self::Numbered { items, .. } | Self::After { items, .. } => items,
        }
    }

    /// What stands in headers too.
    pub(crate) fn extent(&self) -> Extent {
        match self {
            Self::Numbered { total, .. } => Extent { total: Some(*total), next_cursor: None },
            Self::After { next_cursor, .. } => Extent { total: None, next_cursor: next_cursor.clone() },
        }
    }
}

impl<K: CursorKey> Paging<K> {
    /// From the parameters `page`, `limit` and `cursor` of this list; an empty cursor is the beginning.
    pub(crate) fn of(
        list: &'static str,
        page: Option<i64>,
        limit: Option<i64>,
        cursor: Option<&str>,
    ) -> Result<Self, Problem> {
        let limit = limit.unwrap_or(LIMIT);
        if !(1..=MOST).contains(&limit) {
            return Err(parameter("limit", format!("a number from 1 to {MOST}")));
        }
        match (page, cursor) {
            (Some(_), Some(_)) => Err(parameter("cursor", "either a page or a cursor")),
            (None, Some("")) => Ok(Self::After { list, key: None, limit }),
            (None, Some(cursor)) => {
                let key = decode(list, cursor).ok_or_else(|| parameter("cursor", "a next_cursor of this list"))?;
                Ok(Self::After { list, key: Some(key), limit })
            }
            (page, None) => {
                let page = page.unwrap_or(1);
                if !(1..=i64::MAX / MOST).contains(&page) {
                    return Err(parameter("page", "a number from 1"));
                }
                Ok(Self::Numbered { page, limit })
            }
        }
    }

    /// The last item that was seen, if the list goes on after one.
    pub(crate) fn after(&self) -> Option<&K> {
        match self {
            Self::Numbered { .. } => None,
            Self::After { key, .. } => key.as_ref(),
        }
    }

    /// How many rows to ask for and how many to leave out before them. After a cursor one more is asked for, to know
    /// whether there are more.
    pub(crate) fn window(&self) -> (i64, i64) {
        match self {
            Self::Numbered { page, limit } => (*limit, (page - 1) * limit),
            Self::After { limit, .. } => (limit + 1, 0),
        }
    }

    /// The list of what was found in that window. `total` counts only for pages.
    pub(crate) fn list<T>(&self, mut items: Vec<T>, total: i64, key: impl Fn(&T) -> K) -> List<T> {
        match self {
            Self::Numbered { page, limit } => {
                let total_pages = total.div_euclid(*limit) + i64::from(total.rem_euclid(*limit) > 0);
                List::Numbered { items, page: *page, limit: *limit, total, total_pages }
            }
            Self::After { list, limit, .. } => {
                let limit = usize::try_from(*limit).unwrap_or_default();
                let more = items.len() > limit;
                items.truncate(limit);
                let next_cursor = items.last().filter(|_| more).map(|last| encode(list, &key(last)));
                List::After { items, next_cursor }
            }
        }
    }
}

fn encode<K: CursorKey>(list: &str, key: &K) -> String {
    URL_SAFE_NO_PAD.encode(format!("{list}:{}", key.write()))
}

fn decode<K: CursorKey>(list: &str, cursor: &str) -> Option<K> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    K::read(text.strip_prefix(list)?.strip_prefix(':')?)
}

#[cfg(test)]
mod tests;
