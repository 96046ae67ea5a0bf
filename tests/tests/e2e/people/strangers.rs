//! What strangers learn of who is there: nothing. Whoever it is that they ask for, the answer and the work are the same.

use e2e::{Answer, Ask, Http, Outcome};
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use std::time::Instant;

/// How often each kind is asked for from one address: as often as costs no wait.
const ROUNDS: usize = 10;

pub(super) async fn nobody_learns_who_is_there(nobody: &Http) -> Outcome {
    let guess = |guest: &Http, mut who: Value| {
        who["password"] = json!("not his password");
        guest.post("/sessions").json(&who)
    };
    alike("a refused log-in", nobody, 401, guess).await?;
    let reset = |guest: &Http, who: Value| guest.post("/users/password-resets").json(&who);
    alike("a reset of a password", nobody, 202, reset).await?;
    let body = json!({"email": "carol@example.org", "password": "not her password"});
    let mut last = None;
    for _ in 0..7 {
        last = Some(nobody.post("/sessions").json(&body).send().await?);
    }
    let last = last.ok_or("nobody was asked for")?.expect_status(429)?;
    assert!(last.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds >= 1));
    Ok(())
}

/// Asks for people who are there and for others, by turns, and compares what is told and how long that took.
async fn alike(what: &str, nobody: &Http, status: u16, ask: impl Fn(&Http, Value) -> Ask) -> Outcome {
    let (mut known, mut unknown, mut told) = (Vec::new(), Vec::new(), Vec::new());
    for address in 2..6 {
        let guest = nobody.sitting_at(Ipv4Addr::new(127, 0, 0, address).into());
        for round in 0..ROUNDS {
            for is_known in [round % 4 < 2, round % 4 >= 2] {
                let name =
                    if is_known { ["ann", "bob"][round % 2].to_owned() } else { format!("nobody-{}", round % 2) };
                let who = if round < ROUNDS / 2 {
                    json!({"email": format!("{name}@example.org")})
                } else {
                    json!({"username": name})
                };
                let begun = Instant::now();
                let answer = ask(&guest, who).send().await?.expect_status(status)?;
                if is_known { &mut known } else { &mut unknown }.push(begun.elapsed());
                told.push(without_its_id(&answer));
            }
        }
    }
    assert!(told.iter().all(|one| *one == told[0]), "{what}: {told:?}");
    for times in [&mut known, &mut unknown] {
        times.sort();
    }
    eprintln!("{what}, of somebody: {known:?}, of nobody: {unknown:?}");
    // Other processes make any of them slower, both kinds alike.
    for (which, nth) in [("fastest", 0), ("median", known.len() / 2)] {
        let (known, unknown) = (known[nth], unknown[nth]);
        let alike = unknown < known * 3 / 2 && known < unknown * 3 / 2;
        assert!(alike, "{what}, {which}: of somebody {known:?}, of nobody {unknown:?}");
    }
    Ok(())
}

/// What a stranger is told, but for the id of his own request.
pub(super) fn without_its_id(answer: &Answer) -> Value {
    let mut body = answer.json();
    body["request_id"] = Value::Null;
    body
}
