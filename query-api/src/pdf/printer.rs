//! Printing beside the threads that answer requests: a document of thousands of lines takes its time of a core, and
//! whoever reads another row meanwhile is not to wait for it.

use std::sync::Arc;
use tillroll_http::{Problem, problems};
use tokio::sync::Semaphore;

/// How many are printed at once.
const THREADS: usize = 2;
/// How many more may wait.
const QUEUE: usize = 64;

/// Who prints now, and who waits.
#[derive(Debug)]
pub(crate) struct Printer {
    threads: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

impl Default for Printer {
    fn default() -> Self {
        Self { threads: Arc::new(Semaphore::new(THREADS)), places: Arc::new(Semaphore::new(THREADS + QUEUE)) }
    }
}

impl Printer {
    /// Prints; 503 `overloaded` if too many wait. Whoever stops waiting gives his place back; what has begun keeps its
    /// thread and place until it is done.
    pub(crate) async fn print(
        &self,
        print: impl FnOnce() -> Result<Vec<u8>, Problem> + Send + 'static,
    ) -> Result<Vec<u8>, Problem> {
        let place = self.places.clone().try_acquire_owned().map_err(|_| Problem::new(&problems::OVERLOADED))?;
        let died = || Problem::new(&problems::INTERNAL);
        let thread = self.threads.clone().acquire_owned().await.map_err(|_| died())?;
        let printing = tokio::task::spawn_blocking(move || {
            let printed = print();
            drop((thread, place));
            printed
        });
        printing.await.map_err(|_| died())?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::join_all;
    use std::sync::{Mutex, mpsc};
    use std::time::Duration;

    const WITHIN: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn what_is_printed_holds_up_nobody_else() {
        let (go, wait) = mpsc::channel();
        let printing = async { Printer::default().print(move || Ok(wait.recv_timeout(WITHIN).unwrap())).await };
        let other = async { go.send(b"printed".to_vec()).unwrap() };
        let (printed, ()) = tokio::join!(printing, other);
        assert_eq!(printed.unwrap(), b"printed");
    }

    #[tokio::test]
    async fn more_than_can_wait_are_turned_away_and_the_others_are_printed() {
        let printer = Printer::default();
        // Nothing is printed before all have asked.
        let gate = Arc::new(Mutex::new(()));
        let shut = gate.lock().unwrap();
        let print = |_| {
            let gate = gate.clone();
            printer.print(move || {
                drop(gate.lock());
                Ok(Vec::new())
            })
        };
        let (all, ()) = tokio::join!(join_all((0..THREADS + QUEUE + 3).map(print)), async move { drop(shut) });
        let refused: Vec<_> = all.into_iter().filter_map(Result::err).map(|problem| problem.code()).collect();
        assert_eq!(refused, ["overloaded"; 3]);
        assert!(printer.print(|| Ok(Vec::new())).await.is_ok(), "places are given back");
    }
}
