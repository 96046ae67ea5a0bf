//! A notification from queued to settled, over real SMTP: what goes wrong on the way costs attempts, never another mail.

use super::server::{Does, Got, Script, Server};
use chrono::TimeDelta;
use tillroll_log::{Aggregate, Body, Key};
use tillroll_notifications::channels::Mailer;
use tillroll_notifications::effects::{Courier, Errand, Texted, Ways};
use tillroll_notifications::notification::{Delivery, Notification, State};
use tillroll_notifications::ports::{Address, Addresses, Chosen, Found, LinkTo, Links, LookUp, Preferences, Which};
use tillroll_notifications::preference::State as Wishes;
use tillroll_notifications::templates::{Language, Texts};
use tillroll_schemas::notification::{
    Channel, Content, NotificationCommand, NotificationEvent, OrderShipped, QueueNotification, RefundIssued,
};
use tillroll_schemas::{Currency, Money, NotificationId, OrderId, RefundId, Timestamp, UserId, catalogue};
use uuid::Uuid;

struct Anna;

impl Addresses for Anna {
    fn look_up(&self, _: UserId, _: Channel, _: Which) -> LookUp<'_> {
        Box::pin(async {
            let (to, language) = ("anna@customers.example".to_owned(), Language::English);
            Found::Address(Address { to, language, number: Some(1) })
        })
    }
}

impl Preferences for Anna {
    fn choices(&self, _: UserId) -> Chosen<'_> {
        Box::pin(async { Some(Wishes::default()) })
    }
}

impl Links for Anna {
    fn link(&self, _: UserId, to: LinkTo) -> String {
        match to {
            LinkTo::Preferences(kind) => format!("https://shop.example/preferences/{}", kind.as_str()),
            to => format!("https://shop.example/{to:?}"),
        }
    }
}

fn courier(mailer: Mailer) -> Courier {
    Courier {
        ways: Ways { email: Some(mailer), ..Ways::default() },
        texts: Texts::new("The Shop").unwrap(),
        addresses: Box::new(Anna),
        preferences: Box::new(Anna),
        links: Box::new(Anna),
        texted: Texted::default(),
        clock: tillroll_log::now,
    }
}

fn shipped() -> Content {
    let order_id = OrderId(Uuid::from_u128(9));
    Content::OrderShipped(OrderShipped { order_id, items: Vec::new(), further_items: 2, complete: true })
}

fn refunded() -> Content {
    let amount = Money { amount: 1_530, currency: Currency::GBP };
    let (order_id, refund_id) = (OrderId(Uuid::from_u128(9)), RefundId(Uuid::from_u128(3)));
    Content::RefundIssued(RefundIssued { order_id, refund_id, amount })
}

/// A notification, and what happens to it.
struct Life {
    key: Key,
    state: State,
    last: Option<NotificationEvent>,
}

impl Life {
    fn queued(content: Content) -> Self {
        let id = NotificationId(Uuid::from_u128(5));
        let mut life = Self { key: id.to_string().into(), state: State::default(), last: None };
        let user_id = UserId(Uuid::from_u128(1));
        life.told(&QueueNotification { user_id, content, channels: vec![Channel::Email] }.into());
        life
    }

    fn told(&mut self, command: &NotificationCommand) {
        let event = Notification::decide(&self.state, command, tillroll_log::now()).unwrap().unwrap();
        self.state = Notification::evolve(std::mem::take(&mut self.state), &event);
        self.last = Some(event);
    }

    /// The effect of the last event, with this server; whatever it commands is done.
    async fn attempted(&mut self, server: &Server) -> usize {
        let errand = Errand::of(&self.key, self.last.as_ref().unwrap()).unwrap();
        let told = courier(server.mailer()).run(&errand).await.unwrap();
        for outgoing in told.iter().filter(|outgoing| outgoing.to == catalogue::NOTIFICATION) {
            self.told(&NotificationCommand::decode(outgoing.type_name, &outgoing.value).unwrap());
        }
        told.len()
    }

    /// Its deadline passes: the next attempt is due.
    fn deadline_passes(&mut self) {
        let deadline: Timestamp = Notification::deadline(&self.state).unwrap();
        assert!(deadline > tillroll_log::now() + TimeDelta::seconds(8), "there is time for the attempt");
        self.told(&Notification::on_deadline(deadline).unwrap());
    }

    fn email(&self) -> &Delivery {
        &self.state.message().unwrap().deliveries[&Channel::Email]
    }
}

fn ids(servers: &[&Server]) -> Vec<String> {
    let mails: Vec<Got> = servers.iter().flat_map(|server| server.mails()).collect();
    mails.iter().map(|got| got.header("Message-ID").unwrap()).collect()
}

#[tokio::test]
async fn through_a_deferral_and_a_broken_connection_it_is_one_mail_in_the_end() {
    let defers = Server::start(Script { rcpt: Does::Says("451 4.7.1 later"), ..Script::default() }).await;
    let breaks_off = Server::start(Script { end: Does::Leaves, ..Script::default() }).await;
    let takes = Server::start(Script::default()).await;

    let mut life = Life::queued(shipped());
    assert_eq!(life.attempted(&defers).await, 1);
    assert!(matches!(life.email(), Delivery::Resting { attempt: 1, .. }), "{:?}", life.email());
    life.deadline_passes();
    assert_eq!(life.attempted(&breaks_off).await, 0, "nobody knows, so nothing is said");
    assert!(matches!(life.email(), Delivery::Due { attempt: 2, .. }), "{:?}", life.email());
    life.deadline_passes();
    assert_eq!(life.attempted(&takes).await, 1);
    assert_eq!(life.email(), &Delivery::Sent { attempt: 3, address: Some(1) });
    assert!(Notification::settled(&life.state));

    let ids = ids(&[&defers, &breaks_off, &takes]);
    assert_eq!(ids.len(), 2, "the one that broke off may have it too");
    assert_eq!(ids[0], ids[1]);
}

#[tokio::test]
async fn a_crash_between_sending_and_recording_sends_the_same_mail_again() {
    let server = Server::start(Script::default()).await;
    let mut life = Life::queued(shipped());
    let errand = Errand::of(&life.key, life.last.as_ref().unwrap()).unwrap();
    let first = courier(server.mailer()).run(&errand).await.unwrap();
    let second = courier(server.mailer()).run(&errand).await.unwrap();
    assert_eq!(first, second, "the same commands, so one of them counts");
    life.told(&NotificationCommand::decode(second[0].type_name, &second[0].value).unwrap());
    let ids = ids(&[&server]);
    assert!(ids.len() == 2 && ids[0] == ids[1], "{ids:?}");
}

#[tokio::test]
async fn an_unknown_recipient_ends_it_at_the_first_attempt() {
    let server = Server::start(Script { rcpt: Does::Says("550 5.1.1 <anna@customers.example>"), ..Script::default() });
    let server = server.await;
    let mut life = Life::queued(shipped());
    assert_eq!(life.attempted(&server).await, 2, "and the address is known to be none");
    assert!(matches!(life.email(), Delivery::GivenUp { attempt: 1, .. }), "{:?}", life.email());
    let recorded = String::from_utf8(life.last.unwrap().encode().unwrap()).unwrap();
    assert!(recorded.contains("\"5.1.1\"") && !recorded.contains("anna"), "no text of the server is kept: {recorded}");
}

#[tokio::test]
async fn only_what_can_be_switched_off_says_where() {
    let server = Server::start(Script::default()).await;
    Life::queued(shipped()).attempted(&server).await;
    Life::queued(refunded()).attempted(&server).await;
    let [shipped, refunded] = server.mails().try_into().unwrap();
    assert_eq!(shipped.header("List-Unsubscribe").unwrap(), "<https://shop.example/preferences/delivery>");
    assert_eq!(refunded.header("List-Unsubscribe"), None);
    assert_eq!(refunded.header("Subject").unwrap(), "Your refund of GBP 15.30");
}
