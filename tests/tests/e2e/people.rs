//! People through the public door: registered, logged in, refreshed, locked, forgotten.

#[path = "people/accounts.rs"]
mod accounts;
#[path = "people/canaries.rs"]
mod canaries;
#[path = "people/costs.rs"]
mod costs;
#[path = "people/ill_will.rs"]
mod ill_will;
#[path = "people/machines.rs"]
mod machines;
#[path = "people/master_key.rs"]
mod master_key;
#[path = "people/sealed.rs"]
pub mod sealed;
#[path = "people/searched.rs"]
pub mod searched;
#[path = "people/shared_out.rs"]
mod shared_out;
#[path = "people/strangers.rs"]
mod strangers;

use e2e::{Answer, Ask, Http, Outcome, System, own_with, until};
use hyper::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use strangers::without_its_id;
use tokio::task::JoinSet;

/// As the door promises.
const WITHIN: Duration = Duration::from_secs(1);
const PASSWORD: &str = "a long enough password";

fn register(http: &Http, email: &str, username: &str) -> Ask {
    http.post("/users").json(&json!({"email": email, "username": username, "password": PASSWORD}))
}

/// Somebody new: his id, and the tokens of his first log-in.
async fn account(nobody: &Http, name: &str) -> Outcome<(String, Value)> {
    let email = format!("{name}@example.org");
    let user = register(nobody, &email, name).send().await?.expect_status(201)?.json();
    Ok((of(&user, "id").to_owned(), log_in(nobody, &email).await?))
}

async fn log_in(http: &Http, email: &str) -> Outcome<Value> {
    let body = json!({"email": email, "password": PASSWORD, "device": "telephone"});
    Ok(http.post("/sessions").json(&body).send().await?.expect_status(201)?.json())
}

fn refresh(http: &Http, tokens: &Value) -> Ask {
    http.post("/sessions/refresh").json(&json!({"refresh_token": tokens["refresh_token"]}))
}

fn of<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

/// The client of whoever has these tokens.
fn with(http: &Http, tokens: &Value) -> Http {
    http.with_token(tokens["access_token"].as_str())
}

#[test]
fn whoever_registers_logs_in_refreshes_and_logs_out_again() -> Outcome {
    // At the level at which most is logged, nothing of anybody is.
    own_with(vec![("TILLROLL_LOG", "debug".to_owned())], |system| async move {
        let nobody = system.http().with_token(None);
        a_life(&system, &nobody).await?;
        strangers::nobody_learns_who_is_there(&nobody).await?;
        whoever_is_right_fifty_times_at_once_is_let_in(&nobody).await?;
        accounts::an_account_is_its_owners(&nobody).await?;
        accounts::accounts_of_others_are_the_staffs(&system, &nobody).await?;
        machines::a_key_gives_what_its_owner_may_do_now(&system, &nobody).await?;
        canaries::after_erasure_nothing_yields_the_plaintext(&system, &nobody).await?;
        costs::a_hash_of_another_cost_is_made_anew_once(&system, &nobody).await
    })
}

async fn a_life(system: &System, nobody: &Http) -> Outcome {
    let staff = system.http();
    let ann = register(nobody, "Ann@Example.org", "ann").send().await?.expect_status(201)?;
    let user = of(&ann.json(), "id").to_owned();
    assert_eq!(ann.header("location"), "/api/v1/users/me", "what she may read herself");
    assert_eq!((of(&ann.json(), "email"), of(&ann.json(), "status")), ("Ann@Example.org", "active"));
    let weak = json!({"email": "a@b.org", "username": "weak", "password": "password12"});
    nobody.post("/users").json(&weak).send().await?.expect_status(400)?;

    let first = log_in(nobody, "ann@example.ORG").await?;
    let me = with(nobody, &first).get("/users/me").token(ann.token()).send().await?.expect_status(200)?.json();
    assert_eq!((of(&me, "id"), of(&me, "username")), (user.as_str(), "ann"));
    let profile = json!({"name": "Ann Bee", "bio": "likes lamps", "locale": "en-GB",
        "addresses": [{"lines": ["1 High Street"], "city": "Leeds", "country": "GB"}]});
    let changed = with(nobody, &first).put("/users/me").json(&profile).send().await?.expect_status(200)?;
    let seen = staff.get(format!("/users/{user}")).token(changed.token()).send().await?.expect_status(200)?.json();
    assert_eq!((&seen["bio"], &seen["addresses"][0]["city"]), (&json!("likes lamps"), &json!("Leeds")));

    a_refresh_is_repeated_and_a_thief_noticed(nobody, &first).await?;
    let other = log_in(nobody, "ann@example.org").await?;
    let second = log_in(nobody, "ann@example.org").await?;
    let path = format!("/sessions/{}", of(&other, "session_id"));
    let stranger = register(nobody, "bob@example.org", "bob").send().await?.expect_status(201)?;
    assert_ne!(of(&stranger.json(), "id"), user);
    let bob = log_in(nobody, "bob@example.org").await?;
    with(nobody, &bob).ask(Method::DELETE, &path).send().await?.expect_status(404)?;
    let ended = with(nobody, &second).ask(Method::DELETE, &path).send().await?.expect_status(200)?;
    is_refused_soon(&with(nobody, &other)).await?;
    let listed = with(nobody, &second).get("/sessions").token(ended.token()).send().await?.expect_status(200)?.json();
    let listed: Vec<_> = listed["items"].as_array().unwrap().iter().map(|one| of(one, "session_id")).collect();
    assert_eq!(listed, [of(&second, "session_id")], "neither the stolen nor the ended one");
    with(nobody, &second).ask(Method::DELETE, "/sessions/current").send().await?.expect_status(200)?;
    is_refused_soon(&with(nobody, &second)).await?;
    locked_means_out(&staff, nobody, &user).await
}

/// The answer to a refresh may be lost; a token that is long spent ends the whole family.
async fn a_refresh_is_repeated_and_a_thief_noticed(nobody: &Http, first: &Value) -> Outcome {
    let second = refresh(nobody, first).send().await?.expect_status(200)?.json();
    let again = refresh(nobody, first).send().await?.expect_status(200)?.json();
    assert_eq!(second["refresh_token"], again["refresh_token"], "the lost answer, once more");
    let third = refresh(nobody, &second).send().await?.expect_status(200)?.json();
    assert_ne!(third["refresh_token"], second["refresh_token"]);
    with(nobody, &third).get("/users/me").send().await?.expect_status(200)?;
    let thief = refresh(nobody, first).send().await?.expect_status(401)?;
    assert_eq!(thief.code(), "session_over");
    let made_up = refresh(nobody, &json!({"refresh_token": "made up"})).send().await?.expect_status(401)?;
    assert_eq!(without_its_id(&made_up), without_its_id(&thief));
    refresh(nobody, &third).send().await?.expect_status(401)?;
    is_refused_soon(&with(nobody, &third)).await
}

async fn is_refused_soon(http: &Http) -> Outcome {
    let begun = Instant::now();
    until("the door refuses", WITHIN, || async {
        Ok((http.get("/users/me").send().await?.status == 401).then_some(()))
    })
    .await?;
    eprintln!("refused after {} ms", begun.elapsed().as_millis());
    Ok(())
}

async fn locked_means_out(staff: &Http, nobody: &Http, user: &str) -> Outcome {
    let tokens = log_in(nobody, "ann@example.org").await?;
    let path = format!("/users/{user}/suspension");
    staff.post(&path).json(&json!({"reason": canaries::IN_THE_CLEAR})).send().await?.expect_status(200)?;
    is_refused_soon(&with(nobody, &tokens)).await?;
    refresh(nobody, &tokens).send().await?.expect_status(401)?;
    let body = json!({"email": "ann@example.org", "password": PASSWORD});
    let locked = nobody.post("/sessions").json(&body).send().await?.expect_status(409)?;
    assert_eq!(locked.code(), "user_suspended");
    staff.ask(Method::DELETE, &path).send().await?.expect_status(200)?;
    log_in(nobody, "ann@example.org").await.map(drop)
}

async fn whoever_is_right_fifty_times_at_once_is_let_in(nobody: &Http) -> Outcome {
    register(nobody, "finn@example.org", "finn").send().await?.expect_status(201)?;
    let (mut asking, begun) = (JoinSet::new(), Instant::now());
    for nth in 0..50 {
        let body = json!({"email": "finn@example.org", "password": PASSWORD});
        asking.spawn(nobody.post("/sessions").json(&body).key(format!("finn-{nth}")).send());
    }
    let mut sessions = BTreeSet::new();
    while let Some(answered) = asking.join_next().await {
        sessions.insert(of(&answered??.expect_status(201)?.json(), "session_id").to_owned());
    }
    eprintln!("50 log-ins of one account at once in {} ms", begun.elapsed().as_millis());
    assert_eq!(sessions.len(), 50);
    Ok(())
}

/// As a client does: whoever is told that it takes too long asks the same again.
async fn until_told(ask: Ask) -> Outcome<Answer> {
    until("a registration has an end", Duration::from_secs(60), || async {
        let answer = ask.clone().send().await?;
        Ok(Some(answer).filter(|answer| !matches!(answer.status, 202 | 503)))
    })
    .await
}
