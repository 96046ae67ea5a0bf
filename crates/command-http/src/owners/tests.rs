//! Two instances on real sockets: a command finds its owner over one hop, and nothing is done twice.

use super::*;
use crate::{better_there, problem_of};
use axum::extract::State as With;
use axum::response::IntoResponse;
use axum::routing::post;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use tillroll_http::Limits;
use tillroll_log::{ExecuteError, Place, Rejection};
use tillroll_telemetry::Shutdown;

#[derive(Clone, Debug)]
struct Never;

impl Rejection for Never {
    fn code(&self) -> &'static str {
        "never"
    }
    fn detail(&self) -> String {
        String::new()
    }
}

/// Who owns the jar, as everybody here believes.
#[derive(Clone)]
struct Map {
    own: &'static str,
    owner: Arc<Mutex<Option<OwnerFound>>>,
    /// And who knows what became of what was done with it.
    knows: Arc<Mutex<Option<OwnerFound>>>,
    moves: Arc<watch::Sender<u64>>,
    suspected: Arc<Mutex<Vec<String>>>,
}

impl Map {
    fn new() -> Self {
        Self { own: "", owner: Arc::default(), knows: Arc::default(), moves: Arc::default(), suspected: Arc::default() }
    }

    fn of(&self, own: &'static str) -> Self {
        Self { own, ..self.clone() }
    }

    fn suspected(&self) -> Vec<String> {
        self.suspected.lock().unwrap().clone()
    }

    fn set(&self, owner: Option<(&str, &str)>) {
        Self::put(&self.owner, owner);
        self.moves.send_modify(|moves| *moves += 1);
    }

    fn set_who_knows(&self, knows: Option<(&str, &str)>) {
        Self::put(&self.knows, knows);
        self.moves.send_modify(|moves| *moves += 1);
    }

    fn put(place: &Mutex<Option<OwnerFound>>, owner: Option<(&str, &str)>) {
        let found = |(instance, url): (&str, &str)| OwnerFound { instance: instance.into(), url: url.into() };
        *place.lock().unwrap() = owner.map(found);
    }
}

impl Owners for Map {
    fn elsewhere(&self, _: &str, partition: i32) -> Option<OwnerFound> {
        let owner = if partition == KNOWN_AT.partition.0 { &self.knows } else { &self.owner };
        owner.lock().unwrap().clone().filter(|owner| owner.instance != self.own)
    }
    fn suspect(&self, _: &str, _: i32, owner: OwnerFound) {
        self.suspected.lock().unwrap().push(owner.instance);
    }
    fn moves(&self) -> watch::Receiver<u64> {
        self.moves.subscribe()
    }
}

/// What an instance does with a command.
#[derive(Clone, Copy, PartialEq)]
enum Does {
    CarryOut,
    NotHere,
    LetGo,
    Freeze,
    /// It is carried out, and somebody else knows what became of it.
    KnowsLess,
}

#[derive(Clone)]
struct Instance {
    does: Arc<Mutex<Does>>,
    asked: Arc<AtomicUsize>,
    url: String,
}

impl Instance {
    async fn start(name: &'static str, map: &Map, does: Does) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let this = Self { does: Arc::new(Mutex::new(does)), asked: Arc::default(), url };
        let router = around(
            Router::new().route("/jar", post(command)).route("/jar/end", post(end)).with_state(this.clone()),
            map.of(name),
        );
        tillroll_telemetry::spawn(
            "an instance",
            tillroll_http::serve(listener, router, Limits::internal(), Shutdown::new()),
        );
        this
    }

    fn will(&self, does: Does) {
        *self.does.lock().unwrap() = does;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    async fn ask(&self, key: Option<&str>) -> (u16, String, bool) {
        let peers = Peers::default();
        let mut request = Request::new(());
        *request.method_mut() = axum::http::Method::POST;
        *request.uri_mut() = "/jar".parse().unwrap();
        if let Some(key) = key {
            request.headers_mut().insert(&headers::IDEMPOTENCY_KEY, key.parse().unwrap());
        }
        // As a gateway asks, without the mark of a hop.
        let pool = peers.pool(&self.url).unwrap();
        let body = tillroll_http::peer::PeerBody::whole(Bytes::from_static(b"three sweets"));
        let answer = pool.request(request.map(|()| body)).await.unwrap();
        let (status, marked) = (answer.status().as_u16(), answer.headers().contains_key(&NOT_HERE));
        let body = axum::body::to_bytes(answer.into_body(), 10_000).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap(), marked)
    }
}

/// Where it is known what became of it.
const KNOWN_AT: Place = Place { topic: "jar.events.v1", partition: tillroll_log::PartitionId(1) };

/// The partition in question.
fn place() -> Place {
    Place { topic: "jar.events.v1", partition: tillroll_log::PartitionId(0) }
}

async fn command(With(instance): With<Instance>, body: String) -> Response {
    instance.asked.fetch_add(1, Ordering::SeqCst);
    let does = *instance.does.lock().unwrap();
    match does {
        Does::CarryOut => body.into_response(),
        Does::NotHere => problem_of(ExecuteError::<Never>::Elsewhere(place())).into_response(),
        Does::LetGo => problem_of(ExecuteError::<Never>::LetGo(place())).into_response(),
        Does::Freeze => std::future::pending().await,
        Does::KnowsLess => better_there((StatusCode::ACCEPTED, body).into_response(), KNOWN_AT, "/jar/end"),
    }
}

/// What became of it.
async fn end(With(instance): With<Instance>, body: String) -> Response {
    instance.asked.fetch_add(1, Ordering::SeqCst);
    let does = *instance.does.lock().unwrap();
    match does {
        Does::CarryOut => (StatusCode::CREATED, format!("eaten{body}")).into_response(),
        Does::NotHere => problem_of(ExecuteError::<Never>::Elsewhere(KNOWN_AT)).into_response(),
        _ => StatusCode::NO_CONTENT.into_response(),
    }
}

async fn two(first: Does, second: Does) -> (Map, Instance, Instance) {
    let map = Map::new();
    let (one, two) = (Instance::start("one", &map, first).await, Instance::start("two", &map, second).await);
    map.set(Some(("two", &two.url)));
    (map, one, two)
}

#[tokio::test]
async fn whoever_is_asked_the_owner_answers_with_the_same_body() {
    let (_map, one, two) = two(Does::NotHere, Does::CarryOut).await;
    for key in [None, Some("k")] {
        assert_eq!(one.ask(key).await, (200, "three sweets".to_owned(), false));
        assert_eq!(two.ask(key).await, (200, "three sweets".to_owned(), false));
    }
    assert_eq!((one.asked(), two.asked()), (2, 4));
}

#[tokio::test]
async fn a_request_makes_one_hop_and_no_more() {
    let (map, one, two) = two(Does::NotHere, Does::NotHere).await;
    let third = Instance::start("three", &map, Does::CarryOut).await;
    let asking = tokio::join!(one.ask(None), async {
        while two.asked() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!((two.asked(), third.asked()), (1, 0), "the second does not send it on");
        map.set(Some(("three", &third.url)));
    });
    assert_eq!(asking.0, (200, "three sweets".to_owned(), false), "the first does, once it knows better");
    assert_eq!(third.asked(), 1);
}

#[tokio::test]
async fn a_partition_that_nobody_serves_for_a_moment_is_waited_for() {
    let (map, one, _two) = two(Does::NotHere, Does::CarryOut).await;
    map.set(None);
    let asking = tokio::join!(one.ask(None), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        one.will(Does::CarryOut);
        map.set(Some(("one", &one.url)));
    });
    assert_eq!(asking.0.0, 200, "it has become the owner itself");
}

#[tokio::test]
async fn a_partition_that_nobody_serves_for_long_is_503_and_tells_nothing_of_the_inside() {
    let (map, one, _two) = two(Does::NotHere, Does::CarryOut).await;
    map.set(None);
    let begun = Instant::now();
    let (status, body, marked) = one.ask(Some("k")).await;
    assert_eq!((status, marked), (503, false));
    assert!(body.contains("unavailable") && !body.contains("jar.events"), "{body}");
    assert!(begun.elapsed() >= OWNER_WITHIN && begun.elapsed() < OWNER_WITHIN * 3, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn without_a_key_nothing_is_asked_again_that_may_have_been_carried_out() {
    let (_map, one, two) = two(Does::LetGo, Does::CarryOut).await;
    assert_eq!(one.ask(None).await.0, 503);
    assert_eq!(two.asked(), 0);
    assert_eq!(one.ask(Some("k")).await.0, 200, "with a key it is the same command");
    assert_eq!(two.asked(), 1);
}

#[tokio::test]
async fn an_owner_that_is_gone_has_certainly_done_nothing() {
    let (map, one, two) = two(Does::NotHere, Does::CarryOut).await;
    map.set(Some(("dead", "http://127.0.0.1:1")));
    let asking = tokio::join!(one.ask(None), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        map.set(Some(("two", &two.url)));
    });
    assert_eq!((asking.0.0, two.asked()), (200, 1), "even without a key");
}

#[tokio::test]
async fn an_owner_whose_listener_refuses_is_suspected() {
    let (map, one, _two) = two(Does::NotHere, Does::CarryOut).await;
    map.set(Some(("dead", "http://127.0.0.1:1")));
    one.ask(Some("k")).await;
    assert_eq!(map.suspected(), ["dead"]);
}

#[tokio::test]
async fn an_owner_that_accepts_connections_is_not_suspected_whatever_it_says() {
    // What a frozen process does, too: its kernel accepts for it.
    let mute = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hanging_up = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = |listener: &tokio::net::TcpListener| format!("http://{}", listener.local_addr().unwrap());
    let (map, one, two) = two(Does::NotHere, Does::NotHere).await;
    one.ask(Some("k")).await;
    map.set(Some(("mute", &url(&mute))));
    let asking = one.ask(Some("k"));
    tokio::time::timeout(Duration::from_secs(1), asking).await.expect_err("it never answers");
    map.set(Some(("hanging-up", &url(&hanging_up))));
    let hang_up = async {
        loop {
            drop(hanging_up.accept().await);
        }
    };
    tokio::select! {
        (status, ..) = one.ask(Some("k")) => assert_eq!(status, 503),
        () = hang_up => {}
    }
    assert_eq!((map.suspected(), two.asked()), (Vec::<String>::new(), 1));
}

#[tokio::test]
async fn a_frozen_owner_is_given_up_as_soon_as_there_is_another() {
    let (map, one, two) = two(Does::NotHere, Does::Freeze).await;
    let third = Instance::start("three", &map, Does::CarryOut).await;
    let asking = tokio::join!(one.ask(Some("k")), async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        map.set(Some(("three", &third.url)));
    });
    assert_eq!((asking.0.0, two.asked(), third.asked()), (200, 1, 1));
}

#[tokio::test]
async fn whoever_knows_what_became_of_it_is_asked_for_that() {
    let (map, one, two) = two(Does::KnowsLess, Does::CarryOut).await;
    map.set_who_knows(Some(("two", &two.url)));
    assert_eq!(one.ask(Some("k")).await, (201, "eaten".to_owned(), false), "without the body");
    assert_eq!((one.asked(), two.asked()), (1, 1), "nothing is carried out twice");
}

#[tokio::test]
async fn who_was_asked_over_a_hop_asks_that_too() {
    let (map, one, two) = two(Does::NotHere, Does::KnowsLess).await;
    map.set_who_knows(Some(("three", &Instance::start("three", &map, Does::CarryOut).await.url)));
    assert_eq!(one.ask(Some("k")).await, (201, "eaten".to_owned(), false));
    assert_eq!((one.asked(), two.asked()), (1, 1));
}

#[tokio::test]
async fn what_was_carried_out_is_answered_if_nobody_knows_more() {
    let (map, one, two) = two(Does::KnowsLess, Does::Freeze).await;
    map.set_who_knows(Some(("two", &two.url)));
    let first = (202, "three sweets".to_owned(), false);
    assert_eq!(one.ask(Some("k")).await, first, "it is not known there in time");
    assert_eq!(one.ask(None).await, first, "without a key nothing is asked");
    assert_eq!(two.asked(), 1);
    two.will(Does::NotHere);
    let asking = tokio::join!(one.ask(Some("k")), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        two.will(Does::CarryOut);
        map.set_who_knows(Some(("two", &two.url)));
    });
    assert_eq!(asking.0, (201, "eaten".to_owned(), false), "somebody knows a moment later");
    map.set_who_knows(None);
    assert_eq!(one.ask(Some("k")).await, first, "nobody serves it");
}
