//! The instances of one role: who is there is learnt from outside, and each request goes to the next in turn.
//! An instance that could not be connected to is passed over for some seconds, unless there is no other.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::Request;
use axum::response::Response;
use tillroll_http::peer::{Failed, PeerBody, Pool, PoolLimits, authority_of};
use tokio::sync::watch;

/// How long an instance is passed over.
const PASSED_OVER: Duration = Duration::from_secs(3);

/// How long an instance that is not announced any more may take for its last answers.
const LAST_WORD: Duration = Duration::from_secs(1);

/// Base URLs of a role's instances, as they come and go: `http://host:port` each.
pub type Urls = watch::Receiver<Vec<String>>;

/// One instance.
pub(crate) struct Instance {
    url: String,
    pool: Arc<Pool>,
    failed: Mutex<Option<Instant>>,
}

impl Instance {
    /// Sends a request there.
    pub(crate) async fn request(&self, request: Request<PeerBody>) -> Result<Response, Failed> {
        let answered = self.pool.request(request).await;
        let failed = matches!(&answered, Err(failed) if failed.is_unsent()).then(Instant::now);
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = failed;
        answered
    }

    fn is_passed_over(&self) -> bool {
        let failed = *self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.is_some_and(|failed| failed.elapsed() < PASSED_OVER)
    }
}

/// Who can be asked.
pub(crate) struct Instances {
    limits: PoolLimits,
    known: Mutex<Known>,
    turn: AtomicUsize,
}

struct Known {
    urls: Urls,
    final_word: bool,
    by_url: BTreeMap<String, Arc<Instance>>,
}

impl Instances {
    pub(crate) fn new(mut urls: Urls, limits: PoolLimits) -> Self {
        urls.mark_changed();
        let known = Known { urls, final_word: false, by_url: BTreeMap::new() };
        Self { limits, known: Mutex::new(known), turn: AtomicUsize::new(0) }
    }

    /// Everybody who is there now.
    pub(crate) fn all(&self) -> Vec<Arc<Instance>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.learn(self.limits);
        known.by_url.values().cloned().collect()
    }

    /// Sends a request there, and gives it up when the instance is not announced any more: a frozen one never answers.
    pub(crate) async fn ask(&self, instance: &Instance, request: Request<PeerBody>) -> Result<Response, Failed> {
        let mut urls = self.known.lock().unwrap_or_else(PoisonError::into_inner).urls.clone();
        let gone = async {
            if urls.wait_for(|urls| !urls.contains(&instance.url)).await.is_err() {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(LAST_WORD).await;
        };
        tokio::select! {
            biased;
            answered = instance.request(request) => answered,
            () = gone => Err(Failed::Gone),
        }
    }

    /// Who is asked next; preferably somebody else than who was `tried`.
    pub(crate) fn next(&self, tried: &[Arc<Instance>]) -> Option<Arc<Instance>> {
        let all = self.all();
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let untried = |instance: &&Arc<Instance>| !tried.iter().any(|other| Arc::ptr_eq(other, instance));
        // The turn is among those who can be asked: nobody has the turns of a neighbour who is passed over.
        let good: Vec<_> = all.iter().filter(untried).filter(|instance| !instance.is_passed_over()).collect();
        let any: Vec<_> = all.iter().filter(untried).collect();
        let among = [good, any, all.iter().collect()].into_iter().find(|some| !some.is_empty())?;
        among.get(turn % among.len()).map(|instance| Arc::clone(instance))
    }
}

impl Known {
    /// Instances that stay keep their connections.
    fn learn(&mut self, limits: PoolLimits) {
        // Whoever said it last may have nothing more to say, and be gone.
        let changed = self.urls.has_changed().unwrap_or(!self.final_word);
        self.final_word = self.urls.has_changed().is_err();
        if !changed {
            return;
        }
        let mut before = std::mem::take(&mut self.by_url);
        for url in self.urls.borrow_and_update().iter() {
            let pool = || Pool::new(&authority_of(url)?, limits);
            let new = || Some(Arc::new(Instance { url: url.clone(), pool: pool()?, failed: Mutex::new(None) }));
            match before.remove(url).or_else(new) {
                Some(instance) => _ = self.by_url.insert(url.clone(), instance),
                None => tracing::error!(url, "an instance's URL is not http://host:port"),
            }
        }
    }
}

#[cfg(test)]
mod tests;
