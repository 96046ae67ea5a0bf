//! How long whoever asks is kept waiting.

use super::super::node::tests::unconnected;
use super::*;
use crate::jar::{Jar, JarState, Put};
use crate::{EventId, Offset};

#[tokio::test]
async fn a_repeat_whose_event_cannot_be_read_is_refused_at_the_deadline() {
    let (jars, routes) = Commands::<Jar>::new(unconnected(), 1);
    let (to_owner, mut requests) = mpsc::channel(1);
    routes.write().unwrap()[0] = Some(to_owner);
    let request = Request {
        key: "a".into(),
        command: Put { sweets: 1, look_by: None }.into(),
        id: CommandId(Uuid::nil()),
        hash: CommandHash::keyed(b"", b""),
        expected: None,
        actor: String::new(),
        correlation: EventId(Uuid::nil()).0,
        traceparent: None,
    };
    let begun = Instant::now();
    let owner = async {
        let Some(ToOwner::Request(request)) = requests.recv().await else { panic!("a request") };
        let at = Coordinates { topic: "jar.events.v1".into(), partition: crate::PartitionId(0), offset: Offset(7) };
        let (version, state) = (Version(1), Box::new(JarState::default()));
        request.ticket.answer(Reply::Repeat { at, version, state, covers: Vec::new() });
    };
    let (answered, ()) = tokio::join!(jars.execute(request, Duration::from_millis(200)), owner);
    assert!(matches!(answered, Err(ExecuteError::Unavailable)));
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}

fn anything() -> Request<crate::jar::JarCommand> {
    Request {
        key: "a".into(),
        command: Put { sweets: 1, look_by: None }.into(),
        id: CommandId(Uuid::nil()),
        hash: CommandHash::keyed(b"", b""),
        expected: None,
        actor: String::new(),
        correlation: EventId(Uuid::nil()).0,
        traceparent: None,
    }
}

#[tokio::test]
async fn what_is_not_served_here_is_told_from_what_was_let_go_before_it_was_answered() {
    let (jars, routes) = Commands::<Jar>::new(unconnected(), 1);
    let place = Place { topic: "jar.events.v1", partition: crate::PartitionId(0) };
    let elsewhere = jars.execute(anything(), Duration::from_secs(5)).await;
    assert!(matches!(elsewhere, Err(ExecuteError::Elsewhere(at)) if at == place), "certainly not carried out");

    let (to_owner, mut requests) = mpsc::channel(1);
    routes.write().unwrap()[0] = Some(to_owner);
    let owner = async { drop(requests.recv().await) };
    let (let_go, ()) = tokio::join!(jars.execute(anything(), Duration::from_secs(5)), owner);
    assert!(matches!(let_go, Err(ExecuteError::LetGo(at)) if at == place), "the owner may have carried it out");
    let owner = async { drop(requests.recv().await) };
    let key = Key::from("a");
    let (looked, ()) = tokio::join!(jars.look(&key, Duration::from_secs(5)), owner);
    assert!(matches!(looked, Err(ExecuteError::Elsewhere(at)) if at == place), "there was nothing to carry out");

    drop(requests);
    let closed = jars.execute(anything(), Duration::from_secs(5)).await;
    assert!(matches!(closed, Err(ExecuteError::Elsewhere(_))), "the owner never got it");
}
