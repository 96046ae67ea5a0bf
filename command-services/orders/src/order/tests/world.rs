//! An order among stock items that answer, refuse, stay silent and repeat themselves, joined by the shipped reactions.
//! As in the log, each SKU is a partition of its own: what is asked of it and what it answers keeps its order.

use std::collections::{BTreeMap, VecDeque};

use tillroll_log::{Aggregate, Body, Cause, Coordinates, EventId, Offset, PartitionId, Reactions};
use tillroll_schemas::catalogue;
use tillroll_schemas::invoice_series::{InvoiceOutcome, InvoiceSeriesCommand, RecordInvoiceAnswer, Series};
use tillroll_schemas::order::*;
use tillroll_schemas::stock_item::StockItemCommand;
use uuid::Uuid;

use super::*;
use crate::order::Life;
use crate::reactions::OrderReactions;

/// What the order may have of a stock item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Held {
    Nothing,
    Reserved(i64),
    Committed(i64),
}

/// A stock item as far as one order sees it.
#[derive(Debug)]
pub(super) struct Shelf {
    pub(super) on_hand: i64,
    pub(super) held: Held,
    released: bool,
    asked: VecDeque<StockItemCommand>,
    said: VecDeque<StockAnswer>,
    /// The next command is refused with this code.
    pub(super) refuse: Option<&'static str>,
}

pub(super) struct World {
    pub(super) state: OrderState,
    pub(super) events: Vec<OrderEvent>,
    pub(super) shelves: BTreeMap<Sku, Shelf>,
    pub(super) now: Timestamp,
    own: VecDeque<OrderCommand>,
    /// What the series of its documents has said.
    numbered: VecDeque<OrderCommand>,
    numbers: u32,
}

impl Shelf {
    fn new(on_hand: i64) -> Self {
        let (asked, said) = (VecDeque::new(), VecDeque::new());
        Self { on_hand, held: Held::Nothing, released: false, asked, said, refuse: None }
    }

    fn decide(&mut self, command: &StockItemCommand) -> StockOutcome {
        let refused = self.refuse.take().map(str::to_owned);
        match command {
            StockItemCommand::Reserve(asked) => {
                let code = refused.or_else(|| self.released.then(|| "released".to_owned()));
                let short = || (self.on_hand < asked.quantity.get()).then(|| "insufficient_stock".to_owned());
                if let Some(code) = code.or_else(short) {
                    return StockOutcome::ReservationRefused { code };
                }
                self.held = Held::Reserved(asked.quantity.get());
                StockOutcome::Reserved
            }
            StockItemCommand::Commit(asked) => {
                let short = || (self.on_hand < asked.quantity.get()).then(|| "insufficient_stock".to_owned());
                if let Some(code) = refused.or_else(short) {
                    // A commit is refused only when its reservation has lapsed, or when nobody decided it.
                    if code != "dead_lettered" {
                        self.held = Held::Nothing;
                    }
                    return StockOutcome::CommitRefused { code };
                }
                self.held = Held::Committed(asked.quantity.get());
                StockOutcome::Committed
            }
            StockItemCommand::Release(_) => {
                if let Some(code) = refused {
                    return StockOutcome::ReleaseRefused { code };
                }
                (self.held, self.released) = (Held::Nothing, true);
                StockOutcome::Released
            }
            StockItemCommand::Fulfil(asked) => {
                let fulfilment_id = asked.fulfilment_id;
                let Held::Committed(left) = self.held else { panic!("delivered without a commit: {self:?}") };
                if let Some(code) = refused {
                    return StockOutcome::FulfilmentRefused { fulfilment_id, code };
                }
                let left = left - asked.quantity.get();
                assert!(left >= 0, "more left than was committed");
                self.held = if left == 0 { Held::Nothing } else { Held::Committed(left) };
                self.on_hand -= asked.quantity.get();
                StockOutcome::Fulfilled { fulfilment_id }
            }
            other => panic!("an order asks no such thing: {other:?}"),
        }
    }

    /// The reservation lapses and somebody else takes everything.
    pub(super) fn lapse(&mut self) {
        if matches!(self.held, Held::Reserved(_)) {
            (self.held, self.on_hand) = (Held::Nothing, 0);
        }
    }
}

impl World {
    pub(super) fn new(shelves: &[(&str, i64)]) -> Self {
        let shelves = shelves.iter().map(|(text, on_hand)| (sku(text), Shelf::new(*on_hand))).collect();
        Self {
            state: OrderState::default(),
            events: vec![],
            shelves,
            now: at(0),
            own: VecDeque::new(),
            numbered: VecDeque::new(),
            numbers: 0,
        }
    }

    /// Decides and does what the event causes.
    pub(super) fn tell(&mut self, command: impl Into<OrderCommand>) -> Result<Option<OrderEvent>, OrderRejection> {
        let decided = Order::decide(&self.state, &command.into(), self.now);
        if let Ok(Some(event)) = &decided {
            self.state = Order::evolve(self.state.clone(), event);
            self.events.push(event.clone());
            self.react(event);
        }
        decided
    }

    fn react(&mut self, event: &OrderEvent) {
        let id = EventId(Uuid::from_u128(self.events.len() as u128));
        let at = Coordinates { topic: "order.events.v1".into(), partition: PartitionId(0), offset: Offset(0) };
        let cause = Cause { id, at, key: Uuid::from_u128(1).to_string().into(), correlation: None };
        for outgoing in OrderReactions::on_event(&cause, event).unwrap() {
            if outgoing.to == catalogue::ORDER {
                self.own.push_back(OrderCommand::decode(outgoing.type_name, &outgoing.value).unwrap());
            } else if outgoing.to == catalogue::INVOICE_SERIES {
                let InvoiceSeriesCommand::Issue(asked) =
                    InvoiceSeriesCommand::decode(outgoing.type_name, &outgoing.value).unwrap();
                self.numbers += 1;
                let outcome = InvoiceOutcome::Issued { series: Series::of(asked.dated), number: self.numbers };
                self.numbered.push_back(RecordInvoiceAnswer { document: asked.document, outcome }.into());
            } else {
                let command = StockItemCommand::decode(outgoing.type_name, &outgoing.value).unwrap();
                self.shelves.get_mut(&sku(&outgoing.key)).unwrap().asked.push_back(command);
            }
        }
    }

    /// The stock item decides what it was asked first.
    pub(super) fn stock_item_decides(&mut self, which: &Sku) -> bool {
        let shelf = self.shelves.get_mut(which).unwrap();
        let Some(command) = shelf.asked.pop_front() else { return false };
        let outcome = shelf.decide(&command);
        shelf.said.push_back(StockAnswer { sku: which.clone(), outcome });
        true
    }

    /// What it said first reaches the order; so many times.
    pub(super) fn answer_arrives(&mut self, which: &Sku, times: usize) -> bool {
        let Some(said) = self.shelves.get_mut(which).unwrap().said.pop_front() else { return false };
        self.tell(RecordStockAnswers { answers: vec![said.clone(); times] }).unwrap();
        for _ in 1..times {
            assert_eq!(self.tell(RecordStockAnswers { answers: vec![said.clone()] }), Ok(None), "heard twice");
        }
        true
    }

    /// The order's command to itself arrives.
    pub(super) fn own_arrives(&mut self) -> bool {
        let Some(command) = self.own.pop_front() else { return false };
        self.tell(command).unwrap();
        true
    }

    /// A number arrives.
    pub(super) fn number_arrives(&mut self) -> bool {
        let Some(command) = self.numbered.pop_front() else { return false };
        self.tell(command).unwrap();
        true
    }

    /// The order's command to itself is lost for good: nobody could read it.
    pub(super) fn own_is_lost(&mut self) -> bool {
        self.own.pop_front().is_some()
    }

    /// The next deadline passes.
    pub(super) fn deadline_passes(&mut self) -> bool {
        let Some(deadline) = Order::deadline(&self.state) else { return false };
        self.now = self.now.max(deadline);
        self.tell(Order::on_deadline(deadline).unwrap()).unwrap();
        true
    }

    /// Everybody does and says what he can, until nobody has anything to do.
    pub(super) fn run(&mut self) {
        self.run_but(None);
    }

    /// The same while one stock item does not hear or say anything.
    pub(super) fn run_but(&mut self, silent: Option<&Sku>) {
        let all: Vec<Sku> = self.shelves.keys().filter(|sku| Some(*sku) != silent).cloned().collect();
        loop {
            let mut busy = self.own_arrives() | self.number_arrives();
            for sku in &all {
                busy |= self.stock_item_decides(sku);
                busy |= self.answer_arrives(sku, 1);
            }
            if !busy {
                return;
            }
        }
    }

    /// What nobody may find once all is quiet: a claim that no order stands behind, or an order without its claim.
    pub(super) fn assert_clean_slate(&self) {
        let left = match &self.state.life {
            Life::Cancelled(..) | Life::Fulfilled(_) => None,
            Life::Confirmed(sold) => Some(sold.left.clone()),
            other => panic!("not at an end: {other:?}"),
        };
        for (sku, shelf) in &self.shelves {
            assert!(shelf.asked.is_empty() && shelf.said.is_empty());
            let left = left.as_ref().and_then(|left| left.get(sku)).copied();
            assert_eq!(shelf.held, left.map_or(Held::Nothing, Held::Committed), "{sku}");
        }
    }
}
