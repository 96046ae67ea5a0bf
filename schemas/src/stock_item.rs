//! `stock-item`: how many pieces of a SKU there are and who has a claim on them. Key: the SKU.

use crate::{FulfilmentId, OrderId, Quantity, Timestamp};
use serde::{Deserialize, Serialize};

/// The levels after the event. `available = on_hand − reserved − committed`, never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Levels {
    /// Pieces in the warehouse.
    pub on_hand: i64,
    /// Of these, held for orders until an expiry.
    pub reserved: i64,
    /// Of these, sold and not yet fulfilled.
    pub committed: i64,
}

impl Levels {
    /// Pieces that can still be reserved.
    pub fn available(&self) -> i64 {
        self.on_hand - self.reserved - self.committed
    }
}

/// Pieces came in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// How many.
    pub quantity: Quantity,
    /// Why, if somebody said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Afterwards.
    pub levels: Levels,
}

/// The count was corrected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adjusted {
    /// Found (positive) or missing (negative); never 0.
    pub delta: i64,
    /// Why, if somebody said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Afterwards.
    pub levels: Levels,
}

/// Pieces are spoilt or lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenOff {
    /// How many.
    pub quantity: Quantity,
    /// Why, if somebody said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Afterwards.
    pub levels: Levels,
}

/// Pieces are held for an order until an expiry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reserved {
    /// For whom.
    pub order_id: OrderId,
    /// How many.
    pub quantity: Quantity,
    /// When the reservation lapses by itself.
    pub expires_at: Timestamp,
    /// Afterwards.
    pub levels: Levels,
}

/// The order's pieces are sold: no expiry any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Committed {
    /// For whom.
    pub order_id: OrderId,
    /// How many.
    pub quantity: Quantity,
    /// Afterwards.
    pub levels: Levels,
}

/// Pieces left the warehouse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fulfilled {
    /// For whom.
    pub order_id: OrderId,
    /// In which delivery.
    pub fulfilment_id: FulfilmentId,
    /// How many.
    pub quantity: Quantity,
    /// Afterwards.
    pub levels: Levels,
}

/// The order's claim ended and its pieces are available again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Released {
    /// Whose claim.
    pub order_id: OrderId,
    /// How many.
    pub quantity: Quantity,
    /// Afterwards.
    pub levels: Levels,
}

/// A release came for a reservation that is not there: a reservation that comes later is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseRecorded {
    /// Whose claim.
    pub order_id: OrderId,
    /// Afterwards (unchanged).
    pub levels: Levels,
}

/// The reservation lapsed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReservationExpired {
    /// Whose claim.
    pub order_id: OrderId,
    /// How many.
    pub quantity: Quantity,
    /// Afterwards.
    pub levels: Levels,
}

tillroll_log::bodies! {
    /// What happened to a stock item.
    pub enum StockItemEvent {
        Received(Received) = "stock-item.received.v1",
        Adjusted(Adjusted) = "stock-item.adjusted.v1",
        WrittenOff(WrittenOff) = "stock-item.written-off.v1",
        Reserved(Reserved) = "stock-item.reserved.v1",
        Committed(Committed) = "stock-item.committed.v1",
        Fulfilled(Fulfilled) = "stock-item.fulfilled.v1",
        Released(Released) = "stock-item.released.v1",
        ReleaseRecorded(ReleaseRecorded) = "stock-item.release-recorded.v1",
        ReservationExpired(ReservationExpired) = "stock-item.reservation-expired.v1",
    }
}

impl StockItemEvent {
    /// The levels after it.
    pub fn levels(&self) -> Levels {
        match self {
            Self::Received(e) => e.levels,
            Self::Adjusted(e) => e.levels,
            Self::WrittenOff(e) => e.levels,
            Self::Reserved(e) => e.levels,
            Self::Committed(e) => e.levels,
            Self::Fulfilled(e) => e.levels,
            Self::Released(e) => e.levels,
            Self::ReleaseRecorded(e) => e.levels,
            Self::ReservationExpired(e) => e.levels,
        }
    }
}

/// Takes in pieces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiveStock {
    /// How many.
    pub quantity: Quantity,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Corrects the count; refused if it would take pieces that are reserved or committed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdjustStock {
    /// Not 0.
    pub delta: i64,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Writes off pieces; refused if it would take pieces that are reserved or committed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteOffStock {
    /// How many.
    pub quantity: Quantity,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Holds pieces for an order; refused if too few are available.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReserveStock {
    /// For whom.
    pub order_id: OrderId,
    /// How many.
    pub quantity: Quantity,
    /// When the reservation lapses.
    pub expires_at: Timestamp,
}

/// Makes a reservation final. One that has lapsed is made again if enough is available.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitStock {
    /// For whom.
    pub order_id: OrderId,
    /// How many.
    pub quantity: Quantity,
}

/// Ends an order's claim, reserved or committed, or one that has not come yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseStock {
    /// Whose claim.
    pub order_id: OrderId,
}

/// Takes committed pieces out of the warehouse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FulfilStock {
    /// For whom.
    pub order_id: OrderId,
    /// In which delivery.
    pub fulfilment_id: FulfilmentId,
    /// How many.
    pub quantity: Quantity,
}

/// The timer's command: the reservation's expiry has passed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpireReservations {
    /// The deadline that fired.
    pub deadline: Timestamp,
}

tillroll_log::bodies! {
    /// What can be asked of a stock item.
    pub enum StockItemCommand {
        Receive(ReceiveStock) = "stock-item.receive",
        Adjust(AdjustStock) = "stock-item.adjust",
        WriteOff(WriteOffStock) = "stock-item.write-off",
        Reserve(ReserveStock) = "stock-item.reserve",
        Commit(CommitStock) = "stock-item.commit",
        Release(ReleaseStock) = "stock-item.release",
        Fulfil(FulfilStock) = "stock-item.fulfil",
        Expire(ExpireReservations) = "stock-item.expire",
    }
}
