//! As many hashes at once as there are threads, as many in the queue as it has places, and nobody else.

use super::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

const CHEAP: Cost = Cost { memory_kib: 8, passes: 1, lanes: 1 };

fn pool(threads: usize, queue: usize) -> HashingPool {
    HashingPool::new(threads, queue, CHEAP, [3; SALT_BYTES]).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_pool_hashed_it_verifies() {
    let pool = pool(2, 2);
    let hash = pool.hash(Password::typed("correct horse"), [1; SALT_BYTES]).await.unwrap();
    assert!(pool.verify(Password::typed("correct horse"), hash.clone()).await.unwrap());
    assert!(!pool.verify(Password::typed("wrong horse"), hash).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_hash_that_cannot_be_read_is_a_fault() {
    let verified = pool(1, 1).verify(Password::typed("x"), PasswordHash("no hash".to_owned())).await;
    assert!(matches!(verified, Err(PoolError::Hash(HashError::Malformed(_)))), "{verified:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_more_are_under_way_than_there_are_threads_and_who_finds_the_queue_full_is_turned_away() {
    let pool = pool(2, 3);
    let (most, now) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (go, gate) = mpsc::channel::<()>();
    let gate = Arc::new(std::sync::Mutex::new(gate));
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..5 {
        let (pool, most, now, gate) = (pool.clone(), most.clone(), now.clone(), gate.clone());
        waiting.spawn(async move {
            let work = move |_: &mut Memory| {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                gate.lock().unwrap().recv().unwrap();
                now.fetch_sub(1, Ordering::SeqCst);
            };
            pool.run(work).await
        });
    }
    let deadline = Instant::now() + Duration::from_secs(10);
    while pool.places.available_permits() > 0 || now.load(Ordering::SeqCst) < 2 {
        assert!(Instant::now() < deadline, "five are not there");
        tokio::task::yield_now().await;
    }
    let sixth = pool.hash(Password::typed("x"), [1; SALT_BYTES]).await;
    assert!(matches!(sixth, Err(PoolError::Overloaded)), "{sixth:?}");
    for _ in 0..5 {
        go.send(()).unwrap();
    }
    while let Some(done) = waiting.join_next().await {
        assert!(done.unwrap().is_ok());
    }
    assert_eq!(most.load(Ordering::SeqCst), 2);
    assert!(pool.hash(Password::typed("x"), [1; SALT_BYTES]).await.is_ok(), "places are given back");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_of_strangers_leaves_half_of_the_places_to_those_who_log_in() {
    let pool = pool(1, 5);
    let thread = pool.threads.clone().acquire_owned().await.unwrap();
    let mut crowd = tokio::task::JoinSet::new();
    for nth in 0..20 {
        let pool = pool.clone();
        crowd.spawn(async move { pool.hash_for_stranger(Password::typed("x"), [nth; SALT_BYTES]).await });
    }
    for _ in 0..17 {
        let told = tokio::time::timeout(Duration::from_secs(10), crowd.join_next()).await;
        let turned_away = told.expect("the rest has to wait").unwrap().unwrap();
        assert!(matches!(turned_away, Err(PoolError::Overloaded)), "{turned_away:?}");
    }
    assert_eq!(pool.places.available_permits(), 3);
    let (known, ()) = tokio::join!(pool.verify_nobody(Password::typed("x")), async { drop(thread) });
    assert!(known.is_ok());
    while let Some(done) = crowd.join_next().await {
        assert!(done.unwrap().is_ok());
    }
    assert_eq!(pool.strangers.available_permits(), 3, "places are given back");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_stops_waiting_gives_his_place_back() {
    let pool = pool(1, 1);
    let thread = pool.threads.clone().acquire_owned().await.unwrap();
    let waited = tokio::time::timeout(Duration::from_millis(20), pool.verify_nobody(Password::typed("x"))).await;
    assert!(waited.is_err(), "there was no thread");
    assert_eq!(pool.places.available_permits(), 2);
    drop(thread);
    assert!(pool.verify_nobody(Password::typed("x")).await.is_ok());
}

/// The work is the same because the cost is: that of the hash which is verified.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_verified_at_the_cost_of_somebody() {
    let pool = pool(1, 1);
    let somebody = pool.hash(Password::typed("correct horse"), [1; SALT_BYTES]).await.unwrap();
    assert!(!super::super::needs_rehash(&pool.decoy, pool.cost()).unwrap());
    assert_eq!(pool.decoy.0.len(), somebody.0.len());
    pool.verify_nobody(Password::typed("correct horse")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_that_dies_is_an_error_and_gives_its_place_back() {
    let pool = pool(1, 0);
    let died: Result<(), PoolError> = pool.run(|_| std::panic::resume_unwind(Box::new("died"))).await;
    assert!(matches!(died, Err(PoolError::Died)));
    assert_eq!((pool.places.available_permits(), pool.threads.available_permits()), (1, 1));
}

#[tokio::test]
async fn nobody_is_verified_against_the_decoy_and_nothing_less() {
    let cost = Cost { memory_kib: 8, passes: 1, lanes: 1 };
    let pool = HashingPool::new(1, 0, cost, [1; SALT_BYTES]).unwrap();
    pool.verify_nobody(Password::typed("whatever")).await.unwrap();
    let broken = HashingPool { decoy: PasswordHash("no hash".to_owned()), ..pool };
    let refused = broken.verify_nobody(Password::typed("whatever")).await;
    assert!(matches!(refused, Err(PoolError::Hash(HashError::Malformed(_)))), "{refused:?}");
}

#[tokio::test]
async fn hashing_again_and_again_takes_the_memory_of_one_hash_for_each_thread() {
    let cost = Cost { memory_kib: 64, passes: 1, lanes: 1 };
    let pool = HashingPool::new(2, 100, cost, [1; SALT_BYTES]).unwrap();
    for n in 0..20_u8 {
        let one = |by: u8| pool.hash(Password::typed(format!("password {n}")), [by; SALT_BYTES]);
        let (a, b, c) = tokio::join!(one(n), one(n + 100), one(n));
        assert_eq!(a.unwrap().0, c.unwrap().0, "what is left of another hash changes nothing");
        b.unwrap();
    }
    assert!((1..=2).contains(&pool.idle.lock().unwrap().len()));
}
