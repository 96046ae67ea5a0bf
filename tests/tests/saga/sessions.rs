//! Random shopping sessions, many at once over few pieces: what customers, partitions, webhooks, clocks and the payment
//! provider do next is drawn, one record or one request at a time, and so is what goes wrong with it. TILLROLL_SEED
//! repeats a run; it is printed.

use crate::audit::{Ends, assert_conserved, keeps_for_nobody};
use crate::bank::{Kind, Trouble};
use crate::bank_calls::{REPORT, make_call};
use crate::customers::{Asked, Request, Session};
use crate::dice::Dice;
use crate::ledger::Notice;
use crate::shop::{PLACES, Place, SKUS, Shop, quantity};
use e2e::seed;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use tillroll_log::Saga;
use tillroll_orders::order::{Life, Order};
use tillroll_payments::payment::PaymentState;
use tillroll_schemas::order::{CancelOrder, CompleteStep, RequestRefund, RetryStep, Returning, Undo};
use tillroll_schemas::payment::{RetryCall, payment_of};
use tillroll_schemas::stock_item::{ReceiveStock, WriteOffStock};
use tillroll_schemas::{Currency, Money, OrderId, PaymentId, RefundId};
use tillroll_testkit::Told;
use uuid::Uuid;

/// In all, and in one shop, where they share stock and troubles.
const SESSIONS: u128 = 10_000;
const IN_A_SHOP: u128 = 50;
/// So many at once.
const AT_ONCE: usize = 12;
/// Fewer of each than are asked for.
const PIECES: i64 = 20;
/// Owners that are lost in one shop: each folds its whole log again.
const LOSSES: u32 = 8;

/// A shop with all who are in it.
struct Crowd {
    shop: Shop,
    dice: Dice,
    sessions: Vec<Session>,
    /// Requests that may not have been answered.
    asked: Vec<Asked>,
    orders: BTreeSet<OrderId>,
    losses: u32,
    requests: u128,
}

impl Crowd {
    fn new(seed: u64) -> Self {
        let (shop, dice) = (Shop::new(PIECES), Dice(seed));
        let (sessions, asked, orders) = (Vec::new(), Vec::new(), BTreeSet::new());
        Self { shop, dice, sessions, asked, orders, losses: 0, requests: 0 }
    }

    /// Everybody's session, however they come between each other.
    fn shops(&mut self) {
        let mut coming = 0..IN_A_SHOP;
        loop {
            while self.sessions.len() < AT_ONCE
                && let Some(number) = coming.next()
            {
                self.sessions.push(Session::new(number + 1, &mut self.dice));
            }
            if self.sessions.is_empty() {
                return;
            }
            self.happens();
        }
    }

    /// What comes next.
    fn happens(&mut self) {
        match self.dice.of(203) {
            0..50 => self.somebody_acts(),
            50..165 => self.somebody_works(),
            165..175 => self.a_webhook_comes(),
            175..180 => self.time_passes(),
            180..186 => self.somebody_asks_again(),
            186..189 => drop(self.shop.bank.does_late(self.dice.of(8))),
            189..193 => self.what_was_held_back_is_told(None),
            193 => self.the_provider_fails(),
            194 => self.shop.bank.recovers(),
            195 => drop(self.shop.away.insert(self.dice.pick(&PLACES))),
            196 => self.shop.away.clear(),
            197 => self.an_owner_is_lost(),
            198 => self.staff_count(),
            199 => drop(self.shop.bank.sends_back(None, self.dice.of(64))),
            200 | 201 => self.an_operator_sees_to_it(),
            _ => self.shop.twice = self.dice.one_in(4),
        }
    }

    fn somebody_acts(&mut self) {
        let mut session = self.sessions.swap_remove(self.dice.of(self.sessions.len()));
        let asked = session.step(&mut self.shop, &mut self.dice);
        self.asked.extend(asked);
        self.orders.extend(session.order());
        if !session.is_over() {
            self.sessions.push(session);
        }
    }

    /// A partition gets on by a few records in each of its moves.
    fn somebody_works(&mut self) {
        let place = self.dice.pick(&PLACES);
        if self.shop.away.contains(&place) {
            return;
        }
        let (dice, site) = (&mut self.dice, self.shop.site(place));
        if dice.one_in(4) {
            site.tick();
        }
        for _ in 0..dice.of(8) {
            site.take();
        }
        for _ in 0..dice.of(8) {
            site.store();
        }
        for _ in 0..dice.of(8) {
            site.read();
        }
        for _ in 0..self.dice.of(8) {
            self.sends(place);
        }
        if self.dice.one_in(2) {
            self.shop.site(place).commit();
        }
    }

    fn sends(&mut self, place: Place) {
        let Some(mut letter) = self.shop.site(place).send() else { return };
        if letter.type_name != REPORT {
            return self.shop.route(letter);
        }
        // What one payment asks of its provider is done one after the other.
        self.what_was_held_back_is_told(Some(&letter.key));
        if !make_call(&self.shop.bank, &mut letter) {
            return;
        }
        if self.dice.one_in(4) { self.shop.payments.hold_back(letter) } else { self.shop.deliver(letter, place) }
    }

    /// What came of a call is told late.
    fn what_was_held_back_is_told(&mut self, payment: Option<&str>) {
        if let Some(letter) = self.shop.payments.send_held(payment) {
            self.shop.deliver(letter, Place::Payments);
        }
    }

    /// Out of turn, sometimes twice, sometimes never.
    fn a_webhook_comes(&mut self) {
        let Some(notice) = self.shop.bank.takes_notice(self.dice.of(16)) else { return };
        if self.dice.one_in(6) && !notice.is_of_refusal() {
            return;
        }
        if self.dice.one_in(5) {
            self.shop.bank.gives_notice(notice.clone());
        }
        let asked = told_by_the_provider(&mut self.shop, notice);
        self.asked.push(asked);
    }

    fn time_passes(&mut self) {
        let most = self.dice.pick(&[2, 10, 10, 10, 60, 60, 300, 1_200]);
        self.shop.now += Duration::from_secs(self.dice.some(most).unsigned_abs());
        let now = self.shop.now;
        PLACES.into_iter().for_each(|place| self.shop.site(place).set_clock(now));
    }

    fn somebody_asks_again(&mut self) {
        if self.asked.is_empty() {
            return;
        }
        let nth = self.dice.of(self.asked.len());
        // Whoever was answered asks again, too, now and then.
        if !self.asked[nth].is_answered(&self.shop) || self.dice.one_in(8) {
            self.asked[nth].again(&mut self.shop);
        } else {
            self.asked.swap_remove(nth);
        }
    }

    fn the_provider_fails(&mut self) {
        let kind = self.dice.pick(&[Kind::Create, Kind::Confirm, Kind::Capture, Kind::Void, Kind::Refund, Kind::Look]);
        let trouble = self.dice.pick(&[Trouble::Lost, Trouble::Cut, Trouble::Late, Trouble::Fault]);
        self.shop.bank.fails(kind, trouble, u32::try_from(self.dice.some(6)).unwrap());
    }

    fn an_owner_is_lost(&mut self) {
        if self.losses < LOSSES {
            self.losses += 1;
            let place = self.dice.pick(&PLACES);
            self.shop.site(place).lose_owner();
        }
    }

    /// Pieces come in, or are found to be broken.
    fn staff_count(&mut self) {
        let (shelf, pieces) = (self.dice.of(SKUS.len()), quantity(self.dice.some(4)));
        self.requests += 1;
        let id = Uuid::from_u128(self.requests << 64);
        let command = match self.dice.of(2) {
            0 => ReceiveStock { quantity: pieces, note: None }.into(),
            _ => WriteOffStock { quantity: pieces, note: None }.into(),
        };
        self.asked.push(Asked::new(&mut self.shop, id, Request::Shelf(shelf, command)));
    }

    /// Of an order that is off and waits for its payment alone: what was refused or came back is asked for once more.
    /// What was to be let go and nobody answers he takes for done, whatever becomes of it.
    fn an_operator_sees_to_it(&mut self) {
        let stuck: Vec<_> =
            self.orders.iter().filter_map(|order| Some((*order, waits_for_money(&self.shop, *order)?))).collect();
        if stuck.is_empty() {
            return;
        }
        let (order, undo) = self.dice.pick(&stuck);
        let command = match undo {
            Undo::Void { .. } => CompleteStep { reason: "seen to".to_owned() }.into(),
            Undo::Refund { .. } => RetryStep { reason: None }.into(),
        };
        self.requests += 1;
        let id = Uuid::from_u128(self.requests << 64);
        self.asked.push(Asked::new(&mut self.shop, id, Request::Order(order, command)));
    }

    /// Some that were paid by card, and of which nothing has left.
    fn staff_pay_back_in_parts(&mut self) {
        for order in self.orders.clone() {
            let Some(state) = self.shop.orders.state(&order.to_string()) else { continue };
            let Life::Confirmed(sold) = &state.life else { continue };
            let rest = sold.order.totals.gross.amount - sold.refunded().amount;
            if sold.order.payment.payment_id().is_none() || !sold.delivered.is_empty() || !self.dice.one_in(2) {
                continue;
            }
            for (name, amount) in [("a part", 1), ("the rest", rest - 1)] {
                let refund_id = RefundId(Uuid::new_v5(&order.0, name.as_bytes()));
                let what = Returning::Amount(Money { amount, currency: Currency::GBP });
                self.shop.tell_order(order, RequestRefund { refund_id, what, reason: name.to_owned() });
            }
        }
    }

    /// Of what is off and was paid back, one refund comes back; and one while that goes back once more, or later.
    fn banks_send_back(&mut self) {
        let paid_back = |life: &Life| matches!(life, Life::Cancelled(_, _, refunds) if !refunds.is_empty());
        for order in self.orders.clone() {
            let state = self.shop.orders.state(&order.to_string());
            if !state.is_some_and(|state| paid_back(&state.life)) || self.dice.one_in(4) {
                continue;
            }
            let payment = payment_of(order);
            self.sends_back(payment);
            let trouble = self.dice.pick(&[Trouble::Lost, Trouble::Cut, Trouble::Late, Trouble::Fault]);
            self.shop.bank.fails(Kind::Refund, trouble, 1);
            self.shop.tell_order(order, RetryStep { reason: None });
            self.sends_back(payment);
            self.shop.bank.recovers();
        }
        self.shop.settle();
        for order in self.orders.clone() {
            if waits_for_money(&self.shop, order).is_some() && self.dice.one_in(2) {
                self.shop.tell_order(order, RetryStep { reason: None });
            }
        }
        self.shop.settle();
    }

    fn sends_back(&mut self, payment: PaymentId) {
        self.shop.bank.sends_back(Some(payment), self.dice.of(8));
        while let Some(notice) = self.shop.bank.takes_notice(0) {
            told_by_the_provider(&mut self.shop, notice);
        }
        self.shop.run();
    }

    /// Troubles end, everybody is answered, and all that takes its time has it. What the provider tells then is old.
    fn comes_to_rest(&mut self) {
        while let Some(letter) = self.shop.payments.send_held(None) {
            self.shop.deliver(letter, Place::Payments);
        }
        self.shop.settle();
        for mut asked in std::mem::take(&mut self.asked) {
            if !asked.is_answered(&self.shop) {
                asked.again(&mut self.shop);
            }
        }
        while let Some(notice) = self.shop.bank.takes_notice(self.dice.of(1_000)) {
            told_by_the_provider(&mut self.shop, notice);
        }
        self.shop.settle();
        self.operators_try_again();
        self.staff_pay_back_in_parts();
        self.what_was_paid_back_whole_is_called_off();
        self.banks_send_back();
    }

    /// What has not left of it is nobody's any more.
    fn what_was_paid_back_whole_is_called_off(&mut self) {
        for order in keeps_for_nobody(&self.shop) {
            assert_eq!(self.shop.tell_order(order, CancelOrder { by: None, reason: None }), Told::Applied);
        }
        self.shop.settle();
    }

    /// A payment whose provider was away for longer than it tries is stuck with that reason, and with it its order.
    fn operators_try_again(&mut self) {
        let stuck = |state: &PaymentState| state.life.waits().any(|(_, wait)| wait.stuck().is_some());
        let payments = self.shop.bank.payments().into_iter();
        let stuck: Vec<_> =
            payments.filter(|payment| self.shop.payments.state(&payment.to_string()).is_some_and(stuck)).collect();
        for payment in &stuck {
            let id = self.shop.next_request();
            self.shop.payments.request(id, &payment.to_string(), &RetryCall { reason: None }.into());
        }
        if !stuck.is_empty() {
            self.shop.settle();
        }
    }
}

/// How its money is to be undone, if it is stuck for its payment and nothing else.
fn waits_for_money(shop: &Shop, order: OrderId) -> Option<Undo> {
    let state = shop.orders.state(&order.to_string())?;
    let Life::Compensating(ending) = &state.life else { return None };
    let saga = Order::saga(state).filter(|saga| saga.stuck.is_some() && saga.waits_for == ["payment"]);
    saga.and(ending.undo)
}

/// The same of the provider's events is the same command.
fn told_by_the_provider(shop: &mut Shop, notice: Notice) -> Asked {
    let id = Uuid::from_u128(u128::from(notice.nth) << 96 | 1);
    Asked::new(shop, id, Request::Payment(notice.payment, notice.report.into()))
}

#[test]
fn ten_thousand_sessions_conserve_money_and_stock_whatever_the_provider_does() {
    let (mut seeds, began, mut ends) = (Dice(seed()), Instant::now(), Ends::default());
    for _ in 0..SESSIONS / IN_A_SHOP {
        let mut crowd = Crowd::new(seeds.next());
        crowd.shops();
        crowd.comes_to_rest();
        assert_conserved(&crowd.shop, &mut ends);
    }
    eprintln!("{ends:?} in {} s", began.elapsed().as_secs());
    ends.assert_many();
}
