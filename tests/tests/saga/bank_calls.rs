//! A payment's calls to the provider as letters, so that they are lost with their owner and made again, like all it causes.

use crate::bank::Bank;
use tillroll_log::{Body, Cause, Outgoing, Reactions, SettledAs};
use tillroll_payments::PaymentReactions;
use tillroll_payments::payment::Payment;
use tillroll_schemas::catalogue;
use tillroll_schemas::payment::{Ask, Call, PaymentCommand, PaymentEvent, RecordReport, Report};
use tillroll_testkit::Letter;

/// The command that a call comes to.
pub const REPORT: &str = "payment.record-report";

/// What a payment causes: its answers, and its calls to the provider. The call travels in place of the report that it
/// will come to; the shop makes it when it routes the letter.
pub struct PaymentWork;

impl Reactions<Payment> for PaymentWork {
    const NAME: &'static str = PaymentReactions::NAME;

    fn on_event(cause: &Cause, event: &PaymentEvent) -> Result<Vec<Outgoing>, serde_json::Error> {
        let mut work = PaymentReactions::on_event(cause, event)?;
        if let Some(call) = event.call() {
            let report = RecordReport { intent: None, report: Report::Created };
            let command = PaymentCommand::from(report);
            let letter = Outgoing::new(catalogue::PAYMENT, cause.key.clone(), "report", &command)?;
            work.push(Outgoing { value: serde_json::to_vec(&call)?, ..letter });
        }
        Ok(work)
    }

    fn on_settled(
        cause: &Cause,
        command: Option<&PaymentCommand>,
        settled: SettledAs<'_>,
    ) -> Result<Vec<Outgoing>, serde_json::Error> {
        PaymentReactions::on_settled(cause, command, settled)
    }
}

/// Makes the call that the letter carries, and puts the report into it; whether there is one.
pub fn make_call(bank: &Bank, letter: &mut Letter) -> bool {
    let (call, ask): (Call, Ask) = serde_json::from_slice(&letter.value).unwrap();
    let Some(report) = bank.call(letter.key.parse().unwrap(), &call, &ask) else { return false };
    letter.value = PaymentCommand::from(report).encode().unwrap();
    true
}
