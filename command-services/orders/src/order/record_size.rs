//! Whether an event fits a record. One that does not is refused by the log when it is written, and that may be after
//! money has moved: so whoever asks for it is told before.

use tillroll_log::Body;
use tillroll_schemas::order::OrderEvent;

/// Bytes of an event that surely fit a record of 4 MiB with its headers.
pub(crate) const LARGEST_EVENT: usize = 4 * 1024 * 1024 - 64 * 1024;

/// Whether it can be kept.
pub(crate) fn fits(event: &OrderEvent) -> bool {
    // One that cannot be written is a fault, which the owner tells.
    event.encode().map_or(0, |value| value.len()) <= LARGEST_EVENT
}
