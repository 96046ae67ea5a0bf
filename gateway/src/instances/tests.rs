//! Whose turn it is, with instances that come, go, and do not answer.

use super::*;
use std::collections::BTreeSet;

fn of(urls: &[&str]) -> (watch::Sender<Vec<String>>, Instances) {
    let (sender, urls) = watch::channel(urls.iter().map(|url| (*url).to_owned()).collect());
    (sender, Instances::new(urls, PoolLimits::default()))
}

fn fail(instance: &Instance) {
    *instance.failed.lock().unwrap() = Some(Instant::now());
}

fn address(instance: &Arc<Instance>) -> usize {
    Arc::as_ptr(instance).addr()
}

#[test]
fn everybody_has_his_turn() {
    let (_urls, instances) = of(&["http://a:1", "http://b:1", "http://c:1"]);
    let asked: Vec<usize> = (0..6).map(|_| address(&instances.next(&[]).unwrap())).collect();
    assert_eq!(asked[..3].iter().collect::<BTreeSet<_>>().len(), 3);
    assert_eq!(asked[..3], asked[3..]);
}

#[test]
fn who_did_not_answer_is_passed_over_unless_there_is_nobody_else() {
    let (_urls, instances) = of(&["http://a:1", "http://b:1"]);
    let all = instances.all();
    fail(&all[0]);
    for _ in 0..4 {
        assert!(Arc::ptr_eq(&instances.next(&[]).unwrap(), &all[1]));
    }
    fail(&all[1]);
    assert!(instances.next(&[]).is_some(), "better than nobody");
}

#[test]
fn the_second_attempt_goes_to_somebody_else() {
    let (_urls, instances) = of(&["http://a:1", "http://b:1"]);
    for _ in 0..4 {
        let first = instances.next(&[]).unwrap();
        let second = instances.next(std::slice::from_ref(&first)).unwrap();
        assert!(!Arc::ptr_eq(&first, &second));
    }
    let (_urls, alone) = of(&["http://a:1"]);
    let first = alone.next(&[]).unwrap();
    assert!(Arc::ptr_eq(&alone.next(std::slice::from_ref(&first)).unwrap(), &first), "there is no other");
}

#[test]
fn instances_come_and_go_and_those_that_stay_keep_their_connections() {
    let (urls, instances) = of(&["http://a:1"]);
    let first = instances.all();
    urls.send_replace(vec!["http://b:1".to_owned(), "http://a:1".to_owned()]);
    let both = instances.all();
    assert_eq!(both.len(), 2);
    assert!(both.iter().any(|instance| Arc::ptr_eq(instance, &first[0])));
    urls.send_replace(Vec::new());
    assert!(instances.next(&[]).is_none(), "nobody is there");
}

#[test]
fn what_is_no_plain_base_url_is_nobody() {
    let (_urls, instances) = of(&["https://a:1", "http://a:1/base", "a:1", "", "http://"]);
    assert!(instances.all().is_empty());
}

/// A listener whose process never answers.
async fn frozen() -> (tokio::net::TcpListener, String) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

#[tokio::test]
async fn who_is_not_announced_any_more_is_not_waited_for() {
    let (_listener, url) = frozen().await;
    let (urls, instances) = of(&[&url]);
    let instance = instances.next(&[]).unwrap();
    let asking = instances.ask(&instance, Request::new(PeerBody::whole("?".into())));
    let mut asking = std::pin::pin!(asking);
    let early = tokio::time::timeout(LAST_WORD * 2, &mut asking).await;
    assert!(early.is_err(), "while it is announced it is waited for");
    urls.send_replace(Vec::new());
    let given_up = tokio::time::timeout(LAST_WORD * 2, asking).await.unwrap();
    assert!(matches!(given_up, Err(Failed::Gone)), "{:?}", given_up.err());
}
