//! The one home of `tokio::spawn`: a task has a name, and a panic in it is logged under that name.

use std::future::poll_fn;
use std::pin::pin;

use tokio::task::JoinHandle;

use crate::panics::Inside;

/// Runs `future` as a task. A panic ends the task only: the handle yields a `JoinError`, and the panic is logged with
/// `name`.
#[expect(clippy::disallowed_methods, reason = "the one home of tokio::spawn")]
pub fn spawn<F>(name: &'static str, future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tokio::spawn(async move {
        let mut future = pin!(future);
        poll_fn(|cx| {
            let _inside = Inside::task(name);
            future.as_mut().poll(cx)
        })
        .await
    })
}

#[cfg(test)]
mod tests;
