//! The door before a real log: what is recorded there is refused at once, and nobody is let in before it was read.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "what was measured")]

mod log;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use log::{Log, node};
use tillroll_gateway::routes::Upstream;
use tillroll_gateway::{Gateway, GatewayConfig, GatewayLimits, Revocations, TrustedProxies};
use tillroll_http::peer::PeerBody;
use tillroll_http::peer::{Pool, PoolLimits, authority_of};
use tillroll_http::{Identity, Keys, Limits, Login, Role, serve, unix_now};
use tillroll_log::Body as _;
use tillroll_schemas::api_key::secret::ApiSecret;
use tillroll_schemas::api_key::{ApiKeyEvent, Created, Maker, Revoked, Scope};
use tillroll_schemas::catalogue::{API_KEY, SESSION, USER};
use tillroll_schemas::session::{LoggedOut, SessionEvent};
use tillroll_schemas::user::{Erased, PasswordChanged, PasswordProof, Suspended, UserEvent};
use tillroll_schemas::{ApiKeyId, PasswordHash, UserId};
use tillroll_telemetry::{Shutdown, spawn};
use tokio::net::TcpListener;
use tokio::sync::watch;
use uuid::Uuid;

/// Within so long a revoked session, a suspended or an erased user is refused.
const PROMISED: Duration = Duration::from_secs(1);

async fn listen(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    spawn("listener", serve(listener, router, Limits::default(), Shutdown::new()));
    address
}

struct Door {
    keys: Keys,
    pool: std::sync::Arc<Pool>,
    shutdown: Shutdown,
    _dir: tempfile::TempDir,
}

impl Door {
    async fn open(node: tillroll_log::Node) -> Self {
        let role = listen(Router::new().fallback(|| async { "done" })).await;
        let urls = || watch::channel(vec![format!("http://{role}")]).1;
        let upstreams: BTreeMap<_, _> = Upstream::ALL.map(|upstream| (upstream, urls())).into();
        let (dir, shutdown) = (tempfile::tempdir().unwrap(), Shutdown::new());
        let keys = Keys::open_or_create(dir.path()).unwrap();
        let revocations = Revocations::follow(node, shutdown.clone());
        let (limits, its_keys) = (GatewayLimits::default(), keys.clone());
        let proxies = TrustedProxies::default();
        let router =
            Gateway::router(GatewayConfig { upstreams, keys: its_keys, revocations, proxies, limits }).unwrap();
        let url = format!("http://{}", listen(router).await);
        let pool = Pool::new(&authority_of(&url).unwrap(), PoolLimits::default()).unwrap();
        Self { keys, pool, shutdown, _dir: dir }
    }

    /// A customer's token from this log-in.
    fn token(&self, user: u128, sid: u128) -> String {
        let login = Login { sid: Uuid::from_u128(sid), epoch: 1 };
        let identity = Identity::of_user(Uuid::from_u128(user), &[Role::Customer], Some(login));
        self.keys.access.mint(&identity, Duration::from_secs(600), unix_now()).unwrap()
    }

    /// Status and code of what is answered to whoever presents this.
    async fn knock(&self, bearer: &str) -> (StatusCode, String) {
        let mut request = Request::new(PeerBody::whole(Default::default()));
        *request.uri_mut() = "/api/v1/products".parse().unwrap();
        request.headers_mut().insert("authorization", format!("Bearer {bearer}").parse().unwrap());
        let answer = self.pool.request(request).await.unwrap();
        let status = answer.status();
        let body = Body::new(answer.into_body()).collect().await.unwrap().to_bytes();
        let problem = serde_json::from_slice::<serde_json::Value>(&body).unwrap_or_default();
        (status, problem["code"].as_str().unwrap_or_default().to_owned())
    }

    async fn until(&self, bearer: &str, expected: (u16, &str)) -> Duration {
        let begun = Instant::now();
        loop {
            let (status, code) = self.knock(bearer).await;
            if (status.as_u16(), code.as_str()) == expected {
                return begun.elapsed();
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "not {expected:?} but {status} {code}");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

const OPEN: (u16, &str) = (200, "");
const REVOKED: (u16, &str) = (401, "token_revoked");
const LATER: (u16, &str) = (503, "unavailable");

fn logged_out() -> SessionEvent {
    LoggedOut {}.into()
}

fn endings() -> [UserEvent; 3] {
    let password = PasswordHash("$argon2id$".into());
    [
        Suspended { reason: "fraud".into(), epoch: 2 }.into(),
        Erased { epoch: 2, releases: vec![], answer_by: log::time() }.into(),
        PasswordChanged { password, proof: PasswordProof::Password, epoch: 2 }.into(),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_is_refused_within_a_second_of_its_record() {
    let stack = tillroll_testkit::start().await;
    let door = Door::open(node(&stack)).await;
    let (over, good) = (door.token(1, 1), door.token(2, 2));
    // There is no topic yet that says who is let in.
    door.until(&good, LATER).await;

    node(&stack).create_topics(&[USER, SESSION, API_KEY], 1).await.unwrap();
    let mut sessions = Log::claimed(&stack, SESSION).await;
    let mut users = Log::claimed(&stack, USER).await;
    let mut keys = Log::claimed(&stack, API_KEY).await;
    sessions.write(1, &logged_out()).await;
    door.until(&good, OPEN).await;
    door.until(&over, REVOKED).await;

    let mut slowest = Duration::ZERO;
    for sid in 100..120 {
        let token = door.token(2, sid);
        assert_eq!(door.knock(&token).await.0, StatusCode::OK);
        sessions.write(sid, &logged_out()).await;
        slowest = slowest.max(door.until(&token, REVOKED).await);
    }
    for (user, event) in (200..).zip(endings()) {
        let token = door.token(user, user);
        assert_eq!(door.knock(&token).await.0, StatusCode::OK);
        users.write(user, &event).await;
        slowest = slowest.max(door.until(&token, REVOKED).await);
    }
    println!("the slowest of 23 was refused {slowest:?} after its record was acknowledged");
    assert!(slowest < PROMISED, "{slowest:?}");
    assert_eq!(door.knock(&good).await.0, StatusCode::OK);

    machines(&door, &mut keys, &mut users).await;

    // A build that cannot read what was said of a session must not let it in.
    let unreadable = door.token(2, 300);
    assert_eq!(door.knock(&unreadable).await.0, StatusCode::OK);
    sessions.write_raw(300, "session.unheard-of.v9", b"{}").await;
    door.until(&unreadable, LATER).await;
    let elsewhere = (0..).find(|sid| sessions.partition(*sid) != sessions.partition(300)).unwrap();
    assert_eq!(door.knock(&door.token(2, elsewhere)).await.0, StatusCode::OK, "the other partition is read on");
    door.shutdown.request();
    drop(door);
    stack.stop().await.unwrap();
}

/// Keys for machines: good at once when they are made, and for nothing within a second of their revocation.
async fn machines(door: &Door, keys: &mut Log, users: &mut Log) {
    let secret = ApiSecret::new([7; 32]);
    let text = secret.reveal(ApiKeyId(Uuid::from_u128(9)));
    assert_eq!(door.knock(&text).await.0, StatusCode::UNAUTHORIZED);
    let scopes = [Scope::parse("orders:read").unwrap()].into();
    let owner = UserId(Uuid::from_u128(2));
    let created =
        Created { hash: secret.hash(), owner, label: "importer".into(), scopes, epoch: Some(1), made_by: None };
    keys.write(9, &ApiKeyEvent::from(created.clone())).await;
    assert_eq!(door.knock(&text).await.0, StatusCode::OK, "the first time that it is presented");
    let other = ApiSecret::new([8; 32]).reveal(ApiKeyId(Uuid::from_u128(9)));
    assert_eq!(door.knock(&other).await.0, StatusCode::UNAUTHORIZED);
    keys.write(9, &ApiKeyEvent::from(Revoked {})).await;
    assert!(door.until(&text, (401, "unauthenticated")).await < PROMISED);
    keys.write(10, &ApiKeyEvent::from(Created { owner: UserId(Uuid::from_u128(201)), ..created.clone() })).await;
    let of_erased = secret.reveal(ApiKeyId(Uuid::from_u128(10)));
    assert_eq!(door.knock(&of_erased).await, (StatusCode::UNAUTHORIZED, "token_revoked".to_owned()));
    keys.write(11, &ApiKeyEvent::from(Created { owner: UserId(Uuid::from_u128(400)), ..created.clone() })).await;
    let before_the_reset = secret.reveal(ApiKeyId(Uuid::from_u128(11)));
    assert_eq!(door.knock(&before_the_reset).await.0, StatusCode::OK);
    let password = PasswordHash("$argon2id$".into());
    let reset = PasswordChanged { password, proof: PasswordProof::ResetToken, epoch: 2 };
    users.write(400, &UserEvent::from(reset.clone())).await;
    assert!(door.until(&before_the_reset, (401, "unauthenticated")).await < PROMISED);
    // For somebody else, by a log-in whose owner then takes back what was made in his name.
    let made_by = Some(Maker { user: UserId(Uuid::from_u128(401)), epoch: 1 });
    keys.write(12, &ApiKeyEvent::from(Created { made_by, ..created })).await;
    let for_another = secret.reveal(ApiKeyId(Uuid::from_u128(12)));
    assert_eq!(door.knock(&for_another).await.0, StatusCode::OK);
    users.write(401, &UserEvent::from(reset)).await;
    assert!(door.until(&for_another, (401, "unauthenticated")).await < PROMISED);
}

/// How long a door that opens is closed to users: `cargo test -p tillroll-gateway --test revocation -- --ignored`.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn a_long_history_is_read_at_this_rate() {
    const EVENTS: u128 = 400_000;
    let stack = tillroll_testkit::start().await;
    node(&stack).create_topics(&[USER, SESSION, API_KEY], 1).await.unwrap();
    let mut sessions = Log::claimed(&stack, SESSION).await;
    for sid in 0..EVENTS {
        sessions.send(sid, logged_out().type_name(), logged_out().encode().unwrap());
    }
    sessions.flush().await;
    let begun = Instant::now();
    let door = Door::open(node(&stack)).await;
    door.until(&door.token(1, EVENTS + 1), OPEN).await;
    let rate = EVENTS as f64 / begun.elapsed().as_secs_f64();
    println!("{EVENTS} events of sessions in {:?}: {rate:.0}/s", begun.elapsed());
    stack.stop().await.unwrap();
}
