//! The adapter against the sandbox over real TCP, where that takes a provider that can be told to fail, or a customer at
//! his bank: what each way to get no answer is taken for. What Stripe's mock server can show, too, is in `tests/stripe`.

use super::*;
use crate::provider::IntentStatus;
use crate::sandbox::{Fault, Misbehaviour, Operation, Sandbox};
use tillroll_http::Limits;
use tillroll_schemas::{Currency, PaymentId};
use tillroll_telemetry::{Shutdown, spawn};
use tokio::net::TcpListener;
use uuid::Uuid;

/// Where nothing is late, so that a busy machine is not taken for a provider that does not answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Where an answer is late or never comes.
const LITTLE_PATIENCE: Duration = Duration::from_millis(800);
/// When nobody of little patience waits any more.
const LATE: Duration = Duration::from_millis(1_600);
const PAYMENT: PaymentId = PaymentId(Uuid::from_u128(7));

/// A sandbox that listens, and the adapter that is pointed at it.
pub(crate) struct Shop {
    pub(crate) sandbox: Sandbox,
    pub(crate) stripe: Stripe,
    pub(crate) url: String,
}

pub(crate) async fn shop() -> Shop {
    shop_of(PATIENCE).await
}

/// One that does not wait long for an answer.
pub(crate) async fn impatient_shop() -> Shop {
    shop_of(LITTLE_PATIENCE).await
}

async fn shop_of(patience: Duration) -> Shop {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let sandbox = Sandbox::new();
    sandbox.is_late_by(LATE);
    let router = sandbox.router(&url);
    spawn("sandbox", tillroll_http::serve(listener, router, Limits::default(), Shutdown::new()));
    let config = StripeConfig {
        answer_within: patience,
        return_url: Some("https://shop.example/back?order=1".to_owned()),
        ..StripeConfig::new(&url, "sk_test_canary")
    };
    Shop { sandbox, stripe: Stripe::new(&config).unwrap(), url }
}

pub(crate) fn gbp(amount: i64) -> Money {
    Money { amount, currency: Currency::GBP }
}

fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey::new(format_args!("{text}"))
}

fn new(card: &str) -> NewIntent {
    NewIntent {
        payment: PAYMENT,
        amount: gbp(10_000),
        method_token: card.into(),
        reference: "order 1 & more".to_owned(),
    }
}

fn done<T: std::fmt::Debug>(answer: Answer<T>) -> T {
    match answer {
        Answer::Done(seen) => seen,
        other => panic!("it is done: {other:?}"),
    }
}

impl Shop {
    async fn intent(&self, card: &str) -> IntentId {
        done(self.stripe.create(&key("create"), &new(card)).await).id
    }

    async fn confirmed(&self, card: &str) -> (IntentId, Answer<Intent>) {
        let intent = self.intent(card).await;
        let answer = self.stripe.confirm(&key("confirm"), &intent).await;
        (intent, answer)
    }

    fn misbehave(&self, on: Operation, misbehaviour: Misbehaviour) {
        self.sandbox.misbehave(Fault { on: Some(on), misbehaviour, times: 1, payment: None });
    }

    /// The status that somebody with a secret key is answered who posts a form there.
    pub(crate) async fn posts(&self, url: &str, form: &str) -> u16 {
        let request = Request::post(url).header(AUTHORIZATION, "Bearer sk_test_other");
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let request = request.body(Full::new(Bytes::from(form.to_owned()))).unwrap();
        self.stripe.client.request(request).await.unwrap().status().as_u16()
    }

    /// Waits until all is done that is done late.
    pub(crate) async fn catches_up(&self) {
        let done = async {
            while !self.sandbox.has_caught_up() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), done).await.expect("what is late is done at last");
    }

    fn held(&self) -> i64 {
        self.sandbox.holdings().iter().map(|holding| holding.held).sum()
    }
}

#[tokio::test]
async fn a_customer_authenticates_himself_on_the_providers_page() {
    for (outcome, status) in [("pass", IntentStatus::RequiresCapture), ("fail", IntentStatus::RequiresPaymentMethod)] {
        let shop = shop().await;
        let (intent, answer) = shop.confirmed("pm_card_threeDSecure2Required").await;
        let page = done(answer).action.expect("a page");
        assert_eq!(format!("{page:?}"), "ActionUrl(secret)");
        let page = page.reveal().strip_prefix(&shop.url).expect("a page of the sandbox").to_owned();
        assert!(plain(&shop, "GET", &page, "").await.contains("Sandbox bank"));
        plain(&shop, "POST", &page, &format!("outcome={outcome}")).await;
        assert_eq!(done(shop.stripe.retrieve(&intent).await).status, status);
    }
}

/// A request of somebody else, as text.
async fn plain(shop: &Shop, method: &str, path: &str, body: &str) -> String {
    let request = Request::builder().method(method).uri(format!("{}{path}", shop.url));
    let request = request.header(CONTENT_TYPE, "application/json").body(Full::new(Bytes::from(body.to_owned())));
    let response = shop.stripe.client.request(request.unwrap()).await.unwrap();
    assert!(response.status().is_success(), "{}", response.status());
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

#[tokio::test]
async fn what_nobody_knows_is_unknown_whether_it_was_done_or_not() {
    use Misbehaviour::{Cut, ErrorAfter, ErrorBefore, NeverAnswer, TooMany};
    let cases = [
        (ErrorBefore, Doubt::ServerFault, 0),
        (ErrorAfter, Doubt::ServerFault, 10_000),
        (NeverAnswer, Doubt::TimedOut, 10_000),
        (Cut, Doubt::Cut, 10_000),
        (TooMany, Doubt::TooMany, 0),
    ];
    for (misbehaviour, doubt, held) in cases {
        let shop = if misbehaviour == NeverAnswer { impatient_shop().await } else { shop().await };
        let intent = shop.intent("pm_card_visa").await;
        shop.misbehave(Operation::Confirm, misbehaviour);
        assert_eq!(shop.stripe.confirm(&key("confirm"), &intent).await, Answer::Unknown(doubt), "{misbehaviour:?}");
        assert_eq!(shop.held(), held, "{misbehaviour:?}");
    }
}

#[tokio::test]
async fn what_is_done_late_is_unknown_and_not_seen_by_a_look_until_then() {
    let shop = impatient_shop().await;
    shop.misbehave(Operation::Confirm, Misbehaviour::AnswerLate);
    let (intent, answer) = shop.confirmed("pm_card_visa").await;
    assert_eq!(answer, Answer::Unknown(Doubt::TimedOut));
    assert_eq!(done(shop.stripe.retrieve(&intent).await).status, IntentStatus::RequiresConfirmation);
    shop.catches_up().await;
    assert_eq!(done(shop.stripe.retrieve(&intent).await).status, IntentStatus::RequiresCapture);
}

#[tokio::test]
async fn a_fault_that_is_kept_under_a_key_stays_there() {
    let shop = shop().await;
    let intent = shop.intent("pm_card_visa").await;
    shop.misbehave(Operation::Confirm, Misbehaviour::ErrorAfter);
    for _ in 0..2 {
        assert_eq!(shop.stripe.confirm(&key("1"), &intent).await, Answer::Unknown(Doubt::ServerFault));
    }
    let Answer::Refused { seen: Some(seen), .. } = shop.stripe.confirm(&key("2"), &intent).await else {
        panic!("as it stands it cannot be confirmed again")
    };
    assert_eq!(seen.status, IntentStatus::RequiresCapture);
}

#[tokio::test]
async fn nobody_there_is_unknown_too() {
    let unreachable = Stripe::new(&StripeConfig::new("http://127.0.0.1:1", "sk_test")).unwrap();
    let answer = unreachable.retrieve(&IntentId("pi_1".to_owned())).await;
    assert_eq!(answer, Answer::Unknown(Doubt::Unreachable));
}

#[tokio::test]
async fn the_control_route_makes_calls_fail() {
    let shop = shop().await;
    plain(&shop, "POST", "/sandbox/faults", r#"{"on": "create", "do": "error_before", "times": 2}"#).await;
    for _ in 0..2 {
        let answer = shop.stripe.create(&key("1"), &new("pm_card_visa")).await;
        assert_eq!(answer, Answer::Unknown(Doubt::ServerFault));
    }
    shop.intent("pm_card_visa").await;
    assert!(plain(&shop, "GET", "/sandbox/intents", "").await.contains("requires_confirmation"));
}

#[test]
fn the_secret_key_is_never_shown_and_goes_over_no_open_line() {
    let config = StripeConfig::new("http://127.0.0.1:1/", "sk_test_canary");
    let stripe = Stripe::new(&config).unwrap();
    assert!(!format!("{config:?} {stripe:?} {:?}", stripe.authorization).contains("canary"));
    assert_eq!(stripe.address().as_deref(), Some("http://127.0.0.1:1"));
    assert!(matches!(Stripe::new(&StripeConfig::new("http://pay.example", "sk")), Err(StripeError::Plain(_))));
    for bad in ["", "pay.example", "ftp://pay.example", "/v1"] {
        assert!(matches!(Stripe::new(&StripeConfig::new(bad, "sk")), Err(StripeError::Url(_))), "{bad}");
    }
    for with_user in ["https://me:canary@pay.example", "http://me@localhost:1"] {
        let error = Stripe::new(&StripeConfig::new(with_user, "sk")).unwrap_err();
        assert!(matches!(error, StripeError::Credentials) && !format!("{error} {error:?}").contains("canary"));
    }
    for bad in ["", "sk_\n"] {
        assert!(matches!(Stripe::new(&StripeConfig::new(API_URL, bad)), Err(StripeError::SecretKey)), "{bad:?}");
    }
    assert!(Stripe::new(&StripeConfig::new(API_URL, "sk_test")).is_ok());
}
