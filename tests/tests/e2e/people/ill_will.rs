//! What somebody who means ill finds: a key that was left lying about, a request of last year, a place among the staff,
//! addresses of strangers, a vault that is away.

use super::{PASSWORD, account, is_refused_soon, log_in, of, register, until_told, with};
use e2e::{Http, Outcome, System, own_with, texts, until};
use futures_util::future::try_join_all;
use hyper::Method;
use serde_json::{Value, json};
use std::time::Duration;

const WITHIN: Duration = Duration::from_secs(20);
/// As many registrations from one address cost no wait.
const NEWCOMERS: usize = 1_000;

#[test]
fn whoever_means_ill_gets_no_further_than_he_was() -> Outcome {
    let trusted = ("TILLROLL_TRUSTED_PROXIES", "127.0.0.1".to_owned());
    own_with(vec![trusted], |system| async move {
        let nobody = system.http().with_token(None);
        a_stolen_key_changes_nobodys_standing(&system, &nobody).await?;
        operators_are_locked_out_by_operators_alone(&system, &nobody).await?;
        an_old_registration_lets_nobody_in(&system, &nobody).await?;
        nothing_but_a_mail_tells_of_a_reset(&nobody).await?;
        no_stranger_is_sent_mail_after_mail(&nobody).await?;
        whoever_guesses_behind_a_proxy_keeps_nobody_else_out(&nobody).await?;
        nobody_has_one_stranger_after_the_other_written_to(&nobody).await?;
        what_was_refused_is_refused_again(&system, &nobody).await?;
        an_older_change_of_address_is_told_that_it_is_over(&nobody).await?;
        a_vault_that_is_away_tells_nobody_who_is_known(&system, &nobody).await?;
        a_crowd_of_newcomers_keeps_nobody_out(&nobody).await
    })
}

/// Else its thief had himself made staff by it, and revoking it ended nothing.
async fn a_stolen_key_changes_nobodys_standing(system: &System, nobody: &Http) -> Outcome {
    let staff = system.http();
    let (sue, _) = account(nobody, "sue").await?;
    let (thief, _) = account(nobody, "thief").await?;
    staff.put(format!("/users/{sue}/roles")).json(&json!({"roles": ["staff"]})).send().await?.expect_status(200)?;
    let wanted = json!({"owner": sue, "label": "a CRM's", "scopes": ["users:write"]});
    let made = staff.post("/api-keys").json(&wanted).send().await?.expect_status(201)?.json();
    let machine = nobody.with_token(Some(of(&made, "key")));
    let path = format!("/users/{thief}");
    machine.put(&path).json(&json!({"bio": "as a CRM has it"})).send().await?.expect_status(200)?;
    let suspension = format!("{path}/suspension");
    for ask in [
        machine.put(format!("{path}/roles")).json(&json!({"roles": ["customer", "staff"]})),
        machine.post(&suspension).json(&json!({"reason": "spite"})),
        machine.ask(Method::DELETE, &suspension),
    ] {
        let path = ask.path();
        assert_eq!(ask.send().await?.status, 403, "{path}: somebody has to log in for this");
    }
    Ok(())
}

async fn operators_are_locked_out_by_operators_alone(system: &System, nobody: &Http) -> Outcome {
    let (staff, operator) = (system.http(), system.http_of(&system.mint(&["--role", "operator"]).await?));
    let (olga, _) = account(nobody, "olga").await?;
    let (roles, suspension) = (format!("/users/{olga}/roles"), format!("/users/{olga}/suspension"));
    operator.put(&roles).json(&json!({"roles": ["operator"]})).send().await?.expect_status(200)?;
    let locks = |http: &Http| http.post(&suspension).json(&json!({"reason": "a coup"}));
    let unlocks = |http: &Http| http.ask(Method::DELETE, &suspension);
    locks(&staff).send().await?.expect_status(403)?;
    // Her log-ins would end by it as well.
    let fewer = json!({"roles": ["customer", "operator"]});
    staff.put(&roles).json(&fewer).send().await?.expect_status(403)?;
    locks(&operator).send().await?.expect_status(200)?;
    unlocks(&staff).send().await?.expect_status(403)?;
    unlocks(&operator).send().await?.expect_status(200).map(drop)
}

/// The repeat of a registration proves its first password alone, perhaps years later.
async fn an_old_registration_lets_nobody_in(system: &System, nobody: &Http) -> Outcome {
    let again = |name: &'static str| {
        let body = json!({"email": format!("{name}@example.org"), "username": name, "password": PASSWORD});
        let ask = nobody.post("/users?login=true").json(&body).key(format!("registration/{name}"));
        async move {
            let told = ask.send().await?.expect_status(201)?;
            assert_eq!(told.header("cache-control"), "no-store", "there may be tokens in it");
            Outcome::Ok(told.json())
        }
    };
    let user = register(nobody, "uma@example.org", "uma").key("registration/uma").send().await?;
    let user = user.expect_status(201)?.json();
    let tokens = again("uma").await?;
    assert_eq!(tokens["id"], user["id"]);
    let (own, again_uma) = (with(nobody, &tokens), || again("uma"));
    assert_eq!(of(&again_uma().await?, "session_id"), of(&tokens, "session_id"), "the lost answer, once more");
    let next = json!({"current_password": PASSWORD, "new_password": "a much longer password"});
    own.put("/users/me/password").json(&next).send().await?.expect_status(200)?;
    has_no_tokens(&again_uma().await?);

    let locked = again("una").await?;
    let suspension = format!("/users/{}/suspension", of(&locked, "id"));
    system.http().post(&suspension).json(&json!({"reason": "fraud"})).send().await?.expect_status(200)?;
    is_refused_soon(&with(nobody, &locked)).await?;
    let told = again("una").await?;
    assert_eq!(of(&told, "status"), "suspended");
    has_no_tokens(&told);
    Ok(())
}

fn has_no_tokens(told: &Value) {
    assert_eq!((told.get("access_token"), told.get("refresh_token")), (None, None), "his password is another by now");
}

/// What is refused of an account alone tells that there is one: another version than it has, another body than before.
async fn nothing_but_a_mail_tells_of_a_reset(nobody: &Http) -> Outcome {
    account(nobody, "rita").await?;
    let mut told = Vec::new();
    for who in ["rita", "nobody-at-all"] {
        let ask = |email: String| nobody.post("/users/password-resets").json(&json!({"email": email}));
        let of_version = ask(format!("{who}@example.org")).header("if-match", "\"999999\"").send().await?;
        let once = ask(format!("{who}@example.org")).key("reset").send().await?;
        let again = ask(format!("{who}@EXAMPLE.org")).key("reset").send().await?;
        told.push([of_version, once, again].map(|answer| (answer.status, answer.json())));
    }
    let taken = (202, json!({"status": "a mail is sent if there is such an account"}));
    assert!(told.iter().flatten().all(|answer| *answer == taken), "{told:?}");
    Ok(())
}

/// Whoever registers with somebody else's address could have it written to for ever.
async fn no_stranger_is_sent_mail_after_mail(nobody: &Http) -> Outcome {
    let (_, tokens) = account(nobody, "victor").await?;
    let own = with(nobody, &tokens);
    let mut told = Vec::new();
    for _ in 0..8 {
        told.push(own.post("/users/me/email-verification").send().await?);
    }
    let mails = told.iter().filter(|answer| answer.status == 202).count();
    assert!((1..=6).contains(&mails), "{mails} mails at once");
    let last = told.pop().ok_or("nothing was asked")?.expect_status(429)?;
    assert!(last.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds >= 1));
    Ok(())
}

/// He says that he is anybody, and the proxy that the shop trusts says after it where he is.
async fn whoever_guesses_behind_a_proxy_keeps_nobody_else_out(nobody: &Http) -> Outcome {
    account(nobody, "walt").await?;
    let guess = |nth: u32, from: &str, password: &str| {
        let ask = nobody.post("/sessions").json(&json!({"username": "walt", "password": password}));
        ask.header("x-forwarded-for", format!("198.51.100.{nth}, {from}")).send()
    };
    let mut told = Vec::new();
    for nth in 0..20 {
        told.push(guess(nth, "192.0.2.1", "not the password").await?.status);
        if told.last() == Some(&429) {
            guess(nth, "192.0.2.2", PASSWORD).await?.expect_status(201)?;
            return Ok(());
        }
    }
    Err(format!("he may guess on: {told:?}").into())
}

/// What an address was changed from is written to, whether its owner ever read a mail there or not.
async fn nobody_has_one_stranger_after_the_other_written_to(nobody: &Http) -> Outcome {
    let (_, tokens) = account(nobody, "vito").await?;
    let own = with(nobody, &tokens);
    let mut told = Vec::new();
    for nth in 0..7 {
        let change = json!({"email": format!("stranger-{nth}@example.org"), "password": PASSWORD});
        told.push(own.put("/users/me/email").json(&change).send().await?);
    }
    let last = told.pop().ok_or("nothing was asked")?.expect_status(429)?;
    assert!(last.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds >= 1));
    assert!(told.iter().all(|answer| answer.status != 429), "a few are free");
    Ok(())
}

/// Whoever gets no account has no key in the vault for long, so that nothing more can be sealed for him.
async fn what_was_refused_is_refused_again(system: &System, nobody: &Http) -> Outcome {
    account(nobody, "vera").await?;
    let destroyed = || async {
        let sql = "SELECT count(*)::text FROM vault.person_key WHERE wrapped IS NULL";
        Outcome::Ok(texts(system.vault_url(), sql).await?.concat().concat().parse::<u32>()?)
    };
    let before = destroyed().await?;
    let ask = |name: &str| register(nobody, "Vera@example.org", name).key("registration/wanda");
    let first = until_told(ask("wanda")).await?.expect_status(409)?;
    assert_eq!(first.code(), "email_taken");
    until("his key is destroyed", WITHIN, || async { Ok((destroyed().await? > before).then_some(())) }).await?;
    let again = ask("wanda").send().await?.expect_status(409)?;
    assert_eq!(again.code(), "email_taken", "the lost answer, once more");
    let other = ask("wendy").send().await?.expect_status(422)?;
    assert_eq!(other.code(), "idempotency_key_reused");
    Ok(())
}

async fn an_older_change_of_address_is_told_that_it_is_over(nobody: &Http) -> Outcome {
    let (_, tokens) = account(nobody, "yann").await?;
    let own = with(nobody, &tokens);
    let change = |email: &str| {
        let ask = own.put("/users/me/email").json(&json!({"email": email, "password": PASSWORD}));
        ask.key(email.replace('@', "/")).wait(10)
    };
    change("yann-2@example.org").send().await?.expect_status(200)?;
    until("the address before is let go and the next one his", WITHIN, || async {
        Ok((change("yann-3@example.org").send().await?.status == 200).then_some(()))
    })
    .await?;
    let older = change("yann-2@example.org").send().await?.expect_status(409)?;
    assert_eq!(older.code(), "credentials_changed");
    change("yann-3@example.org").send().await?.expect_status(200).map(drop)
}

async fn a_vault_that_is_away_tells_nobody_who_is_known(system: &System, nobody: &Http) -> Outcome {
    account(nobody, "zoe").await?;
    let ask = |name: &str, password: &str| {
        nobody.post("/sessions").json(&json!({"username": name, "password": password})).send()
    };
    system.postgres()?.kill().await?;
    for name in ["zoe", "nobody-at-all"] {
        // Twice as many as may fail: an attempt whose password nobody could look at is no failure.
        for answer in try_join_all((0..12).map(|_| ask(name, "not the password"))).await? {
            assert_eq!(answer.expect_status(503)?.code(), "unavailable", "{name}");
        }
    }
    system.postgres()?.start_again().await?;
    until("people are let in again", WITHIN, || async {
        Ok((ask("zoe", PASSWORD).await?.status == 201).then_some(()))
    })
    .await?;
    ask("nobody-at-all", PASSWORD).await?.expect_status(401).map(drop)
}

/// They cost a hash and a few events each, and nobody knows who they are.
async fn a_crowd_of_newcomers_keeps_nobody_out(nobody: &Http) -> Outcome {
    account(nobody, "xenia").await?;
    let asked = || register(nobody, "crowd@example.org", "crowd").header("if-match", "\"1\", \"2\"").send();
    // Those before were some.
    for _ in 1..NEWCOMERS / 50 {
        for answer in try_join_all((0..50).map(|_| asked())).await? {
            answer.expect_status(400)?;
        }
    }
    let told = until("the next of them have to wait", WITHIN, || async {
        Ok(Some(asked().await?).filter(|answer| answer.status == 429))
    })
    .await?;
    assert!(told.header("retry-after").parse::<u32>().is_ok_and(|seconds| (1..=60).contains(&seconds)));
    log_in(nobody, "xenia@example.org").await.map(drop)
}
