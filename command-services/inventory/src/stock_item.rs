//! `stock-item`, key: SKU. Pieces come in, are held for orders until an expiry, sold, and leave; or are released.
//!
//! Must hold: `on_hand`, `reserved` and `committed` are what the claims add up to and never negative; neither is
//! `available = on_hand − reserved − committed`. No order gets two claims.

pub mod reservations;

use reservations::{Claim, Reservations};
use serde::{Deserialize, Serialize};
use tillroll_log::{Aggregate, AggregateTopics, Key, Timestamp};
use tillroll_schemas::stock_item::{
    AdjustStock, Adjusted, CommitStock, Committed, ExpireReservations, FulfilStock, Fulfilled, Levels, ReceiveStock,
    Received, ReleaseRecorded, ReleaseStock, Released, ReservationExpired, ReserveStock, Reserved, StockItemCommand,
    StockItemEvent, WriteOffStock, WrittenOff,
};
use tillroll_schemas::{Quantity, catalogue};

/// The aggregate.
pub struct StockItem;

/// No stock item has more pieces: far beyond any shop, far below what an integer holds.
pub const MOST_ON_HAND: i64 = 1_000_000_000_000_000;

/// What there is and who has a claim on it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The levels now.
    pub levels: Levels,
    /// The claims of orders.
    pub reservations: Reservations,
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// Fewer pieces are available than the command takes.
    InsufficientStock {
        /// Pieces that it may take.
        available: i64,
    },
    /// More pieces than a stock item can have.
    StockOverflow,
    /// The order's claim was released before this came.
    Released,
    /// The order has not that many committed pieces left.
    NotCommitted,
}

impl tillroll_log::Rejection for Rejection {
    fn code(&self) -> &'static str {
        match self {
            Self::InsufficientStock { .. } => "insufficient_stock",
            Self::StockOverflow => "stock_overflow",
            Self::Released => "released",
            Self::NotCommitted => "not_committed",
        }
    }

    fn detail(&self) -> String {
        match self {
            Self::InsufficientStock { available } => format!("{available} available"),
            Self::StockOverflow => format!("a stock item has at most {MOST_ON_HAND} pieces"),
            Self::Released => "the order's claim was released before".to_owned(),
            Self::NotCommitted => "the order has not that many committed pieces left".to_owned(),
        }
    }
}

type Decision = Result<Option<StockItemEvent>, Rejection>;

impl Aggregate for StockItem {
    const TOPICS: AggregateTopics = catalogue::STOCK_ITEM;
    const STATE_SCHEMA: u32 = 1;
    type State = State;
    type Command = StockItemCommand;
    type Event = StockItemEvent;
    type Rejection = Rejection;
    type Answer = Levels;

    fn decide(state: &State, command: &StockItemCommand, _at: Timestamp) -> Decision {
        match command {
            StockItemCommand::Receive(command) => receive(state, command),
            StockItemCommand::Adjust(command) => adjust(state, command),
            StockItemCommand::WriteOff(command) => write_off(state, command),
            StockItemCommand::Reserve(command) => reserve(state, command),
            StockItemCommand::Commit(command) => commit(state, command),
            StockItemCommand::Release(command) => release(state, command),
            StockItemCommand::Fulfil(command) => fulfil(state, command),
            StockItemCommand::Expire(command) => expire(state, command),
        }
    }

    fn evolve(mut state: State, event: &StockItemEvent) -> State {
        let reservations = &mut state.reservations;
        match event {
            StockItemEvent::Received(_) | StockItemEvent::Adjusted(_) | StockItemEvent::WrittenOff(_) => {}
            StockItemEvent::Reserved(e) => reservations.reserve(e.order_id, e.quantity, e.expires_at),
            StockItemEvent::Committed(e) => reservations.commit(e.order_id, e.quantity),
            StockItemEvent::Fulfilled(e) => reservations.fulfil(e.order_id, e.fulfilment_id, e.quantity),
            StockItemEvent::Released(e) => reservations.release(e.order_id),
            StockItemEvent::ReleaseRecorded(e) => reservations.release(e.order_id),
            StockItemEvent::ReservationExpired(e) => reservations.end(e.order_id),
        }
        state.levels = event.levels();
        state
    }

    fn answer(_key: &Key, event: Option<&StockItemEvent>, state: &State) -> Levels {
        event.map_or(state.levels, StockItemEvent::levels)
    }

    fn deadline(state: &State) -> Option<Timestamp> {
        state.reservations.first_to_expire().map(|(expires_at, _)| expires_at)
    }

    fn on_deadline(deadline: Timestamp) -> Option<StockItemCommand> {
        Some(ExpireReservations { deadline }.into())
    }
}

fn receive(state: &State, command: &ReceiveStock) -> Decision {
    let ReceiveStock { quantity, note } = command.clone();
    let levels = counted(state.levels, quantity.get())?;
    Ok(Some(Received { quantity, note, levels }.into()))
}

fn adjust(state: &State, command: &AdjustStock) -> Decision {
    let AdjustStock { delta, note } = command.clone();
    if delta == 0 {
        return Ok(None);
    }
    let levels = counted(state.levels, delta)?;
    Ok(Some(Adjusted { delta, note, levels }.into()))
}

fn write_off(state: &State, command: &WriteOffStock) -> Decision {
    let WriteOffStock { quantity, note } = command.clone();
    let levels = counted(state.levels, -quantity.get())?;
    Ok(Some(WrittenOff { quantity, note, levels }.into()))
}

fn reserve(state: &State, command: &ReserveStock) -> Decision {
    let ReserveStock { order_id, quantity, expires_at } = *command;
    match state.reservations.claim(order_id) {
        Some(Claim::Reserved { .. } | Claim::Committed { .. }) => return Ok(None),
        None if state.reservations.was_released(order_id) => return Err(Rejection::Released),
        None => {}
    }
    let levels = claimed(Levels { reserved: state.levels.reserved + quantity.get(), ..state.levels }, quantity)?;
    Ok(Some(Reserved { order_id, quantity, expires_at, levels }.into()))
}

fn commit(state: &State, command: &CommitStock) -> Decision {
    let CommitStock { order_id, quantity } = *command;
    let reserved = match state.reservations.claim(order_id) {
        Some(Claim::Committed { .. }) => return Ok(None),
        Some(Claim::Reserved { quantity, .. }) => quantity.get(),
        None if state.reservations.was_released(order_id) => return Err(Rejection::Released),
        None => 0,
    };
    let Levels { on_hand, reserved: all_reserved, committed } = state.levels;
    let after = Levels { on_hand, reserved: all_reserved - reserved, committed: committed + quantity.get() };
    let levels = claimed(after, quantity)?;
    Ok(Some(Committed { order_id, quantity, levels }.into()))
}

fn release(state: &State, command: &ReleaseStock) -> Decision {
    let order_id = command.order_id;
    let levels = state.levels;
    match state.reservations.claim(order_id) {
        Some(Claim::Reserved { quantity, .. }) => {
            let levels = Levels { reserved: levels.reserved - quantity.get(), ..levels };
            Ok(Some(Released { order_id, quantity, levels }.into()))
        }
        Some(Claim::Committed { left }) => {
            let levels = Levels { committed: levels.committed - left, ..levels };
            // What is left of a quantity is one: a claim goes when nothing is left of it.
            Ok(Quantity::new(left).ok().map(|quantity| Released { order_id, quantity, levels }.into()))
        }
        None if state.reservations.was_released(order_id) => Ok(None),
        None => Ok(Some(ReleaseRecorded { order_id, levels }.into())),
    }
}

fn fulfil(state: &State, command: &FulfilStock) -> Decision {
    let FulfilStock { order_id, fulfilment_id, quantity } = *command;
    // An operator may have an order ask again.
    if state.reservations.has_left(order_id, fulfilment_id) {
        return Ok(None);
    }
    match state.reservations.claim(order_id) {
        Some(Claim::Committed { left }) if left >= quantity.get() => {
            let Levels { on_hand, reserved, committed } = state.levels;
            let levels = Levels { on_hand: on_hand - quantity.get(), reserved, committed: committed - quantity.get() };
            Ok(Some(Fulfilled { order_id, fulfilment_id, quantity, levels }.into()))
        }
        Some(Claim::Committed { .. } | Claim::Reserved { .. }) | None => Err(Rejection::NotCommitted),
    }
}

/// One reservation a time: those that lapse together keep the deadline, and it fires again until none is left.
fn expire(state: &State, command: &ExpireReservations) -> Decision {
    let Some((expires_at, order_id)) = state.reservations.first_to_expire() else { return Ok(None) };
    let quantity = match state.reservations.claim(order_id) {
        Some(Claim::Reserved { quantity, .. }) if expires_at <= command.deadline => quantity,
        Some(Claim::Reserved { .. } | Claim::Committed { .. }) | None => return Ok(None),
    };
    let levels = Levels { reserved: state.levels.reserved - quantity.get(), ..state.levels };
    Ok(Some(ReservationExpired { order_id, quantity, levels }.into()))
}

/// The levels after the count changed by `delta`; what is reserved or committed stays where it is.
fn counted(levels: Levels, delta: i64) -> Result<Levels, Rejection> {
    let on_hand = levels.on_hand.checked_add(delta).ok_or(Rejection::StockOverflow)?;
    if on_hand > MOST_ON_HAND {
        return Err(Rejection::StockOverflow);
    }
    if levels.available() + delta < 0 {
        return Err(Rejection::InsufficientStock { available: levels.available() });
    }
    Ok(Levels { on_hand, ..levels })
}

/// The levels after a claim to `quantity`, if that many are available to it.
fn claimed(after: Levels, quantity: Quantity) -> Result<Levels, Rejection> {
    if after.available() < 0 {
        return Err(Rejection::InsufficientStock { available: after.available() + quantity.get() });
    }
    Ok(after)
}

#[cfg(test)]
mod tests;
