//! A server process under control: started, asked, killed, paused, stopped, started again on the same port and data.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::child::Child;
use crate::kafka::Kafka;
use crate::log_file::LogFile;
use crate::postgres::Postgres;
use crate::{StackError, process_table};

/// Until a server must answer. Generous: a broker that was killed checks its logs first, on a busy machine.
const READY_WITHIN: Duration = Duration::from_secs(90);
/// Until a clean stop becomes a kill.
const STOP_WITHIN: Duration = Duration::from_secs(15);
/// Until what was killed must be gone.
const GONE_WITHIN: Duration = Duration::from_secs(10);
const ASK_EVERY: Duration = Duration::from_millis(20);

/// What is the same about one server at every start.
#[derive(Debug)]
pub(crate) enum Kind {
    Kafka(Kafka),
    Postgres(Postgres),
}

/// One server of the stack.
#[derive(Debug)]
pub struct Server {
    kind: Kind,
    child: Mutex<Option<Arc<Child>>>,
}

impl Server {
    /// Prepares the data if need be, starts the server and waits until it answers.
    pub(crate) async fn start(kind: Kind) -> Result<Self, StackError> {
        let server = Self { kind, child: Mutex::new(None) };
        server.kind.end_orphans().await?;
        server.kind.prepare().await?;
        server.launch().await?;
        if let Kind::Postgres(postgres) = &server.kind {
            postgres.create_shop_database().await?;
        }
        Ok(server)
    }

    /// The process id, while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<i32> {
        self.running().map(|child| child.pid())
    }

    /// The port on 127.0.0.1, the same for the life of the stack.
    #[must_use]
    pub fn port(&self) -> u16 {
        match &self.kind {
            Kind::Kafka(kafka) => kafka.port(),
            Kind::Postgres(postgres) => postgres.port(),
        }
    }

    /// Where it logs.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.kind.log()
    }

    /// SIGKILL, like a machine that loses its power (but for what the kernel has buffered). Children go too.
    /// Returns when all of them are gone.
    ///
    /// # Errors
    /// The server does not run, or a process refuses to die.
    pub async fn kill(&self) -> Result<(), StackError> {
        let child = self.running_or_error()?;
        let children = process_table::children_of(child.pid());
        child.signal(Signal::SIGKILL);
        children.iter().for_each(|process| process.signal(Signal::SIGKILL));
        child.ended().await;
        self.forget();
        self.kind.all_gone(&children).await
    }

    /// SIGSTOP to the server and its children: connections stay open, nobody answers.
    ///
    /// # Errors
    /// The server does not run.
    pub fn pause(&self) -> Result<(), StackError> {
        self.signal_all(Signal::SIGSTOP)
    }

    /// SIGCONT after [`Server::pause`].
    ///
    /// # Errors
    /// The server does not run.
    pub fn resume(&self) -> Result<(), StackError> {
        self.signal_all(Signal::SIGCONT)
    }

    /// A clean stop; a kill if that takes more than 15 s. Nothing happens if it does not run.
    ///
    /// # Errors
    /// A process that refuses to die.
    pub async fn stop(&self) -> Result<(), StackError> {
        if self.stops_within(STOP_WITHIN).await? {
            return Ok(());
        }
        tracing::warn!(server = self.kind.name(), "no clean stop in time, killing it");
        self.kill().await
    }

    /// Asks it to stop; whether it did in time. Nothing happens if it does not run.
    pub(crate) async fn stops_within(&self, within: Duration) -> Result<bool, StackError> {
        let Some(child) = self.running() else { return Ok(true) };
        self.resume()?;
        child.signal(self.kind.stop_signal());
        if tokio::time::timeout(within, child.ended()).await.is_err() {
            return Ok(false);
        }
        self.forget();
        self.kind.all_gone(&process_table::working_in(&self.kind.data())).await?;
        Ok(true)
    }

    /// Starts it again after [`Server::stop`] or [`Server::kill`], on the same port and data, and waits for its answer.
    ///
    /// # Errors
    /// It runs already, does not start, or does not answer in time.
    pub async fn start_again(&self) -> Result<(), StackError> {
        if self.running().is_some() {
            return Err(StackError::WrongState { server: self.kind.name(), state: "running already" });
        }
        self.kind.end_orphans().await?;
        self.launch().await
    }

    async fn launch(&self) -> Result<(), StackError> {
        let (log, file) = LogFile::open(self.kind.log())?;
        let command = match &self.kind {
            Kind::Kafka(kafka) => kafka.command(&file)?,
            Kind::Postgres(postgres) => postgres.command(&file)?,
        };
        let child = Arc::new(Child::spawn(command, self.kind.name())?);
        *self.child.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&child));
        self.kind.await_ready(&child, &log).await
    }

    fn signal_all(&self, signal: Signal) -> Result<(), StackError> {
        let child = self.running_or_error()?;
        child.signal(signal);
        process_table::children_of(child.pid()).iter().for_each(|process| process.signal(signal));
        Ok(())
    }

    fn running(&self) -> Option<Arc<Child>> {
        let child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        child.as_ref().filter(|child| child.runs()).cloned()
    }

    fn running_or_error(&self) -> Result<Arc<Child>, StackError> {
        self.running().ok_or(StackError::WrongState { server: self.kind.name(), state: "not running" })
    }

    fn forget(&self) {
        self.child.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

impl Kind {
    fn name(&self) -> &'static str {
        match self {
            Self::Kafka(kafka) => kafka.name(),
            Self::Postgres(_) => "PostgreSQL",
        }
    }

    fn data(&self) -> PathBuf {
        match self {
            Self::Kafka(kafka) => kafka.data().to_owned(),
            Self::Postgres(postgres) => postgres.data().to_owned(),
        }
    }

    fn log(&self) -> PathBuf {
        match self {
            Self::Kafka(kafka) => kafka.log(),
            Self::Postgres(postgres) => postgres.log(),
        }
    }

    /// Kafka: controlled shutdown. PostgreSQL: fast shutdown, which ends sessions and writes a checkpoint.
    fn stop_signal(&self) -> Signal {
        match self {
            Self::Kafka(_) => Signal::SIGTERM,
            Self::Postgres(_) => Signal::SIGINT,
        }
    }

    async fn prepare(&self) -> Result<(), StackError> {
        match self {
            Self::Kafka(kafka) => kafka.prepare().await,
            Self::Postgres(postgres) => postgres.prepare().await,
        }
    }

    async fn ask(&self) -> Result<(), String> {
        match self {
            Self::Kafka(kafka) => kafka.ask().await,
            Self::Postgres(postgres) => postgres.ask().await,
        }
    }

    async fn await_ready(&self, child: &Child, log: &LogFile) -> Result<(), StackError> {
        let mut last = String::new();
        let answered = async {
            while let Err(problem) = self.ask().await {
                last = problem;
                tokio::time::sleep(ASK_EVERY).await;
            }
        };
        tokio::select! {
            biased;
            status = child.ended() => return Err(ended(self.name(), status, log)),
            () = answered => return Ok(()),
            () = tokio::time::sleep(READY_WITHIN) => {}
        }
        let seconds = READY_WITHIN.as_secs();
        Err(StackError::NotReady { server: self.name(), seconds, last, log: log.path().to_owned(), tail: log.tail() })
    }

    /// Servers of a killed stack are killed with it, but that takes them a moment, and what was paused stays. Nobody
    /// else can be at work here: this stack holds the lock.
    async fn end_orphans(&self) -> Result<(), StackError> {
        self.all_gone(&process_table::end_orphans(&self.data())).await
    }

    async fn all_gone(&self, processes: &[process_table::Process]) -> Result<(), StackError> {
        match process_table::all_gone(processes, GONE_WITHIN).await {
            None => Ok(()),
            Some(process) => Err(StackError::Orphan { pid: process.pid(), dir: self.data() }),
        }
    }
}

fn ended(server: &'static str, status: Option<std::process::ExitStatus>, log: &LogFile) -> StackError {
    let status = status.map_or_else(|| "an unknown status".to_owned(), |status| status.to_string());
    StackError::Ended { server, status, log: log.path().to_owned(), tail: log.tail() }
}

/// Runs a tool that prepares a server's data, to its end.
pub(crate) async fn run_tool(
    mut command: std::process::Command,
    tool: &'static str,
    log: &Path,
) -> Result<(), StackError> {
    let (log, file) = LogFile::open(log.to_owned())?;
    let output = |file: &std::fs::File| file.try_clone().map_err(StackError::io("share a log"));
    command.stdin(std::process::Stdio::null()).stdout(output(&file)?).stderr(output(&file)?);
    let child = Child::spawn(command, tool)?;
    match child.ended().await {
        Some(status) if status.success() => Ok(()),
        status => Err(ended(tool, status, &log)),
    }
}
