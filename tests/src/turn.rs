//! Whose turn it is: tests that have a system of their own run alone, tests that share one run together. Two
//! processors are not enough for more, and what runs beside a test must not make it late.

use crate::seed::Drawn;
use crate::{Failure, Outcome, System, Up};
use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use tillroll_devstack::Brokers;
use tokio::runtime::Runtime;
use tokio::sync::{OnceCell, RwLock};

/// One runtime for all tests: what is shared must outlive the test that made it, and a child process lives no longer
/// than the thread that started it.
static RUNTIME: LazyLock<std::io::Result<Runtime>> =
    LazyLock::new(|| tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build());
static TURN: RwLock<()> = RwLock::const_new(());
static SHARED: OnceCell<(System, Janitor)> = OnceCell::const_new();
/// Lines of the server's log that a failed test shows.
const SHOWN: usize = 40;

/// A test on a system of its own, alone.
pub fn own<T>(test: impl FnOnce(System) -> T + Send + 'static) -> Outcome
where
    T: Future<Output = Outcome> + Send + 'static,
{
    alone(Brokers::One, &["serve", "all"], test)
}

/// The same where the server is told to serve that.
pub fn own_serving<T>(server: &'static [&'static str], test: impl FnOnce(System) -> T + Send + 'static) -> Outcome
where
    T: Future<Output = Outcome> + Send + 'static,
{
    alone(Brokers::One, server, test)
}

/// The same with these settings besides.
pub fn own_with<T>(settings: Vec<(&'static str, String)>, test: impl FnOnce(System) -> T + Send + 'static) -> Outcome
where
    T: Future<Output = Outcome> + Send + 'static,
{
    run(async move {
        let _turn = TURN.write().await;
        let system = System::set_up(Brokers::One, &["serve", "all"], settings).await?;
        carry_out(&system, test(system.clone())).await
    })
}

/// A test on a system of its own with three brokers, alone.
pub fn own_of_three<T>(test: impl FnOnce(System) -> T + Send + 'static) -> Outcome
where
    T: Future<Output = Outcome> + Send + 'static,
{
    alone(Brokers::Three, &["serve", "all"], test)
}

fn alone<T>(
    brokers: Brokers,
    server: &'static [&'static str],
    test: impl FnOnce(System) -> T + Send + 'static,
) -> Outcome
where
    T: Future<Output = Outcome> + Send + 'static,
{
    run(async move {
        let _turn = TURN.write().await;
        let system = System::serving(brokers, server).await?;
        carry_out(&system, test(system.clone())).await
    })
}

/// A test of what a person starts, alone.
pub fn installed<T>(test: impl FnOnce(Up) -> T + Send + 'static) -> Outcome
where
    T: Future<Output = Outcome> + Send + 'static,
{
    run(async move {
        let _turn = TURN.write().await;
        test(Up::new()?).await
    })
}

/// A test on the system that it shares with others, at the same time.
pub fn shared<T>(test: impl FnOnce(System) -> T + Send + 'static) -> Outcome
where
    T: Future<Output = Outcome> + Send + 'static,
{
    run(async move {
        let _turn = TURN.read().await;
        let (system, _) = SHARED.get_or_try_init(share).await?;
        carry_out(system, test(system.clone())).await
    })
}

fn run(test: impl Future<Output = Outcome> + Send + 'static) -> Outcome {
    let runtime = RUNTIME.as_ref().map_err(|error| error.to_string())?;
    runtime.block_on(runtime.spawn(test))?
}

/// The test as a task of its own, so that a failed assertion, too, is met with the server's log and the test's seed.
async fn carry_out(system: &System, test: impl Future<Output = Outcome> + Send + 'static) -> Outcome {
    let drawn = Drawn::default();
    let failure: Failure = match tokio::runtime::Handle::current().spawn(drawn.clone().by(test)).await {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(failure)) => failure,
        Err(panicked) => panicked.into(),
    };
    let log = system.tillroll().await.log();
    let lines: Vec<&str> = log.lines().collect();
    let last = lines.len().saturating_sub(SHOWN);
    // Past the test runner, which shows what a test has printed on its own thread, and this is another.
    writeln!(std::io::stderr(), "the end of the server's log:\n{}", lines[last..].join("\n"))?;
    Err(drawn.said_of(failure))
}

async fn share() -> Outcome<(System, Janitor)> {
    let system = System::start(Brokers::One).await?;
    let janitor = Janitor::hire(&system)?;
    Ok((system, janitor))
}

/// Removes what the shared system leaves behind. Nothing in this process could: statics are never dropped. It waits
/// for the end of its input, which comes with the end of this process, however that ends.
struct Janitor {
    _listens: Child,
}

impl Janitor {
    fn hire(system: &System) -> Outcome<Self> {
        let script = "cat; sleep 1; rm -rf -- \"$@\"";
        let listens = Command::new("sh")
            .args(["-c", script, "janitor"])
            .args(system.directories())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()?;
        Ok(Self { _listens: listens })
    }
}
