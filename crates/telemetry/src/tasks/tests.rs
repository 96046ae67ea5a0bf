//! A panic ends its task, and is logged under its name.

use std::io::Write;
use std::sync::{Arc, Mutex};

use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format;

use crate::log::Named;
use crate::{panics, spawn};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[test]
fn a_panic_is_logged_once_with_the_name_of_its_task_and_ends_only_that_task() {
    let lines = Lines::default();
    let named = Named { service: "till", inner: format::format().json().flatten_event(true) };
    let subscriber = tracing_subscriber::fmt().with_writer(lines.clone()).json().event_format(named).finish();
    let _default = tracing::subscriber::set_default(subscriber);
    let before = std::panic::take_hook();
    panics::install();

    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        assert!(spawn("prints receipts", async { panic!("out of paper") }).await.unwrap_err().is_panic());
        assert_eq!(spawn("goes on", async { 7 }).await.unwrap(), 7);
    });
    std::panic::set_hook(before);

    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.starts_with(r#"{"service":"till","#), "{text}");
    assert!(text.contains(r#""task":"prints receipts""#) && text.contains("out of paper"), "{text}");
    assert!(text.contains("tests.rs"), "{text}");
}
