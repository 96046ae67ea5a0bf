//! Money through the whole system: whatever the payment provider does wrong, nothing is held or taken that the log does
//! not say, and what was done behind our back is found. Payments are asked as orders ask them, by topic.

#[path = "money/till.rs"]
mod till;

use crate::shop::{add_product, text};
use e2e::{Outcome, System, own, until};
use futures_util::future::try_join_all;
use serde_json::json;
use till::{Asked, Till, WITHIN};

#[test]
fn money_is_where_the_log_says_whatever_the_provider_does() -> Outcome {
    own(|system| async move {
        let mut till = Till::of(&system).await?;
        customers_act_or_do_not(&till).await?;
        the_provider_fails_in_every_way(&till).await?;
        the_breaker_opens_and_closes(&till).await?;
        a_killed_process_forgets_nothing(&mut till).await?;
        till.agrees().await?;
        till.finds_by_itself(0).await?;
        what_was_done_by_hand_is_found_and_mended(&till).await?;
        webhooks_are_taken_from_the_provider_alone(&till).await?;
        invoices_are_shown_and_printed(&system).await?;
        orders_are_paid_by_card(&till).await
    })
}

/// Cards that pay, cards that do not, customers who authenticate themselves, refuse to, or stay away; orders that are
/// cancelled meanwhile.
async fn customers_act_or_do_not(till: &Till) -> Outcome {
    let declined = till.request("pm_card_visa_chargeDeclinedInsufficientFunds").await?;
    let less = till.request("pm_sandbox_holds_less").await?;
    let (passes, fails) =
        (till.request("pm_card_threeDSecure2Required").await?, till.request("pm_card_threeDSecure2Required").await?);
    let away = till.request_until("pm_card_threeDSecure2Required", 3).await?;
    let cancelled = till.request("pm_card_threeDSecure2Required").await?;
    for (payment, outcome) in [(&passes, "pass"), (&fails, "fail")] {
        till.becomes(payment, "requires_action").await?;
        till.at_the_bank(payment, outcome).await?;
    }
    till.becomes(&cancelled, "requires_action").await?;
    till.void(&cancelled).await?;
    let early = Asked::new(till.next());
    till.void(&early).await?;
    till.becomes(&early, "voided").await?;
    till.request_as(&early, "pm_card_visa", 60).await?;
    for (payment, code) in [(declined, "insufficient_funds"), (less, "authorised_other_amount")] {
        assert_eq!(text(&till.becomes(&payment, "declined").await?, "code"), code);
    }
    assert_eq!(text(&till.becomes(&fails, "declined").await?, "code"), "authentication_failed");
    assert_eq!(text(&till.becomes(&away, "declined").await?, "code"), "action_overdue");
    till.becomes(&cancelled, "voided").await?;
    till.becomes(&passes, "authorised").await?;
    assert_eq!(till.holds().await?, [(passes.intent(till).await?, 500)], "and nothing else is held");
    till.void(&passes).await?;
    till.becomes(&passes, "voided").await?;
    assert_eq!(till.holds().await?, []);
    till.agrees().await
}

/// Each call goes wrong in each way, with its webhooks and without them; and once the answer comes twice.
async fn the_provider_fails_in_every_way(till: &Till) -> Outcome {
    // No webhook says that he has acted: he is asked after when his time is over, which is while the others live.
    let unheard = Asked::new(till.next());
    till.fault(&unheard, "webhook", "never_answer", 100).await?;
    till.ask_for(&unheard, "pm_card_threeDSecure2Required", 60, 30).await?;
    till.becomes(&unheard, "requires_action").await?;
    till.at_the_bank(&unheard, "pass").await?;
    let ways = ["error_before", "error_after", "never_answer", "answer_late", "cut", "too_many"];
    let mut payments = Vec::new();
    for (nth, operation) in ["confirm", "capture", "refund"].into_iter().enumerate() {
        for (at, way) in ways.into_iter().enumerate() {
            let payment = Asked::new(till.next());
            till.fault(&payment, operation, way, 1).await?;
            if (nth + at) % 2 == 0 {
                till.fault(&payment, "webhook", "never_answer", 100).await?;
            }
            payments.push((payment, "pm_card_visa"));
        }
    }
    payments.push((Asked::new(till.next()), "pm_sandbox_told_twice"));
    let lives = payments.iter().map(|(payment, card)| async move {
        till.request_as(payment, card, 60).await?;
        till.becomes(payment, "authorised").await?;
        till.capture(payment).await?;
        till.becomes(payment, "captured").await?;
        till.refund(payment, 200).await?;
        till.has_given_back(payment, 200).await
    });
    try_join_all(lives).await?;
    till.becomes(&unheard, "authorised").await?;
    till.void(&unheard).await?;
    till.becomes(&unheard, "voided").await?;
    assert_eq!(till.holds().await?, []);
    assert_eq!(till.taken().await?, (500 * payments.len() as i64, 200 * payments.len() as i64));
    // A creation whose fault is kept under its key is given up, and holds nothing.
    let lost = Asked::new(till.next());
    till.fault(&lost, "create", "error_after", 1).await?;
    till.fault(&lost, "webhook", "never_answer", 1).await?;
    till.request_as(&lost, "pm_card_visa", 2).await?;
    assert_eq!(text(&till.becomes(&lost, "declined").await?, "code"), "provider_unavailable");
    till.agrees().await
}

async fn the_breaker_opens_and_closes(till: &Till) -> Outcome {
    const OPENS: &str = "it is left alone for a moment";
    const CLOSES: &str = "the payment provider answers";
    let opened = till.logged(OPENS).await;
    till.fault_of_all("error_before", 1_000).await?;
    let mut payments = Vec::new();
    for _ in 0..8 {
        payments.push(till.request("pm_card_visa").await?);
    }
    till.logs_again(OPENS, opened).await?;
    let closed = till.logged(CLOSES).await;
    till.behaves().await?;
    for payment in &payments {
        till.becomes(payment, "authorised").await?;
        till.void(payment).await?;
    }
    till.logs_again(CLOSES, closed).await?;
    for payment in &payments {
        till.becomes(payment, "voided").await?;
    }
    assert_eq!(till.holds().await?, []);
    Ok(())
}

/// Shop and provider die together: what was asked is done once, and what was held is held.
async fn a_killed_process_forgets_nothing(till: &mut Till) -> Outcome {
    let held = till.request("pm_card_visa").await?;
    till.becomes(&held, "authorised").await?;
    let (before, mut underway) = (till.taken().await?, Vec::new());
    for _ in 0..5 {
        underway.push(till.request("pm_card_visa").await?);
    }
    till.dies_and_comes_back().await?;
    till.capture(&held).await?;
    till.becomes(&held, "captured").await?;
    assert_eq!(till.taken().await?, (before.0 + 500, before.1));
    for payment in &underway {
        till.becomes(payment, "authorised").await?;
        till.void(payment).await?;
        till.becomes(payment, "voided").await?;
    }
    assert_eq!(till.holds().await?, []);
    Ok(())
}

/// Somebody takes money in the provider's dashboard: reconciliation finds it, the payment cannot be voided and is stuck,
/// and an operator says what he has seen.
async fn what_was_done_by_hand_is_found_and_mended(till: &Till) -> Outcome {
    let lapsed = till.request("pm_card_visa").await?;
    till.becomes(&lapsed, "authorised").await?;
    till.by_hand(&format!("/v1/payment_intents/{}/cancel", lapsed.intent(till).await?)).await?;
    assert_eq!(text(&till.becomes(&lapsed, "declined").await?, "code"), "authorisation_cancelled");
    let payment = till.request("pm_card_visa").await?;
    till.becomes(&payment, "authorised").await?;
    till.by_hand(&format!("/v1/payment_intents/{}/capture", payment.intent(till).await?)).await?;
    let told = till.reconciled(1).await?;
    let of =
        |kind: &str| told["differences"].as_array().is_some_and(|all| all.iter().any(|it| it["difference"] == kind));
    assert!(of("other_held") && of("other_taken"), "{told}");
    till.finds_by_itself(2).await?;
    till.logs_again(&format!("{}: taken: 0 in the log, 500 at the provider", payment.id()), 0).await?;
    till.void(&payment).await?;
    let stuck = till.becomes(&payment, "stuck").await?;
    assert_eq!(text(&stuck, "code"), "captured_elsewhere");
    let (id, system) = (payment.id(), &till.system);
    let listed = system.run(&["saga", "list", "--stuck"]).await?;
    assert!(listed.out.contains(&id) && listed.out.contains("captured_elsewhere"), "{listed:?}");
    let refused = system.run(&["payments", "compensate", &id, "--reason", "no"]).await?;
    assert!(refused.code == Some(1) && refused.err.contains("may_be_held"), "{refused:?}");
    till.by_hand_with("/v1/refunds", &format!("payment_intent={}", payment.intent(till).await?)).await?;
    let reason = "captured and given back in the dashboard";
    let done = system.run(&["payments", "complete", &id, "--as", "maria", "--reason", reason]).await?;
    assert!(done.code == Some(0) && done.out.contains("voided"), "{done:?}");
    let story = system.run(&["aggregate", "show", "payment", &id, "--json"]).await?;
    assert!(story.out.contains("payment.call-completed.v1") && story.out.contains(reason), "{story:?}");
    assert!(story.out.contains("maria"), "{story:?}");
    let late = system.run(&["payments", "retry", &id]).await?;
    assert!(late.code == Some(1) && late.err.contains("not_stuck"), "{late:?}");
    Ok(())
}

async fn webhooks_are_taken_from_the_provider_alone(till: &Till) -> Outcome {
    let http = till.system.http_of("none").with_token(None);
    let event = json!({"id": "evt_1", "type": "payment_intent.succeeded", "data": {"object": {}}});
    let forged = http.post("/webhooks/payments").json(&event);
    for ask in [forged.clone(), forged.header("stripe-signature", "t=1,v1=00")] {
        let refused = ask.send().await?.expect_status(400)?;
        assert_eq!(refused.code(), "signature_invalid");
    }
    Ok(())
}

async fn invoices_are_shown_and_printed(system: &System) -> Outcome {
    let order = till::order(1_000_000);
    till::issue(system, order).await?;
    let http = system.http();
    let path = format!("/orders/{order}/invoice");
    let shown = until("the invoice is shown", WITHIN, || {
        let ask = http.get(&path);
        async move { Ok(Some(ask.send().await?).filter(|answer| answer.status == 200)) }
    })
    .await?;
    let body = shown.json();
    assert_eq!((text(&body, "number"), text(&body, "kind")), ("2026-11-000001", "invoice"));
    assert_eq!(body["totals"]["tax"], json!({"amount": 402, "currency": "GBP"}), "docs/invoices.md");
    let taxes: Vec<_> = body["lines"].as_array().into_iter().flatten().map(|line| &line["tax"]["amount"]).collect();
    assert_eq!(taxes, [&json!(199), &json!(203), &json!(0)]);
    let printed = http.get(&path).header("accept", "application/pdf").send().await?.expect_status(200)?;
    assert_eq!(printed.header("content-type"), "application/pdf");
    assert!(printed.bytes.starts_with(b"%PDF-"));
    assert_eq!(http.get(&path).header("accept", "image/png").send().await?.status, 406);
    let again = http.get("/invoices/2026-11-000001").send().await?.expect_status(200)?.json();
    assert_eq!(again, body);
    let list = http.get(format!("/invoices?order={order}")).send().await?.expect_status(200)?.json();
    assert_eq!((&list["total"], &list["items"][0]["number"]), (&json!(1), &body["number"]));
    let series = http.get("/invoice-series").send().await?.expect_status(200)?.json();
    assert_eq!(series["items"][0]["gross"], json!({"amount": 2_410, "currency": "GBP"}));
    Ok(())
}

/// The way of a customer: his order holds, takes and invoices; a card that does not pay leaves nothing behind; what is
/// refunded goes back.
async fn orders_are_paid_by_card(till: &Till) -> Outcome {
    let http = till.system.http();
    for sku in ["CARD-1", "CARD-2", "CARD-3"] {
        add_product(&http, sku, 250, 20).await?;
    }
    let by = |token: &str| {
        let lines: Vec<_> = ["CARD-1", "CARD-2", "CARD-3"].map(|sku| json!({"sku": sku, "quantity": 2})).into();
        json!({"lines": lines, "payment": {"method": "card", "token": token}})
    };
    let before = till.taken().await?;
    let declined = http.post("/orders").key("card/1").wait(30).json(&by("pm_card_visa_chargeDeclined")).send().await?;
    assert_eq!(declined.status, 409, "{}", String::from_utf8_lossy(&declined.bytes));
    let paid =
        http.post("/orders").key("card/2").wait(30).json(&by("pm_card_visa")).send().await?.expect_status(201)?;
    let id = text(&paid.json(), "id").to_owned();
    until("the order is paid and invoiced", WITHIN, || {
        let (order, invoice) = (http.get(format!("/orders/{id}")), http.get(format!("/orders/{id}/invoice")));
        async move {
            let (order, invoice) = (order.send().await?.json(), invoice.send().await?);
            Ok((order["payment"]["status"] == "captured" && invoice.status == 200).then_some(()))
        }
    })
    .await?;
    assert_eq!(till.taken().await?, (before.0 + 1_500, before.1));
    assert_eq!(till.holds().await?, []);
    till.agrees().await
}
