//! Panics as log events: one each, with place, message and the task in which it happened.

use std::any::Any;
use std::cell::Cell;
use std::panic::PanicHookInfo;

thread_local! {
    static TASK: Cell<Option<&'static str>> = const { Cell::new(None) };
}

/// Makes every panic of the process a log event instead of text on standard error.
pub(crate) fn install() {
    std::panic::set_hook(Box::new(log));
}

/// Names the task that this thread polls until the value is dropped, also by a panic.
pub(crate) struct Inside(Option<&'static str>);

impl Inside {
    pub(crate) fn task(name: &'static str) -> Self {
        Self(TASK.replace(Some(name)))
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        TASK.set(self.0);
    }
}

fn log(panic: &PanicHookInfo<'_>) {
    let thread = std::thread::current();
    let task = TASK.get().or(thread.name()).unwrap_or("unnamed");
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(task, place, message = message(panic.payload()), "panicked");
}

fn message(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<&'static str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}
