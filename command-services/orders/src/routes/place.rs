//! `POST /orders`: takes an order at the catalogue's prices, or at those that staff give.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{Datelike, SubsecRound};
use serde::Deserialize;
use tillroll_command_http::{Checks, EXECUTE_WITHIN, Named, problem_of};
use tillroll_http::{
    Caller, CommandAnswer, CommandHeaders, LARGE_BODY, Problem, Scope, StrictJson, StrictQuery, problems,
};
use tillroll_log::{Aggregate, Answered, ExecuteError, Key};
use tillroll_schemas::order::{Customer, OrderCommand, OrderEvent, PaymentMethod, PaymentTerms, PlaceOrder};
use tillroll_schemas::payment::payment_of;
use tillroll_schemas::{Address, Money, OrderId, Sku, Timestamp, UserId};

use super::address::Addresses;
use super::checkout::{Wish, check_out};
use super::lines::{self, Archived, Product, WantedLine};
use super::{Desk, ORDERS, OrdersEnter, OrdersPlace, path_of};
use crate::order::{self, Order, OrderBody, OrderRejection, OrderState, Status, grows_to};

/// From so many lines on the order is measured before it is sent: with the products' names it may outgrow a record.
const MEASURED_FROM: usize = 1_000;
/// Characters of a provider's name for a card.
const LONGEST_TOKEN: usize = 255;
/// What such a name begins with. It stands in the log in the clear: a card's number or an address must not pass for one.
const TOKEN_KINDS: [&str; 3] = ["pm_", "tok_", "card_"];

pub(super) async fn place(
    State(desk): State<Arc<Desk>>,
    caller: Caller,
    headers: CommandHeaders,
    StrictQuery(query): StrictQuery<PlaceQuery>,
    body: StrictJson<PlaceBody, LARGE_BODY>,
) -> Result<Response, Problem> {
    headers.require_key()?;
    let user = body.value.buyer(&caller)?;
    body.value.check(user)?;
    if body.value.from_cart {
        let terms = |id| body.value.terms(id);
        let (addresses, expected_net) = (body.value.addresses(), body.value.expected_net);
        let wish = Wish { canonical: &body.canonical, terms: &terms, addresses, expected_net, dry_run: query.dry_run };
        return check_out(&desk, &caller, &headers, wish).await;
    }
    let named = desk.keys.name::<Order>(&caller, &headers, "POST", ORDERS, &body.canonical).await?;
    let id = OrderId::of_command(named.id.0);
    let key = Key::from(id.to_string());
    desk.reach(&headers).await?;
    let whose = Whose { id, user };
    let priced = desk.by_catalogue(|look_up| body.value.command(whose, look_up)).await;
    if query.dry_run {
        let told = rehearsed(&key, &priced?.into())?;
        return Ok(CommandAnswer::ok(told).into_response());
    }
    let placed = match priced.and_then(fits) {
        Ok(command) => {
            let command = desk.addressed(command, named.id.0, body.value.addresses()).await?;
            desk.execute(named, &key, command).await.map_err(|error| problem(error, &body.value))?
        }
        Err(refusal) => desk.first_answer(named, &key).await?.ok_or(refusal)?,
    };
    let (mut answered, settled) = desk.outcome(&key, placed, headers.wait).await;
    answered.covers.extend(desk.seen_of(body.value.lines.iter().map(|line| &line.sku)));
    desk.placed(id, &answered, settled)
}

/// `?dry_run=true`: what would be placed; nothing is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlaceQuery {
    #[serde(default)]
    dry_run: bool,
}

/// The body.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlaceBody {
    /// What is bought, if it is not what lies in the caller's cart.
    #[serde(default)]
    lines: Vec<WantedLine>,
    #[serde(default)]
    from_cart: bool,
    /// What the cart came to when the customer saw it: its `net`, tax excluded.
    expected_net: Option<Money>,
    payment: Payment,
    reference: Option<String>,
    customer: Option<Customer>,
    country: Option<String>,
    placed_at: Option<Timestamp>,
    /// Where it is sent.
    shipping_address: Option<Address>,
    /// Who pays, and where he is, if that is not where it is sent.
    billing_address: Option<Address>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Payment {
    method: PaymentMethod,
    /// By card: the provider's name for it.
    token: Option<String>,
}

/// Which order it is to be, and whose.
#[derive(Clone, Copy, Debug)]
struct Whose {
    id: OrderId,
    user: Option<UserId>,
}

impl PlaceBody {
    /// Whether it says anything that only staff may say.
    fn is_entered_by_staff(&self) -> bool {
        let on_account = match self.payment.method {
            PaymentMethod::OnAccount => true,
            PaymentMethod::Card => false,
        };
        on_account
            || self.reference.is_some()
            || self.customer.is_some()
            || self.country.is_some()
            || self.placed_at.is_some()
            || self.lines.iter().any(|line| line.unit_price.is_some())
    }

    /// The customer who buys, if one does: he pays by card, at the catalogue's prices, for himself. Staff may say more.
    fn buyer(&self, caller: &Caller) -> Result<Option<UserId>, Problem> {
        if caller.has_scope(OrdersEnter::NAME) {
            return Ok(None);
        }
        caller.require_scope(if self.is_entered_by_staff() { OrdersEnter::NAME } else { OrdersPlace::NAME })?;
        Ok(Some(UserId(caller.require_user()?)))
    }

    fn check(&self, user: Option<UserId>) -> Result<(), Problem> {
        let mut checks = Checks::new();
        if self.from_cart {
            self.check_of_cart(&mut checks);
        } else {
            lines::check(&self.lines, &mut checks);
            let otherwise = "nothing: of a line it is expected_unit_price";
            checks.require(self.expected_net.is_none(), "/expected_net", otherwise);
        }
        match (self.payment.method, &self.payment.token) {
            (PaymentMethod::Card, Some(token)) => {
                let otherwise = "the provider's name for the card: pm_, tok_ or card_, then letters, digits and _";
                checks.require(is_card(token), "/payment/token", otherwise);
            }
            (PaymentMethod::Card, None) => checks.require(false, "/payment/token", "the provider's name for the card"),
            (PaymentMethod::OnAccount, token) => {
                checks.require(token.is_none(), "/payment/token", "nothing: the order is on account");
            }
        }
        if let Some(reference) = &self.reference {
            checks.line(reference, 1..=64, "/reference");
        }
        check_circumstances(self.customer.as_ref(), self.country.as_deref(), self.placed_at, &mut checks);
        self.check_addresses(user, &mut checks);
        checks.finish()
    }

    /// What is nobody's could never be forgotten.
    fn check_addresses(&self, user: Option<UserId>, checks: &mut Checks) {
        let is_somebodys = self.from_cart || user.is_some();
        let alone = "nothing: only customers with an account say where an order is sent and who pays";
        for (field, address) in
            [("/shipping_address", &self.shipping_address), ("/billing_address", &self.billing_address)]
        {
            let Some(address) = address else { continue };
            checks.require(is_somebodys, field, alone);
            for (below, otherwise) in address.faults() {
                checks.require(false, format!("{field}{below}"), otherwise);
            }
        }
    }

    fn addresses(&self) -> Addresses<'_> {
        Addresses { shipping: self.shipping_address.as_ref(), billing: self.billing_address.as_ref() }
    }

    /// A cart says what is bought, and its customer where it goes.
    fn check_of_cart(&self, checks: &mut Checks) {
        let alone = "nothing: the cart says what is bought";
        checks.require(self.lines.is_empty(), "/lines", alone);
        let entered = [
            ("/reference", self.reference.is_some()),
            ("/customer", self.customer.is_some()),
            ("/country", self.country.is_some()),
            ("/placed_at", self.placed_at.is_some()),
        ];
        for (field, said) in entered {
            checks.require(!said, field, alone);
        }
        let sum = self.expected_net.is_none_or(|net| net.amount >= 0);
        checks.require(sum, "/expected_net/amount", "0 or more minor units");
    }

    fn command(&self, whose: Whose, look_up: impl Fn(&Sku) -> Option<Product>) -> Result<PlaceOrder, Problem> {
        Ok(PlaceOrder {
            reference: self.reference.clone(),
            customer: self.customer.clone(),
            country: self.country.clone(),
            user_id: whose.user,
            from_cart: false,
            payment: self.terms(whose.id),
            placed_at: self.placed_at.map(stored),
            lines: lines::frozen(&self.lines, Archived::Refused, look_up)?,
            shipping_address: None,
            buyer: None,
        })
    }

    fn terms(&self, id: OrderId) -> PaymentTerms {
        match (self.payment.method, &self.payment.token) {
            (PaymentMethod::Card, Some(token)) => {
                PaymentTerms::Card { payment_id: payment_of(id), token: token.as_str().into() }
            }
            (PaymentMethod::Card, None) | (PaymentMethod::OnAccount, _) => PaymentTerms::OnAccount,
        }
    }
}

/// Whether it looks like a provider's name for a card. Digits alone after the prefix would be a number in disguise.
fn is_card(token: &str) -> bool {
    let named = TOKEN_KINDS.iter().find_map(|kind| token.strip_prefix(kind)).unwrap_or_default();
    let plain = named.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    token.len() <= LONGEST_TOKEN && plain && named.contains(|c: char| c.is_ascii_alphabetic())
}

/// Who, where and when, as staff say it of an order or a credit note.
pub(super) fn check_circumstances(
    customer: Option<&Customer>,
    country: Option<&str>,
    placed_at: Option<Timestamp>,
    checks: &mut Checks,
) {
    if let Some(Customer { reference }) = customer {
        checks.line(reference, 1..=64, "/customer/reference");
    }
    if let Some(country) = country {
        checks.line(country, 1..=64, "/country");
    }
    // RFC 3339 has years of four digits; before 1970 no shop sold by Tillroll.
    let stated = placed_at.is_none_or(|at| (1970..=9999).contains(&at.year()));
    checks.require(stated, "/placed_at", "a year from 1970 to 9999");
}

/// Times are stored to the millisecond.
pub(super) fn stored(at: Timestamp) -> Timestamp {
    at.trunc_subsecs(3)
}

/// What would be placed.
pub(super) fn rehearsed(key: &Key, command: &OrderCommand) -> Result<OrderBody, Problem> {
    let nothing_yet = OrderState::default();
    let event = Order::decide(&nothing_yet, command, tillroll_log::now());
    let event = event.map_err(|rejection| problem_of(ExecuteError::Rejected(rejection)))?;
    let state = event.iter().fold(nothing_yet, Order::evolve);
    Order::answer(key, event.as_ref(), &state).ok_or_else(|| Problem::new(&problems::INTERNAL))
}

/// Refuses what no record can hold; else its event would be refused by the log, and the client not told why.
pub(super) fn fits(command: PlaceOrder) -> Result<PlaceOrder, Problem> {
    if command.lines.len() < MEASURED_FROM {
        return Ok(command);
    }
    let now = tillroll_log::now();
    // What the owner refuses needs no room.
    let Ok(Some(OrderEvent::Placed(placed))) = Order::decide(&OrderState::default(), &command.clone().into(), now)
    else {
        return Ok(command);
    };
    if !order::fits(&grows_to(&placed, now)) || !order::fits(&placed.into()) {
        let detail = "with the names of its products the order is larger than can be kept: split it";
        return Err(Problem::new(&problems::BODY_TOO_LARGE).detail(detail));
    }
    Ok(command)
}

/// The lines were summed before, so the owner has no more to refuse; should it, the client learns which line.
fn problem(error: ExecuteError<OrderRejection>, body: &PlaceBody) -> Problem {
    match error {
        ExecuteError::Rejected(OrderRejection::Lines(why)) => {
            lines::refused(&why, body.lines.iter().map(|line| &line.sku))
        }
        other => problem_of(other),
    }
}

impl Desk {
    /// What the command was answered, if it was executed before: a repeat is not refused for what changed since.
    async fn first_answer(&self, named: Named, key: &Key) -> Result<Option<Answered<Order>>, Problem> {
        self.orders.seen(key, named.id, named.hash, EXECUTE_WITHIN).await.map_err(problem_of)
    }

    pub(super) fn placed(&self, id: OrderId, answered: &Answered<Order>, settled: bool) -> Result<Response, Problem> {
        let body = super::outcome::body_of(answered)?;
        let location = path_of(id);
        match &body.cancellation {
            Some(cancellation) if settled => Err(self.called_off(id, answered, cancellation)),
            // It is the customer's turn: the body says where, `payment.action`.
            None if settled && body.status != Status::RequiresAction => {
                Ok(self.keys.answer_of(answered, CommandAnswer::created(body, location)).into_response())
            }
            Some(_) | None => {
                Ok(self.keys.answer_of(answered, CommandAnswer::accepted(body, location)).into_response())
            }
        }
    }
}

#[cfg(test)]
mod tests;
