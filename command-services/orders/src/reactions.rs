//! What orders and credit notes cause elsewhere: commands to stock items, payments, invoice series and carts, and the
//! next step of an order itself.
//! An event that starts a step carries all that the step's commands need. Names of steps are for ever: the ids of
//! commands are made of them.

use serde_json::Error;
use tillroll_log::{Cause, Outgoing, Reactions, SettledAs};
use tillroll_schemas::cart::{CartCommand, RecordBought, Reopen};
use tillroll_schemas::credit_note::{CreditNoteCommand, CreditNoteEvent, Issued};
use tillroll_schemas::order::{
    Cancelled, CompensationStarted, Confirmed, Continue, DocumentKind, OrderCommand, OrderEvent, PaymentRequested,
    Reason, Refunded, Step, StepRetried, StockClaim,
};
use tillroll_schemas::payment::RequestPayment;
use tillroll_schemas::stock_item::{
    CommitStock, FulfilStock, ReceiveStock, ReleaseStock, ReserveStock, StockItemCommand,
};
use tillroll_schemas::{OrderId, Sku, UserId, catalogue};

use crate::credit_note::CreditNote;
use crate::order::{Order, SagaStep};
use crate::pricing;
use money::{capture, issue, refund, to_payment, undo};

mod carts;
mod messages;
mod money;

pub use carts::CartReactions;

/// What an order causes.
#[derive(Debug)]
pub struct OrderReactions;

impl Reactions<Order> for OrderReactions {
    const NAME: &'static str = "order-reactions";

    fn on_event(cause: &Cause, event: &OrderEvent) -> Result<Vec<Outgoing>, Error> {
        // Order ids are UUIDs by construction. An order under any other key can hold no stock: it times out.
        let Ok(order_id) = cause.key.parse::<OrderId>() else { return Ok(Vec::new()) };
        let mut caused = of_the_saga(cause, order_id, event)?;
        caused.extend(messages::because_of(cause, order_id, event)?);
        Ok(caused)
    }

    /// An order's answers concern nobody but itself; one that was not made of a cart gives that back.
    fn on_settled(
        cause: &Cause,
        command: Option<&OrderCommand>,
        settled: SettledAs<'_>,
    ) -> Result<Vec<Outgoing>, Error> {
        let (Some(OrderCommand::Place(place)), Ok(order_id)) = (command, cause.key.parse::<OrderId>()) else {
            return Ok(Vec::new());
        };
        let code = match settled {
            SettledAs::Unchanged => return Ok(Vec::new()),
            SettledAs::Refused(code) => code,
            SettledAs::Conflict => "conflict",
            SettledAs::DeadLettered => "dead_lettered",
        };
        let Some(user) = place.user_id.filter(|_| place.from_cart) else { return Ok(Vec::new()) };
        let detail = format!("the order could not be placed: {code}");
        Ok(vec![reopen(user, order_id, Reason { code: code.to_owned(), detail })?])
    }
}

/// What the saga's next step asks of others, and of the order itself.
fn of_the_saga(cause: &Cause, order_id: OrderId, event: &OrderEvent) -> Result<Vec<Outgoing>, Error> {
    match event {
        OrderEvent::Placed(placed) => claims(cause, Step::Reserve, &placed.claims, |claim| {
            let expires_at = placed.reservations_expire_at;
            ReserveStock { order_id, quantity: claim.quantity, expires_at }.into()
        }),
        OrderEvent::StockReserved(reserved) => commits(cause, order_id, &reserved.claims),
        OrderEvent::PaymentRequested(requested) => Ok(vec![request(order_id, requested)?]),
        OrderEvent::PaymentAuthorised(authorised) => commits(cause, order_id, &authorised.claims),
        OrderEvent::StockCommitted(_) => Ok(vec![carry_on(cause)?]),
        OrderEvent::Confirmed(confirmed) => sold(order_id, confirmed),
        OrderEvent::PaymentCaptured(captured) => Ok(vec![issue(order_id, DocumentKind::Invoice, &captured.invoice)?]),
        OrderEvent::CompensationStarted(started) => undone(order_id, started),
        OrderEvent::UndoRequested(requested) => {
            let reason = "the order is off";
            Ok(vec![undo(order_id, &requested.undo, reason)?])
        }
        OrderEvent::Cancelled(cancelled) => reopened(order_id, cancelled),
        OrderEvent::FulfilmentRequested(requested) => claims(cause, Step::Fulfil, &requested.claims, |claim| {
            let fulfilment_id = requested.fulfilment_id;
            FulfilStock { order_id, fulfilment_id, quantity: claim.quantity }.into()
        }),
        OrderEvent::Fulfilled(out) => let_go(order_id, &out.releases).collect(),
        OrderEvent::RefundRequested(requested) => Ok(vec![refund(order_id, requested)?]),
        OrderEvent::Refunded(refunded) => given_back(order_id, refunded),
        OrderEvent::StepRetried(retried) => again(cause, order_id, retried),
        OrderEvent::StepCompleted(_) => Ok(vec![carry_on(cause)?]),
        OrderEvent::StockAnswered(_)
        | OrderEvent::StepOverdue(_)
        | OrderEvent::Stuck(_)
        | OrderEvent::PaymentActionRequired(_)
        | OrderEvent::PaymentAnswered(_)
        | OrderEvent::Invoiced(_)
        | OrderEvent::RefundRefused(_) => Ok(Vec::new()),
    }
}

/// One command per claim; without claims the step waits for nobody, and the order goes on by itself.
fn claims(
    cause: &Cause,
    step: Step,
    claims: &[StockClaim],
    command: impl Fn(&StockClaim) -> StockItemCommand,
) -> Result<Vec<Outgoing>, Error> {
    if claims.is_empty() {
        return Ok(vec![carry_on(cause)?]);
    }
    claims.iter().map(|claim| to_stock_item(step, &claim.sku, &command(claim))).collect()
}

fn commits(cause: &Cause, order_id: OrderId, held: &[StockClaim]) -> Result<Vec<Outgoing>, Error> {
    claims(cause, Step::Commit, held, |claim| CommitStock { order_id, quantity: claim.quantity }.into())
}

fn request(order_id: OrderId, requested: &PaymentRequested) -> Result<Outgoing, Error> {
    let command = RequestPayment {
        order_id,
        user_id: requested.user_id,
        amount: requested.amount,
        method_token: requested.method_token.clone(),
        reference: requested.reference.clone().unwrap_or_else(|| order_id.to_string()),
        answer_by: requested.authorise_by,
        action_by: requested.action_by,
    };
    to_payment(requested.payment_id, Step::Authorise, command)
}

/// A sale's money is taken or its invoice asked for, and the cart that it was made of is empty.
fn sold(order_id: OrderId, confirmed: &Confirmed) -> Result<Vec<Outgoing>, Error> {
    let taken = confirmed.capture.map(|charge| capture(order_id, charge));
    let invoiced = confirmed.invoice.as_ref().map(|paper| issue(order_id, DocumentKind::Invoice, paper));
    let bought = confirmed.cart.map(|user| to_cart(user, &RecordBought { order_id }.into()));
    taken.into_iter().chain(invoiced).chain(bought).collect()
}

/// Whoever may hold something of the order lets go of it.
fn undone(order_id: OrderId, started: &CompensationStarted) -> Result<Vec<Outgoing>, Error> {
    let money = started.undo.as_ref().map(|asked| undo(order_id, asked, &started.reason.code));
    let note = started.credit_note.as_ref().map(|paper| issue(order_id, DocumentKind::Cancellation, paper));
    let_go(order_id, &started.releases).chain(money).chain(note).collect()
}

/// Stock items let go of all that they hold or keep for the order.
fn let_go(order_id: OrderId, skus: &[Sku]) -> impl Iterator<Item = Result<Outgoing, Error>> {
    skus.iter().map(move |sku| to_stock_item(Step::Release, sku, &ReleaseStock { order_id }.into()))
}

fn reopened(order_id: OrderId, cancelled: &Cancelled) -> Result<Vec<Outgoing>, Error> {
    let reopened = cancelled.cart.map(|user| reopen(user, order_id, cancelled.reason.clone()));
    reopened.into_iter().collect()
}

fn reopen(user: UserId, order_id: OrderId, reason: Reason) -> Result<Outgoing, Error> {
    to_cart(user, &Reopen { order_id, reason }.into())
}

fn to_cart(user: UserId, command: &CartCommand) -> Result<Outgoing, Error> {
    Outgoing::new(catalogue::CART, user.to_string(), "cart", command)
}

/// A refund is credited by a note, unless one has credited it before, and what came back is put on the shelf.
fn given_back(order_id: OrderId, refunded: &Refunded) -> Result<Vec<Outgoing>, Error> {
    let refund_id = refunded.reversal.refund_id;
    let paper = Some(&refunded.credit_note).filter(|paper| !paper.lines.is_empty());
    let note = paper.map(|paper| issue(order_id, DocumentKind::Refund { refund_id }, paper));
    let note_on = format!("return {refund_id} of order {order_id}");
    let restocked = refunded.reversal.restock.iter().map(|claim| receive(claim, &note_on));
    note.into_iter().chain(restocked).chain(let_go(order_id, &refunded.releases)).collect()
}

/// What those are asked once more who have not done it.
fn again(cause: &Cause, order_id: OrderId, retried: &StepRetried) -> Result<Vec<Outgoing>, Error> {
    let step = retried.step;
    let stock = retried.claims.iter().map(|claim| match (step, retried.fulfilment_id) {
        (Step::Fulfil, Some(fulfilment_id)) => {
            let command = FulfilStock { order_id, fulfilment_id, quantity: claim.quantity };
            to_stock_item(step, &claim.sku, &command.into())
        }
        _ => to_stock_item(step, &claim.sku, &ReleaseStock { order_id }.into()),
    });
    let asks_stock = match step {
        Step::Release => true,
        Step::Fulfil => retried.fulfilment_id.is_some(),
        // No order is ever stuck there but for a number or for money.
        Step::Reserve | Step::Authorise | Step::Commit | Step::Capture | Step::Invoice | Step::Refund => false,
    };
    let money = retried.undo.as_ref().map(|asked| undo(order_id, asked, "the order's operator asks again"));
    let paper = retried.document.as_ref().map(|asked| issue(order_id, asked.kind, &asked.paper));
    let all: Vec<_> = stock.filter(|_| asks_stock).chain(money).chain(paper).collect::<Result<_, _>>()?;
    if all.is_empty() { Ok(vec![carry_on(cause)?]) } else { Ok(all) }
}

fn to_stock_item(step: Step, sku: &Sku, command: &StockItemCommand) -> Result<Outgoing, Error> {
    let step = format!("{}/{sku}", SagaStep::of(step).name);
    Outgoing::new(catalogue::STOCK_ITEM, sku.as_str(), step, command)
}

fn receive(claim: &StockClaim, note: &str) -> Result<Outgoing, Error> {
    let command = StockItemCommand::from(ReceiveStock { quantity: claim.quantity, note: Some(note.to_owned()) });
    Outgoing::new(catalogue::STOCK_ITEM, claim.sku.as_str(), format!("restock/{}", claim.sku), &command)
}

fn carry_on(cause: &Cause) -> Result<Outgoing, Error> {
    Outgoing::new(catalogue::ORDER, cause.key.clone(), "continue", &OrderCommand::from(Continue {}))
}

/// What a credit note causes.
#[derive(Debug)]
pub struct CreditNoteReactions;

impl Reactions<CreditNote> for CreditNoteReactions {
    const NAME: &'static str = "credit-note-reactions";

    fn on_event(_: &Cause, event: &CreditNoteEvent) -> Result<Vec<Outgoing>, Error> {
        match event {
            CreditNoteEvent::Issued(issued) if issued.restock => restock(issued),
            CreditNoteEvent::Issued(_) => Ok(Vec::new()),
        }
    }

    /// Nobody commands a credit note by topic.
    fn on_settled(_: &Cause, _: Option<&CreditNoteCommand>, _: SettledAs<'_>) -> Result<Vec<Outgoing>, Error> {
        Ok(Vec::new())
    }
}

fn restock(issued: &Issued) -> Result<Vec<Outgoing>, Error> {
    // The sums were checked when it was issued.
    let back = pricing::claims(&issued.lines).unwrap_or_default();
    back.iter().map(|claim| receive(claim, &format!("credit note {}", issued.reference))).collect()
}

#[cfg(test)]
mod tests;
