//! How far the import is: a bar where a person watches, a plain line now and then where not.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

const SAY_EVERY: Duration = Duration::from_secs(2);
const BAR: &str = "{msg:>9} [{bar:40}] {pos}/{len}  {per_sec}  {eta} left";

/// Cheap to clone.
#[derive(Clone)]
pub struct Progress(Arc<Inner>);

struct Inner {
    bar: Option<ProgressBar>,
    phase: Mutex<Phase>,
    done: AtomicUsize,
}

struct Phase {
    name: &'static str,
    total: usize,
    began: Instant,
    said: Instant,
}

impl Progress {
    /// Nothing is shown before the first phase.
    pub fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template(BAR).unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(0).with_style(style)
        });
        let now = Instant::now();
        let phase = Mutex::new(Phase { name: "", total: 0, began: now, said: now });
        Self(Arc::new(Inner { bar, phase, done: AtomicUsize::new(0) }))
    }

    /// The next `total` things are of this name.
    pub fn phase(&self, name: &'static str, total: usize) {
        self.end();
        self.0.done.store(0, Ordering::Relaxed);
        let now = Instant::now();
        *self.lock() = Phase { name, total, began: now, said: now };
        if let Some(bar) = &self.0.bar {
            bar.reset();
            bar.set_length(total as u64);
            bar.set_message(name);
        }
    }

    /// One is done.
    pub fn one_more(&self) {
        let done = self.0.done.fetch_add(1, Ordering::Relaxed) + 1;
        match &self.0.bar {
            Some(bar) => bar.inc(1),
            None => self.say(done),
        }
    }

    /// The phase is over.
    pub fn end(&self) {
        let done = self.0.done.load(Ordering::Relaxed);
        if done == 0 {
            return;
        }
        match &self.0.bar {
            Some(bar) => bar.println(self.lock().line(done)),
            None => write_line(&self.lock().line(done)),
        }
        if let Some(bar) = &self.0.bar {
            bar.finish_and_clear();
        }
    }

    fn say(&self, done: usize) {
        let mut phase = self.lock();
        if phase.said.elapsed() >= SAY_EVERY && done < phase.total {
            phase.said = Instant::now();
            write_line(&phase.line(done));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Phase> {
        self.0.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Phase {
    fn line(&self, done: usize) -> String {
        let Self { name, total, .. } = self;
        let millis = self.began.elapsed().as_millis().max(1);
        let rate = done as u128 * 1000 / millis;
        let left = (total.saturating_sub(done)) as u128 * millis / (done.max(1) as u128) / 1000;
        let left = if done < *total { format!(", {left} s left") } else { String::new() };
        format!("{done} of {total} {name}, {rate}/s{left}")
    }
}

/// Progress that cannot be shown is no reason to stop.
fn write_line(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
