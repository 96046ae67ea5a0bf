//! Log-ins by password through the public door, beside argon2 alone on as many threads as there are processors. A log-in
//! is one hash to verify and one session in the log; the hash is the limit.

use crate::Failure;
use crate::http::Target as Asked;
use crate::load::{Load, send_all};
use crate::measured::Measured;
use crate::report::{Section, Target};
use crate::scale::Scale;
use crate::shop::Shop;
use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, StatusCode};
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};
use tillroll_users::password::{Cost, Memory, Password, hash, verify_in};

/// Percent of argon2's rate.
const AT_LEAST: u64 = 90;
/// Fewer than may be under way from one address, and enough that no thread waits for a client.
const CLIENTS: usize = 16;
/// So many that no account is tried by more at once than may mistype.
const PEOPLE: usize = 64;
const REGISTERING: usize = 8;
const PASSWORD: &str = "a password for measuring";

pub async fn log_in(shop: &Shop, scale: &Scale) -> Result<Section, Failure> {
    let mut section = Section::new("log-in");
    let register = asked(
        shop.gateway,
        "/api/v1/users",
        |person| json!({"email": email(person), "username": format!("bench-{person}"), "password": PASSWORD}),
    );
    send_all(&register, PEOPLE, REGISTERING).await?;
    let alone = hashes(scale.seconds).await?;
    section.row("argon2 alone, on every processor", None, alone, Vec::new());
    let target = asked(
        shop.gateway,
        "/api/v1/sessions",
        |number| json!({"email": email(number % PEOPLE as u64), "password": PASSWORD}),
    );
    let watch = shop.watch();
    let loaded = Load { clients: CLIENTS, seconds: scale.seconds, target, watch: &watch }.run().await?;
    let loaded = section.loaded("POST /sessions", CLIENTS, loaded);
    section.targets.push(Target::rate("of argon2's rate", &loaded, &alone, AT_LEAST));
    Ok(section)
}

fn email(person: u64) -> String {
    format!("bench-{person}@example.org")
}

fn asked(
    address: SocketAddr,
    path: &'static str,
    body: impl Fn(u64) -> serde_json::Value + Send + Sync + 'static,
) -> Asked {
    let make = move |number: u64| {
        let request = Request::post(path).header("host", "bench").header("content-type", "application/json");
        Ok(request.body(Full::new(Bytes::from(body(number).to_string())))?)
    };
    Asked { address, make: Arc::new(make), good: StatusCode::CREATED }
}

/// Verifies one hash again and again.
async fn hashes(within: Duration) -> Result<Measured, Failure> {
    let password = Password::typed(PASSWORD);
    let kept = hash(&password, [7; 16], Cost::RECOMMENDED)?;
    let begun = Instant::now();
    let threads = available_parallelism()?.get();
    let working: Vec<_> = (0..threads)
        .map(|_| {
            let (password, kept) = (password.clone(), kept.clone());
            tokio::task::spawn_blocking(move || {
                let (mut done, mut memory) = (0_u64, Memory::default());
                while begun.elapsed() < within && verify_in(&mut memory, &password, &kept).is_ok_and(|is_his| is_his) {
                    done += 1;
                }
                done
            })
        })
        .collect();
    let mut done = 0;
    for each in working {
        done += each.await?;
    }
    Ok(Measured::whole(done, begun.elapsed()))
}
