//! Carts and what is one's own through the public door; and the key that signs tokens, replaced while all runs.

use crate::shop::{add_product, gbp, text};
use e2e::{Http, Outcome, System, own, until};
use hyper::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use tillroll_http::{Identity, Keys, Role, unix_now};
use uuid::Uuid;

const ANN: &str = "0190d4c8-0000-7000-8000-00000000000a";
const BOB: &str = "0190d4c8-0000-7000-8000-00000000000b";
const CARA: &str = "0190d4c8-0000-7000-8000-00000000000c";
const DAN: &str = "0190d4c8-0000-7000-8000-00000000000d";
const HOUR: Duration = Duration::from_secs(3_600);
const WITHIN: Duration = Duration::from_secs(20);

#[test]
fn customers_fill_their_carts_and_keys_are_replaced_meanwhile() -> Outcome {
    own(|system| async move {
        let customer = async |user| system.mint(&["--role", "customer", "--user", user]).await;
        let (ann, bob) = (customer(ANN).await?, customer(BOB).await?);
        let (ann, bob) = (system.http_of(&ann), system.http_of(&bob));
        add_product(&system.http(), "CART-MUG", 255, 10).await?;
        add_product(&system.http(), "CART-LAMP", 1_000, 10).await?;
        a_cart_is_filled_and_emptied(&ann, &bob).await?;
        nobody_else_has_a_cart(&system).await?;
        a_cart_is_bought_once(&system, &bob).await?;
        a_cart_is_not_bought_dearer_than_it_was_shown(&system).await?;
        the_signing_key_is_replaced(&system).await
    })
}

pub fn put(http: &Http, sku: &str, pieces: i64) -> e2e::Ask {
    http.put(format!("/cart/items/{sku}")).json(&json!({"quantity": pieces}))
}

async fn cart(http: &Http, token: &str) -> Outcome<Value> {
    Ok(http.get("/cart").token(token).wait(10).send().await?.expect_status(200)?.json())
}

async fn a_cart_is_filled_and_emptied(ann: &Http, bob: &Http) -> Outcome {
    let unused = ann.get("/cart").send().await?.expect_status(200)?.json();
    assert_eq!((&unused["items"], &unused["version"]), (&json!([]), &json!(0)));
    put(ann, "cart-mug", 1).send().await?.expect_status(200)?;
    put(ann, "CART-MUG", 3).send().await?.expect_status(200)?;
    let filled = put(ann, "CART-LAMP", 1).send().await?.expect_status(200)?;
    assert_eq!((&filled.json()["net"], filled.header("etag")), (&gbp(1_765), "\"3\""));
    assert_eq!(cart(ann, &filled.token()).await?, filled.json(), "commands and queries show the same cart");
    let refused = put(ann, "CART-NOTHING", 1).send().await?.expect_status(409)?;
    assert_eq!(refused.code(), "unknown_product");
    put(ann, "CART-MUG", 4).header("if-match", "\"1\"").send().await?.expect_status(412)?;
    put(bob, "CART-MUG", 1).send().await?.expect_status(200)?;
    let cleared = bob.ask(Method::DELETE, "/cart").send().await?.expect_status(200)?;
    assert_eq!(cleared.json()["items"], json!([]));
    let less = ann.ask(Method::DELETE, "/cart/items/CART-LAMP").send().await?.expect_status(200)?;
    assert_eq!(cart(ann, &less.token()).await?["net"], gbp(765), "Bob's was another one");
    Ok(())
}

async fn nobody_else_has_a_cart(system: &System) -> Outcome {
    system.http().get("/cart").send().await?.expect_status(403)?;
    system.http().with_token(None).get("/cart").send().await?.expect_status(401)?;
    let nobody = system.mint(&["--role", "customer", "--subject", "nobody"]).await?;
    put(&system.http_of(&nobody), "CART-MUG", 1).send().await?.expect_status(403)?;
    Ok(())
}

/// Somebody who may buy on account for himself, so that no money has to move.
pub fn shopper(system: &System, user: Uuid) -> Outcome<Http> {
    let keys = Keys::open(&system.home().join("keys"))?;
    let roles = [Role::Customer, Role::Staff];
    let token = keys.access.mint(&Identity::of_user(user, &roles, None), HOUR, unix_now())?;
    Ok(system.http_of(&token))
}

pub fn check_out(http: &Http, key: impl Into<String>) -> e2e::Ask {
    http.post("/orders").key(key).wait(30).json(&json!({"from_cart": true, "payment": {"method": "on_account"}}))
}

/// However often, under one key or under many: one cart, one order; and what is refused lies in the cart again.
async fn a_cart_is_bought_once(system: &System, bob: &Http) -> Outcome {
    let cara = shopper(system, CARA.parse()?)?;
    assert_eq!(check_out(&cara, "empty").send().await?.expect_status(409)?.code(), "cart_empty");
    put(&cara, "CART-MUG", 2).send().await?.expect_status(200)?;
    let dry = cara.post("/orders?dry_run=true").key("dry").json(&json!({"from_cart": true,
        "payment": {"method": "on_account"}}));
    assert_eq!(dry.send().await?.expect_status(200)?.json()["totals"]["net"], gbp(510));
    let bought = check_out(&cara, "first").send().await?.expect_status(201)?;
    let id = text(&bought.json(), "id").to_owned();
    assert_eq!(id, Uuid::new_v5(&CARA.parse()?, b"cart/1").to_string(), "the cart at its version");
    let again = check_out(&cara, "first").send().await?.expect_status(201)?;
    assert_eq!(text(&again.json(), "id"), id, "a repeat is the same order");
    is_emptied(&cara).await?;

    put(&cara, "CART-MUG", 3).send().await?.expect_status(200)?;
    let mut asked = tokio::task::JoinSet::new();
    for n in 0..50 {
        let (same, other) = (check_out(&cara, "crowd"), check_out(&cara, format!("crowd/{n}")));
        asked.spawn(async move { if n % 2 == 0 { same.send().await } else { other.send().await } });
    }
    let mut orders = BTreeSet::new();
    while let Some(answer) = asked.join_next().await {
        let answer = answer??;
        let body = answer.json();
        match (answer.status, answer.code().as_str()) {
            (201 | 202, _) => _ = orders.insert(text(&body, "id").to_owned()),
            (409, "checkout_in_progress") => _ = orders.insert(text(&body, "order_id").to_owned()),
            (409, "cart_empty") => {}
            other => return Err(format!("{other:?}: {body}").into()),
        }
    }
    assert_eq!(orders.len(), 1, "50 at once: {orders:?}");
    is_emptied(&cara).await?;
    system.caught_up().await?;
    let own = cara.get(format!("/orders?user={CARA}")).send().await?.expect_status(200)?.json();
    assert_eq!(own["total"], 2, "{own}");
    bob.get(format!("/orders/{id}")).send().await?.expect_status(404)?;
    bob.post(format!("/orders/{id}/cancel")).key("not-his").send().await?.expect_status(404)?;

    put(&cara, "CART-LAMP", 99).send().await?.expect_status(200)?;
    let refused = check_out(&cara, "too-many").send().await?.expect_status(409)?;
    assert_eq!(refused.code(), "insufficient_stock");
    until("what was refused lies in the cart again", WITHIN, || async {
        let cart = cara.get("/cart").send().await?.json();
        let open = cart["order_id"].is_null() && cart["items"][0]["quantity"] == 99;
        Ok(open.then_some(()))
    })
    .await
}

/// Staff raise the price between the look into the cart and the checkout.
async fn a_cart_is_not_bought_dearer_than_it_was_shown(system: &System) -> Outcome {
    let (staff, dan) = (system.http(), shopper(system, DAN.parse()?)?);
    add_product(&staff, "CART-VASE", 400, 10).await?;
    let shown = put(&dan, "CART-VASE", 2).send().await?.expect_status(200)?.json()["net"].clone();
    assert_eq!(shown, gbp(800));
    let ask = |query: &str, key: &str, net: &Value| {
        let body = json!({"from_cart": true, "expected_net": net, "payment": {"method": "on_account"}});
        dan.post(format!("/orders{query}")).key(key).wait(30).json(&body)
    };
    let rehearsed = ask("?dry_run=true", "as-shown", &shown).send().await?.expect_status(200)?.json();
    assert_eq!(rehearsed["totals"]["net"], shown);
    let dearer = json!({"name": "Product CART-VASE", "price": gbp(450)});
    let raised = staff.put("/products/CART-VASE").json(&dearer).send().await?.expect_status(200)?;
    for (query, key) in [("?dry_run=true", "rehearsed"), ("", "dearer")] {
        let refused = ask(query, key, &shown).token(raised.token()).send().await?.expect_status(409)?;
        assert_eq!(refused.code(), "price_changed");
        let told = refused.json();
        let fields: Vec<&str> = told["errors"].as_array().into_iter().flatten().map(|e| text(e, "field")).collect();
        assert_eq!(fields, ["/expected_net", "/items/0/unit_price"], "{told}");
        let now = text(&told["errors"][1], "detail");
        assert!(now.contains("450 GBP"), "{now}");
    }
    let seen = cart(&dan, &raised.token()).await?;
    assert_eq!((&seen["net"], &seen["order_id"]), (&gbp(900), &Value::Null), "it lies there still, and is open");
    let bought = ask("", "seen", &seen["net"]).send().await?.expect_status(201)?.json();
    assert_eq!(bought["totals"]["net"], gbp(900));
    let dearest = json!({"name": "Product CART-VASE", "price": gbp(500)});
    let raised = staff.put("/products/CART-VASE").json(&dearest).send().await?.expect_status(200)?;
    let again = ask("", "seen", &seen["net"]).token(raised.token()).send().await?.expect_status(201)?.json();
    assert_eq!(text(&again, "id"), text(&bought, "id"), "a repeat is not refused for what changed since");
    Ok(())
}

async fn is_emptied(http: &Http) -> Outcome {
    until("what was bought lies in the cart no more", WITHIN, || async {
        Ok((http.get("/cart").send().await?.json()["items"] == json!([])).then_some(()))
    })
    .await
}

async fn keys(system: &System, arguments: &[&str]) -> Outcome<(Option<i32>, String)> {
    let ended = system.run(&[&["keys"], arguments].concat()).await?;
    Ok((ended.code, ended.out + &ended.err))
}

/// Published, signing, and the older one destroyed: every process takes it over without a restart.
async fn the_signing_key_is_replaced(system: &System) -> Outcome {
    let published = || system.root().get("/.well-known/jwks.json").send();
    let old = system.http();
    let (code, said) = keys(system, &["rotate", "--after", "5s"]).await?;
    assert!(code == Some(1) && said.contains("at least 10 s"), "{said}");
    assert_eq!(keys(system, &["rotate", "--after", "10s"]).await?.0, Some(0));
    let (code, said) = keys(system, &["retire", "--now"]).await?;
    assert!(code == Some(1) && said.contains("does not sign before"), "{said}");
    until("both keys are published", WITHIN, || async {
        Ok((published().await?.json()["keys"].as_array().map(Vec::len) == Some(2)).then_some(()))
    })
    .await?;
    let listed = until("the newer one signs", WITHIN, || async {
        let (_, said) = keys(system, &["list"]).await?;
        Ok(said.lines().nth(1).is_some_and(|line| line.ends_with("  signs")).then_some(said))
    })
    .await?;
    let new = system.http_of(&system.mint(&["--role", "staff"]).await?);
    for token in [&old, &new] {
        token.get("/orders").send().await?.expect_status(200)?;
    }
    let (code, said) = keys(system, &["retire"]).await?;
    assert!(code == Some(1) && said.contains("log-ins hold tokens"), "{said}");
    assert_eq!(keys(system, &["retire", "--now"]).await?.0, Some(0));
    until("what the older one signed is refused", WITHIN, || async {
        Ok((old.get("/orders").send().await?.status == 401).then_some(()))
    })
    .await?;
    new.get("/orders").send().await?.expect_status(200)?;
    let left = published().await?.json();
    let signs = listed.lines().nth(1).unwrap_or_default();
    assert!(left["keys"].as_array().map(Vec::len) == Some(1) && signs.starts_with(text(&left["keys"][0], "kid")));
    Ok(())
}
