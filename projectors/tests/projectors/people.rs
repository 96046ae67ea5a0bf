//! People's rows: the same however the log is cut, as the log says, and nothing personal of whoever is erased.

use crate::roll::{PARTITIONS, Roll};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use std::collections::BTreeMap;
use tillroll_log::{Body, Timestamp};
use tillroll_postgres::{Connection, Settings, connect};
use tillroll_projectors::{MIGRATIONS, Projectors};
use tillroll_schemas::api_key::{ApiKeyEvent, Created, Revoked as KeyRevoked, Scope};
use tillroll_schemas::catalogue::{API_KEY, SESSION, USER};
use tillroll_schemas::identity_claim::ClaimKey;
use tillroll_schemas::session::{Expired, LoggedOut, Opened, Refreshed, Revocation, Revoked, SessionEvent};
use tillroll_schemas::user::{
    Activated, EmailChanged, EmailVerified, Erased, HeldClaim, PasswordChanged, PasswordProof, Profile, ProfileChanged,
    RegistrationStarted, Reinstated, Role, RolesChanged, Suspended, UserEvent,
};
use tillroll_schemas::{PasswordHash, Sealed, SecretHash, UserId};
use tillroll_telemetry::Shutdown;
use tillroll_testkit::{database, until};
use uuid::Uuid;

const TABLES: [(&str, &str); 4] = [
    ("people.account", "user_id"),
    ("people.session", "session_id"),
    ("people.api_key", "api_key_id"),
    ("projection.checkpoint", "projection, topic, partition"),
];

/// What happens next: kind, to whom, and a number to make up the rest from.
type Step = (u8, u8, u8);

/// What the log says of a user: status, epoch, address, whether it is verified.
#[derive(Clone, Debug, PartialEq)]
struct Person {
    status: &'static str,
    version: u64,
    epoch: Option<u64>,
    email: Option<String>,
    verified: bool,
}

struct Town {
    roll: Roll,
    versions: BTreeMap<(&'static str, Uuid), u64>,
    people: BTreeMap<Uuid, Person>,
    /// Sessions with how they ended.
    sessions: BTreeMap<Uuid, Option<&'static str>>,
    /// Keys, and whether they are good.
    keys: BTreeMap<Uuid, bool>,
}

fn time() -> Timestamp {
    "2026-11-22T10:00:00Z".parse().unwrap()
}

fn claim() -> HeldClaim {
    HeldClaim { claim: ClaimKey::of_mac(&[1; 32]), hold: 1 }
}

impl Town {
    fn new() -> Self {
        let (people, sessions, keys) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { roll: Roll::new(1, 1), versions: BTreeMap::new(), people, sessions, keys }
    }

    fn step(&mut self, (kind, who, one): Step) {
        let id = Uuid::from_u128(u128::from(who % 5) + 1);
        match kind % 6 {
            0 => self.session(id, one),
            1 => self.key(id, one),
            _ => self.user(id, one),
        }
    }

    fn append(&mut self, topic: &'static str, id: Uuid, event: &impl Body) -> u64 {
        let version = self.versions.entry((topic, id)).or_default();
        *version += 1;
        self.roll.append(topic, &id.to_string(), *version, event);
        *version
    }

    fn user(&mut self, id: Uuid, one: u8) {
        let version = self.versions.get(&(USER.events, id)).copied().unwrap_or(0) + 1;
        let sealed = |what: &str| Sealed::from_stored(&format!("s1.{what}-{id}-{version}"));
        let Some(mut person) = self.people.get(&id).cloned() else { return self.register(id, &sealed) };
        let epoch = person.epoch.unwrap_or(0) + 1;
        let event: UserEvent = match (person.status, one % 8) {
            ("erased", _) => return,
            ("registering", _) => {
                (person.status, person.epoch) = ("active", Some(1));
                Activated { answers: Vec::new(), epoch: 1 }.into()
            }
            (_, 0) => {
                let profile = Profile { bio: Some(sealed("bio")), ..Profile::default() };
                ProfileChanged { profile }.into()
            }
            (_, 1) => {
                (person.email, person.verified) = (Some(sealed("email").as_str().to_owned()), false);
                let (answers, releases) = (Vec::new(), Vec::new());
                EmailChanged { email: sealed("email"), claim: claim(), answers, releases, answer_by: time() }.into()
            }
            (_, 2) => {
                person.epoch = Some(epoch);
                RolesChanged { roles: [Role::Staff].into(), epoch }.into()
            }
            (_, 3) => {
                person.epoch = Some(epoch);
                let password = PasswordHash("s1.hash".to_owned());
                PasswordChanged { password, proof: PasswordProof::Password, epoch }.into()
            }
            ("active", 4 | 5) => {
                (person.status, person.epoch) = ("suspended", Some(epoch));
                Suspended { reason: "left".to_owned(), epoch }.into()
            }
            ("suspended", 4 | 5) => {
                person.status = "active";
                Reinstated {}.into()
            }
            (_, 6) => {
                person.verified = true;
                EmailVerified {}.into()
            }
            _ => {
                person = Person { status: "erased", version, epoch: None, email: None, verified: false };
                Erased { epoch, releases: Vec::new(), answer_by: time() }.into()
            }
        };
        person.version = self.append(USER.events, id, &event);
        self.people.insert(id, person);
    }

    fn register(&mut self, id: Uuid, sealed: &impl Fn(&str) -> Sealed) {
        let started = RegistrationStarted {
            email: sealed("email"),
            email_claim: claim(),
            username: sealed("username"),
            username_claim: claim(),
            profile: Profile::default(),
            password: PasswordHash("s1.hash".to_owned()),
            roles: [Role::Customer].into(),
            claims_expire_at: time(),
            answer_by: time(),
        };
        let email = Some(started.email.as_str().to_owned());
        let version = self.append(USER.events, id, &UserEvent::from(started));
        self.people.insert(id, Person { status: "registering", version, epoch: None, email, verified: false });
    }

    fn session(&mut self, id: Uuid, one: u8) {
        let (ended, event): (_, SessionEvent) = match (self.sessions.get(&id), one % 4) {
            (Some(Some(_)), _) => return,
            (None, _) => {
                let device = Some(Sealed::from_stored("s1.device"));
                (None, Opened { user_id: UserId(id), epoch: 1, device, expires_at: time() }.into())
            }
            (Some(None), 0) => (Some("logged_out"), LoggedOut {}.into()),
            (Some(None), 1) => (Some("by_user"), Revoked { cause: Revocation::ByUser }.into()),
            (Some(None), 2) => (Some("expired"), Expired {}.into()),
            (Some(None), _) => (None, Refreshed { generation: 2, previous_until: time(), expires_at: time() }.into()),
        };
        self.append(SESSION.events, id, &event);
        self.sessions.insert(id, ended);
    }

    fn key(&mut self, id: Uuid, one: u8) {
        let (good, event): (_, ApiKeyEvent) = match self.keys.get(&id) {
            Some(_) if one.is_multiple_of(2) => (false, KeyRevoked {}.into()),
            Some(_) => return,
            None => {
                let (hash, scopes) = (SecretHash::of_digest(&[1; 32]), [Scope::parse("orders:own").unwrap()].into());
                let label = "importer".to_owned();
                (true, Created { hash, owner: UserId(id), label, scopes, epoch: Some(1), made_by: None }.into())
            }
        };
        self.append(API_KEY.events, id, &event);
        self.keys.insert(id, good);
    }
}

async fn empty(connection: &Connection) {
    let tables: Vec<&str> = TABLES.iter().map(|(table, _)| *table).collect();
    connection.batch_execute(&format!("TRUNCATE {}, people.erasure", tables.join(", "))).await.unwrap();
}

/// Reads the whole log; every row as text.
async fn made(settings: &Settings, connection: &Connection, roll: &Roll) -> Vec<String> {
    let shutdown = Shutdown::new();
    let projectors = Projectors::start(settings, roll.clone(), &shutdown);
    until("people's rows are those of the whole log", async || is_at_end(connection, roll).await).await;
    shutdown.request();
    projectors.stopped().await;
    let mut all = Vec::new();
    for (table, key) in TABLES {
        let moved = if table == "projection.checkpoint" { "WHERE t.next_offset > 0" } else { "" };
        let sql = format!("SELECT t::text FROM {table} AS t {moved} ORDER BY {key}");
        all.extend(connection.query(&sql, &[]).await.unwrap().iter().map(|row| row.get::<_, String>(0)));
    }
    all
}

async fn is_at_end(connection: &Connection, roll: &Roll) -> bool {
    let sql = "SELECT next_offset FROM projection.checkpoint WHERE projection = $1 AND topic = $2 AND partition = $3";
    for (name, topic) in [("users", USER.events), ("sessions", SESSION.events), ("api-keys", API_KEY.events)] {
        for partition in 0..PARTITIONS {
            let row = connection.query_opt(sql, &[&name, &topic, &partition]).await.unwrap();
            if row.map_or(0, |row| row.get::<_, i64>(0)) < roll.end(topic, partition) {
                return false;
            }
        }
    }
    true
}

async fn rows_say_what_the_log_says(connection: &Connection, town: &Town) -> Result<(), TestCaseError> {
    let sql = "SELECT user_id, status, version, (account->>'epoch')::bigint, account->>'email',
            COALESCE((account->>'email_verified')::boolean, false), account::text FROM people.account";
    let mut people = BTreeMap::new();
    for row in connection.query(sql, &[]).await.unwrap() {
        let (id, status): (Uuid, &str) = (row.get(0), row.get(1));
        let status = ["registering", "active", "suspended", "erased"].into_iter().find(|one| *one == status).unwrap();
        let epoch = row.get::<_, Option<i64>>(3).map(i64::cast_unsigned);
        let version = row.get::<_, i64>(2).cast_unsigned();
        people.insert(id, Person { status, version, epoch, email: row.get(4), verified: row.get(5) });
        let account: &str = row.get(6);
        prop_assert!(status != "erased" || account == "{}", "kept of whoever is erased: {account}");
        prop_assert!(!account.contains("s1.hash"), "nothing of a password is in a row");
    }
    prop_assert_eq!(&people, &town.people);
    let ends = connection.query("SELECT session_id, ended FROM people.session", &[]).await.unwrap();
    let ends: BTreeMap<Uuid, Option<String>> = ends.iter().map(|row| (row.get(0), row.get(1))).collect();
    let said = town.sessions.iter().map(|(id, ended)| (*id, ended.map(str::to_owned))).collect();
    prop_assert_eq!(ends, said);
    let keys = connection.query("SELECT api_key_id, revoked_at IS NULL FROM people.api_key", &[]).await.unwrap();
    let keys: BTreeMap<Uuid, bool> = keys.iter().map(|row| (row.get(0), row.get(1))).collect();
    prop_assert_eq!(&keys, &town.keys);
    Ok(())
}

async fn told(
    settings: &Settings,
    connection: &Connection,
    steps: Vec<Step>,
    cuts: [(usize, u64); 2],
) -> Result<(), TestCaseError> {
    let mut town = Town::new();
    steps.into_iter().for_each(|step| town.step(step));
    let mut first = None;
    for (longest, seed) in cuts {
        empty(connection).await;
        let rows = made(settings, connection, &town.roll.cut(longest, seed)).await;
        rows_say_what_the_log_says(connection, &town).await?;
        prop_assert_eq!(first.get_or_insert_with(|| rows.clone()), &rows);
    }
    Ok(())
}

#[test]
fn rows_of_people_are_those_of_the_log_however_it_is_cut() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let settings = runtime.block_on(database("people", MIGRATIONS));
    let connection = runtime.block_on(connect(&settings)).unwrap();
    let steps = prop::collection::vec(any::<Step>(), 20..120);
    let cuts = prop::array::uniform2((1..40_usize, any::<u64>()));
    let mut runner = TestRunner::new(Config { cases: 16, failure_persistence: None, ..Config::default() });
    let outcome =
        runner.run(&(steps, cuts), |(steps, cuts)| runtime.block_on(told(&settings, &connection, steps, cuts)));
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}
