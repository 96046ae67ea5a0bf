//! What customers do, and staff for them: carts that are filled, bought, bought twice and bought again after a refusal,
//! orders placed at once, called off at any step, delivered and given back in parts. Nobody waits for anybody unless he
//! wants to.

use crate::bank;
use crate::dice::Dice;
use crate::shop::{SKUS, Shop, line, order_id, place, place_by, postage, quantity, sku};
use tillroll_log::Aggregate;
use tillroll_orders::cart::{CartState, Items, Stage, order_of};
use tillroll_orders::order::{Life, Order};
use tillroll_schemas::cart::{CartCommand, CheckOut, ClearCart, PutItem, RemoveItem};
use tillroll_schemas::order::{
    CancelOrder, Line, OrderCommand, PaymentTerms, PlaceOrder, RequestFulfilment, RequestRefund, Returning, StockClaim,
};
use tillroll_schemas::payment::{PaymentCommand, payment_of};
use tillroll_schemas::stock_item::StockItemCommand;
use tillroll_schemas::{Currency, FulfilmentId, Money, OrderId, PaymentId, RefundId, Sku, UserId};
use uuid::Uuid;

/// Few, so that some buy in two windows at once.
const CUSTOMERS: usize = 7;
/// So often he looks whether his order has got on before he loses patience.
const PATIENCE: u32 = 60;

const CARDS: [&str; 9] = [
    bank::GOOD,
    bank::GOOD,
    bank::GOOD,
    bank::GOOD,
    bank::DECLINED,
    bank::WANTS_ACTION,
    bank::WANTS_ACTION,
    bank::CANNOT_BE_CAPTURED,
    bank::CANNOT_BE_REFUNDED,
];

/// Who is asked what.
#[derive(Clone, Debug)]
pub enum Request {
    Order(OrderId, OrderCommand),
    Cart(UserId, CartCommand),
    Payment(PaymentId, PaymentCommand),
    Shelf(usize, StockItemCommand),
}

/// A request and its key, asked again until it is answered.
#[derive(Clone, Debug)]
pub struct Asked {
    id: Uuid,
    what: Request,
    number: usize,
}

impl Asked {
    pub fn new(shop: &mut Shop, id: Uuid, what: Request) -> Self {
        let mut asked = Self { id, what, number: 0 };
        asked.again(shop);
        asked
    }

    /// The same once more.
    pub fn again(&mut self, shop: &mut Shop) {
        self.number = match &self.what {
            Request::Order(order, command) => shop.orders.request(self.id, &order.to_string(), command),
            Request::Cart(user, command) => shop.carts.request(self.id, &user.to_string(), command),
            Request::Payment(payment, command) => shop.payments.request(self.id, &payment.to_string(), command),
            Request::Shelf(shelf, command) => shop.shelves[*shelf].request(self.id, SKUS[*shelf], command),
        };
    }

    pub fn is_answered(&self, shop: &Shop) -> bool {
        let told = match &self.what {
            Request::Order(..) => shop.orders.told(self.number),
            Request::Cart(..) => shop.carts.told(self.number),
            Request::Payment(..) => shop.payments.told(self.number),
            Request::Shelf(shelf, _) => shop.shelves[*shelf].told(self.number),
        };
        told.is_some()
    }
}

/// One customer's session.
pub struct Session {
    number: u128,
    customer: UserId,
    by_cart: bool,
    /// What his cart becomes if nothing comes between.
    hopes_for: Option<OrderId>,
    order: Option<OrderId>,
    steps: usize,
    asked: u128,
    /// How often he will still look before he acts again.
    patience: u32,
}

impl Session {
    pub fn new(number: u128, dice: &mut Dice) -> Self {
        let customer = UserId(Uuid::from_u128(900 + dice.of(CUSTOMERS) as u128));
        let (by_cart, steps) = (!dice.one_in(3), 3 + dice.of(14));
        Self { number, customer, by_cart, hopes_for: None, order: None, steps, asked: 0, patience: 0 }
    }

    pub fn is_over(&self) -> bool {
        self.steps == 0
    }

    /// His order, once he has one in mind.
    pub fn order(&self) -> Option<OrderId> {
        self.order
    }

    /// What he does next: his requests.
    pub fn step(&mut self, shop: &mut Shop, dice: &mut Dice) -> Vec<Asked> {
        let unsettled =
            |order: OrderId| shop.orders.state(&order.to_string()).is_none_or(|state| !Order::settled(state));
        if self.patience > 0 && self.order.is_some_and(unsettled) {
            self.patience -= 1;
            return Vec::new();
        }
        self.patience = if dice.one_in(2) { PATIENCE } else { 0 };
        self.steps -= 1;
        match self.order {
            Some(order) => self.does(shop, dice, order),
            None if self.by_cart => self.fills_his_cart(shop, dice),
            None => self.orders(shop, dice),
        }
    }

    fn next_id(&mut self) -> Uuid {
        self.asked += 1;
        Uuid::from_u128(self.number << 16 | self.asked)
    }

    fn asks(&mut self, shop: &mut Shop, what: Request) -> Vec<Asked> {
        let id = self.next_id();
        vec![Asked::new(shop, id, what)]
    }

    fn orders(&mut self, shop: &mut Shop, dice: &mut Dice) -> Vec<Asked> {
        let order = order_id(self.number);
        let lines = (0..1 + dice.of(3)).map(|_| line(dice.of(SKUS.len()), dice.some(3))).chain([postage()]).collect();
        let order_placed = if dice.one_in(4) { place(lines) } else { place_by(dice.pick(&CARDS), order, lines) };
        let placed = PlaceOrder { user_id: Some(self.customer).filter(|_| dice.one_in(4)), ..order_placed };
        self.order = Some(order);
        self.asks(shop, Request::Order(order, placed.into()))
    }

    fn fills_his_cart(&mut self, shop: &mut Shop, dice: &mut Dice) -> Vec<Asked> {
        let cart = shop.carts.state(&self.customer.to_string()).cloned().unwrap_or_default();
        let hopes_for = self.hopes_for.filter(|order| shop.orders.state(&order.to_string()).is_some());
        match &cart.stage {
            _ if hopes_for.is_some() => {
                self.order = hopes_for;
                Vec::new()
            }
            // What he changes now he is refused.
            Stage::CheckedOut(..) if dice.one_in(4) => self.changes_his_cart(shop, dice),
            Stage::CheckedOut(_, order) => {
                self.order = Some(*order);
                Vec::new()
            }
            Stage::Open(items) if items.is_empty() || dice.one_in(3) => self.changes_his_cart(shop, dice),
            Stage::Open(items) => {
                let items = items.clone();
                self.checks_out(shop, dice, &cart, &items)
            }
        }
    }

    fn changes_his_cart(&mut self, shop: &mut Shop, dice: &mut Dice) -> Vec<Asked> {
        let sku = sku(dice.of(SKUS.len()));
        let command = match dice.of(8) {
            0 => ClearCart {}.into(),
            1 => RemoveItem { sku }.into(),
            _ => PutItem { sku, quantity: quantity(dice.some(3)) }.into(),
        };
        self.asks(shop, Request::Cart(self.customer, command))
    }

    /// Of what he has seen in it; twice now and then, under one key or two.
    fn checks_out(&mut self, shop: &mut Shop, dice: &mut Dice, seen: &CartState, items: &Items) -> Vec<Asked> {
        let order_id = order_of(self.customer, seen.version);
        self.hopes_for = Some(order_id);
        let mut lines: Vec<Line> = items.iter().map(|(sku, pieces)| in_cart(sku, pieces.get())).collect();
        if dice.one_in(12) {
            // He has looked at something else.
            lines.truncate(1);
            lines[0].quantity = quantity(lines[0].quantity.get() + 1);
        }
        let order = if dice.one_in(6) { place(lines) } else { place_by(dice.pick(&CARDS), order_id, lines) };
        let check_out: CartCommand = CheckOut { user_id: self.customer, order: unplaced(order) }.into();
        let mut asked = self.asks(shop, Request::Cart(self.customer, check_out.clone()));
        match dice.of(8) {
            0 => asked.push(Asked::new(shop, asked[0].id, Request::Cart(self.customer, check_out))),
            1 => asked.extend(self.asks(shop, Request::Cart(self.customer, check_out))),
            _ => {}
        }
        asked
    }

    /// With an order that he has placed, or means to have.
    fn does(&mut self, shop: &mut Shop, dice: &mut Dice, order: OrderId) -> Vec<Asked> {
        let id = self.number << 8 | self.asked;
        let command: OrderCommand = match dice.of(10) {
            0 => CancelOrder { by: None, reason: None }.into(),
            1..4 => {
                shop.bank.customer_acts(payment_of(order), !dice.one_in(4));
                return Vec::new();
            }
            4 | 5 => {
                let items = dice.one_in(3).then(|| a_piece(shop, dice, order));
                RequestFulfilment { fulfilment_id: FulfilmentId(Uuid::from_u128(id)), items }.into()
            }
            6..9 => reversal(shop, dice, order, id).into(),
            _ => {
                // His card is declined, or it is sold out: his cart is his again.
                let off = |life: &Life| matches!(life, Life::Cancelled(..));
                if self.by_cart && shop.orders.state(&order.to_string()).is_some_and(|state| off(&state.life)) {
                    (self.order, self.hopes_for) = (None, None);
                }
                return Vec::new();
            }
        };
        self.asks(shop, Request::Order(order, command))
    }
}

/// A line of what lies in a cart.
fn in_cart(of: &Sku, pieces: i64) -> Line {
    let shelf = SKUS.iter().position(|sku| **sku == *of.as_str()).unwrap();
    line(shelf, pieces)
}

/// As a cart's checkout has it: whose it is the cart knows.
fn unplaced(order: PlaceOrder) -> PlaceOrder {
    let nobody = PaymentId(Uuid::nil());
    let payment = match order.payment {
        PaymentTerms::OnAccount => PaymentTerms::OnAccount,
        PaymentTerms::Card { token, .. } => PaymentTerms::Card { payment_id: nobody, token },
    };
    PlaceOrder { user_id: None, payment, ..order }
}

/// Of what was ordered, mostly.
fn a_piece(shop: &Shop, dice: &mut Dice, order: OrderId) -> Vec<StockClaim> {
    let state = shop.orders.state(&order.to_string());
    let lines = state.and_then(|state| state.life.order()).map_or(&[][..], |placed| &placed.lines);
    let sku = match lines.len() {
        0 => sku(dice.of(SKUS.len())),
        _ if dice.one_in(8) => sku(dice.of(SKUS.len())),
        lines_there => lines[dice.of(lines_there)].sku.clone(),
    };
    vec![StockClaim { sku, quantity: quantity(1) }]
}

/// A part of it, or all.
fn reversal(shop: &Shop, dice: &mut Dice, order: OrderId, id: u128) -> RequestRefund {
    let lines = a_piece(shop, dice, order);
    let amount = Money { amount: dice.some(400), currency: Currency::GBP };
    let placed = shop.orders.state(&order.to_string()).and_then(|state| state.life.order());
    let what = match (dice.of(4), placed) {
        (0, _) | (3, None) => Returning::Amount(amount),
        (1, _) => Returning::Lines(lines),
        (3, Some(placed)) => Returning::Amount(placed.totals.gross),
        _ => Returning::Returned { lines, restock: dice.one_in(2) },
    };
    RequestRefund { refund_id: RefundId(Uuid::from_u128(id)), what, reason: "not as expected".to_owned() }
}
