//! The way back: whoever may hold something of the order lets go of it, stock items of pieces and the payment of money,
//! and what was invoiced is credited. The order is cancelled when everybody has.
//!
//! A payment is voided if its money was not taken, as far as the order knows, and refunded if it was. One that cannot
//! be voided because money is being taken or was taken is refunded once that is known.

use tillroll_schemas::invoice_series::{InvoiceOutcome, RecordInvoiceAnswer};
use tillroll_schemas::order::{
    Cancelled, Charge, CompensationStarted, Invoiced, OrderEvent, Paper, PaymentAnswered, Placed, Reason, Sale, Step,
    StockAnswer, Stuck, Undo, UndoRequested,
};
use tillroll_schemas::payment::PaymentOutcome;
use tillroll_schemas::{Money, PaymentId, RefundId, Sku, Timestamp, UserId};
use uuid::Uuid;

use super::ending::{another, came_back};
use super::paying::charge;
use super::settlement::sum;
use super::wait::{ANSWER_WITHIN_S, Participant, Patience, Wait, later};
use super::{Ending, Life, Refunds, Sold, invoicing, placing, reversal};

/// An order that is to be called off, and all that has to be undone of it.
pub(super) struct Off {
    pub(super) reason: Reason,
    pub(super) answers: Vec<StockAnswer>,
    pub(super) payment_answer: Option<PaymentOutcome>,
    pub(super) releases: Vec<Sku>,
    pub(super) undo: Option<Undo>,
    pub(super) credit_note: Option<Paper>,
    pub(super) credit: Option<Sale>,
    pub(super) cart: Option<UserId>,
}

impl Off {
    /// All that may be held in this stage, for that reason; none if there is no order. What was paid back before was
    /// credited then, all of it.
    pub(super) fn new(life: &Life, reason: Reason, at: Timestamp) -> Option<Self> {
        let order = life.order()?;
        let credited = !refunds(life).is_empty();
        let sold = life.sold().filter(|_| !credited);
        let invoiced = sold.is_some_and(|sold| sold.settlement.is_invoiced());
        Some(Self {
            reason,
            answers: Vec::new(),
            payment_answer: None,
            releases: placing::skus(&order.claims).collect(),
            undo: undo_of(life).filter(|_| !credited),
            credit_note: invoiced.then(|| invoicing::credit_note(order, at)),
            credit: sold.map(|_| sale(order, at)),
            cart: cart_of(order),
        })
    }

    /// The same without those who hold nothing, and never will.
    pub(super) fn but(mut self, wait: &Wait) -> Self {
        self.releases.retain(|sku| !wait.holds_nothing(sku));
        self
    }

    /// It begins, or is over at once if nobody holds anything.
    pub(super) fn event(self, at: Timestamp) -> OrderEvent {
        let Self { reason, answers, payment_answer, releases, undo, credit_note, credit, cart } = self;
        if releases.is_empty() && undo.is_none() && credit_note.is_none() {
            let (invoice_answer, refunded) = (None, None);
            return Cancelled { told: None, reason, answers, payment_answer, invoice_answer, credit, refunded, cart }
                .into();
        }
        let answer_by = later(at, ANSWER_WITHIN_S);
        CompensationStarted { reason, answers, payment_answer, releases, undo, credit_note, answer_by }.into()
    }
}

/// Whose cart it was made of, if it was of one.
pub(super) fn cart_of(order: &Placed) -> Option<UserId> {
    order.user_id.filter(|_| order.from_cart)
}

/// What a sale, or its credit, counts for.
pub(super) fn sale(order: &Placed, dated: Timestamp) -> Sale {
    let lines = order.lines.iter().map(|line| tillroll_schemas::order::SaleLine {
        sku: line.sku.clone(),
        category: line.category.clone(),
        quantity: line.quantity,
        amount: line.line_total,
    });
    Sale { dated, country: order.country.clone(), customer: order.customer.clone(), lines: lines.collect() }
}

/// How the money of an order in this stage is undone; none if none was asked for.
pub(super) fn undo_of(life: &Life) -> Option<Undo> {
    let order = life.order()?;
    let charge = charge(order)?;
    match life {
        Life::Authorising(..) | Life::Committing(..) | Life::Committed(..) => {
            Some(Undo::Void { payment_id: charge.payment_id })
        }
        Life::Confirmed(sold) | Life::Delivering(sold, _) | Life::Fulfilled(sold) => match sold.captured() {
            Some(charge) => Some(all_back(charge)),
            None => Some(Undo::Void { payment_id: charge.payment_id }),
        },
        Life::NotPlaced | Life::Reserving(..) | Life::Compensating(_) | Life::Cancelled(..) => None,
    }
}

fn all_back(Charge { payment_id, amount }: Charge) -> Undo {
    let refund_id = RefundId(Uuid::new_v5(&payment_id.0, b"cancellation"));
    Undo::Refund { payment_id, refund_id, amount }
}

/// The same, under another id if the refund was refused: a payment never makes one of those anew.
pub(super) fn once_more(undo: Undo, wait: &Wait) -> Undo {
    match undo {
        Undo::Refund { payment_id, refund_id, amount } if wait.was_refused_by(&Participant::Payment) => {
            Undo::Refund { payment_id, refund_id: another(refund_id), amount }
        }
        undo => undo,
    }
}

/// What went back of a sale before it was called off.
fn refunds(life: &Life) -> Refunds {
    life.sold().map(|sold| sold.reversed.money.clone()).unwrap_or_default()
}

/// What the payment says to an order that is being undone.
pub(super) fn hear_payment(ending: &Ending, outcome: &PaymentOutcome, at: Timestamp) -> Option<OrderEvent> {
    if let Some(back) = sent_back(ending, outcome) {
        return Some(back);
    }
    match ending.undo {
        Some(Undo::Void { payment_id }) => hear_of_void(ending, payment_id, outcome, at),
        Some(Undo::Refund { refund_id, .. }) => hear_of_refund(ending, refund_id, outcome, at),
        None if ending.gave_nothing_back() => held_after_all(&ending.order, outcome, at),
        None => None,
    }
}

/// Money that went back did not arrive, whatever is under way meanwhile.
fn sent_back(ending: &Ending, outcome: &PaymentOutcome) -> Option<OrderEvent> {
    let PaymentOutcome::RefundRefused { refund_id, code } = outcome else { return None };
    let Some(amount) = ending.gone.get(refund_id) else { return reversal::sent_back(&ending.refunds, outcome) };
    let owed = Some(Money { amount: ending.owed.saturating_add(amount.amount), ..*amount });
    let payment_answer = Some(outcome.clone());
    Some(Stuck { payment_answer, owed, ..Stuck::new(Step::Release, came_back(code)) }.into())
}

/// What the payment says to an order that is off, or is once others have let go, and of whose money nothing ever went
/// back. If an operator has completed what the payment never answered, money may be held, or taken, in spite of that.
pub(super) fn held_after_all(order: &Placed, outcome: &PaymentOutcome, at: Timestamp) -> Option<OrderEvent> {
    let charge = charge(order)?;
    let payment_id = charge.payment_id;
    match outcome {
        PaymentOutcome::Captured { amount } => {
            Some(asks(all_back(Charge { payment_id, amount: *amount }), outcome, at))
        }
        PaymentOutcome::VoidRefused { code } if code == "captured" => Some(asks(all_back(charge), outcome, at)),
        PaymentOutcome::Authorised | PaymentOutcome::CaptureRefused { .. } => {
            Some(asks(Undo::Void { payment_id }, outcome, at))
        }
        // Of one that is being captured it says what came of that.
        PaymentOutcome::VoidRefused { .. }
        | PaymentOutcome::Voided
        | PaymentOutcome::RequiresAction { .. }
        | PaymentOutcome::Declined { .. }
        | PaymentOutcome::RequestRefused { .. }
        | PaymentOutcome::Refunded { .. }
        | PaymentOutcome::RefundRefused { .. } => None,
    }
}

fn hear_of_void(ending: &Ending, payment_id: PaymentId, outcome: &PaymentOutcome, at: Timestamp) -> Option<OrderEvent> {
    let instead = |undo| Some(asks(undo, outcome, at));
    match outcome {
        PaymentOutcome::Voided => Some(payment_let_go(ending, outcome, at)),
        PaymentOutcome::VoidRefused { code } if code == "capturing" => {
            (!ending.capturing).then(|| PaymentAnswered { outcome: outcome.clone() }.into())
        }
        PaymentOutcome::VoidRefused { code } if code == "captured" => {
            instead(all_back(Charge { payment_id, amount: ending.order.totals.gross }))
        }
        PaymentOutcome::VoidRefused { code } => payment_refused(ending, code, outcome),
        PaymentOutcome::Captured { amount } => instead(all_back(Charge { payment_id, amount: *amount })),
        // What could not be voided while it was being taken can be now.
        PaymentOutcome::CaptureRefused { .. } if ending.capturing => instead(Undo::Void { payment_id }),
        // Or it need not be: what was to be taken had lapsed.
        PaymentOutcome::Declined { .. } if ending.capturing => Some(payment_let_go(ending, outcome, at)),
        PaymentOutcome::CaptureRefused { .. }
        | PaymentOutcome::Authorised
        | PaymentOutcome::RequiresAction { .. }
        | PaymentOutcome::Declined { .. }
        | PaymentOutcome::RequestRefused { .. }
        | PaymentOutcome::Refunded { .. }
        | PaymentOutcome::RefundRefused { .. } => None,
    }
}

fn hear_of_refund(ending: &Ending, asked: RefundId, outcome: &PaymentOutcome, at: Timestamp) -> Option<OrderEvent> {
    match outcome {
        PaymentOutcome::Refunded { refund_id, .. } if *refund_id == asked => Some(payment_let_go(ending, outcome, at)),
        PaymentOutcome::RefundRefused { refund_id, code } if *refund_id == asked => {
            payment_refused(ending, code, outcome)
        }
        PaymentOutcome::Refunded { .. }
        | PaymentOutcome::RefundRefused { .. }
        | PaymentOutcome::Authorised
        | PaymentOutcome::RequiresAction { .. }
        | PaymentOutcome::Declined { .. }
        | PaymentOutcome::RequestRefused { .. }
        | PaymentOutcome::Captured { .. }
        | PaymentOutcome::CaptureRefused { .. }
        | PaymentOutcome::Voided
        | PaymentOutcome::VoidRefused { .. } => None,
    }
}

fn asks(undo: Undo, because: &PaymentOutcome, at: Timestamp) -> OrderEvent {
    UndoRequested { because: because.clone(), undo, answer_by: later(at, ANSWER_WITHIN_S) }.into()
}

fn payment_let_go(ending: &Ending, outcome: &PaymentOutcome, at: Timestamp) -> OrderEvent {
    // What came back in the meantime is still with the shop.
    if let Some(next) = &ending.next {
        let (payment_answer, owed) = (Some(outcome.clone()), Some(next.amount));
        return Stuck { payment_answer, owed, ..Stuck::new(Step::Release, came_back(&next.code)) }.into();
    }
    if ending.wait.clone().without(&Participant::Payment).is_over() {
        return Cancelled { payment_answer: Some(outcome.clone()), ..over(ending, at) }.into();
    }
    PaymentAnswered { outcome: outcome.clone() }.into()
}

fn payment_refused(ending: &Ending, code: &str, outcome: &PaymentOutcome) -> Option<OrderEvent> {
    let reason = Reason { code: code.to_owned(), detail: format!("the payment could not be undone: {code}") };
    let payment_answer = Some(outcome.clone());
    let stuck = Stuck { payment_answer, ..Stuck::new(Step::Release, reason) };
    ending.wait.awaits(&Participant::Payment).then(|| stuck.into())
}

/// What a series says to an order that is being undone.
pub(super) fn hear_invoice(ending: &Ending, answer: &RecordInvoiceAnswer, at: Timestamp) -> Option<OrderEvent> {
    let whom = Participant::Invoice;
    match &answer.outcome {
        _ if !ending.wait.is_open(&whom) => None,
        InvoiceOutcome::Issued { .. } if ending.wait.clone().without(&whom).is_over() => {
            Some(Cancelled { invoice_answer: Some(answer.outcome.clone()), ..over(ending, at) }.into())
        }
        InvoiceOutcome::Issued { series, number } => {
            Some(Invoiced { document: answer.document, series: *series, number: *number, told: None }.into())
        }
        InvoiceOutcome::Refused { code } if ending.wait.awaits(&whom) => {
            Some(invoicing::refused(Step::Release, code, answer).into())
        }
        InvoiceOutcome::Refused { .. } => None,
    }
}

/// Everybody has let go.
pub(super) fn over(ending: &Ending, at: Timestamp) -> Cancelled {
    Cancelled {
        told: None,
        reason: ending.reason.clone(),
        answers: Vec::new(),
        payment_answer: None,
        invoice_answer: None,
        credit: ending.is_credit.then(|| sale(&ending.order, at)),
        refunded: Some(ending.given_back()).filter(|back| !back.is_empty()).map(|back| sum(&ending.order, &back)),
        cart: cart_of(&ending.order),
    }
}

pub(super) fn started(life: Life, event: &CompensationStarted) -> Life {
    let (is_credit, refunds) = (life.sold().is_some_and(|sold| sold.reversed.money.is_empty()), refunds(&life));
    let order = match &life {
        Life::NotPlaced | Life::Fulfilled(_) | Life::Compensating(_) | Life::Cancelled(..) => return life,
        Life::Reserving(..) | Life::Authorising(..) | Life::Committing(..) | Life::Committed(..) => life.order(),
        Life::Confirmed(_) | Life::Delivering(..) => life.order(),
    };
    let Some(order) = order.cloned() else { return life };
    let stock = event.releases.iter().cloned().map(Participant::Stock);
    let payment = event.undo.map(|_| Participant::Payment);
    let invoice = event.credit_note.as_ref().map(|_| Participant::Invoice);
    let wait = Wait::for_all(stock.chain(payment).chain(invoice), event.answer_by);
    let reason = event.reason.clone();
    let credited_at = event.credit_note.as_ref().map(|paper| paper.dated);
    let begun = Ending::again(order, reason, refunds);
    Life::Compensating(Ending { is_credit, again: false, undo: event.undo, credited_at, wait, ..begun })
}

pub(super) fn cancelled(life: Life, event: &Cancelled) -> Life {
    let Some(order) = life.order().cloned() else { return life };
    let refunds = match life {
        Life::Compensating(ending) => ending.given_back().union(ending.refunds),
        Life::Confirmed(Sold { reversed, .. })
        | Life::Delivering(Sold { reversed, .. }, _)
        | Life::Fulfilled(Sold { reversed, .. }) => reversed.money,
        Life::Cancelled(_, _, refunds) => refunds,
        Life::NotPlaced | Life::Reserving(..) | Life::Authorising(..) | Life::Committing(..) | Life::Committed(..) => {
            Refunds::new()
        }
    };
    Life::Cancelled(order, event.reason.clone(), refunds)
}

pub(super) fn payment_answered(life: Life, outcome: &PaymentOutcome) -> Life {
    match life {
        Life::Compensating(ending) => Life::Compensating(match outcome {
            PaymentOutcome::VoidRefused { .. } => Ending { capturing: true, ..ending },
            PaymentOutcome::Voided
            | PaymentOutcome::Refunded { .. }
            | PaymentOutcome::Authorised
            | PaymentOutcome::RequiresAction { .. }
            | PaymentOutcome::Declined { .. }
            | PaymentOutcome::RequestRefused { .. }
            | PaymentOutcome::Captured { .. }
            | PaymentOutcome::CaptureRefused { .. }
            | PaymentOutcome::RefundRefused { .. } => ending.let_go(),
        }),
        life => life,
    }
}

pub(super) fn undo_requested(life: Life, event: &UndoRequested) -> Life {
    let ending = match life {
        Life::Compensating(ending) => ending,
        Life::Cancelled(order, reason, refunds) => Ending::again(order, reason, refunds),
        life => return life,
    };
    let wait = ending.wait.ask_anew(Participant::Payment, event.answer_by);
    Life::Compensating(Ending { undo: Some(event.undo), capturing: false, wait, ..ending })
}

/// The order waits for ever, and remembers who refused.
pub(super) fn stuck(life: Life, event: &Stuck) -> Life {
    let by_series = event.invoice_answer.as_ref().and_then(|answer| match answer {
        InvoiceOutcome::Refused { code } => Some((Participant::Invoice, code.clone())),
        InvoiceOutcome::Issued { .. } => None,
    });
    let life = if event.answers.is_empty() { life } else { life.hear(&event.answers) };
    let (life, by_payment) = match life {
        Life::Compensating(ending) => (Life::Compensating(ending.stuck_by(event)), None),
        life => (life, refusal_of_payment(event)),
    };
    life.map_wait(event.step, |wait| {
        let refusals = by_payment.into_iter().chain(by_series);
        let wait = refusals.fold(wait, |wait, (whom, code)| wait.refused_by(whom, &code));
        wait.with_patience(Patience::Over(event.reason.clone()))
    })
}

fn refusal_of_payment(event: &Stuck) -> Option<(Participant, String)> {
    match event.payment_answer.as_ref()? {
        PaymentOutcome::VoidRefused { code } | PaymentOutcome::RefundRefused { code, .. } => {
            Some((Participant::Payment, code.clone()))
        }
        PaymentOutcome::Authorised
        | PaymentOutcome::RequiresAction { .. }
        | PaymentOutcome::Declined { .. }
        | PaymentOutcome::RequestRefused { .. }
        | PaymentOutcome::Captured { .. }
        | PaymentOutcome::CaptureRefused { .. }
        | PaymentOutcome::Voided
        | PaymentOutcome::Refunded { .. } => None,
    }
}
