//! People: opened by the vault for staff and for themselves; their sessions, keys for machines, and receipts.

use crate::shop::{Answer, Shop, at, from_cart, placed};
use axum::http::StatusCode;
use serde_json::{Value, json};
use tillroll_http::{Identity, Login, Role};
use tillroll_log::CommandId;
use tillroll_postgres::{Settings, connect};
use tillroll_projectors::{MIGRATIONS, projections};
use tillroll_schemas::api_key::{ApiKeyEvent, Created, Revoked as KeyRevoked, Scope};
use tillroll_schemas::cart::{CartEvent, CheckedOut};
use tillroll_schemas::catalogue::{API_KEY, CART, INVOICE_SERIES, ORDER, SESSION, USER};
use tillroll_schemas::identity_claim::ClaimKey;
use tillroll_schemas::order::{OrderEvent, Placed};
use tillroll_schemas::session::{LoggedOut, Opened, SessionEvent};
use tillroll_schemas::user::{
    self, Activated, Erased, HeldClaim, PasswordChanged, PasswordProof, Profile, RegistrationStarted, Suspended,
    UserEvent,
};
use tillroll_schemas::{Buyer, OrderId, PasswordHash, Sealed, SecretHash, UserId};
use tillroll_testkit::database;
use tillroll_vault::{Caching, MasterKey, MasterKeys, Vault};
use uuid::Uuid;

const ANN: Uuid = Uuid::from_u128(0xa);
const BEN: Uuid = Uuid::from_u128(0xb);
const COMMAND: Uuid = Uuid::from_u128(0xc);

struct Town {
    shop: Shop,
    vault: Vault,
    vault_settings: Settings,
    versions: [u64; 2],
}

fn logged_in(user: Uuid) -> Identity {
    Identity::of_user(user, &[Role::Customer], Some(Login { sid: Uuid::from_u128(1), epoch: 1 }))
}

impl Town {
    async fn new(name: &str) -> Self {
        let vault_settings = database(&format!("{name}_vault"), tillroll_vault::MIGRATIONS).await;
        let masters = MasterKeys::new(MasterKey::from_text(&"01".repeat(32)).unwrap());
        let vault = Vault::new(&vault_settings, masters, Caching::default()).unwrap();
        let shop = Shop::opened_by(&database(name, MIGRATIONS).await, Some(vault.clone())).await;
        Self { shop, vault, vault_settings, versions: [0, 0] }
    }

    async fn seal(&self, user: Uuid, field: &str, text: &str) -> Sealed {
        self.vault.seal(user, COMMAND, field, text).await.unwrap()
    }

    /// Something happens to a user; its offset.
    async fn user(&mut self, user: Uuid, event: impl Into<UserEvent>) -> i64 {
        let version = &mut self.versions[usize::from(user == BEN)];
        *version += 1;
        let (version, event) = (*version, event.into());
        self.shop.happens::<projections::Users>(USER.events, &user.to_string(), version, &event).await
    }

    async fn registered(&mut self, user: Uuid, name: &str) {
        let claim = HeldClaim { claim: ClaimKey::of_mac(&[1; 32]), hold: 1 };
        let street = json!({"lines": ["1 High Street"], "city": "Leeds", "country": "GB"}).to_string();
        let profile = Profile {
            bio: Some(self.seal(user, "bio", "likes lamps").await),
            phone: Some(self.seal(user, "phone", "+447700900123").await),
            addresses: vec![self.seal(user, "address", &street).await],
            ..Profile::default()
        };
        let started = RegistrationStarted {
            email: self.seal(user, "email", &format!("{name}@example.org")).await,
            email_claim: claim.clone(),
            username: self.seal(user, "username", name).await,
            username_claim: claim,
            profile,
            password: PasswordHash("s1.hash".to_owned()),
            roles: [user::Role::Customer].into(),
            claims_expire_at: at("2026-11-22T10:00:00Z"),
            answer_by: at("2026-11-22T10:00:00Z"),
        };
        self.user(user, started).await;
        self.user(user, Activated { answers: Vec::new(), epoch: 1 }).await;
    }

    async fn session(&mut self, nth: u128, version: u64, event: impl Into<SessionEvent>) {
        let (id, event) = (Uuid::from_u128(nth).to_string(), event.into());
        self.shop.happens::<projections::Sessions>(SESSION.events, &id, version, &event).await;
    }

    async fn opened(&mut self, nth: u128, user: Uuid, epoch: u64) {
        let device = Some(self.seal(user, "device", "telephone").await);
        let expires_at = at("2026-11-29T10:00:00Z");
        self.session(nth, 1, Opened { user_id: UserId(user), epoch, device, expires_at }).await;
    }

    /// A user's cart asks for an order that is sent there.
    async fn checked_out(&mut self, user: Uuid, to: &Sealed) {
        let event = CartEvent::from(CheckedOut { order_id: OrderId(COMMAND), order: from_cart(Some(to.clone())) });
        self.shop.happens::<projections::Carts>(CART.events, &user.to_string(), 1, &event).await;
    }

    async fn ordered(&mut self, user: Uuid, to: Sealed) {
        let placed = placed("2010-12-01T08:26:00Z", None, vec![]);
        let event = OrderEvent::from(Placed { user_id: Some(UserId(user)), shipping_address: Some(to), ..placed });
        self.shop.happens::<projections::Orders>(ORDER.events, &COMMAND.to_string(), 1, &event).await;
    }

    async fn by(&self, user: Uuid, path: &str) -> Answer {
        self.shop.ask(Some(logged_in(user)), path, &[]).await
    }

    async fn receipt(&self) -> Value {
        let answer = self.shop.ask(None, &format!("/erasures/{COMMAND}"), &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        answer.json()
    }

    /// The receipt for one who has it under this tag.
    async fn receipt_unless(&self, tag: &str) -> Answer {
        self.shop.ask(None, &format!("/erasures/{COMMAND}"), &[("if-none-match", tag)]).await
    }
}

#[tokio::test]
async fn staff_see_everybody_and_people_see_themselves_with_what_the_vault_opens() {
    let mut town = Town::new("people_seen").await;
    town.registered(ANN, "ann").await;
    town.registered(BEN, "ben").await;
    town.user(BEN, Suspended { reason: "fraud".to_owned(), epoch: 2 }).await;
    let me = town.by(ANN, "/users/me").await;
    assert_eq!(me.status, StatusCode::OK, "{}", me.text);
    let me = me.json();
    assert_eq!(
        (&me["email"], &me["username"], &me["bio"], &me["addresses"][0]["city"], &me["version"]),
        (&json!("ann@example.org"), &json!("ann"), &json!("likes lamps"), &json!("Leeds"), &json!(2))
    );
    assert_eq!(me["phone"], "+447700900123");
    assert_eq!((&me["email_verified"], &me["roles"]), (&json!(false), &json!(["customer"])));
    assert!(!me.to_string().contains("s1."), "nothing sealed, and no password: {me}");
    for path in ["/users".to_owned(), format!("/users/{BEN}"), "/api-keys".to_owned()] {
        assert_eq!(town.by(ANN, &path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let emails = |answer: &Answer| -> Vec<String> {
        let items = answer.json()["items"].as_array().unwrap().clone();
        items.iter().map(|one| one["email"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let mut all = emails(&town.shop.get("/users").await);
    all.sort();
    assert_eq!(all, ["ann@example.org", "ben@example.org"]);
    assert_eq!(emails(&town.shop.get("/users?status=suspended").await), ["ben@example.org"]);
    assert_eq!(town.shop.get(&format!("/users/{COMMAND}")).await.status, StatusCode::NOT_FOUND);
    let first = town.shop.get("/users?limit=1&cursor=").await;
    let next = first.json()["next_cursor"].as_str().unwrap().to_owned();
    let second = town.shop.get(&format!("/users?limit=1&cursor={next}")).await;
    assert_ne!(emails(&first), emails(&second));
}

#[tokio::test]
async fn sessions_are_ones_own_that_still_live() {
    let mut town = Town::new("people_sessions").await;
    town.registered(ANN, "ann").await;
    town.registered(BEN, "ben").await;
    for (nth, user) in [(1, ANN), (2, ANN), (3, ANN), (4, BEN)] {
        town.opened(nth, user, 1).await;
    }
    town.session(2, 2, LoggedOut {}).await;
    let beyond = town.by(ANN, "/sessions?page=2&limit=2").await.json();
    assert_eq!((&beyond["items"], &beyond["total"], &beyond["total_pages"]), (&json!([]), &json!(2), &json!(1)));
    let csv = town.shop.ask(Some(logged_in(ANN)), "/sessions", &[("accept", "text/csv")]).await.text;
    assert!(csv.contains(",2026-11-29T10:00:00Z,"), "times as in JSON: {csv}");
    let mine = town.by(ANN, "/sessions").await.json();
    let ids: Vec<_> = mine["items"].as_array().unwrap().iter().map(|one| one["session_id"].clone()).collect();
    assert_eq!(ids, [1, 3].map(|nth| json!(Uuid::from_u128(nth))), "neither the one that is over nor Ben's");
    let [one, three] = [&mine["items"][0], &mine["items"][1]];
    assert_eq!(
        (&one["device"], &one["current"], &three["current"]),
        (&json!("telephone"), &json!(true), &json!(false))
    );
    let password = PasswordHash("s1.hash".to_owned());
    town.user(ANN, PasswordChanged { password, proof: PasswordProof::Password, epoch: 2 }).await;
    assert_eq!(town.by(ANN, "/sessions").await.json()["items"], json!([]), "of an older epoch");
    town.opened(5, ANN, 2).await;
    let after = town.by(ANN, "/sessions").await.json();
    assert_eq!(after["items"][0]["session_id"], json!(Uuid::from_u128(5)));
    assert_eq!(town.shop.get("/sessions").await.status, StatusCode::FORBIDDEN, "staff are no users");
}

#[tokio::test]
async fn staff_see_the_keys_for_machines_and_nothing_of_their_secrets() {
    let mut town = Town::new("people_keys").await;
    let scopes = || [Scope::parse("orders:own").unwrap()].into();
    let hash = SecretHash::of_digest(&[7; 32]);
    let created = |owner: Uuid| -> ApiKeyEvent {
        let (label, epoch) = ("importer".to_owned(), Some(1));
        Created { hash: hash.clone(), owner: UserId(owner), label, scopes: scopes(), epoch, made_by: None }.into()
    };
    for (nth, owner) in [(1, ANN), (2, BEN)] {
        let id = Uuid::from_u128(nth).to_string();
        town.shop.happens::<projections::ApiKeys>(API_KEY.events, &id, 1, &created(owner)).await;
    }
    let (id, revoked) = (Uuid::from_u128(1).to_string(), ApiKeyEvent::from(KeyRevoked {}));
    town.shop.happens::<projections::ApiKeys>(API_KEY.events, &id, 2, &revoked).await;
    let list = town.shop.get("/api-keys").await;
    let row = |one: &Value| (one["owner"].clone(), one["scopes"].clone(), one["revoked"].clone());
    let rows: Vec<_> = list.json()["items"].as_array().unwrap().iter().map(row).collect();
    let expected = |owner: Uuid, revoked: bool| (json!(owner), json!(["orders:own"]), json!(revoked));
    assert_eq!(rows, [expected(ANN, true), expected(BEN, false)]);
    let kept = serde_json::to_string(&hash).unwrap();
    assert!(!list.text.contains(kept.trim_matches('"')), "{}", list.text);
}

#[tokio::test]
async fn a_receipt_is_given_once_the_key_is_gone_everywhere_and_every_reader_has_passed() {
    let mut town = Town::new("people_erased").await;
    town.registered(ANN, "ann").await;
    town.registered(BEN, "ben").await;
    let (device, expires_at) = (Some(town.seal(ANN, "device", "telephone").await), at("2026-11-29T10:00:00Z"));
    let opened = Opened { user_id: UserId(ANN), epoch: 1, device, expires_at };
    let address = town.seal(ANN, "shipping_address", "{}").await;
    assert_eq!(town.shop.ask(None, &format!("/erasures/{COMMAND}"), &[]).await.status, StatusCode::NOT_FOUND);
    town.shop.ends_command = Some(CommandId(COMMAND));
    let erased = Erased { epoch: 2, releases: Vec::new(), answer_by: at("2026-11-22T10:00:00Z") };
    let offset = town.user(ANN, erased).await;
    for (projection, next) in [("users", offset + 1), ("elsewhere", offset)] {
        town.shop.reached(projection, USER.events, next).await;
    }
    let is_given = |receipt: &Value| {
        assert_eq!(receipt["user_id"], json!(ANN));
        (receipt["status"] == "erased", receipt.get("unreadable").is_some())
    };
    assert_eq!(is_given(&town.receipt().await), (false, false), "her key is there");
    town.vault.erase(ANN).await.unwrap();
    let seen = town.shop.get(&format!("/users/{ANN}")).await.json();
    assert_eq!((&seen["status"], seen.get("email"), seen.get("bio")), (&json!("erased"), None, None));
    town.shop.reached("elsewhere", USER.events, offset + 1).await;
    assert_eq!(is_given(&town.receipt().await), (false, false), "some process may still have her key");
    let vault = connect(&town.vault_settings).await.unwrap();
    let earlier = "UPDATE vault.person_key SET destroyed_at = destroyed_at - interval '11 seconds'";
    vault.batch_execute(earlier).await.unwrap();
    town.shop.reached("elsewhere", USER.events, offset).await;
    assert_eq!(is_given(&town.receipt().await), (false, false), "a read model has not passed her erasure");
    town.shop.reached("elsewhere", USER.events, offset + 1).await;
    town.shop.lost("users", USER.events).await;
    assert_eq!(is_given(&town.receipt().await), (false, false), "nobody knows how far a read model is");
    town.shop.reached("users", USER.events, offset + 1).await;
    let receipt = town.receipt().await;
    assert_eq!(is_given(&receipt), (true, true));
    let fields = ["email", "username", "password", "address", "bio", "phone"];
    let account = json!({ "topic": USER.events, "fields": fields });
    let device = json!({ "topic": SESSION.events, "fields": ["device"] });
    assert_eq!(receipt["unreadable"], json!([account]), "what she had, and no more");
    assert_eq!(receipt.get("kept"), None, "she has bought nothing");
    let tag = town.receipt_unless("\"of another\"").await.header("etag").to_owned();
    assert_eq!(town.receipt_unless(&tag).await.status, StatusCode::NOT_MODIFIED);
    town.session(1, 1, opened).await;
    let later = town.receipt_unless(&tag).await;
    assert_eq!(later.status, StatusCode::OK, "a reader of another topic was behind");
    assert_eq!(later.json()["unreadable"], json!([account, device]));
    let tag = later.header("etag").to_owned();
    town.checked_out(ANN, &address).await;
    let later = town.receipt_unless(&tag).await;
    let in_ = |topic: &str| json!({ "topic": topic, "fields": ["shipping_address"] });
    assert_eq!((later.status, later.json()["unreadable"][2].clone()), (StatusCode::OK, in_(CART.events)));
    assert_eq!(later.json()["unreadable"][3], in_(ORDER.commands), "by which the cart asked");
    let tag = later.header("etag").to_owned();
    town.ordered(ANN, address).await;
    let later = town.receipt_unless(&tag).await;
    assert_eq!((later.status, later.json()["unreadable"][4].clone()), (StatusCode::OK, in_(ORDER.events)));
    let tag = later.header("etag").to_owned();
    assert_eq!(town.receipt_unless(&tag).await.status, StatusCode::NOT_MODIFIED);
    for year in [2014, 2015, 2013] {
        town.vault.seal_fiscal(ANN, year, COMMAND, Buyer::FIELD, "Ann").await.unwrap();
    }
    let later = town.receipt_unless(&tag).await;
    let (tag, kept) = (later.header("etag").to_owned(), later.json()["kept"].clone());
    assert_eq!(kept["until"], "2026-12-31", "eleven years after the last: {kept}");
    let topics: Vec<_> = kept["texts"].as_array().unwrap().iter().map(|one| one["topic"].clone()).collect();
    let documents = [CART.events, ORDER.commands, ORDER.events, INVOICE_SERIES.commands, INVOICE_SERIES.events];
    assert_eq!(topics, documents);
    town.vault.erase_fiscal("2016-01-01".parse().unwrap()).await.unwrap();
    let later = town.receipt_unless(&tag).await;
    assert_eq!((later.status, later.json().get("kept")), (StatusCode::OK, None), "the term is over");
    let ben = town.shop.get(&format!("/users/{BEN}")).await.json();
    assert_eq!(ben["email"], "ben@example.org", "everybody else stays readable");
}
