//! How a handle can be told that its client's thread has closed the client.

use tokio::sync::watch;

/// The thread's end: dropped when its client is closed.
pub(crate) struct Open {
    _open: watch::Sender<()>,
}

/// The handle's end.
#[derive(Clone)]
pub(crate) struct Closed(watch::Receiver<()>);

pub(crate) fn closing() -> (Open, Closed) {
    let (open, closed) = watch::channel(());
    (Open { _open: open }, Closed(closed))
}

impl Closed {
    /// Ends when the thread has closed its client. Keeps nothing of it open.
    pub(crate) fn wait(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut closed = self.0.clone();
        // Nothing is ever sent: the wait ends when the other end is dropped.
        async move { while closed.changed().await.is_ok() {} }
    }
}
