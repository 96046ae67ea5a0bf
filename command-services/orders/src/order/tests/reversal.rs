//! What goes back of a sale: in parts, at most what was paid, each credited to the last minor unit.

use proptest::prelude::*;
use tillroll_log::Aggregate;
use tillroll_schemas::invoice_series::{Document, InvoiceLine, InvoiceOutcome, RecordInvoiceAnswer, Series};
use tillroll_schemas::payment::PaymentOutcome;
use tillroll_schemas::{Money, OrderId, RefundId, TaxRate, tax_by_rate};

use super::paying::{GROSS, body, numbered, says, settled};
use super::*;
use crate::order::{PaymentStatus, RefundStands, Reversed, fits};

fn refund_id(number: u128) -> RefundId {
    RefundId(Uuid::from_u128(number))
}

pub(super) fn refund(number: u128, what: Returning) -> RequestRefund {
    RequestRefund { refund_id: refund_id(number), what, reason: "late".to_owned() }
}

pub(super) fn amount(number: u128, pence: i64) -> RequestRefund {
    refund(number, Returning::Amount(gbp(pence)))
}

/// What the lines come to with tax, summed as the invoice series sums them.
fn with_tax(lines: &[InvoiceLine]) -> i64 {
    let net: i64 = lines.iter().map(|line| line.net.amount).sum();
    let open = lines.iter().filter(|line| line.fixed_tax.is_none());
    let tax = tax_by_rate(open.map(|line| (line.tax_rate, line.net))).unwrap();
    let fixed = lines.iter().filter_map(|line| line.fixed_tax);
    net + tax.into_values().chain(fixed).map(|tax| tax.amount).sum::<i64>()
}

fn is_back(number: u128) -> OrderCommand {
    says(PaymentOutcome::Refunded { refund_id: refund_id(number), amount: gbp(1) }).into()
}

pub(super) fn is_credited(number: u128) -> OrderCommand {
    let order_id = Some(OrderId(Uuid::from_u128(1)));
    let document = Document::CreditNote { credit_id: refund_id(number).0, order_id };
    RecordInvoiceAnswer { document, outcome: InvoiceOutcome::Issued { series: Series::of(at(0)), number: 2 } }.into()
}

/// The bank sends it back.
pub(super) fn bounces(number: u128) -> OrderCommand {
    says(PaymentOutcome::RefundRefused { refund_id: refund_id(number), code: "failed".to_owned() }).into()
}

pub(super) fn then(story: Given, command: impl Into<OrderCommand>) -> Given {
    let event = story.when(command).event();
    story.and([event])
}

/// All of it, step by step; no number is waited for where there is nothing to credit.
pub(super) fn given_back(story: Given, command: RequestRefund) -> Given {
    let number = command.refund_id.0.as_u128();
    let story = then(then(story, command), is_back(number));
    match story.0.last() {
        Some(OrderEvent::Refunded(back)) if back.credit_note.lines.is_empty() => story,
        _ => then(story, is_credited(number)),
    }
}

/// What the notes of the story come to, each.
fn notes(story: &Given) -> Vec<i64> {
    let noted = story.0.iter().filter_map(|event| match event {
        OrderEvent::Refunded(back) => {
            let (note, sale) = (&back.credit_note.lines, &back.credit.lines);
            let net = |amounts: &mut dyn Iterator<Item = Money>| amounts.map(|money| money.amount).sum::<i64>();
            let of_both = (net(&mut note.iter().map(|line| line.net)), net(&mut sale.iter().map(|line| line.amount)));
            assert_eq!(of_both.0, of_both.1, "the sales are credited what the note says");
            Some(with_tax(note))
        }
        _ => None,
    });
    noted.collect()
}

fn reversed(story: &Given) -> Reversed {
    story.state().life.sold().unwrap().reversed.clone()
}

#[test]
fn an_amount_goes_back_is_credited_and_numbered() {
    let story = settled();
    let OrderEvent::RefundRequested(asked) = story.when(amount(1, 100)).event() else { panic!() };
    assert_eq!((asked.reversal.amount, with_tax(&asked.reversal.lines)), (gbp(100), 100));
    let story = given_back(story, amount(1, 100));
    let OrderEvent::Refunded(refunded) = &story.0[8] else { panic!("{:?}", story.0) };
    assert_eq!(refunded.credit.dated, at(NOW_S), "by its own time");
    assert_eq!(refunded.credit_note.lines, refunded.reversal.lines);
    assert_eq!((body(&story).refunded, body(&story).payment.status), (gbp(100), PaymentStatus::PartiallyRefunded));
    story.when(amount(1, 100)).nothing();
    assert!(Order::settled(&story.state()) && Order::deadline(&story.state()).is_none());
}

#[test]
fn no_more_goes_back_than_was_paid() {
    let story = given_back(settled(), amount(1, 1_000));
    story.when(CancelOrder { by: None, reason: None }).refused("already_refunded");
    // However much more it is, what is left is said.
    for more in [GROSS - 999, GROSS + 1, i64::MAX] {
        assert_eq!(story.when(amount(2, more)).0, Err(OrderRejection::ExceedsCaptured(gbp(GROSS - 1_000))));
    }
    let story = given_back(story, amount(3, GROSS - 1_000));
    assert_eq!(body(&story).payment.status, PaymentStatus::Refunded);
    story.when(amount(4, 1)).refused("exceeds_captured");
}

#[test]
fn one_thing_at_a_time_goes_back() {
    let story = settled();
    let asked = story.when(amount(1, 100)).event();
    let story = story.and([asked]);
    story.when(amount(2, 100)).refused("refund_in_progress");
    story.when(amount(1, 100)).nothing();
    story.when(CancelOrder { by: None, reason: None }).refused("refund_in_progress");
    let back = story.when(is_back(1)).event();
    story.and([back]).when(amount(2, 100)).refused("refund_in_progress");
}

#[test]
fn a_refused_refund_credits_nothing_and_another_may_follow() {
    let asked = settled().when(amount(1, 100)).event();
    let story = settled().and([asked]);
    let refused = |code: &str| says(PaymentOutcome::RefundRefused { refund_id: refund_id(1), code: code.to_owned() });
    let stuck = story.when(refused("dead_lettered")).event();
    assert!(matches!(&stuck, OrderEvent::Stuck(stuck) if stuck.step == Step::Refund), "{stuck:?}");
    assert_eq!(body(&story.clone_and([stuck])).refund(refund_id(1)), RefundStands::UnderWay);
    let no = story.when(refused("charge_disputed")).event();
    let story = story.and([no]);
    assert_eq!(body(&story).refunded, gbp(0));
    assert_eq!(body(&story).refund(refund_id(1)), RefundStands::Refused("charge_disputed"));
    story.when(amount(1, 100)).nothing();
    assert!(matches!(story.when(amount(2, 100)).event(), OrderEvent::RefundRequested(_)));
}

#[test]
fn money_that_the_bank_sends_back_counts_as_not_refunded() {
    let story = given_back(settled(), amount(1, 100));
    assert_eq!(body(&story).refund(refund_id(1)), RefundStands::Back);
    let OrderEvent::RefundRefused(event) = story.when(bounces(1)).event() else { panic!() };
    assert_eq!((event.taken_back, event.was_off), (Some(gbp(100)), false));
    let story = story.and([event.into()]);
    assert_eq!((body(&story).refunded, body(&story).owed), (gbp(0), Some(gbp(100))));
    assert_eq!(body(&story).refund(refund_id(1)), RefundStands::Refused("failed"));
}

#[test]
fn what_the_bank_sent_back_goes_back_once_more_without_another_note() {
    let bounced = then(given_back(settled(), amount(1, 400)), bounces(1));
    bounced.when(CancelOrder { by: None, reason: None }).refused("already_refunded");
    let story = given_back(bounced.clone_and([]), amount(2, 400));
    assert_eq!((notes(&story), body(&story).refunded, body(&story).owed), (vec![400, 0], gbp(400), None));
    assert!(Order::settled(&story.state()) && Order::deadline(&story.state()).is_none(), "no number is waited for");
    // As docs/invoices.md has it.
    let story = given_back(given_back(bounced.clone_and([]), amount(2, 100)), amount(3, 500));
    assert_eq!((notes(&story), reversed(&story).owed), (vec![400, 0, 200], 0));
    let story = given_back(story, amount(4, GROSS - 600));
    assert_eq!((notes(&story).into_iter().sum::<i64>(), body(&story).refunded), (GROSS, gbp(GROSS)));
    story.when(amount(5, 1)).refused("exceeds_captured");
}

#[test]
fn pieces_whose_money_the_bank_sent_back_are_paid_as_an_amount() {
    let mug = || Returning::Lines(vec![claim("MUG", 1)]);
    let one = given_back(settled(), refund(1, mug()));
    let one = then(given_back(one, refund(2, mug())), bounces(1));
    one.when(refund(3, mug())).refused("quantity_exceeds_order");
    let story = given_back(one, amount(3, 306));
    assert_eq!((notes(&story), body(&story).refunded), (vec![306, 306, 0], gbp(612)));
    let other = Returning::Lines(vec![claim("BOWL", 1)]);
    assert_eq!(notes(&given_back(story, refund(4, other))).len(), 4, "what was not credited yet still is");
}

#[test]
fn only_what_has_left_comes_back_and_once() {
    let mugs = |pieces| Returning::Returned { lines: vec![claim("MUG", pieces)], restock: true };
    let story = settled();
    story.when(refund(1, mugs(1))).refused("quantity_exceeds_order");
    let out = [requested(1, &everything()), fulfilled(1, &everything(), true)];
    let story = given_back(story.and(out), refund(1, mugs(1)));
    let OrderEvent::Refunded(refunded) = &story.0[10] else { panic!("{:?}", story.0) };
    assert_eq!((refunded.reversal.amount, &refunded.reversal.restock), (gbp(306), &vec![claim("MUG", 1)]));
    story.when(refund(2, mugs(2))).refused("quantity_exceeds_order");
    let more = story.when(refund(3, Returning::Lines(vec![claim("MUG", 2)])));
    assert_eq!(more.0, Err(OrderRejection::QuantityExceedsOrder(vec![Excess { sku: sku("MUG"), left: 1 }])));
    let most = Returning::Lines(vec![claim("MUG", Quantity::MAX), claim("MUG", Quantity::MAX)]);
    let most = story.when(refund(3, most));
    assert_eq!(most.0, Err(OrderRejection::QuantityExceedsOrder(vec![Excess { sku: sku("MUG"), left: 1 }])));
    let postage = Returning::Returned { lines: vec![claim("POST", 1)], restock: true };
    let OrderEvent::RefundRequested(asked) = story.when(refund(4, postage)).event() else { panic!() };
    assert_eq!(asked.reversal.restock, [], "no stock is kept of it");
}

/// Each line that is credited stands in the event three times: an order of which every event fits may be too large to go
/// back at once. Nothing goes back then, and in parts all of it does.
#[test]
fn what_no_record_can_hold_goes_back_in_parts() {
    let (lines, name) = (9_000, "n".repeat(150));
    let postage = || Line { name: name.clone(), ..service("POST", 300) };
    let placed = then(given([]), place((0..lines).map(|_| postage()).collect()));
    let sold = (0..3).fold(placed, |story, _| then(story, Continue {}));
    assert!(sold.0.iter().all(fits), "the order is taken");
    let sold = then(sold, numbered());
    let back = |number, pieces| refund(number, Returning::Lines(vec![claim("POST", pieces)]));
    sold.when(back(1, lines)).refused("body_too_large");
    let first = then(sold, back(2, lines / 3));
    assert!(first.0.iter().all(fits));
    let rest = then(then(first, is_credited(2)), back(3, lines / 3));
    assert_eq!(body(&rest).refunded, gbp(240 * lines), "360 of each line with its tax");
}

#[test]
fn nothing_goes_back_of_what_is_not_sold_paid_and_invoiced() {
    given([]).when(amount(1, 1)).refused("not_found");
    given([placed()]).when(amount(1, 1)).refused("not_confirmed");
    given([placed(), cancelled()]).when(amount(1, 1)).refused("order_cancelled");
    given([placed(), reserved(), committed(), sold(&placed())]).when(amount(1, 1)).refused("payment_pending");
    settled().when(refund(1, Returning::Lines(vec![]))).refused("nothing_to_refund");
}

/// The longest that there may be, as much of it as one record takes: its owner decides nothing else meanwhile, for any
/// order of the partition.
#[test]
fn half_of_a_long_order_is_taken_back_in_a_moment() {
    let lines: Vec<Line> = (0..10_000).map(|nth| line(&format!("SKU-{nth:05}"), 1, 100)).collect();
    let all: Vec<StockClaim> = lines.iter().map(|line| claim(line.sku.as_str(), 1)).collect();
    let story = confirmed_of(lines).and([requested(1, &all), fulfilled(1, &all, true)]);
    let take_back = |lines: &[StockClaim]| {
        let (state, since) = (story.state(), std::time::Instant::now());
        let back = refund(1, Returning::Returned { lines: lines.to_vec(), restock: true });
        let decided = Order::decide(&state, &back.into(), at(NOW_S));
        let took = since.elapsed();
        assert!(took < std::time::Duration::from_secs(2), "{took:?}");
        decided
    };
    assert_eq!(take_back(&all), Err(OrderRejection::TooLarge));
    let Ok(Some(OrderEvent::Refunded(refunded))) = take_back(&all[5_000..]) else { panic!("it is not taken back") };
    assert_eq!((refunded.reversal.restock.len(), refunded.reversal.amount), (5_000, gbp(600_000)));
}

#[test]
fn on_account_it_is_credited_at_once() {
    let OrderEvent::Refunded(refunded) = confirmed_story().when(amount(1, 100)).event() else { panic!() };
    assert_eq!(refunded.reversal.amount, gbp(100));
    confirmed_story().when(amount(1, GROSS + 1)).refused("exceeds_captured");
}

fn lines() -> impl Strategy<Value = Vec<Line>> {
    let drawn = (0..4usize, 1..5i64, 0..2_000i64, prop::sample::select(vec![0u32, 500, 2_000, 1_999, 10_000]));
    let drawn = drawn.prop_map(|(which, pieces, pence, rate)| Line {
        tax_rate: TaxRate::try_from(rate).unwrap(),
        ..line(["A", "B", "C", "D"][which], pieces, pence)
    });
    prop::collection::vec(drawn, 1..6)
}

fn confirmed_of(lines: Vec<Line>) -> Given {
    let placed = given([]).when(place(lines)).event();
    let before_invoices =
        Confirmed { told: None, sale: sale(at(0)), capture: None, invoice: None, cart: None, answer_by: None };
    let claims = || StockReserved { answers: vec![], claims: vec![], answer_by: at(11) };
    given([placed, claims().into(), StockCommitted { answers: vec![] }.into(), before_invoices.into()])
}

/// Parts of a line bear their part of its tax, as the page works it out.
#[test]
fn the_worked_example_of_the_page_is_right() {
    let page = include_str!("../../../../../docs/invoices.md");
    let nine = Line { tax_rate: TaxRate::try_from(2_000).unwrap(), ..line("A", 3, 3) };
    let mut story = confirmed_of(vec![nine]);
    for number in 1..=3 {
        let part = Returning::Lines(vec![claim("A", 1)]);
        let OrderEvent::Refunded(part) = story.when(refund(number, part)).event() else { panic!() };
        let [line] = part.reversal.lines.as_slice() else { panic!("{part:?}") };
        let row = format!("| {number} | {} | {} |", line.net.amount, line.fixed_tax.unwrap().amount);
        assert!(page.contains(&row), "{row}");
        let event = part.into();
        story = story.and([event]);
        let credited = story.when(is_credited(number)).event();
        story = story.and([credited]);
    }
    assert_eq!(body(&story).refunded, gbp(11));
}

proptest! {
    /// The note's sum with tax is the money, whatever the rates are.
    #[test]
    fn an_amount_is_credited_to_the_last_minor_unit(lines in lines(), share in 1..=1_000i64) {
        let story = confirmed_of(lines);
        let gross = body(&story).totals.gross;
        prop_assume!(gross.amount > 0);
        let wanted = (i128::from(gross.amount) * i128::from(share) / 1_000).max(1);
        let wanted = Money { amount: i64::try_from(wanted).unwrap(), ..gross };
        let OrderEvent::Refunded(refunded) = story.when(refund(1, Returning::Amount(wanted))).event() else { panic!() };
        prop_assert_eq!(refunded.reversal.amount, wanted);
        prop_assert_eq!(with_tax(&refunded.reversal.lines), wanted.amount);
        prop_assert!(refunded.reversal.lines.iter().all(|line| line.net.amount > 0));
    }

    /// Whatever bounces, the notes credit what went back and what is owed, and never more than the sale.
    #[test]
    fn notes_credit_what_went_back_and_what_is_owed(
        steps in prop::collection::vec((0..4usize, 1..=GROSS), 1..20),
    ) {
        let mut story = settled();
        for (number, (what, pence)) in (1..).zip(steps) {
            let lines = |sku: &str| refund(number, Returning::Lines(vec![claim(sku, 1)]));
            let bounced = reversed(&story).money.keys().next().map(|id| id.0.as_u128());
            let wanted = [amount(number, pence), lines("MUG"), lines("BOWL")];
            story = match (wanted.into_iter().nth(what), bounced) {
                (Some(wanted), _) if story.when(wanted.clone()).0.is_ok() => given_back(story, wanted),
                (None, Some(bounced)) => then(story, bounces(bounced)),
                _ => story,
            };
            let credited: i64 = notes(&story).into_iter().sum();
            prop_assert_eq!(credited, body(&story).refunded.amount + reversed(&story).owed);
            prop_assert!(credited <= GROSS);
        }
        let left = GROSS - body(&story).refunded.amount;
        if left > 0 {
            let story = given_back(story, amount(99, left));
            prop_assert_eq!((notes(&story).into_iter().sum::<i64>(), reversed(&story).owed), (GROSS, 0));
        }
    }

    /// All at once they come to the whole, and so they do piece by piece.
    #[test]
    fn pieces_cost_what_they_cost(lines in lines()) {
        let story = confirmed_of(lines.clone());
        let gross = body(&story).totals.gross;
        let all: Vec<StockClaim> = lines.iter().map(|line| claim(line.sku.as_str(), line.quantity.get())).collect();
        let pieces = lines.iter().flat_map(|line| (0..line.quantity.get()).map(|_| claim(line.sku.as_str(), 1)));
        let OrderEvent::Refunded(whole) = story.when(refund(1, Returning::Lines(all.clone()))).event() else { panic!() };
        prop_assert_eq!(whole.reversal.amount, gross);
        let (mut story, mut number, mut sum) = (story, 1, 0);
        let net = |line: &Line| (line.tax_rate, line.unit_price.times(line.quantity).unwrap());
        let mut taxes = tax_by_rate(lines.iter().map(net)).unwrap();
        for one in pieces {
            number += 1;
            let OrderEvent::Refunded(part) = story.when(refund(number, Returning::Lines(vec![one]))).event() else { panic!() };
            sum += part.reversal.amount.amount;
            prop_assert_eq!(with_tax(&part.reversal.lines), part.reversal.amount.amount, "the note is the money");
            for line in &part.reversal.lines {
                taxes.get_mut(&line.tax_rate).unwrap().amount -= line.fixed_tax.unwrap().amount;
            }
            let event = part.into();
            story = story.and([event]);
            let credited = story.when(is_credited(number)).event();
            story = story.and([credited]);
        }
        prop_assert_eq!(sum, gross.amount);
        prop_assert!(taxes.values().all(|left| left.amount == 0), "of each rate what the invoice took: {:?}", taxes);
        prop_assert_eq!(body(&story).refunded.amount, sum);
    }
}

#[test]
fn an_invoice_that_is_refused_leaves_the_order_stuck_beside_its_life() {
    let story = given([placed(), reserved(), committed(), sold(&placed())]);
    let no = RecordInvoiceAnswer { outcome: InvoiceOutcome::Refused { code: "series_full".to_owned() }, ..numbered() };
    let stuck = story.when(no.clone()).event();
    let story = story.and([stuck]);
    assert_eq!(story.state().life.stuck().unwrap().code, "series_full");
    assert_eq!(body(&story).status, crate::order::Status::Confirmed, "it is as good as before");
    story.when(no).nothing();
    let OrderEvent::StepRetried(again) = story.when(RetryStep { reason: None }).event() else { panic!() };
    assert!(again.document.is_some());
    story.when(CompensateStuck { reason: "x".to_owned() }).refused("cannot_be_given_up");
    let seen_to = story.when(CompleteStep { reason: "x".to_owned() }).event();
    assert_eq!(Order::deadline(&story.and([seen_to]).state()), None);
}

#[test]
fn two_deadlines_of_one_order_are_never_the_same() {
    let story = story_of_two_waits();
    let mut fired = Vec::new();
    let mut now = story;
    while let Some(deadline) = Order::deadline(&now.state()) {
        assert!(!fired.contains(&deadline), "{deadline} fires twice");
        fired.push(deadline);
        let event = Order::decide(&now.state(), &DeadlinePassed { deadline }.into(), deadline).unwrap().unwrap();
        now = now.and([event]);
    }
    assert!(fired.len() > 10, "both waits became longer: {fired:?}");
}

/// A delivery and a number are awaited, asked for at the same time.
fn story_of_two_waits() -> Given {
    let story = given([placed(), reserved(), committed(), sold(&placed())]);
    let event = story.when(RequestFulfilment { fulfilment_id: delivery(1), items: None }).event();
    story.and([event])
}
