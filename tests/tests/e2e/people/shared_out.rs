//! Instances that share the people: what has a name by chance is made where it was asked for, what many want is given to
//! one of them, and all of them together take no more guesses than one.

use super::{PASSWORD, account, log_in, register, until_told, with};
use crate::claims::last_claims;
use e2e::{Ask, Http, Outcome, System, own, until};
use futures_util::future::{try_join, try_join_all};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const TOPICS: [&str; 4] = ["api-key.events.v1", "identity-claim.events.v1", "session.events.v1", "user.events.v1"];
const FREE_WITHIN: Duration = Duration::from_secs(10);

#[test]
fn three_instances_are_to_people_what_one_is() -> Outcome {
    own(|system| async move {
        let _others = (system.serve(&["serve", "users"]).await?, system.serve(&["serve", "users"]).await?);
        three_share(&system).await?;
        let (staff, nobody) = (system.http(), system.http().with_token(None));
        nothing_needs_a_key(&staff, &nobody).await?;
        one_name_is_one_account(&nobody).await?;
        nobody_has_more_guesses(&nobody).await?;
        // The counters of a name are at one of three: of two names both are seldom where they are known already.
        try_join(besieged_by_address(&nobody, 8), besieged_by_address(&nobody, 9)).await.map(drop)
    })
}

/// One request reaches one other instance at most: of a name that each drew anew neither would be the owner, now and then.
async fn nothing_needs_a_key(staff: &Http, nobody: &Http) -> Outcome {
    let (ann, _) = account(nobody, "ann").await?;
    let begun = Instant::now();
    for nth in 0..10 {
        let name = format!("guest-{nth}");
        register(nobody, &format!("{name}@example.org"), &name).send().await?.expect_status(201)?;
        let wanted = json!({"owner": ann, "label": name, "scopes": ["profile:own"]});
        staff.post("/api-keys").json(&wanted).send().await?.expect_status(201)?;
    }
    for _ in 0..40 {
        log_in(nobody, "ann@example.org").await?;
    }
    eprintln!("60 commands without a key in {} ms", begun.elapsed().as_millis());
    Ok(())
}

/// Two hundred people at once want one address in different spellings, as many fifty of them, and fifty one username.
async fn one_name_is_one_account(nobody: &Http) -> Outcome {
    let spelled = |address: &str, n: usize| {
        let letters = address.chars().enumerate();
        letters.map(|(at, c)| if (n >> (at % 7)) & 1 == 1 { c.to_ascii_uppercase() } else { c }).collect::<String>()
    };
    let taken = (409, "email_taken".to_owned());
    let asked = (0..200).map(|n| register(nobody, &spelled("dora@example.org", n), &format!("dora-{n}")));
    assert_eq!(many("dora", asked).await?, BTreeMap::from([((201, String::new()), 1), (taken.clone(), 199)]));
    let asked =
        (0..200).map(|n| register(nobody, &spelled(&format!("{}.flo@example.org", n % 50), n), &format!("flo-{n}")));
    assert_eq!(many("flo", asked).await?, BTreeMap::from([((201, String::new()), 50), (taken, 150)]));
    let one_name = many("eve", (0..50).map(|n| register(nobody, &format!("eve-{n}@example.org"), "Eve"))).await?;
    assert_eq!(one_name, BTreeMap::from([((201, String::new()), 1), ((409, "username_taken".to_owned()), 49)]));
    // One of these two at least was refused.
    let mut again = 0..;
    until("an address that was held in vain is free again", FREE_WITHIN, || {
        let nth = again.next().unwrap_or_default();
        async move {
            for name in ["eve-0", "eve-1"] {
                let ask = register(nobody, &format!("{name}@example.org"), name).key(format!("again-{nth}"));
                if until_told(ask).await?.status == 201 {
                    return Ok(Some(()));
                }
            }
            Ok(None)
        }
    })
    .await
}

async fn many(who: &str, asks: impl Iterator<Item = Ask>) -> Outcome<BTreeMap<(u16, String), usize>> {
    let begun = Instant::now();
    let mut asking = JoinSet::new();
    for (nth, ask) in asks.enumerate() {
        asking.spawn(until_told(ask.key(format!("registration-{who}-{nth}"))));
    }
    let mut counts = BTreeMap::new();
    while let Some(answered) = asking.join_next().await {
        let answer = answered??;
        *counts.entry((answer.status, answer.code())).or_default() += 1;
    }
    eprintln!("registrations at once: {counts:?} in {} ms", begun.elapsed().as_millis());
    Ok(counts)
}

/// The door asks the three in turn: each would have seen two of seven.
async fn nobody_has_more_guesses(nobody: &Http) -> Outcome {
    let guess = |guest: &Http, name: &str, password: &str| {
        guest.post("/sessions").json(&json!({"username": name, "password": password})).send()
    };
    for nth in 0..4_u8 {
        let guest = nobody.sitting_at(Ipv4Addr::new(127, 0, 0, 10 + nth).into());
        let (known, unknown) = (format!("guest-{nth}"), format!("nobody-{nth}"));
        // Whoever has mistyped and then knows it begins anew.
        for _ in 0..2 {
            for _ in 0..5 {
                guess(&guest, &known, "not his password").await?.expect_status(401)?;
            }
            guess(&guest, &known, PASSWORD).await?.expect_status(201)?;
        }
        for _ in 0..6 {
            guess(&guest, &unknown, "not his password").await?.expect_status(401)?;
        }
        guess(&guest, &unknown, "not his password").await?.expect_status(429)?;
        let reset = || guest.post("/users/password-resets").json(&json!({"username": unknown})).send();
        for _ in 0..6 {
            reset().await?.expect_status(202)?;
        }
        let told = reset().await?.expect_status(429)?;
        assert_eq!(told.header("retry-after"), "1");
    }
    Ok(())
}

/// He has logged in by his username; the counter of his address, which strangers guess at, knows him from there too.
async fn besieged_by_address(nobody: &Http, guest: u8) -> Outcome {
    let (name, sits) = (format!("guest-{guest}"), |host| nobody.sitting_at(Ipv4Addr::new(127, 0, guest, host).into()));
    let home = sits(1);
    let body = json!({"username": name, "password": PASSWORD});
    let tokens = home.post("/sessions").json(&body).send().await?.expect_status(201)?.json();
    let tried = |at: &Http, password: &str| {
        at.post("/sessions").json(&json!({"email": format!("{name}@example.org"), "password": password})).send()
    };
    let guesses = try_join_all((0..101).map(|nth| tried(&sits(2 + nth / 5), "not his password"))).await?;
    assert!(guesses.iter().all(|guess| guess.status == 401));
    until("strangers have to wait for seconds", FREE_WITHIN, || async {
        let guess = tried(&sits(30), "not his password").await?;
        Ok((guess.header("retry-after").parse().unwrap_or(0) > 3).then_some(()))
    })
    .await?;
    let other = json!({"current_password": PASSWORD, "new_password": "another that is long enough"});
    with(&home, &tokens).put("/users/me/password").json(&other).send().await?.expect_status(200)?;
    tried(&sits(200), "another that is long enough").await?.expect_status(429).map(drop)
}

/// Waits until each of the three owns something, and more than one of them claims.
async fn three_share(system: &System) -> Outcome {
    let shared = until("three instances share the partitions", Duration::from_secs(30), || async {
        let roll = system.roll().await?;
        let owned = TOPICS.map(|topic| (topic, last_claims(&roll, topic).into_values().map(|claim| claim.instance)));
        let owned = BTreeMap::from(owned.map(|(topic, owners)| (topic, owners.collect::<Vec<_>>())));
        let owners: BTreeSet<_> = owned.values().flatten().collect();
        let of_claims: BTreeSet<_> = owned["identity-claim.events.v1"].iter().collect();
        Ok((owners.len() == 3 && of_claims.len() > 1).then_some(owned))
    })
    .await?;
    eprintln!("{shared:?}");
    Ok(())
}
