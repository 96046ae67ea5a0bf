//! A shop in memory: one partition of orders, one of carts, one of credit notes, one of payments, one of invoice series,
//! one stock item per partition, the provider of payments, and the faults that can be put between their records.

use crate::bank::Bank;
use crate::bank_calls::{PaymentWork, REPORT, make_call};
pub use crate::law::{cancelled_for, is_over};
use crate::post::{MESSAGE, MessageWork, Post};
pub use crate::words::{line, order_id, place, place_by, postage, quantity, sku};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tillroll_inventory::StockItemReactions;
use tillroll_inventory::stock_item::StockItem;
use tillroll_inventory::stock_item::reservations::Claim;
use tillroll_log::Timestamp;
use tillroll_notifications::notification::Notification;
use tillroll_orders::cart::Cart;
use tillroll_orders::credit_note::CreditNote;
use tillroll_orders::order::{Order, OrderState};
use tillroll_orders::{CartReactions, CreditNoteReactions, OrderReactions};
use tillroll_payments::InvoiceSeriesReactions;
use tillroll_payments::invoice_series::InvoiceSeries;
use tillroll_payments::payment::Payment;
use tillroll_schemas::invoice_series::InvoiceSeriesEvent;
use tillroll_schemas::notification::NotificationEvent;
use tillroll_schemas::order::OrderCommand;
use tillroll_schemas::payment::PaymentEvent;
use tillroll_schemas::stock_item::{Levels, ReceiveStock, StockItemCommand, StockItemEvent};
use tillroll_schemas::{OrderId, PaymentId, catalogue};
use tillroll_testkit::{AnySite, Letter, Site, Told};
use uuid::Uuid;

/// The SKUs that there are; the number of each is that of its shelf.
pub const SKUS: [&str; 3] = ["BOWL", "MUG", "VASE"];

/// A partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    Orders,
    Carts,
    CreditNotes,
    Payments,
    Series,
    Messages,
    Shelf(usize),
}

/// Every partition.
pub const PLACES: [Place; 9] = [
    Place::Orders,
    Place::Carts,
    Place::CreditNotes,
    Place::Payments,
    Place::Series,
    Place::Messages,
    Place::Shelf(0),
    Place::Shelf(1),
    Place::Shelf(2),
];

/// What goes wrong, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The owner is killed when it has decided a record of this type, before that is stored.
    LostBefore(&'static str),
    /// The owner is killed when a record of this type is stored, before it has read it.
    LostAfter(&'static str),
    /// The owner and its reactor are killed when all is sent that such a record causes, before that is committed.
    LostAfterSending(&'static str),
    /// The first command of this type whose body has this text cannot be read by anybody.
    Unreadable(&'static str, &'static str),
    /// The shelf that is the first to be sent a command of this type is away from then on.
    Silence(&'static str),
}

pub struct Shop {
    pub orders: Site<Order, OrderReactions>,
    pub carts: Site<Cart, CartReactions>,
    pub credit_notes: Site<CreditNote, CreditNoteReactions>,
    pub payments: Site<Payment, PaymentWork>,
    pub series: Site<InvoiceSeries, InvoiceSeriesReactions>,
    pub messages: Site<Notification, MessageWork>,
    pub shelves: Vec<Site<StockItem, StockItemReactions>>,
    pub bank: Bank,
    pub post: Post,
    pub now: Timestamp,
    /// Who does nothing for now; what is sent to him waits.
    pub away: BTreeSet<Place>,
    /// What goes wrong next.
    pub fault: Option<Fault>,
    /// Whether every command by topic is stored twice.
    pub twice: bool,
    /// Every command by topic that can be read, and where it went.
    pub sent: BTreeMap<tillroll_log::CommandId, Place>,
    /// A command that cannot be read cannot be read in any copy.
    unreadable: BTreeSet<tillroll_log::CommandId>,
    requests: u128,
}

impl Shop {
    /// So many pieces of each SKU.
    pub fn new(pieces: i64) -> Self {
        let now = Timestamp::from_timestamp(1_291_191_960, 0).unwrap();
        let shelf = |index: usize| Site::new(i32::try_from(index).unwrap(), 3, now);
        let mut shop = Self {
            orders: Site::new(0, 1, now),
            carts: Site::new(0, 1, now),
            credit_notes: Site::new(0, 1, now),
            payments: Site::new(0, 1, now),
            series: Site::new(0, 1, now),
            messages: Site::new(0, 1, now),
            shelves: (0..SKUS.len()).map(shelf).collect(),
            bank: Bank::default(),
            post: Post::default(),
            now,
            away: BTreeSet::new(),
            fault: None,
            twice: false,
            sent: BTreeMap::new(),
            unreadable: BTreeSet::new(),
            requests: 0,
        };
        for shelf in 0..SKUS.len() {
            shop.tell_shelf(shelf, ReceiveStock { quantity: quantity(pieces), note: None });
        }
        shop
    }

    pub fn site(&mut self, place: Place) -> &mut dyn AnySite {
        match place {
            Place::Orders => &mut self.orders,
            Place::Carts => &mut self.carts,
            Place::CreditNotes => &mut self.credit_notes,
            Place::Payments => &mut self.payments,
            Place::Series => &mut self.series,
            Place::Messages => &mut self.messages,
            Place::Shelf(index) => &mut self.shelves[index],
        }
    }

    /// A client commands an order and repeats that until it is answered.
    pub fn tell_order(&mut self, order: OrderId, command: impl Into<OrderCommand>) -> Told {
        let (command, id) = (command.into(), self.next_request());
        for _ in 0..3 {
            let number = self.orders.request(id, &order.to_string(), &command);
            self.run();
            if let Some(told) = self.orders.told(number) {
                return told.clone();
            }
        }
        panic!("nobody answers {command:?}");
    }

    /// A client commands a stock item.
    pub fn tell_shelf(&mut self, shelf: usize, command: impl Into<StockItemCommand>) -> Told {
        let id = self.next_request();
        let number = self.shelves[shelf].request(id, SKUS[shelf], &command.into());
        while self.shelves[shelf].store() || self.shelves[shelf].read() {}
        self.shelves[shelf].told(number).cloned().unwrap()
    }

    pub fn next_request(&mut self) -> Uuid {
        self.requests += 1;
        Uuid::from_u128(self.requests)
    }

    /// Everybody who is there works until nobody has anything to do.
    pub fn run(&mut self) {
        loop {
            let mut busy = false;
            for place in PLACES {
                busy |= !self.away.contains(&place) && self.work(place);
            }
            if !busy {
                return;
            }
        }
    }

    fn work(&mut self, place: Place) -> bool {
        let mut busy = self.site(place).take();
        let mut lost = false;
        while let Some(type_name) = self.site(place).under_way() {
            busy = true;
            if self.strikes(Fault::LostBefore(known(&type_name))) {
                self.site(place).lose_owner();
                continue;
            }
            self.site(place).store();
            if self.strikes(Fault::LostAfter(known(&type_name))) {
                self.site(place).lose_owner();
            }
            lost |= self.strikes(Fault::LostAfterSending(known(&type_name)));
        }
        while self.site(place).read() {
            busy = true;
        }
        while let Some(letter) = self.site(place).send() {
            busy = true;
            self.route(letter);
        }
        if lost {
            self.site(place).lose_owner();
        }
        self.site(place).commit();
        busy
    }

    /// Whether this is what goes wrong; then it has.
    fn strikes(&mut self, fault: Fault) -> bool {
        let strikes = self.fault == Some(fault);
        if strikes {
            self.fault = None;
        }
        strikes
    }

    /// A reactor's command is stored in its target's partition.
    pub fn route(&mut self, mut letter: Letter) {
        let target = if letter.topic == catalogue::ORDER.commands {
            Place::Orders
        } else if letter.topic == catalogue::CART.commands {
            Place::Carts
        } else if letter.topic == catalogue::PAYMENT.commands {
            Place::Payments
        } else if letter.topic == catalogue::INVOICE_SERIES.commands {
            Place::Series
        } else if letter.topic == catalogue::NOTIFICATION.commands {
            Place::Messages
        } else {
            Place::Shelf(SKUS.iter().position(|sku| **sku == *letter.key).unwrap())
        };
        if letter.type_name == REPORT && !make_call(&self.bank, &mut letter) {
            return;
        }
        let told = match letter.type_name {
            MESSAGE => self.post.takes(letter),
            _ => Some(letter),
        };
        if let Some(letter) = told {
            self.deliver(letter, target);
        }
    }

    pub fn deliver(&mut self, mut letter: Letter, target: Place) {
        match self.fault {
            Some(Fault::Unreadable(type_name, text))
                if letter.type_name == type_name
                    && !self.sent.contains_key(&letter.id)
                    && String::from_utf8_lossy(&letter.value).contains(text) =>
            {
                self.unreadable.insert(letter.id);
                self.fault = None;
            }
            Some(Fault::Silence(type_name)) if letter.type_name == type_name => {
                self.away.insert(target);
                self.fault = None;
            }
            _ => {}
        }
        if self.unreadable.contains(&letter.id) {
            letter.value = b"no JSON".to_vec();
        }
        self.sent.insert(letter.id, target);
        for _ in 0..if self.twice { 2 } else { 1 } {
            self.site(target).deliver(&letter);
        }
    }

    /// The provider tells by itself how a payment stands, and again until that is taken.
    pub fn webhook(&mut self, payment: PaymentId) {
        let Some(report) = self.bank.webhook(payment) else { return };
        let id = self.next_request();
        for _ in 0..3 {
            let number = self.payments.request(id, &payment.to_string(), &report.clone().into());
            self.run();
            if self.payments.told(number).is_some() {
                return;
            }
        }
    }

    /// So many seconds pass, five at a time; whatever is due fires where somebody is there.
    pub fn pass(&mut self, seconds: u64) {
        self.pass_by(seconds, 5);
    }

    pub fn pass_by(&mut self, seconds: u64, at_a_time: u64) {
        for _ in 0..seconds / at_a_time {
            self.now += Duration::from_secs(at_a_time);
            // Once to see that the clock has to be checked against a record, once to fire.
            for _ in 0..2 {
                for place in PLACES {
                    let now = self.now;
                    self.site(place).set_clock(now);
                    if !self.away.contains(&place) {
                        self.site(place).tick();
                    }
                }
                self.run();
            }
        }
    }

    /// Faults stop: everybody is there, and longer passes than any wait takes, one for stock and then one for money.
    pub fn settle(&mut self) {
        self.away.clear();
        self.fault = None;
        self.bank.recovers();
        self.post.recovers();
        self.run();
        self.pass_by(6_000, 50);
        self.pass_by(6_000, 50);
    }

    pub fn order(&self, order: OrderId) -> &OrderState {
        self.orders.state(&order.to_string()).unwrap()
    }

    pub fn levels(&self, shelf: usize) -> Levels {
        self.shelves[shelf].state(SKUS[shelf]).unwrap().levels
    }

    /// Claims of this order, as (shelf, pieces).
    pub fn claims(&self, order: OrderId) -> Vec<(usize, i64)> {
        let claim = |shelf: usize| {
            let held = match self.shelves[shelf].state(SKUS[shelf]).unwrap().reservations.claim(order)? {
                Claim::Reserved { quantity, .. } => quantity.get(),
                Claim::Committed { left } => left,
            };
            Some((shelf, held))
        };
        (0..SKUS.len()).filter_map(claim).collect()
    }
}

/// The name of an event's type as the build has it; other records are of the log itself.
fn known(type_name: &str) -> &'static str {
    use tillroll_schemas::cart::CartEvent;
    use tillroll_schemas::credit_note::CreditNoteEvent;
    use tillroll_schemas::order::OrderEvent;
    let names = [OrderEvent::TYPE_NAMES, StockItemEvent::TYPE_NAMES, CreditNoteEvent::TYPE_NAMES];
    let money = [PaymentEvent::TYPE_NAMES, InvoiceSeriesEvent::TYPE_NAMES];
    let others = [CartEvent::TYPE_NAMES, NotificationEvent::TYPE_NAMES];
    names.into_iter().chain(money).chain(others).flatten().find(|known| **known == type_name).copied().unwrap_or("log")
}
