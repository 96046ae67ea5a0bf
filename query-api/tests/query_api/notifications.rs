//! Notifications and preferences: everybody his own, staff anybody's with what became of each attempt.

use crate::shop::{Answer, Shop, at};
use axum::http::StatusCode;
use serde_json::{Value, json};
use tillroll_http::{Identity, Role};
use tillroll_projectors::projections::{Notifications, Preferences};
use tillroll_schemas::UserId;
use tillroll_schemas::catalogue::{NOTIFICATION, PREFERENCE};
use tillroll_schemas::notification::{
    AttemptFailed, Channel, Content, EmailChanged, GaveUp, GivenUp, NotificationEvent, Queued, Read, Sent,
};
use tillroll_schemas::preference::{Choices, Chosen, Kind, PreferenceEvent};
use uuid::Uuid;

const ANN: Uuid = Uuid::from_u128(0xa);
const BEN: Uuid = Uuid::from_u128(0xb);

fn queued(user: Uuid, channels: &[Channel]) -> NotificationEvent {
    let content = Content::EmailChanged(EmailChanged { changed_at: at("2026-11-22T12:00:00Z"), change: 2 });
    let (send_by, answer_by) = (at("2026-11-22T12:01:00Z"), at("2026-11-22T12:02:00Z"));
    Queued { user_id: UserId(user), content, channels: channels.to_vec(), send_by, answer_by }.into()
}

async fn happens(shop: &mut Shop, nth: u128, events: &[NotificationEvent]) {
    let id = Uuid::from_u128(nth).to_string();
    for (version, event) in (1..).zip(events) {
        shop.happens::<Notifications>(NOTIFICATION.events, &id, version, event).await;
    }
}

async fn get(shop: &Shop, user: Uuid, path: &str) -> Answer {
    shop.ask(Some(Identity::of_user(user, &[Role::Customer], None)), path, &[]).await
}

fn ids(answer: &Answer) -> Vec<u128> {
    let id = |item: &Value| item["id"].as_str().unwrap().parse::<Uuid>().unwrap().as_u128();
    answer.json()["items"].as_array().unwrap().iter().map(id).collect()
}

#[tokio::test]
async fn everybody_sees_his_own_and_whether_he_has_read_them() {
    let mut shop = Shop::new("notifications_own").await;
    let sent = || Sent { channel: Channel::Email, attempt: 1, address: None }.into();
    let read_at = at("2026-11-22T13:00:00Z");
    happens(&mut shop, 1, &[queued(ANN, &[Channel::Email]), sent(), Read { read_at }.into()]).await;
    happens(&mut shop, 2, &[queued(ANN, &[Channel::Email])]).await;
    happens(&mut shop, 3, &[queued(BEN, &[Channel::Email])]).await;
    let all = get(&shop, ANN, "/notifications").await;
    assert_eq!(ids(&all), [2, 1]);
    assert_eq!(
        all.json()["items"][1],
        json!({"id": Uuid::from_u128(1), "kind": "account", "template": "email_changed",
            "data": {"changed_at": "2026-11-22T12:00:00Z", "change": 2}, "channels": {"email": "sent"},
            "queued_at": "2010-12-01T08:26:00Z", "read_at": "2026-11-22T13:00:00Z", "version": 3})
    );
    assert_eq!(ids(&get(&shop, ANN, "/notifications?unread=true").await), [2]);
    assert_eq!(ids(&get(&shop, BEN, "/notifications").await), [3]);
    assert_eq!(shop.get("/notifications").await.status, StatusCode::FORBIDDEN, "staff are no users");
    let others = get(&shop, ANN, &format!("/users/{BEN}/notifications")).await;
    assert_eq!(others.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_list_goes_on_where_its_cursor_says_and_counts_its_pages() {
    let mut shop = Shop::new("notifications_pages").await;
    for nth in 1..=5 {
        happens(&mut shop, nth, &[queued(ANN, &[Channel::Email])]).await;
    }
    let first = get(&shop, ANN, "/notifications?limit=2&cursor=").await;
    assert_eq!(ids(&first), [5, 4]);
    let next = first.json()["next_cursor"].as_str().unwrap().to_owned();
    assert_eq!(ids(&get(&shop, ANN, &format!("/notifications?limit=2&cursor={next}")).await), [3, 2]);
    let last = get(&shop, ANN, "/notifications?limit=2&page=3").await;
    assert_eq!((ids(&last), &last.json()["total"]), (vec![1], &json!(5)));
}

#[tokio::test]
async fn staff_see_what_became_of_each_attempt() {
    let mut shop = Shop::new("notifications_staff").await;
    let next_at = at("2026-11-22T12:03:00Z");
    let failed = AttemptFailed { channel: Channel::Email, attempt: 1, code: "451".to_owned(), next_at };
    let off = GivenUp { channels: vec![Channel::Push], reason: GaveUp::SwitchedOff, code: None };
    happens(&mut shop, 1, &[queued(ANN, &[Channel::Email, Channel::Push]), failed.into(), off.into()]).await;
    let list = shop.get(&format!("/users/{ANN}/notifications")).await;
    assert_eq!(
        list.json()["items"][0]["deliveries"],
        json!([
            {"channel": "email", "status": "pending", "attempts": 1, "reason": null, "code": "451",
                "next_at": "2026-11-22T12:03:00Z"},
            {"channel": "push", "status": "given_up", "attempts": 1, "reason": "switched_off", "code": null,
                "next_at": null},
        ])
    );
    let seen_by_ann = get(&shop, ANN, "/notifications").await;
    assert_eq!(seen_by_ann.json()["items"][0].get("deliveries"), None, "codes are for staff");
    let nobody = shop.get(&format!("/users/{BEN}/notifications")).await;
    assert_eq!((nobody.status, &nobody.json()["items"]), (StatusCode::OK, &json!([])));
}

#[tokio::test]
async fn who_never_chose_has_the_defaults_and_what_is_owed_cannot_be_missed() {
    let mut shop = Shop::new("notifications_preferences").await;
    let path = "/notifications/preferences";
    let by_default = json!({"account": ["email"], "order": ["email"], "delivery": ["email"], "version": 0});
    assert_eq!(get(&shop, ANN, path).await.json(), by_default);
    let choices = Choices([(Kind::Delivery, [].into()), (Kind::Order, [Channel::Push].into())].into());
    let event = PreferenceEvent::from(Chosen { choices, undeliverable: None });
    shop.happens::<Preferences>(PREFERENCE.events, &ANN.to_string(), 4, &event).await;
    let chosen = json!({"account": ["email"], "order": ["email", "push"], "delivery": [], "version": 4});
    let answer = get(&shop, ANN, path).await;
    assert_eq!((answer.json(), answer.header("etag")), (chosen, "\"4.2-0\""));
    assert_eq!(get(&shop, BEN, path).await.json(), by_default);
}
