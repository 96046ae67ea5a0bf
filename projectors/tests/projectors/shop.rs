//! A shop in which anything happens: numbers in, events of every kind out, each aggregate's versions without gaps.

use crate::roll::Roll;
use std::collections::BTreeMap;
use tillroll_log::{Body, Timestamp};
use tillroll_schemas::catalogue::{CREDIT_NOTE, ORDER, PRODUCT, STOCK_ITEM};
use tillroll_schemas::credit_note::{CreditNoteEvent, Issued};
use tillroll_schemas::invoice_series::{Document, Series};
use tillroll_schemas::order::{
    Cancelled, CompensationStarted, Confirmed, Customer, Fulfilled, Invoiced, Line, OrderEvent, Paper,
    PaymentActionRequired, PaymentAuthorised, PaymentCaptured, PaymentTerms, Placed, Reason, RefundRefused, Refunded,
    Reversal, Sale, SaleLine, Step as Waits, StepOverdue, StockClaim, StockCommitted, StockReserved, Stuck, Totals,
};
use tillroll_schemas::product::{Added, Archived, Details, ProductEvent, Revised};
use tillroll_schemas::stock_item::{Adjusted, Levels, StockItemEvent};
use tillroll_schemas::{Currency, FulfilmentId, Money, OrderId, PaymentId, Quantity, RefundId, Sku, TaxRate};
use uuid::Uuid;

/// What happens next: to whom, what, and two numbers to make up the rest from.
pub type Step = (u8, u8, u16, u16);

/// Writes a shop's events into a log.
pub struct Shop {
    roll: Roll,
    versions: BTreeMap<(&'static str, String), u64>,
    sales: BTreeMap<u16, Sale>,
    /// What everything sold and credited comes to.
    pub gross: i128,
    pub credits: i128,
    pub pieces: i128,
    pub orders: i64,
    pub credit_notes: i64,
}

impl Shop {
    pub fn new(roll: &Roll) -> Self {
        let (roll, versions, sales) = (roll.clone(), BTreeMap::new(), BTreeMap::new());
        Self { roll, versions, sales, gross: 0, credits: 0, pieces: 0, orders: 0, credit_notes: 0 }
    }

    pub fn step(&mut self, (kind, who, one, two): Step) {
        match kind % 8 {
            0 => self.product(who, one, two),
            1 => self.stock(who, one, two),
            2 => self.credit_note(who, one, two),
            3 => self
                .roll
                .append_mark([PRODUCT, STOCK_ITEM, ORDER, CREDIT_NOTE][usize::from(one % 4)].events, &name(who)),
            _ => self.order(u16::from(who) % 5, one, two),
        }
    }

    fn append(&mut self, topic: &'static str, key: &str, event: &impl Body) {
        let version = self.versions.entry((topic, key.to_owned())).or_default();
        *version += 1;
        self.roll.append(topic, key, *version, event);
    }

    fn product(&mut self, who: u8, one: u16, two: u16) {
        let details = Details {
            name: format!("thing {one} \"with\" {{braces, {two}}} Ünïcode"),
            description: "d".repeat(usize::from(one % 5)),
            category: category(two).map(str::to_owned),
            price: money(i64::from(one)),
            tax_rate: TaxRate::try_from(u32::from(two % 10_000)).unwrap(),
            tracked: !two.is_multiple_of(5),
        };
        let event: ProductEvent = match one % 3 {
            0 => Added { details, initial_stock: None }.into(),
            1 => Revised { details }.into(),
            _ => Archived { details }.into(),
        };
        self.append(PRODUCT.events, &name(who), &event);
    }

    fn stock(&mut self, who: u8, one: u16, two: u16) {
        let levels = Levels { on_hand: i64::from(one), reserved: i64::from(two % 7), committed: i64::from(two % 3) };
        let event = StockItemEvent::from(Adjusted { delta: 1, note: None, levels });
        self.append(STOCK_ITEM.events, &name(who), &event);
    }

    fn credit_note(&mut self, who: u8, one: u16, two: u16) {
        let lines = lines(one, two);
        let total = lines.iter().map(|line| line.line_total.amount).sum();
        self.credits += i128::from(total);
        self.credit_notes += 1;
        let issued = Issued {
            reference: format!("C{one}"),
            customer: customer(two),
            country: country(one),
            placed_at: day(two),
            lines,
            total: money(total),
            restock: false,
            reason: "returned".to_owned(),
        };
        let id = Uuid::from_u128(u128::from(who) << 32 | u128::from(one)).to_string();
        self.append(CREDIT_NOTE.events, &id, &CreditNoteEvent::from(issued));
    }

    fn order(&mut self, who: u16, one: u16, two: u16) {
        let id = Uuid::from_u128(u128::from(who)).to_string();
        let event = match self.sales.get(&who).cloned() {
            None => self.place(who, one, two),
            Some(sale) => self.carry_on(sale, one, two),
        };
        self.append(ORDER.events, &id, &event);
    }

    fn place(&mut self, who: u16, one: u16, two: u16) -> OrderEvent {
        let lines = lines(one, two);
        let net = money(lines.iter().map(|line| line.line_total.amount).sum());
        let sale_line = |line: &Line| SaleLine {
            sku: line.sku.clone(),
            category: line.category.clone(),
            quantity: line.quantity,
            amount: line.line_total,
        };
        let (country, customer) = (country(one), customer(two));
        let sale = Sale { dated: day(one), country, customer, lines: lines.iter().map(sale_line).collect() };
        self.sales.insert(who, sale.clone());
        let placed = Placed {
            reference: (one.is_multiple_of(2)).then(|| one.to_string()),
            customer: sale.customer,
            country: sale.country,
            user_id: None,
            from_cart: false,
            payment: match two % 3 {
                0 => PaymentTerms::OnAccount,
                _ => PaymentTerms::Card { payment_id: PaymentId(Uuid::from_u128(u128::from(who))), token: "pm".into() },
            },
            placed_at: sale.dated,
            totals: Totals { net, tax: money(0), gross: net },
            lines,
            claims: Vec::new(),
            reservations_expire_at: day(two),
            answer_by: day(two),
            shipping_address: None,
            buyer: None,
        };
        placed.into()
    }

    /// Any event at all: the projections do not check the saga's order, the aggregate does.
    fn carry_on(&mut self, sale: Sale, one: u16, two: u16) -> OrderEvent {
        let reason = Reason { code: "insufficient_stock".to_owned(), detail: format!("of {two}") };
        let (answers, answer_by) = (Vec::new(), day(two));
        let amount: i64 = sale.lines.iter().map(|line| line.amount.amount).sum();
        match one % 14 {
            8 => PaymentActionRequired { told: None, action_by: day(two), answer_by }.into(),
            9 => PaymentAuthorised { claims: Vec::new(), answer_by }.into(),
            10 => PaymentCaptured { amount: money(amount), invoice: paper(day(two)), answer_by }.into(),
            11 => {
                let credit = Sale { dated: day(two), ..sale };
                self.credits += i128::from(amount);
                let (reversal, credit_note) = (reversal(two), paper(day(two)));
                let (complete, releases) = (two.is_multiple_of(2), Vec::new());
                Refunded { told: None, reversal, credit, credit_note, answer_by, complete, releases }.into()
            }
            12 => {
                let (refund_id, code) = (RefundId(Uuid::from_u128(u128::from(two))), "failed".to_owned());
                let taken_back = Some(money(i64::from(two)));
                RefundRefused { refund_id, code, taken_back, was_off: two.is_multiple_of(2) }.into()
            }
            13 => {
                let series = Series::of(day(two));
                let document = Document::Invoice { order_id: OrderId(Uuid::from_u128(u128::from(one))) };
                Invoiced { document, series, number: u32::from(two), told: None }.into()
            }
            0 => StockReserved { answers, claims: Vec::new(), answer_by }.into(),
            1 => StockCommitted { answers }.into(),
            2 => StepOverdue { step: Waits::Reserve, attempt: 1, answer_by }.into(),
            3 => Stuck { step: Waits::Fulfil, reason, answers, payment_answer: None, invoice_answer: None, owed: None }
                .into(),
            4 => CompensationStarted {
                reason,
                answers,
                releases: Vec::new(),
                payment_answer: None,
                undo: None,
                credit_note: None,
                answer_by,
            }
            .into(),
            5 => {
                let credit = two.is_multiple_of(2).then(|| Sale { dated: day(two), ..sale });
                self.credits += credit.as_ref().map_or(0, |_| i128::from(amount));
                Cancelled {
                    told: None,
                    reason,
                    answers,
                    credit,
                    payment_answer: None,
                    invoice_answer: None,
                    refunded: None,
                    cart: None,
                }
                .into()
            }
            6 => {
                let quantity = Quantity::new(i64::from(two) + 1).unwrap();
                let items = vec![StockClaim { sku: sku(two % 2), quantity }];
                let fulfilment_id = FulfilmentId(Uuid::from_u128(u128::from(two)));
                let (complete, releases) = (two.is_multiple_of(2), Vec::new());
                Fulfilled { told: None, fulfilment_id, items, answers, complete, releases }.into()
            }
            _ => {
                self.gross += i128::from(amount);
                self.pieces += sale.lines.iter().map(|line| i128::from(line.quantity.get())).sum::<i128>();
                self.orders += 1;
                Confirmed { told: None, sale, capture: None, invoice: None, cart: None, answer_by: None }.into()
            }
        }
    }
}

fn paper(dated: Timestamp) -> Paper {
    Paper { dated, user_id: None, customer: None, country: None, buyer: None, lines: Vec::new() }
}

fn reversal(two: u16) -> Reversal {
    Reversal {
        refund_id: RefundId(Uuid::from_u128(u128::from(two))),
        amount: money(i64::from(two)),
        lines: Vec::new(),
        pieces: Vec::new(),
        returned: false,
        restock: Vec::new(),
        reason: "late".to_owned(),
    }
}

fn name(who: u8) -> String {
    sku(u16::from(who)).to_string()
}

fn sku(number: u16) -> Sku {
    Sku::parse(&format!("SKU-{}", number % 6)).unwrap()
}

fn money(amount: i64) -> Money {
    Money { amount, currency: Currency::GBP }
}

fn category(number: u16) -> Option<&'static str> {
    [None, Some("Lamps"), Some("Cups, and saucers")][usize::from(number % 3)]
}

fn country(number: u16) -> Option<String> {
    [None, Some("France"), Some("United Kingdom")][usize::from(number % 3)].map(str::to_owned)
}

fn customer(number: u16) -> Option<Customer> {
    (!number.is_multiple_of(3)).then(|| Customer { reference: (number % 7).to_string() })
}

/// A day around the turn of a year and of a week, at any hour.
fn day(number: u16) -> Timestamp {
    let begin: Timestamp = "2010-12-28T00:00:00Z".parse().unwrap();
    begin + chrono::TimeDelta::minutes(i64::from(number % 14_400))
}

fn lines(one: u16, two: u16) -> Vec<Line> {
    let line = |number: u16| Line {
        sku: sku(two / number),
        name: format!("thing {number}"),
        category: category(two / number).map(str::to_owned),
        quantity: Quantity::new(i64::from(number)).unwrap(),
        unit_price: money(i64::from(one % 1_000)),
        line_total: money(i64::from(number) * i64::from(one % 1_000)),
        tax_rate: TaxRate::default(),
        tracked: true,
        product_version: 1,
    };
    (1..=1 + one % 4).map(line).collect()
}
