//! Records as read and as written, and the batches in which they travel.

use bytes::Bytes;

use crate::{Offset, PartitionId, Topic};

#[cfg(test)]
pub(crate) mod tests;

/// A record as it stands in a partition. Key, headers and value share one buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Where it stands.
    pub topic: Topic,
    /// Where it stands.
    pub partition: PartitionId,
    /// Where it stands.
    pub offset: Offset,
    /// Kafka's time stamp in milliseconds since 1970 (with `LogAppendTime` the broker's clock); -1 if there is none.
    pub recorded_at_ms: i64,
    /// The key, if any.
    pub key: Option<Bytes>,
    /// The headers, in order.
    pub headers: Headers,
    /// The value; none is a tombstone.
    pub value: Option<Bytes>,
}

impl Record {
    /// The memory that the record holds, about.
    #[must_use]
    pub fn size(&self) -> usize {
        let key = self.key.as_ref().map_or(0, Bytes::len);
        let value = self.value.as_ref().map_or(0, Bytes::len);
        size_of::<Record>() + key + value + self.headers.encoded.len()
    }
}

/// A record to be written.
#[derive(Clone, Debug)]
pub struct NewRecord {
    /// Where to.
    pub topic: Topic,
    /// Where to; see [`partition_for`](crate::partition_for).
    pub partition: PartitionId,
    /// The key, if any.
    pub key: Option<Bytes>,
    /// The headers, in order. A name must not contain a zero byte.
    pub headers: Vec<(&'static str, Bytes)>,
    /// The value; none is a tombstone.
    pub value: Option<Bytes>,
}

impl NewRecord {
    /// Key, headers and value together, in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        let key = self.key.as_ref().map_or(0, Bytes::len);
        let value = self.value.as_ref().map_or(0, Bytes::len);
        let headers: usize = self.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        key + value + headers
    }
}

/// Consecutive records of one partition.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Where they stand.
    pub topic: Topic,
    /// Where they stand.
    pub partition: PartitionId,
    /// In order of their offsets; there may be gaps, and there may be none at all.
    pub records: Vec<std::sync::Arc<Record>>,
    /// The position after this batch. It may exceed the last record's next offset, where compaction or control
    /// records left a gap, and it moves forward even if there are no records.
    pub next: Offset,
}

impl Batch {
    /// Drops what stands before `position`. Whether anything is left.
    pub(crate) fn trim(&mut self, position: Offset) -> bool {
        if self.records.first().is_some_and(|first| first.offset < position) {
            self.records.retain(|record| record.offset >= position);
        }
        self.next > position
    }

    /// The memory that the records hold, about.
    pub(crate) fn size(&self) -> usize {
        size_of::<Batch>() + self.records.iter().map(|record| record.size()).sum::<usize>()
    }
}

/// Headers in order, as one run of bytes: name length (u16), value length (u32), name, value. A record has few, so a
/// look-up walks them. A null value reads as empty; a name that is not UTF-8 is kept with replacement characters.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers {
    encoded: Bytes,
}

/// Name length and value length.
const LENGTHS: usize = 6;

impl Headers {
    /// The value of the first header of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.walk().find(|(found, _, _)| *found == name.as_bytes()).map(|(_, value, _)| value)
    }

    /// The same as text; none also if it is not UTF-8.
    #[must_use]
    pub fn get_str(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(|value| std::str::from_utf8(value).ok())
    }

    /// The same, sharing the record's buffer instead of borrowing from it.
    #[must_use]
    pub fn get_bytes(&self, name: &str) -> Option<Bytes> {
        let (_, value, start) = self.walk().find(|(found, _, _)| *found == name.as_bytes())?;
        Some(self.encoded.slice(start..start + value.len()))
    }

    /// All headers in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.walk().map(|(name, value, _)| (std::str::from_utf8(name).unwrap_or_default(), value))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.walk().count()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.encoded.is_empty()
    }

    pub(crate) fn from_encoded(encoded: Bytes) -> Headers {
        Headers { encoded }
    }

    fn walk(&self) -> Walk<'_> {
        Walk { encoded: &self.encoded, at: 0 }
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(headers: I) -> Headers {
        let mut encoded = Vec::new();
        for (name, value) in headers {
            encode_header(&mut encoded, name.as_ref().as_bytes(), value.as_ref());
        }
        Headers { encoded: Bytes::from(encoded) }
    }
}

impl std::fmt::Debug for Headers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(self.iter().map(|(name, value)| (name, String::from_utf8_lossy(value)))).finish()
    }
}

/// Appends one header in the encoding of [`Headers`]. A name longer than 64 KiB is cut, which no broker lets happen.
pub(crate) fn encode_header(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    let lossy;
    let name = match std::str::from_utf8(name) {
        Ok(_) => name,
        Err(_) => {
            lossy = String::from_utf8_lossy(name);
            lossy.as_bytes()
        }
    };
    let name_length = u16::try_from(name.len()).unwrap_or(u16::MAX);
    let value_length = u32::try_from(value.len()).unwrap_or(u32::MAX);
    out.extend_from_slice(&name_length.to_le_bytes());
    out.extend_from_slice(&value_length.to_le_bytes());
    out.extend_from_slice(&name[..usize::from(name_length)]);
    out.extend_from_slice(&value[..value_length as usize]);
}

/// The bytes that [`encode_header`] will append.
pub(crate) fn encoded_size(name: usize, value: usize) -> usize {
    LENGTHS + name + value
}

struct Walk<'a> {
    encoded: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Walk<'a> {
    /// Name, value, and where the value starts.
    type Item = (&'a [u8], &'a [u8], usize);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.encoded.get(self.at..)?;
        let (name_length, rest) = rest.split_first_chunk::<2>()?;
        let (value_length, rest) = rest.split_first_chunk::<4>()?;
        let name_length = usize::from(u16::from_le_bytes(*name_length));
        let value_length = u32::from_le_bytes(*value_length) as usize;
        let name = rest.get(..name_length)?;
        let value = rest.get(name_length..name_length + value_length)?;
        let start = self.at + LENGTHS + name_length;
        self.at = start + value_length;
        Some((name, value, start))
    }
}
