//! Against a door that says always the same.

use super::*;
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A door that answers every request at once, with this status and body.
pub struct Door {
    pub client: Client,
    asked: Arc<AtomicUsize>,
}

impl Door {
    pub async fn open(status: u16, body: Value, patience: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let (count, body) = (asked.clone(), body.to_string());
        let head = format!("HTTP/1.1 {status} As It Is\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
        tillroll_telemetry::spawn("door", async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                // A request of these tests comes in one piece.
                let _read = stream.read(&mut [0; 4096]).await;
                let _written = stream.write_all(format!("{head}{body}").as_bytes()).await;
            }
        });
        Self { client: Client::new(&url, "token", Patience::new(patience)).unwrap(), asked }
    }

    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn delivery() -> Ask {
    Ask::command(Method::POST, "/orders/1/fulfilments", "key".to_owned(), json!({})).wait(30)
}

#[tokio::test]
async fn a_202_that_comes_at_once_is_asked_again_after_pauses() {
    let door = Door::open(202, json!({"status": "confirmed"}), Duration::from_millis(500)).await;
    let ended = door.client.ask(&delivery()).await;
    assert!(matches!(ended, Err(ClientError::NoProgress { .. })), "{ended:?}");
    assert!((2..=8).contains(&door.asked()), "asked {} times in half a second", door.asked());
}

#[tokio::test]
async fn an_order_that_stands_still_is_not_asked_for_again() {
    for status in ["stuck", "cancelled"] {
        let door = Door::open(202, json!({"status": status}), Duration::from_secs(5)).await;
        let answer = door.client.ask(&delivery()).await.unwrap();
        assert!(answer.stands_still());
        assert_eq!(door.asked(), 1);
    }
}

#[test]
fn a_wait_has_run_out_when_about_all_of_it_has_passed() {
    let after = |seconds| delivery().waits(Duration::from_secs(seconds));
    assert_eq!([after(0), after(20), after(29), after(31)], [false, false, true, true]);
    assert!(!Ask::get("/orders").waits(Duration::from_secs(60)), "nothing was to be waited for");
}
