//! The table: every step of the saga × everything that can go wrong with it × where the order ends then. The steps come
//! from the code: one that is new does not compile here before it has its rows.

use crate::shop::Fault;
use tillroll_schemas::order::Step;

/// What can go wrong with a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The stock item, or the provider of payments, says no.
    Refused,
    /// Nobody can read the command.
    Unreadable,
    /// Nobody can read the answer.
    AnswerUnreadable,
    /// Whoever is asked is away for longer than any wait.
    TimedOut,
    /// He is away until the order has given the step up.
    AnsweredLate,
    /// Every command and every answer stands there twice.
    AnsweredTwice,
    /// An owner is killed before a record of the step is stored,
    LostBefore,
    /// when it is stored and nobody knows,
    LostAfter,
    /// and when all that it causes is sent and that is not committed.
    LostAfterSending,
    /// The provider does not carry calls out, and says nothing, twice.
    CallLost,
    /// The provider carries calls out and says nothing, twice.
    CallCut,
}

pub const FAILURES: [Failure; 11] = [
    Failure::Refused,
    Failure::Unreadable,
    Failure::AnswerUnreadable,
    Failure::TimedOut,
    Failure::AnsweredLate,
    Failure::AnsweredTwice,
    Failure::LostBefore,
    Failure::LostAfter,
    Failure::LostAfterSending,
    Failure::CallLost,
    Failure::CallCut,
];

/// Where an order is when everything is quiet again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Confirmed,
    Fulfilled,
    PartlyFulfilled,
    PartlyRefunded,
    /// Delivered, and a piece of it came back and is paid for; whether it stands on the shelf again.
    TakenBack {
        on_shelf: bool,
    },
    Cancelled(&'static str),
    Stuck(&'static str),
}

/// A story whose last step is the one in question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scene {
    /// An order is placed on account.
    Checkout,
    /// One is placed by card.
    CheckoutByCard,
    /// One by a card whose owner has to authenticate himself, and does.
    CheckoutWithAction,
    /// One that was sold is called off: what is held is released, and the sale credited.
    CallOffSold,
    /// One that was paid by card is: the money goes back.
    CallOffPaid,
    /// One is called off that is not confirmed.
    CallOffUnsold,
    /// One whose money is held is: it is let go.
    CallOffHeld,
    /// One whose money is being taken is: it goes back once that is known.
    CallOffCapturing,
    /// All of it is delivered.
    DeliverAll,
    /// One piece of it is.
    DeliverPart,
    /// Some of the money of one that was paid by card goes back.
    GiveBack,
    /// A piece of one that was delivered comes back and is put on the shelf, and what it cost goes back.
    TakeBack,
}

impl Scene {
    pub fn by_card(self) -> bool {
        match self {
            Self::CheckoutByCard | Self::CheckoutWithAction | Self::CallOffPaid | Self::CallOffHeld => true,
            Self::CallOffCapturing | Self::GiveBack | Self::TakeBack => true,
            Self::Checkout | Self::CallOffSold | Self::CallOffUnsold | Self::DeliverAll | Self::DeliverPart => false,
        }
    }
}

pub fn scenes(step: Step) -> &'static [Scene] {
    match step {
        Step::Reserve | Step::Commit => &[Scene::Checkout, Scene::CheckoutByCard],
        Step::Authorise => &[Scene::CheckoutByCard, Scene::CheckoutWithAction],
        Step::Capture => &[Scene::CheckoutByCard],
        Step::Invoice => &[
            Scene::Checkout,
            Scene::CheckoutByCard,
            Scene::CallOffSold,
            Scene::CallOffPaid,
            Scene::GiveBack,
            Scene::TakeBack,
        ],
        Step::Release => {
            &[Scene::CallOffSold, Scene::CallOffUnsold, Scene::CallOffPaid, Scene::CallOffHeld, Scene::CallOffCapturing]
        }
        Step::Fulfil => &[Scene::DeliverAll, Scene::DeliverPart],
        Step::Refund => &[Scene::GiveBack, Scene::TakeBack],
    }
}

/// A command of a step, the command that answers it, and what that says.
pub type Question = (&'static str, &'static str, &'static str);

pub const STOCK: &str = "order.record-stock-answers";
pub const PAYMENT: &str = "order.record-payment-answer";

/// What came back is put on the shelf, beside the number of its credit note. Nobody answers, and nobody waits.
pub const RESTOCK: Question = ("stock-item.receive", "", "");

/// What is asked in a step. Each is a row of the table of its own.
pub fn questions(step: Step, scene: Scene) -> &'static [Question] {
    const RELEASE: Question = ("stock-item.release", STOCK, "\"released\"");
    const NUMBER: Question = ("invoice-series.issue", "order.record-invoice-answer", "\"issued\"");
    match (step, scene) {
        (Step::Reserve, _) => &[("stock-item.reserve", STOCK, "\"reserved\"")],
        (Step::Authorise, _) => &[("payment.request", PAYMENT, "\"authorised\"")],
        (Step::Commit, _) => &[("stock-item.commit", STOCK, "\"committed\"")],
        (Step::Capture, _) => &[("payment.capture", PAYMENT, "\"captured\"")],
        (Step::Invoice, Scene::TakeBack) => &[NUMBER, RESTOCK],
        (Step::Invoice, _) => &[NUMBER],
        (Step::Release, Scene::CallOffPaid) => &[RELEASE, ("payment.refund", PAYMENT, "\"refunded\"")],
        (Step::Release, Scene::CallOffHeld) => &[RELEASE, ("payment.void", PAYMENT, "\"voided\"")],
        (Step::Release, Scene::CallOffCapturing) => {
            &[RELEASE, ("payment.void", PAYMENT, "\"void_refused\""), ("payment.refund", PAYMENT, "\"refunded\"")]
        }
        (Step::Release, _) => &[RELEASE],
        (Step::Fulfil, _) => &[("stock-item.fulfil", STOCK, "\"fulfilled\"")],
        (Step::Refund, _) => &[("payment.refund", PAYMENT, "\"refunded\"")],
    }
}

/// The records by which a step goes on, each of which may be the one at which an owner is lost.
pub fn records(step: Step, scene: Scene) -> &'static [&'static str] {
    match (step, scene) {
        (Step::Reserve, Scene::Checkout) => {
            &["order.placed.v2", "stock-item.reserved.v1", "order.stock-answered.v1", "order.stock-reserved.v1"]
        }
        (Step::Reserve, _) => &["stock-item.reserved.v1", "order.payment-requested.v1"],
        (Step::Authorise, Scene::CheckoutWithAction) => {
            &["payment.action-required.v1", "order.payment-action-required.v1", "payment.authorised.v1"]
        }
        (Step::Authorise, _) => {
            &["payment.requested.v1", "payment.created.v1", "payment.authorised.v1", "order.payment-authorised.v1"]
        }
        (Step::Commit, _) => &["stock-item.committed.v1", "order.stock-committed.v1", "order.confirmed.v1"],
        (Step::Capture, _) => &["payment.capture-requested.v1", "payment.captured.v1", "order.payment-captured.v1"],
        (Step::Invoice, Scene::GiveBack) => {
            &["order.refunded.v1", "invoice-series.document-issued.v1", "order.invoiced.v1"]
        }
        (Step::Invoice, Scene::TakeBack) => {
            &["order.refunded.v1", "stock-item.received.v1", "invoice-series.document-issued.v1", "order.invoiced.v1"]
        }
        (Step::Invoice, _) => &["invoice-series.document-issued.v1", "order.invoiced.v1"],
        (Step::Release, Scene::CallOffPaid) => &[
            "order.compensation-started.v1",
            "payment.refund-requested.v1",
            "payment.refunded.v1",
            "order.cancelled.v1",
        ],
        (Step::Release, Scene::CallOffCapturing) => &[
            "order.payment-answered.v1",
            "payment.captured.v1",
            "order.undo-requested.v1",
            "payment.refunded.v1",
            "order.cancelled.v1",
        ],
        (Step::Release, Scene::CallOffHeld) => &["payment.void-started.v1", "payment.voided.v1", "order.cancelled.v1"],
        (Step::Release, _) => &["order.compensation-started.v1", "stock-item.released.v1", "order.cancelled.v1"],
        (Step::Fulfil, _) => &["order.fulfilment-requested.v1", "stock-item.fulfilled.v1", "order.fulfilled.v1"],
        (Step::Refund, _) => {
            &["order.refund-requested.v1", "payment.refund-requested.v1", "payment.refunded.v1", "order.refunded.v1"]
        }
    }
}

/// Where the story ends without any failure.
pub fn undisturbed(scene: Scene) -> End {
    match scene {
        Scene::Checkout | Scene::CheckoutByCard | Scene::CheckoutWithAction => End::Confirmed,
        Scene::CallOffSold
        | Scene::CallOffUnsold
        | Scene::CallOffPaid
        | Scene::CallOffHeld
        | Scene::CallOffCapturing => End::Cancelled("cancelled_by_customer"),
        Scene::DeliverAll => End::Fulfilled,
        Scene::DeliverPart => End::PartlyFulfilled,
        Scene::GiveBack => End::PartlyRefunded,
        Scene::TakeBack => End::TakenBack { on_shelf: true },
    }
}

/// The reason of a step in which nobody answered this question.
pub fn unanswered((command, ..): Question) -> &'static str {
    match command.split('.').next() {
        Some("payment") => "payment_unanswered",
        Some("invoice-series") => "invoice_unanswered",
        _ => "stock_unanswered",
    }
}

/// Where it ends with this failure of this question; nothing if there is no such failure.
pub fn expected(step: Step, failure: Failure, scene: Scene, question: Question) -> Option<End> {
    if question == RESTOCK {
        return restocked(failure);
    }
    let gives_up = matches!(step, Step::Reserve | Step::Authorise | Step::Commit | Step::Capture);
    match (failure, step) {
        (Failure::Refused, Step::Reserve | Step::Commit) => Some(End::Cancelled("insufficient_stock")),
        (Failure::Refused, Step::Authorise) => Some(End::Cancelled("payment_declined")),
        (Failure::Refused, Step::Capture) => Some(End::Cancelled("payment_failed")),
        // A stock item always lets go; a document is always numbered.
        (Failure::Refused, Step::Invoice) => None,
        (Failure::Refused, Step::Release) if question.0 != "payment.refund" => None,
        (Failure::Refused, Step::Release) => Some(End::Stuck("charge_disputed")),
        (Failure::Refused, Step::Fulfil) => Some(End::Stuck("not_committed")),
        // The sale is as it was: nothing went back.
        (Failure::Refused, Step::Refund) if scene == Scene::TakeBack => Some(End::Fulfilled),
        (Failure::Refused, Step::Refund) => Some(End::Confirmed),
        (Failure::CallLost | Failure::CallCut, _) if !question.0.starts_with("payment.") => None,
        // It is not asked of the provider.
        (Failure::CallLost | Failure::CallCut, _)
            if scene == Scene::CallOffCapturing && question.0 == "payment.void" =>
        {
            None
        }
        // That it cannot be voided is known by then in another way: the money was taken.
        (Failure::Unreadable | Failure::AnswerUnreadable, Step::Release) if question.2 == "\"void_refused\"" => {
            Some(undisturbed(scene))
        }
        (Failure::CallLost | Failure::CallCut, _) => Some(undisturbed(scene)),
        // The customer's own time is over by then.
        (Failure::AnswerUnreadable, Step::Authorise) if scene == Scene::CheckoutWithAction => {
            Some(End::Cancelled("payment_expired"))
        }
        (Failure::TimedOut | Failure::AnsweredLate, Step::Authorise) if scene == Scene::CheckoutWithAction => None,
        (Failure::Unreadable | Failure::AnswerUnreadable | Failure::TimedOut | Failure::AnsweredLate, _)
            if gives_up =>
        {
            Some(End::Cancelled(unanswered(question)))
        }
        (Failure::Unreadable | Failure::AnswerUnreadable, _) => Some(End::Stuck(unanswered(question))),
        (Failure::TimedOut | Failure::AnsweredLate, _)
        | (Failure::AnsweredTwice | Failure::LostBefore | Failure::LostAfter | Failure::LostAfterSending, _) => {
            Some(undisturbed(scene))
        }
    }
}

/// Where a return ends when this goes wrong with putting it on the shelf. Its money and its credit note wait for nothing,
/// so what nobody can read is told by the dead letter alone.
fn restocked(failure: Failure) -> Option<End> {
    match failure {
        Failure::Refused | Failure::AnswerUnreadable | Failure::AnsweredLate => None,
        Failure::CallLost | Failure::CallCut => None,
        Failure::Unreadable => Some(End::TakenBack { on_shelf: false }),
        Failure::TimedOut | Failure::AnsweredTwice => Some(End::TakenBack { on_shelf: true }),
        Failure::LostBefore | Failure::LostAfter | Failure::LostAfterSending => Some(End::TakenBack { on_shelf: true }),
    }
}

/// The faults that are this failure of this question; each is tried by itself.
pub fn faults(step: Step, failure: Failure, scene: Scene, question: Question) -> Vec<Option<Fault>> {
    let (type_name, answer_type, answer) = question;
    // Of the questions of one step only the first is followed record by record.
    let first = questions(step, scene)[0] == question;
    let at_each_record = |fault: fn(&'static str) -> Fault| {
        let of_step = records(step, scene).iter().filter(|_| first);
        of_step.map(|name| Some(fault(name))).collect()
    };
    match failure {
        Failure::Refused | Failure::AnsweredTwice | Failure::CallLost | Failure::CallCut => vec![None],
        Failure::Unreadable => vec![Some(Fault::Unreadable(type_name, ""))],
        Failure::AnswerUnreadable => vec![Some(Fault::Unreadable(answer_type, answer))],
        Failure::TimedOut | Failure::AnsweredLate => vec![Some(Fault::Silence(type_name))],
        Failure::LostBefore => at_each_record(Fault::LostBefore),
        Failure::LostAfter => at_each_record(Fault::LostAfter),
        Failure::LostAfterSending => at_each_record(Fault::LostAfterSending),
    }
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    pub step: Step,
    pub scene: Scene,
    pub failure: Failure,
    pub question: Question,
    pub fault: Option<Fault>,
    pub end: End,
}

/// Every one.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for step in Step::ALL {
        for scene in scenes(step).iter().copied() {
            for question in questions(step, scene).iter().copied() {
                for failure in FAILURES {
                    let Some(end) = expected(step, failure, scene, question) else { continue };
                    let faults = faults(step, failure, scene, question).into_iter();
                    cases.extend(faults.map(|fault| Case { step, scene, failure, question, fault, end }));
                }
            }
        }
    }
    cases
}
