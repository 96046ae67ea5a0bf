//! The books of a shop that has come to rest, read from its events and held against the provider's: money and pieces are
//! where orders say, orders are at an end, and carts were bought once or are open.

use crate::bank::SENT_BACK;
use crate::law::{cancelled_for, is_over};
use crate::shop::{SKUS, Shop, sku};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tillroll_log::Aggregate;
use tillroll_orders::cart::Stage;
use tillroll_orders::order::{Life, OrderBody, OrderState};
use tillroll_payments::payment::{self, Payment};
use tillroll_schemas::OrderId;
use tillroll_schemas::cart::CartEvent;
use tillroll_schemas::invoice_series::{Document, InvoiceSeriesEvent};
use tillroll_schemas::order::{OrderEvent, Placed};
use tillroll_schemas::payment::{PaymentEvent, payment_of};
use tillroll_schemas::stock_item::StockItemEvent;

/// How many ended how, or came by something on the way.
#[derive(Debug, Default)]
pub struct Ends(BTreeMap<String, u32>);

impl Ends {
    fn one(&mut self, end: impl Into<String>) {
        *self.0.entry(end.into()).or_default() += 1;
    }

    /// A run in which one of these hardly ever comes about shows nothing.
    pub fn assert_many(&self) {
        let each = [
            "confirmed",
            "fulfilled",
            "stuck: charge_disputed",
            "cancelled: cancelled_by_customer",
            "cancelled: insufficient_stock",
            "cancelled: payment_declined",
            "cancelled: payment_expired",
            "cancelled: payment_failed",
            "cart bought",
            "cart reopened",
            "refunded in parts",
            "came back",
            "called off with its money taken",
            "called off after it was paid back",
            "stuck: lost_or_stolen_card",
            "bounced",
            "bounced when it was off",
            "bounced while another was under way",
            "paid back once more",
        ];
        let few: Vec<_> = each.into_iter().filter(|end| self.0.get(*end).is_none_or(|times| *times < 40)).collect();
        assert!(few.is_empty(), "hardly ever: {few:?} in {self:?}");
    }
}

/// What documents say that an order owes, and what was credited of it.
#[derive(Clone, Copy, Debug, Default)]
struct Papers {
    invoiced: i64,
    credited: i64,
}

/// What the events of the shop say.
struct Books {
    placed: BTreeMap<OrderId, Placed>,
    sold: BTreeSet<OrderId>,
    papers: BTreeMap<OrderId, Papers>,
    /// What is to be paid back once more.
    owed: BTreeMap<OrderId, i64>,
    /// Pieces that came back to each shelf.
    came_back: BTreeMap<String, i64>,
}

impl Books {
    fn of(shop: &Shop, ends: &mut Ends) -> Self {
        let (mut placed, mut sold, mut came_back) = (BTreeMap::new(), BTreeSet::new(), BTreeMap::new());
        let mut paid_for = BTreeMap::<OrderId, PaidFor>::new();
        for (key, event) in shop.orders.events() {
            let order: OrderId = key.parse().unwrap();
            let of_it = paid_for.entry(order).or_default();
            of_it.hears(&event);
            match event {
                OrderEvent::Placed(event) => assert!(placed.insert(order, event).is_none(), "{order} was placed twice"),
                OrderEvent::Confirmed(_) => assert!(sold.insert(order), "{order} was sold twice"),
                OrderEvent::Refunded(event) => {
                    ends.one("refunded in parts");
                    for claim in &event.reversal.restock {
                        ends.one("came back");
                        *came_back.entry(claim.sku.to_string()).or_default() += claim.quantity.get();
                    }
                }
                OrderEvent::RefundRefused(event) if event.was_off => ends.one("bounced when it was off"),
                OrderEvent::RefundRefused(event) if event.taken_back.is_some() => ends.one("bounced"),
                OrderEvent::Stuck(event) if event.owed.is_some() => ends.one("bounced while another was under way"),
                OrderEvent::Cancelled(_) if of_it.owed > 0 => {
                    ends.one("paid back once more");
                    of_it.owed = 0;
                }
                OrderEvent::Cancelled(event) if event.refunded.is_some() => ends.one("called off with its money taken"),
                OrderEvent::Cancelled(_) if of_it.back > 0 => ends.one("called off after it was paid back"),
                _ => {}
            }
        }
        let owed = paid_for.into_iter().map(|(order, of_it)| (order, of_it.owed)).collect();
        Self { placed, sold, papers: papers(shop), owed, came_back }
    }
}

/// What of an order may leave, by its events alone.
#[derive(Default)]
struct PaidFor {
    /// Pieces by SKU: ordered, and neither out nor paid back; what came back had been out.
    pieces: BTreeMap<String, i64>,
    gross: i64,
    back: i64,
    /// What was told as paid back and came back.
    owed: i64,
}

impl PaidFor {
    /// Nothing leaves that was paid back before.
    fn hears(&mut self, event: &OrderEvent) {
        match event {
            OrderEvent::Placed(event) => {
                self.gross = event.totals.gross.amount;
                for line in &event.lines {
                    *self.pieces.entry(line.sku.to_string()).or_default() += line.quantity.get();
                }
            }
            OrderEvent::Refunded(event) => {
                self.back += event.reversal.credited();
                self.owed -= event.reversal.pays_owed();
                assert!(self.owed >= 0, "more goes back than is owed, and no note credits it: {event:?}");
                for claim in event.reversal.pieces.iter().filter(|_| !event.reversal.returned) {
                    *self.pieces.entry(claim.sku.to_string()).or_default() -= claim.quantity.get();
                }
            }
            OrderEvent::FulfilmentRequested(event) => {
                assert!(self.back < self.gross, "all of it was paid back: {event:?}");
                for item in &event.items {
                    let left = self.pieces.entry(item.sku.to_string()).or_default();
                    *left -= item.quantity.get();
                    assert!(*left >= 0, "more leaves than was paid for: {event:?}");
                }
            }
            OrderEvent::RefundRefused(event) => self.owed += event.taken_back.map_or(0, |money| money.amount),
            OrderEvent::Stuck(event) => self.owed = event.owed.map_or(self.owed, |owed| owed.amount),
            _ => {}
        }
    }
}

/// Orders that were paid back whole and are neither called off nor fulfilled: what they hold is held for nobody.
pub fn keeps_for_nobody(shop: &Shop) -> Vec<OrderId> {
    let orders: BTreeSet<OrderId> = shop.orders.events().iter().map(|(key, _)| key.parse().unwrap()).collect();
    let for_nobody = |order: &OrderId| match &shop.order(*order).life {
        Life::Confirmed(sold) => sold.is_paid_back(),
        _ => false,
    };
    orders.into_iter().filter(for_nobody).collect()
}

/// Sums of documents by order. Numbers have no gaps, and no document has two.
fn papers(shop: &Shop) -> BTreeMap<OrderId, Papers> {
    let (mut papers, mut last, mut seen) = (BTreeMap::<_, Papers>::new(), BTreeMap::new(), BTreeSet::new());
    for (series, event) in shop.series.events() {
        let InvoiceSeriesEvent::DocumentIssued(issued) = event else { continue };
        let last: &mut u32 = last.entry(series).or_default();
        *last += 1;
        assert_eq!(issued.number, *last, "a gap in the numbers");
        assert!(seen.insert(issued.document.id()), "{:?} was numbered twice", issued.document);
        let papers = papers.entry(issued.document.order().unwrap()).or_default();
        match issued.document {
            Document::Invoice { .. } => papers.invoiced += issued.totals.gross.amount,
            Document::CreditNote { .. } => papers.credited += issued.totals.gross.amount,
        }
    }
    papers
}

/// Everything that must hold when nothing is under way any more.
pub fn assert_conserved(shop: &Shop, ends: &mut Ends) {
    shop.assert_lawful();
    let books = Books::of(shop, ends);
    for (order, placed) in &books.placed {
        let state = shop.order(*order);
        assert!(is_over(state), "{order} goes on for ever: {state:?}");
        assert_money_is_where_it_says(shop, &books, *order, placed, state);
        let owed = OrderBody::of(&order.to_string().as_str().into(), state).unwrap().owed;
        assert_eq!(owed.map_or(0, |owed| owed.amount), books.owed[order], "{order}: {state:?}");
        ends.one(end_of(state));
    }
    assert_eq!(keeps_for_nobody(shop), [], "paid back whole, and kept");
    assert_payments_are_over(shop);
    for shelf in 0..SKUS.len() {
        assert_pieces_are_where_they_should_be(shop, &books, shelf);
    }
    assert_carts_were_bought_once_or_are_open(shop, &books, ends);
}

fn end_of(state: &OrderState) -> String {
    match (&state.life, state.life.stuck(), cancelled_for(state)) {
        (_, Some(reason), _) => {
            assert!(!reason.detail.is_empty(), "{state:?}");
            // Who never gives back what he was told to, and whose bank sends it back, is for people. Nothing else is.
            assert!(["charge_disputed", SENT_BACK].contains(&&*reason.code), "{state:?}");
            format!("stuck: {}", reason.code)
        }
        (.., Some(code)) => {
            assert!(!code.is_empty(), "{state:?}");
            format!("cancelled: {code}")
        }
        (Life::Confirmed(_), ..) => "confirmed".to_owned(),
        (Life::Fulfilled(_), ..) => "fulfilled".to_owned(),
        (other, ..) => panic!("no end: {other:?}"),
    }
}

/// What was taken and not given back is what was invoiced and not credited, and what the order says; nothing is held.
fn assert_money_is_where_it_says(shop: &Shop, books: &Books, order: OrderId, placed: &Placed, state: &OrderState) {
    let (held, taken) = shop.bank.has(payment_of(order));
    let papers = books.papers.get(&order).copied().unwrap_or_default();
    let by_card = placed.payment.payment_id().is_some();
    assert_eq!(held, 0, "{order} is over, and its money is held: {state:?}");
    assert!(by_card || taken == 0, "{order} is on account");
    let owed = match (&state.life, state.life.stuck()) {
        // Its credit note may be there and the money not have gone back: that is what it is stuck for. Every penny that
        // is not with the customer is to go back to him.
        (Life::Compensating(ending), Some(_)) => {
            return assert_eq!(taken, ending.to_give_back(), "{order}: {state:?}");
        }
        (Life::Cancelled(..), None) => 0,
        (life, _) => {
            let sold = life.sold().unwrap_or_else(|| panic!("{order}: {life:?}"));
            assert_eq!(papers.invoiced, placed.totals.gross.amount, "{order} is not invoiced as it was sold");
            placed.totals.gross.amount - sold.refunded().amount
        }
    };
    let bounced = state.life.sold().map_or(0, |sold| sold.reversed.owed);
    assert_eq!(papers.invoiced - papers.credited, owed - bounced, "{order}: {papers:?} {state:?}");
    assert_eq!(taken, if by_card { owed } else { 0 }, "{order}: {state:?}");
}

/// What was authorised was captured or let go, all of it, and what the log says went back has.
fn assert_payments_are_over(shop: &Shop) {
    let (mut authorised, mut captured) = (BTreeMap::<Arc<str>, i64>::new(), BTreeMap::new());
    for (key, event) in shop.payments.events() {
        match event {
            PaymentEvent::Authorised(event) => _ = authorised.insert(key, event.amount.amount),
            PaymentEvent::Captured(event) => {
                assert_eq!(captured.insert(key, event.amount.amount), None, "it is captured once");
            }
            _ => {}
        }
    }
    let known = shop.payments.events().into_iter().map(|(key, _)| key);
    let at_the_bank = shop.bank.payments().into_iter().map(|payment| Arc::from(payment.to_string()));
    for key in known.chain(at_the_bank).collect::<BTreeSet<Arc<str>>>() {
        let state = shop.payments.state(&key).unwrap_or_else(|| panic!("only the bank knows {key}"));
        let has = shop.bank.has(key.parse().unwrap());
        assert!(Payment::settled(state) && Payment::deadline(state).is_none(), "{key}: {state:?}");
        match &state.life {
            payment::Life::Captured(taken) => {
                assert_eq!(authorised.get(&key), captured.get(&key), "all that was held was taken: {state:?}");
                assert_eq!(has, (0, taken.captured.amount - taken.refunded().amount), "{key}: {state:?}");
            }
            payment::Life::Declined(..) | payment::Life::Voided(_) => {
                assert_eq!(captured.get(&key), None, "{key}: {state:?}");
                assert_eq!(has, (0, 0), "{key}: {state:?}");
            }
            other => panic!("{key} is not over: {other:?}"),
        }
    }
}

/// What is on hand is what there was and came, without what has left; what is held is held by orders that say so.
fn assert_pieces_are_where_they_should_be(shop: &Shop, books: &Books, shelf: usize) {
    let sku = sku(shelf);
    let (mut held, mut left) = (0, 0);
    for (order, placed) in &books.placed {
        let ordered = placed.claims.iter().find(|claim| claim.sku == sku).map_or(0, |claim| claim.quantity.get());
        let life = &shop.order(*order).life;
        let (owed, out) = match life.sold() {
            Some(sold) => {
                let left = sold.left.get(&sku).copied().unwrap_or(0);
                // What did not leave of an order that is fulfilled was paid back.
                let is_fulfilled = matches!(life, Life::Fulfilled(_));
                (if is_fulfilled { 0 } else { left }, ordered - left)
            }
            None => (0, 0),
        };
        let claimed = shop.claims(*order).iter().find(|(of, _)| *of == shelf).map_or(0, |(_, claimed)| *claimed);
        assert_eq!(claimed, owed, "{order} has pieces of {sku} that it does not say: {life:?}");
        (held, left) = (held + owed, left + out);
    }
    let by_staff = shop.shelves[shelf].events().into_iter().map(|(_, event)| match event {
        StockItemEvent::Received(e) if e.note.is_none() => e.quantity.get(),
        StockItemEvent::WrittenOff(e) => -e.quantity.get(),
        _ => 0,
    });
    let came_back = books.came_back.get(sku.as_str()).copied().unwrap_or(0);
    let levels = shop.levels(shelf);
    assert_eq!(levels.on_hand, by_staff.sum::<i64>() - left + came_back, "{sku}: {levels:?}");
    assert_eq!(levels.on_hand, shop.counted(shelf), "pieces came from nowhere or went there");
    assert_eq!((levels.reserved, levels.committed), (0, held), "{sku} is held for nobody");
}

/// Each checkout has one order, with what lay in the cart; the cart was emptied if that was sold, and open again if not.
fn assert_carts_were_bought_once_or_are_open(shop: &Shop, books: &Books, ends: &mut Ends) {
    let (mut under_way, mut made) = (BTreeMap::<Arc<str>, OrderId>::new(), BTreeSet::new());
    for (user, event) in shop.carts.events() {
        match event {
            CartEvent::CheckedOut(event) => {
                let order = event.order_id;
                assert!(made.insert(order), "two checkouts made {order}");
                assert_eq!(under_way.insert(user.clone(), order), None, "{user} checked out twice");
                let placed = books.placed.get(&order).unwrap_or_else(|| panic!("{order} was never placed"));
                assert_eq!(placed.user_id.map(|user| user.to_string()).as_deref(), Some(&*user));
                let pieces = |lines: &[tillroll_schemas::order::Line]| -> Vec<_> {
                    lines.iter().map(|line| (line.sku.clone(), line.quantity)).collect()
                };
                assert!(placed.from_cart && pieces(&placed.lines) == pieces(&event.order.lines), "{placed:?}");
            }
            CartEvent::Bought(event) => {
                ends.one("cart bought");
                assert_eq!(under_way.remove(&user), Some(event.order_id));
                assert!(books.sold.contains(&event.order_id), "bought and not sold: {}", event.order_id);
            }
            CartEvent::Reopened(event) => {
                ends.one("cart reopened");
                assert_eq!(under_way.remove(&user), Some(event.order_id));
                assert!(!books.sold.contains(&event.order_id), "open again and sold: {}", event.order_id);
                assert!(cancelled_for(shop.order(event.order_id)).is_some(), "{}", event.order_id);
            }
            CartEvent::ItemPut(_) | CartEvent::ItemRemoved(_) | CartEvent::Cleared(_) => {
                assert!(!under_way.contains_key(&user), "what is being bought was changed: {user}");
            }
        }
    }
    let users: BTreeSet<Arc<str>> = shop.carts.events().into_iter().map(|(user, _)| user).collect();
    for user in users {
        match &shop.carts.state(&user).unwrap().stage {
            Stage::Open(_) => assert_eq!(under_way.get(&user), None),
            Stage::CheckedOut(_, order) => {
                assert_eq!(under_way.get(&user), Some(order));
                assert!(shop.order(*order).life.stuck().is_some(), "{user} has no cart, for no reason");
            }
        }
    }
    let from_carts = books.placed.iter().filter(|(_, placed)| placed.from_cart).map(|(order, _)| *order);
    assert_eq!(from_carts.collect::<BTreeSet<_>>(), made, "orders of carts that nobody checked out");
}
