//! Keys for machines: told once, listed, and good for what their owner may do now and no more.

use super::strangers::without_its_id;
use super::{PASSWORD, WITHIN, account, log_in, of, with};
use e2e::{Http, Outcome, System, until};
use hyper::Method;
use serde_json::json;

pub(super) async fn a_key_gives_what_its_owner_may_do_now(system: &System, nobody: &Http) -> Outcome {
    let staff = system.http();
    let (hal, tokens) = account(nobody, "hal").await?;
    let roles = format!("/users/{hal}/roles");
    let wanted = json!({"owner": hal, "label": "importer", "scopes": ["profile:own", "users:read", "api-keys:write"]});
    let beyond = staff.post("/api-keys").json(&wanted).send().await?.expect_status(403)?;
    assert!(beyond.json()["detail"].to_string().contains("api-keys:write"), "what a customer may not, his key may not");
    staff.put(&roles).json(&json!({"roles": ["customer", "staff"]})).send().await?.expect_status(200)?;

    let made = staff.post("/api-keys").key("importer").json(&wanted).send().await?.expect_status(201)?;
    let again = staff.post("/api-keys").key("importer").json(&wanted).send().await?.expect_status(201)?;
    assert_eq!(made.json(), again.json(), "the lost answer, once more");
    let key = made.json();
    let machine = nobody.with_token(key["key"].as_str());
    machine.get("/users").send().await?.expect_status(200)?;
    assert_eq!(of(&machine.get("/users/me").send().await?.expect_status(200)?.json(), "id"), hal);
    machine.get("/orders").send().await?.expect_status(403)?;
    let another = json!({"owner": hal, "label": "another", "scopes": ["profile:own"]});
    machine.post("/api-keys").json(&another).send().await?.expect_status(403)?;
    let listed = staff.get("/api-keys").token(made.token()).send().await?.expect_status(200)?;
    let secret = of(&key, "key").rsplit('_').next().unwrap_or_default().to_owned();
    assert!(!String::from_utf8_lossy(&listed.bytes).contains(&secret), "the secret is told once");
    let row = listed.json()["items"].as_array().unwrap().iter().find(|one| one["id"] == key["id"]).cloned();
    assert_eq!(row.map(|row| row["revoked"].clone()), Some(json!(false)));

    // His own password is his own affair, who is locked out is locked out with his key, and who may less has keys that do.
    let next = json!({"current_password": PASSWORD, "new_password": "a much longer password"});
    with(nobody, &tokens).put("/users/me/password").json(&next).send().await?.expect_status(200)?;
    machine.get("/users").send().await?.expect_status(200)?;
    let suspension = format!("/users/{hal}/suspension");
    staff.post(&suspension).json(&json!({"reason": "left"})).send().await?.expect_status(200)?;
    answers_soon(&machine, "/users", 401).await?;
    staff.ask(Method::DELETE, &suspension).send().await?.expect_status(200)?;
    answers_soon(&machine, "/users", 200).await?;
    staff.put(&roles).json(&json!({"roles": ["customer"]})).send().await?.expect_status(200)?;
    answers_soon(&machine, "/users", 403).await?;
    machine.get("/users/me").send().await?.expect_status(200)?;
    staff.post("/api-keys").json(&wanted).send().await?.expect_status(403)?;

    // Whoever has made one up learns nothing of those that there are.
    let (id, no_secret) = (of(&key, "id").replace('-', ""), "A".repeat(43));
    let made_up = [id, "0".repeat(32)].map(|id| nobody.with_token(Some(&format!("till_{id}_{no_secret}"))));
    let mut told = Vec::new();
    for made_up in &made_up {
        told.push(without_its_id(&made_up.get("/users/me").send().await?.expect_status(401)?));
    }
    let path = format!("/api-keys/{}", of(&key, "id"));
    let revoked = staff.ask(Method::DELETE, &path).send().await?.expect_status(200)?;
    answers_soon(&machine, "/users/me", 401).await?;
    told.push(without_its_id(&machine.get("/users/me").send().await?));
    assert!(told.iter().all(|one| *one == told[0]), "{told:?}");
    let listed = staff.get("/api-keys").token(revoked.token()).send().await?.expect_status(200)?.json();
    assert!(listed["items"].as_array().unwrap().iter().any(|one| one["id"] == key["id"] && one["revoked"] == true));
    a_key_for_another_ends_with_its_makers_account(&staff, nobody).await?;
    an_erased_owners_key_is_good_for_nothing(&staff, nobody).await
}

/// Whoever steals a log-in of the staff may make keys for others by it: what ends the log-in's owner has to end them.
async fn a_key_for_another_ends_with_its_makers_account(staff: &Http, nobody: &Http) -> Outcome {
    let (kai, _) = account(nobody, "kai").await?;
    let (kit, _) = account(nobody, "kit").await?;
    staff.put(format!("/users/{kai}/roles")).json(&json!({"roles": ["staff"]})).send().await?.expect_status(200)?;
    let kais = with(nobody, &log_in(nobody, "kai@example.org").await?);
    let wanted = json!({"owner": kit, "label": "hers", "scopes": ["profile:own"]});
    let made = kais.post("/api-keys").json(&wanted).send().await?.expect_status(201)?.json();
    let machine = nobody.with_token(made["key"].as_str());
    assert_eq!(of(&machine.get("/users/me").send().await?.expect_status(200)?.json(), "id"), kit);
    let suspension = format!("/users/{kai}/suspension");
    staff.post(&suspension).json(&json!({"reason": "stolen"})).send().await?.expect_status(200)?;
    answers_soon(&machine, "/users/me", 401).await?;
    staff.ask(Method::DELETE, &suspension).send().await?.expect_status(200)?;
    answers_soon(&machine, "/users/me", 200).await
}

async fn an_erased_owners_key_is_good_for_nothing(staff: &Http, nobody: &Http) -> Outcome {
    let (ida, tokens) = account(nobody, "ida").await?;
    let wanted = json!({"owner": ida, "label": "her own", "scopes": ["profile:own"]});
    let made = staff.post("/api-keys").json(&wanted).send().await?.expect_status(201)?.json();
    let machine = nobody.with_token(made["key"].as_str());
    machine.get("/users/me").send().await?.expect_status(200)?;
    let next = json!({"current_password": PASSWORD, "new_password": "a much longer password"});
    let address = json!({"email": "ida-2@example.org", "password": PASSWORD});
    for ask in [
        machine.ask(Method::DELETE, "/users/me"),
        machine.put("/users/me/password").json(&next),
        machine.put("/users/me/email").json(&address),
    ] {
        let path = ask.path();
        assert_eq!(ask.send().await?.status, 403, "{path}: somebody has to log in for this");
    }
    with(nobody, &tokens).ask(Method::DELETE, "/users/me").send().await?.expect_status(202)?;
    answers_soon(&machine, "/users/me", 401).await?;
    // Whom the shop has forgotten nobody makes a key for.
    staff.post("/api-keys").json(&wanted).send().await?.expect_status(404)?;
    let body = json!({"email": "ida@example.org", "password": PASSWORD});
    nobody.post("/sessions").json(&body).send().await?.expect_status(401).map(drop)
}

async fn answers_soon(http: &Http, path: &str, status: u16) -> Outcome {
    until(&format!("{path} is answered {status}"), WITHIN, || async {
        Ok((http.get(path).send().await?.status == status).then_some(()))
    })
    .await
}
