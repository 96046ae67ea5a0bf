//! What strangers learn of who is there: nothing. Whoever it is that they ask for, the answer and the work are the same.

use e2e::{Answer, Ask, Http, Outcome};
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

/// How often each kind is asked for from one address: as often as costs no wait.
const ROUNDS: usize = 10;
/// So many addresses are enough on a quiet machine; on a busy one it may take the most.
const ADDRESSES: u8 = 4;
const MOST_ADDRESSES: u8 = 4 * ADDRESSES;

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

/// Asks for people who are there and for others, by turns, and compares what is told and how long that took. Other
/// processes make any answer slower, both kinds alike in the long run: what looks different is asked for again from more
/// addresses, where a difference that is there stays.
async fn alike(what: &str, nobody: &Http, status: u16, ask: impl Fn(&Http, Value) -> Ask) -> Outcome {
    let (mut times, mut told) = ([Vec::new(), Vec::new()], Vec::new());
    for asked in 1..=MOST_ADDRESSES {
        let guest = nobody.sitting_at(Ipv4Addr::new(127, 0, 0, 1 + asked).into());
        for nth in 0..2 * ROUNDS {
            // Each kind follows itself as often as the other: what an answer leaves to be done falls on the next.
            let (is_known, round) = (nth % 4 < 2, nth / 4 * 2 + nth % 2);
            let name = if is_known { ["ann", "bob"][round % 2].to_owned() } else { format!("nobody-{}", round % 2) };
            let who = match round < ROUNDS / 2 {
                true => json!({"email": format!("{name}@example.org")}),
                false => json!({"username": name}),
            };
            let begun = Instant::now();
            let answer = ask(&guest, who).send().await?.expect_status(status)?;
            times[usize::from(is_known)].push(begun.elapsed());
            told.push(without_its_id(&answer));
        }
        times.iter_mut().for_each(|times| times.sort());
        // Of all that was asked so far.
        if asked % ADDRESSES == 0 && take_as_long(&times) {
            break;
        }
    }
    assert!(told.iter().all(|one| *one == told[0]), "{what}: {told:?}");
    eprintln!("{what}, of nobody and of somebody: {times:?}");
    assert!(take_as_long(&times), "{what}, of nobody and of somebody: {times:?}");
    Ok(())
}

fn take_as_long([unknown, known]: &[Vec<Duration>; 2]) -> bool {
    [0, known.len() / 2].into_iter().all(|nth| {
        let (known, unknown) = (known[nth], unknown[nth]);
        unknown < known * 3 / 2 && known < unknown * 3 / 2
    })
}

/// What a stranger is told, but for the id of his own request.
pub(super) fn without_its_id(answer: &Answer) -> Value {
    let mut body = answer.json();
    body["request_id"] = Value::Null;
    body
}
