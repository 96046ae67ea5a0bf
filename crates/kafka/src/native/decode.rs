//! A fetched message, still in librdkafka's memory, and its copy into one buffer of ours.

use std::ffi::CStr;
use std::ptr::{self, NonNull};
use std::slice;

use bytes::Bytes;
use rdkafka_sys as sys;

use super::events::OwnedEvent;
use crate::record::{encode_header, encoded_size};
use crate::{Headers, Offset, PartitionId, Record, Topic};

/// A message within the event that owns it.
pub(crate) struct RawRecord {
    message: NonNull<sys::rd_kafka_message_t>,
    _event: OwnedEvent,
}

impl RawRecord {
    /// SAFETY: `message` must belong to `event` and carry no error.
    pub(super) unsafe fn new(message: NonNull<sys::rd_kafka_message_t>, event: OwnedEvent) -> RawRecord {
        RawRecord { message, _event: event }
    }

    fn message(&self) -> &sys::rd_kafka_message_t {
        // SAFETY: the event owns the message and lives as long as self.
        unsafe { self.message.as_ref() }
    }

    pub(crate) fn topic(&self) -> &str {
        // SAFETY: a message without error names its topic, whose handle it keeps alive; the name is a C string.
        let name = unsafe { CStr::from_ptr(sys::rd_kafka_topic_name(self.message().rkt)) };
        name.to_str().unwrap_or_default()
    }

    pub(crate) fn partition(&self) -> PartitionId {
        PartitionId(self.message().partition)
    }

    pub(crate) fn offset(&self) -> Offset {
        Offset(self.message().offset)
    }

    fn key(&self) -> Option<&[u8]> {
        let message = self.message();
        // SAFETY: key and key_len describe one run of bytes that the message owns.
        unsafe { bytes_at(message.key, message.key_len) }
    }

    fn value(&self) -> Option<&[u8]> {
        let message = self.message();
        // SAFETY: payload and len describe one run of bytes that the message owns.
        unsafe { bytes_at(message.payload, message.len) }
    }

    fn headers(&self) -> RawHeaders<'_> {
        let mut headers = ptr::null_mut();
        // SAFETY: the message is alive; on success the headers belong to it. Broken headers read as none.
        let error = unsafe { sys::rd_kafka_message_headers(self.message.as_ptr(), &mut headers) };
        let found = error == sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR;
        RawHeaders { headers: if found { headers } else { ptr::null_mut() }, _record: self }
    }

    fn time(&self) -> i64 {
        let mut kind = sys::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
        // SAFETY: the message is alive.
        unsafe { sys::rd_kafka_message_timestamp(self.message.as_ptr(), &mut kind) }
    }

    /// Copies key, headers and value into one buffer.
    pub(crate) fn decode(&self, topic: Topic) -> Record {
        let (key, value, headers) = (self.key(), self.value(), self.headers());
        let size = headers.iter().map(|(name, value)| encoded_size(name.len(), value.len())).sum::<usize>();
        let key_end = key.map_or(0, <[u8]>::len);
        let mut buffer = Vec::with_capacity(key_end + size + value.map_or(0, <[u8]>::len));
        buffer.extend_from_slice(key.unwrap_or_default());
        for (name, value) in headers.iter() {
            encode_header(&mut buffer, name, value);
        }
        let headers_end = buffer.len();
        buffer.extend_from_slice(value.unwrap_or_default());
        let buffer = Bytes::from(buffer);
        Record {
            topic,
            partition: self.partition(),
            offset: self.offset(),
            recorded_at_ms: self.time(),
            key: key.map(|_| buffer.slice(..key_end)),
            headers: Headers::from_encoded(buffer.slice(key_end..headers_end)),
            value: value.map(|_| buffer.slice(headers_end..)),
        }
    }
}

/// SAFETY: `start` is null or the start of `length` bytes that live as long as `'a`.
unsafe fn bytes_at<'a>(start: *const std::ffi::c_void, length: usize) -> Option<&'a [u8]> {
    if start.is_null() {
        return None;
    }
    // SAFETY: by this function's contract.
    Some(unsafe { slice::from_raw_parts(start.cast(), length) })
}

struct RawHeaders<'a> {
    headers: *mut sys::rd_kafka_headers_t,
    _record: &'a RawRecord,
}

impl<'a> RawHeaders<'a> {
    fn iter(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        let headers = self.headers;
        // SAFETY: not null, and owned by the record that 'a borrows.
        let count = if headers.is_null() { 0 } else { unsafe { sys::rd_kafka_header_cnt(headers) } };
        (0..count).filter_map(move |place| {
            let (mut name, mut value, mut size) = (ptr::null(), ptr::null(), 0);
            // SAFETY: `place` is below the count; name and value belong to the record that 'a borrows.
            unsafe {
                let error = sys::rd_kafka_header_get_all(headers, place, &mut name, &mut value, &mut size);
                (error == sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR)
                    .then(|| (CStr::from_ptr(name).to_bytes(), bytes_at(value, size).unwrap_or_default()))
            }
        })
    }
}
