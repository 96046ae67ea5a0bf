//! Reversals: money goes back for a sale, in parts, with or without pieces; all of it together is at most what was
//! taken. Each is credited by a note of its own. One at a time; a refund that the payment refuses credits nothing, and
//! one that bounces stays credited: the amount that goes back next pays that first. So at any time what the notes credit
//! is what went back and what is owed.

mod crediting;

use std::collections::BTreeMap;
use std::sync::Arc;

use imbl::OrdMap;
use tillroll_schemas::order::{
    OrderEvent, Reason, RefundRefused, RefundRequested, Refunded, RequestRefund, Returning, Reversal, Sale, SaleLine,
    Step, StockClaim, Stuck,
};
use tillroll_schemas::payment::PaymentOutcome;
use tillroll_schemas::{Money, RefundId, Sku, Timestamp};

use super::ending::take;
use super::placing::{is_tracked, ordered, within};
use super::wait::{ANSWER_WITHIN_S, Participant, Wait, is_decided, later};
use super::{Ending, Life, OrderRejection, Refunds, Settlement, Sold, fits, fulfilment, invoicing};
use crediting::Credited;

/// Money is asked back. The same again changes nothing.
pub(super) fn request(
    life: &Life,
    command: &RequestRefund,
    at: Timestamp,
) -> Result<Option<OrderEvent>, OrderRejection> {
    let Some(sold) = life.sold() else { return Err(not_sold(life)) };
    if knows(sold, command.refund_id) {
        return Ok(None);
    }
    match sold.settlement {
        Settlement::Capturing(_) | Settlement::Invoicing(_) => return Err(OrderRejection::PaymentPending),
        Settlement::Refunding(..) | Settlement::Crediting(..) => return Err(OrderRejection::RefundInProgress),
        Settlement::Nothing | Settlement::Done => {}
    }
    let reversal = reversal(sold, command)?;
    // It repeats every line that it credits, for the sales and for the note, and is written when the money has gone.
    let grows_to = credited(life, sold, &reversal, at).into();
    if !fits(&grows_to) {
        return Err(OrderRejection::TooLarge);
    }
    let answer_by = life.apart(later(at, ANSWER_WITHIN_S));
    match sold.captured().filter(|_| reversal.amount.amount > 0) {
        Some(charge) => Ok(Some(RefundRequested { reversal, payment_id: charge.payment_id, answer_by }.into())),
        // On account nothing was taken: it is credited there.
        None => Ok(Some(grows_to)),
    }
}

fn not_sold(life: &Life) -> OrderRejection {
    match life {
        Life::NotPlaced => OrderRejection::NotFound,
        Life::Compensating(_) | Life::Cancelled(..) => OrderRejection::OrderCancelled,
        Life::Reserving(..) | Life::Authorising(..) | Life::Committing(..) | Life::Committed(..) => {
            OrderRejection::NotConfirmed
        }
        Life::Confirmed(_) | Life::Delivering(..) | Life::Fulfilled(_) => OrderRejection::NotConfirmed,
    }
}

fn knows(sold: &Sold, refund: RefundId) -> bool {
    let under_way = match &sold.settlement {
        Settlement::Refunding(asked, _) => asked.reversal.refund_id == refund,
        _ => false,
    };
    under_way || sold.reversed.money.contains_key(&refund) || sold.reversed.refused.contains_key(&refund)
}

fn reversal(sold: &Sold, command: &RequestRefund) -> Result<Reversal, OrderRejection> {
    let (pieces, returned, restock) = match &command.what {
        Returning::Amount(_) => (Vec::new(), false, false),
        Returning::Lines(lines) => (pieces(sold, lines, false)?, false, false),
        Returning::Returned { lines, restock } => (pieces(sold, lines, true)?, true, *restock),
    };
    let Credited { lines, amount, owed } = match &command.what {
        Returning::Amount(amount) => crediting::of_amount(sold, *amount)?,
        Returning::Lines(_) | Returning::Returned { .. } => crediting::of_pieces(sold, &pieces)?,
    };
    let left = uncredited(sold) + owed;
    if amount.amount > left {
        return Err(OrderRejection::ExceedsCaptured(Money { amount: left, ..amount }));
    }
    let tracked = |claim: &&StockClaim| restock && is_tracked(&sold.order, &claim.sku);
    let restock = pieces.iter().filter(tracked).cloned().collect();
    let (refund_id, reason) = (command.refund_id, command.reason.clone());
    Ok(Reversal { refund_id, amount, lines, pieces, returned, restock, reason })
}

/// What no note has credited yet, in minor units.
fn uncredited(sold: &Sold) -> i64 {
    sold.order.totals.gross.amount - sold.refunded().amount - sold.reversed.owed
}

/// One claim per SKU, in order of SKU: of what was not credited yet and, if it is to come back, has left and did not.
fn pieces(sold: &Sold, named: &[StockClaim], returned: bool) -> Result<Vec<StockClaim>, OrderRejection> {
    if named.is_empty() {
        return Err(OrderRejection::NothingToRefund);
    }
    let ordered = ordered(&sold.order);
    let of = |map: &OrdMap<Sku, i64>, sku: &Sku| map.get(sku).copied().unwrap_or(0);
    within(named, |sku| {
        let all = of(&ordered, sku);
        let to_credit = all - of(&sold.reversed.pieces, sku);
        let out = all - of(&sold.left, sku) - of(&sold.reversed.returned, sku);
        if returned { to_credit.min(out) } else { to_credit }
    })
}

/// The money is back: it counts as credited from now on.
fn credited(life: &Life, sold: &Sold, reversal: &Reversal, at: Timestamp) -> Refunded {
    let order = &sold.order;
    let categories: BTreeMap<&Sku, &Option<String>> =
        order.lines.iter().rev().map(|line| (&line.sku, &line.category)).collect();
    let line = |line: &tillroll_schemas::invoice_series::InvoiceLine| SaleLine {
        sku: line.sku.clone(),
        category: categories.get(&line.sku).and_then(|category| (*category).clone()),
        quantity: line.quantity,
        amount: line.net,
    };
    let lines = reversal.lines.iter().map(line).collect();
    let back = Refunded {
        told: None,
        reversal: reversal.clone(),
        credit: Sale { dated: at, country: order.country.clone(), customer: order.customer.clone(), lines },
        credit_note: invoicing::paper(order, at, reversal.lines.clone()),
        answer_by: life.apart(later(at, ANSWER_WITHIN_S)),
        complete: false,
        releases: Vec::new(),
    };
    match kept_for_nobody_after(life, &back) {
        Some(releases) => Refunded { complete: true, releases, ..back },
        None => back,
    }
}

/// The stock items that keep some of an order of which nothing may leave once this is back, and something has left. One
/// of which nothing has is called off.
fn kept_for_nobody_after(life: &Life, back: &Refunded) -> Option<Vec<Sku>> {
    let Life::Confirmed(sold) = life else { return None };
    let after = || refunded(life.clone(), back);
    if sold.delivered.is_empty() { None } else { after().sold().and_then(fulfilment::kept_for_nobody) }
}

/// What the payment says to a sale whose money is going back.
pub(super) fn hear_payment(
    life: &Life,
    sold: &Sold,
    asked: &RefundRequested,
    wait: &Wait,
    outcome: &PaymentOutcome,
    at: Timestamp,
) -> Option<OrderEvent> {
    let mine = asked.reversal.refund_id;
    match outcome {
        PaymentOutcome::Refunded { refund_id, .. } if *refund_id == mine => {
            Some(credited(life, sold, &asked.reversal, at).into())
        }
        PaymentOutcome::RefundRefused { refund_id, code } if *refund_id == mine && is_decided(code) => {
            Some(RefundRefused { refund_id: mine, code: code.clone(), taken_back: None, was_off: false }.into())
        }
        PaymentOutcome::RefundRefused { refund_id, code } if *refund_id == mine => {
            let detail = format!("the refund was not decided: {code}");
            let reason = Reason { code: code.clone(), detail };
            let payment_answer = Some(outcome.clone());
            let stuck = Stuck { payment_answer, ..Stuck::new(Step::Refund, reason) };
            wait.awaits(&Participant::Payment).then(|| stuck.into())
        }
        other => bounced(sold, other),
    }
}

/// An operator has seen to a refund that was stuck: it counts as gone back.
pub(super) fn seen_to(life: &Life, sold: &Sold, at: Timestamp) -> Option<OrderEvent> {
    match &sold.settlement {
        Settlement::Refunding(asked, _) => Some(credited(life, sold, &asked.reversal, at).into()),
        _ => None,
    }
}

/// A refund that was told as gone back and did not arrive, days later.
pub(super) fn bounced(sold: &Sold, outcome: &PaymentOutcome) -> Option<OrderEvent> {
    let PaymentOutcome::RefundRefused { refund_id, code } = outcome else { return None };
    let taken_back = Some(*sold.reversed.money.get(refund_id)?);
    Some(RefundRefused { refund_id: *refund_id, code: code.clone(), taken_back, was_off: false }.into())
}

/// The same of an order that is or was called off.
pub(super) fn sent_back(refunds: &Refunds, outcome: &PaymentOutcome) -> Option<OrderEvent> {
    let PaymentOutcome::RefundRefused { refund_id, code } = outcome else { return None };
    let taken_back = Some(*refunds.get(refund_id)?);
    Some(RefundRefused { refund_id: *refund_id, code: code.clone(), taken_back, was_off: true }.into())
}

pub(super) fn requested(life: Life, event: &RefundRequested) -> Life {
    life.map_sold(|sold| {
        let wait = Wait::for_all([Participant::Payment], event.answer_by);
        Sold { settlement: Settlement::Refunding(Arc::new(event.clone()), wait), ..sold }
    })
}

pub(super) fn refunded(life: Life, event: &Refunded) -> Life {
    let life = life.map_sold(|mut sold| {
        let Reversal { refund_id, amount, pieces, returned, .. } = &event.reversal;
        sold.reversed.owed -= event.reversal.pays_owed().min(sold.reversed.owed);
        sold.reversed.money.insert(*refund_id, *amount);
        for claim in pieces {
            *sold.reversed.pieces.entry(claim.sku.clone()).or_insert(0) += claim.quantity.get();
            if *returned {
                *sold.reversed.returned.entry(claim.sku.clone()).or_insert(0) += claim.quantity.get();
            }
        }
        if event.credit_note.lines.is_empty() {
            return Sold { settlement: Settlement::Done, ..sold };
        }
        let wait = Wait::for_all([Participant::Invoice], event.answer_by);
        Sold { settlement: Settlement::Crediting(Arc::new(event.clone()), wait), ..sold }
    });
    match life {
        Life::Confirmed(sold) if event.complete => Life::Fulfilled(sold),
        life => life,
    }
}

pub(super) fn refused(life: Life, event: &RefundRefused) -> Life {
    match life {
        // It holds money again.
        Life::Cancelled(order, reason, refunds) if take(&mut refunds.clone(), event.refund_id).is_some() => {
            Life::Compensating(Ending::again(order, reason, refunds).came_back(event))
        }
        Life::Compensating(ending) => Life::Compensating(ending.came_back(event)),
        life => life.map_sold(|mut sold| {
            let came_back = sold.reversed.money.remove(&event.refund_id).map_or(0, |money| money.amount);
            sold.reversed.owed = sold.reversed.owed.saturating_add(came_back);
            sold.reversed.refused.insert(event.refund_id, event.code.clone());
            let settlement = match sold.settlement {
                Settlement::Refunding(asked, _) if asked.reversal.refund_id == event.refund_id => Settlement::Done,
                other => other,
            };
            Sold { settlement, ..sold }
        }),
    }
}
