//! What people do with accounts of their own, and what only staff do with those of others.

use super::strangers::without_its_id;
use super::{PASSWORD, account, is_refused_soon, log_in, of, refresh, register, with};
use e2e::{Ask, Http, Outcome, System, until};
use hyper::Method;
use serde_json::{Value, json};
use std::time::Duration;

pub(super) async fn an_account_is_its_owners(nobody: &Http) -> Outcome {
    let (_, tokens) = account(nobody, "fay").await?;
    let own = with(nobody, &tokens);
    let said = |bio: &str| own.put("/users/me").json(&json!({"bio": bio}));
    let first = said("likes lamps").send().await?.expect_status(200)?;
    let tag = first.header("etag").to_owned();
    said("likes chairs").header("if-match", tag.as_str()).send().await?.expect_status(200)?;
    let stale = said("likes nothing").header("if-match", tag).send().await?.expect_status(412)?;
    assert_eq!(stale.code(), "version_mismatch");
    let me = own.get("/users/me").wait(5).token(first.token()).send().await?.expect_status(200)?.json();
    assert_ne!(me["bio"], "likes nothing");
    an_address_has_one_holder(nobody, &own).await?;
    beyond_ascii_too_an_address_is_one_in_every_spelling(nobody).await?;
    under_one_key_each_device_logs_out(nobody).await?;
    another_password_ends_what_rested_on_the_old_one(nobody).await
}

/// Two who have an account and one who has none want one address at once.
async fn an_address_has_one_holder(nobody: &Http, fay: &Http) -> Outcome {
    let (_, tokens) = account(nobody, "gus").await?;
    let gus = with(nobody, &tokens);
    let to = |email: &str, password: &str| json!({"email": email, "password": password});
    let taken = fay.put("/users/me/email").wait(10).json(&to("Gus@example.ORG", PASSWORD)).send().await?;
    assert_eq!((taken.status, taken.code().as_str()), (409, "email_taken"));
    let guessed = fay.put("/users/me/email").json(&to("own@example.org", "not his password")).send().await?;
    assert_eq!((guessed.status, guessed.code().as_str()), (401, "invalid_credentials"));
    let wanted = to("wanted@example.org", PASSWORD);
    let change = |http: &Http| http.put("/users/me/email").json(&wanted).wait(30);
    let (one, two, three) = tokio::try_join!(
        at_last(change(fay).key("fay")),
        at_last(change(&gus).key("gus")),
        at_last(register(nobody, "Wanted@example.org", "wanted").key("wanted")),
    )?;
    let mut codes = [one.0, two.0, three.0];
    let holders = codes.iter().filter(|status| **status != 409).count();
    codes.sort_unstable();
    assert!(holders == 1 && codes[1..] == [409, 409], "{one:?} {two:?} {three:?}");
    // Who has it logs in by it; the others by what they had.
    log_in(nobody, "wanted@example.org").await?;
    for (before, (status, code)) in [("fay@example.org", &one), ("gus@example.org", &two)] {
        assert!(*status == 200 || code == "email_taken", "{status} {code}");
        let body = json!({"email": before, "password": PASSWORD});
        let answer = nobody.post("/sessions").json(&body).send().await?;
        assert_eq!(answer.status, if *status == 200 { 401 } else { 201 }, "{before}");
    }
    Ok(())
}

async fn beyond_ascii_too_an_address_is_one_in_every_spelling(nobody: &Http) -> Outcome {
    let made = register(nobody, "Jörg@Bücher.example", "joerg").send().await?.expect_status(201)?.json();
    assert_eq!(of(&made, "email"), "Jörg@Bücher.example", "as he typed it");
    for spelling in ["JÖRG@BÜCHER.EXAMPLE", "jo\u{308}rg@xn--bcher-kva.example"] {
        log_in(nobody, spelling).await?;
        let taken = register(nobody, spelling, "another").send().await?;
        assert_eq!((taken.status, taken.code().as_str()), (409, "email_taken"), "{spelling}");
    }
    register(nobody, "Jörg", "another").send().await?.expect_status(400).map(drop)
}

/// So many that two are in one partition, whose owner knows a repeat by its key.
async fn under_one_key_each_device_logs_out(nobody: &Http) -> Outcome {
    account(nobody, "ugo").await?;
    let mut devices = Vec::new();
    for _ in 0..5 {
        devices.push(with(nobody, &log_in(nobody, "ugo@example.org").await?));
    }
    for own in &devices {
        own.ask(Method::DELETE, "/sessions/current").key("log-out").send().await?.expect_status(200)?;
    }
    for own in &devices {
        is_refused_soon(own).await?;
    }
    Ok(())
}

/// Status and code, once it is known.
async fn at_last(ask: Ask) -> Outcome<(u16, String)> {
    until("an address is had or refused", Duration::from_secs(30), || async {
        let answer = ask.clone().send().await?;
        Ok(Some((answer.status, answer.code())).filter(|(status, _)| !matches!(status, 202 | 503)))
    })
    .await
}

async fn another_password_ends_what_rested_on_the_old_one(nobody: &Http) -> Outcome {
    let (jon, first) = account(nobody, "jon").await?;
    let other = log_in(nobody, "jon@example.org").await?;
    let own = with(nobody, &first);
    let ask = |current: &str, new: &str| {
        own.put("/users/me/password").json(&json!({"current_password": current, "new_password": new}))
    };
    let wrong = ask("not his password", "a much longer password").send().await?;
    assert_eq!((wrong.status, wrong.code().as_str()), (401, "invalid_credentials"));
    ask(PASSWORD, "password12").send().await?.expect_status(400)?;
    with(nobody, &other).get("/users/me").send().await?.expect_status(200)?;
    ask(PASSWORD, "a much longer password").send().await?.expect_status(200)?;
    is_refused_soon(&with(nobody, &other)).await?;
    is_refused_soon(&own).await?;
    refresh(nobody, &other).send().await?.expect_status(401)?;
    let body = |password: &str| json!({"username": "jon", "password": password});
    nobody.post("/sessions").json(&body(PASSWORD)).send().await?.expect_status(401)?;
    nobody.post("/sessions").json(&body("a much longer password")).send().await?.expect_status(201)?;
    // Tokens that nobody sent are good for nothing, and say nothing of anybody.
    let now = with(nobody, &nobody.post("/sessions").json(&body("a much longer password")).send().await?.json());
    let made_up = |user: &str| format!("{}.{}.{}", user.replace('-', ""), "0".repeat(32), "A".repeat(43));
    let nobodys = "0".repeat(32);
    for (path, who) in [("/users/password-resets", nobody), ("/users/me/email-verification", &now)] {
        let mut told = Vec::new();
        for token in ["x".to_owned(), format!("{nobodys}.aaaa"), made_up(&jon), made_up(&nobodys)] {
            let mut body = json!({"token": token});
            if path.ends_with("resets") {
                body["new_password"] = json!("a much longer password");
            }
            let refused = who.post(format!("{path}/confirm")).json(&body).send().await?.expect_status(409)?;
            assert_eq!(refused.code(), "single_use_token_invalid");
            told.push(without_its_id(&refused));
        }
        assert!(told.iter().all(|one| *one == told[0]), "{path}: {told:?}");
    }
    Ok(())
}

pub(super) async fn accounts_of_others_are_the_staffs(system: &System, nobody: &Http) -> Outcome {
    let staff = system.http();
    let (kim, tokens) = account(nobody, "kim").await?;
    let (lou, of_lou) = account(nobody, "lou").await?;
    let (customer, path) = (with(nobody, &tokens), format!("/users/{lou}"));
    let (roles, suspension) = (format!("{path}/roles"), format!("{path}/suspension"));
    let (as_staff, as_operator) = (json!({"roles": ["customer", "staff"]}), json!({"roles": ["operator"]}));
    let asks = |http: &Http| {
        [
            http.get("/users"),
            http.get(&path),
            http.get(format!("{path}/overview")),
            http.get(format!("{path}/notifications")),
            http.put(&path).json(&json!({"bio": "not his own words"})),
            http.put(&roles).json(&as_staff),
            http.post(&suspension).json(&json!({"reason": "spite"})),
            http.ask(Method::DELETE, &path),
            http.ask(Method::DELETE, &suspension),
            http.get("/api-keys"),
            http.post("/api-keys").json(&json!({"owner": kim, "label": "x", "scopes": ["profile:own"]})),
            http.ask(Method::DELETE, format!("/api-keys/{lou}")),
        ]
    };
    for (http, status) in [(&customer, 403), (nobody, 401)] {
        for ask in asks(http) {
            let path = ask.path();
            assert_eq!(ask.send().await?.status, status, "{path}");
        }
    }
    staff.put(&roles).json(&as_operator).send().await?.expect_status(403)?;
    staff.put(&roles).json(&json!({"roles": ["king"]})).send().await?.expect_status(400)?;
    staff.put("/users/00000000-0000-4000-8000-000000000000/roles").json(&as_staff).send().await?.expect_status(404)?;
    let words = staff.put(&path).json(&json!({"bio": "as told on the telephone"})).send().await?.expect_status(200)?;
    let seen = staff.get("/users?status=active").token(words.token()).send().await?.expect_status(200)?.json();
    let row = seen["items"].as_array().unwrap().iter().find(|one| of(one, "id") == lou).cloned().unwrap_or_default();
    assert_eq!((of(&row, "bio"), of(&row, "email")), ("as told on the telephone", "lou@example.org"));

    // Who is made more gets it with his next token; who is made less is let in no more with what he has.
    staff.put(&roles).json(&as_staff).send().await?.expect_status(200)?;
    let promoted = refresh(nobody, &of_lou).send().await?.expect_status(200)?.json();
    with(nobody, &promoted).get("/users").send().await?.expect_status(200)?;
    staff.put(&roles).json(&json!({"roles": ["customer"]})).send().await?.expect_status(200)?;
    is_refused_soon(&with(nobody, &promoted)).await?;
    let again: Value = log_in(nobody, "lou@example.org").await?;
    with(nobody, &again).get("/users").send().await?.expect_status(403)?;
    // The token before is good for a while; a session that is over has no such end before it.
    let promoted = format!("/sessions/{}", of(&promoted, "session_id"));
    with(nobody, &again).ask(Method::DELETE, promoted).send().await?.expect_status(200)?;
    staff.post(&suspension).json(&json!({"reason": "left"})).send().await?.expect_status(200)?;
    is_refused_soon(&with(nobody, &again)).await?;
    let locked = staff.ask(Method::DELETE, &suspension).send().await?.expect_status(200)?;
    assert_eq!(of(&locked.json(), "status"), "active");
    log_in(nobody, "lou@example.org").await?;
    who_is_locked_out_is_forgotten_by_an_operator(system, nobody).await
}

/// He cannot ask himself.
async fn who_is_locked_out_is_forgotten_by_an_operator(system: &System, nobody: &Http) -> Outcome {
    let (staff, operator) = (system.http(), system.http_of(&system.mint(&["--role", "operator"]).await?));
    let (mia, _) = account(nobody, "mia").await?;
    let path = format!("/users/{mia}");
    let locked = json!({"reason": "asked by letter"});
    staff.post(format!("{path}/suspension")).json(&locked).send().await?.expect_status(200)?;
    let forget = |http: &Http, key: &str| http.ask(Method::DELETE, &path).key(key).send();
    forget(&staff, "letter").await?.expect_status(403)?;
    let erased = forget(&operator, "letter").await?.expect_status(202)?;
    let again = forget(&operator, "letter").await?.expect_status(202)?;
    assert_eq!(erased.json(), again.json(), "the lost answer, once more");
    forget(&operator, "another-letter").await?.expect_status(404)?;
    let receipt = erased.header("location").strip_prefix("/api/v1").unwrap_or_default().to_owned();
    let told = nobody.get(&receipt).token(erased.token()).wait(10).send().await?.expect_status(200)?.json();
    assert_eq!(of(&told, "user_id"), mia);
    let gone = staff.get(&path).token(erased.token()).send().await?.expect_status(200)?.json();
    assert_eq!((of(&gone, "status"), gone.get("email")), ("erased", None));
    Ok(())
}
