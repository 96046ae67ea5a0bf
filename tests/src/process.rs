//! The binary under test as a process: started, asked to stop, killed, started again at the same address.

use crate::wait::until;
use crate::{Failure, Outcome, paths};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// After a kill the broker keeps the dead process's partitions for a session time-out first.
const READY_WITHIN: Duration = Duration::from_secs(90);
const STOPS_WITHIN: Duration = Duration::from_secs(40);

/// What a command of the binary ended with.
#[derive(Debug)]
pub struct Finished {
    /// Its exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// Its standard output.
    pub out: String,
    /// Its standard error.
    pub err: String,
}

/// How to start the binary.
#[derive(Clone, Debug)]
pub(crate) struct Launch {
    /// `TILLROLL_HOME`.
    pub home: PathBuf,
    /// The command that serves.
    pub server: &'static [&'static str],
    /// All other settings.
    pub settings: Vec<(&'static str, String)>,
}

impl Launch {
    fn command(&self, arguments: &[&str]) -> Outcome<Command> {
        let mut command = Command::new(paths::tillroll()?);
        // Nothing of the developer's own settings.
        command.env_clear().env("TILLROLL_HOME", &self.home).env("RUST_BACKTRACE", "1");
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
        // By the thread of the runtime that starts it, which lives as long as the tests.
        tillroll_devstack::die_with_parent(command.as_std_mut());
        Ok(command)
    }

    /// Runs a command to its end.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Outcome<Finished> {
        self.begin(arguments)?.finish().await
    }

    /// Starts a command.
    pub(crate) fn begin(&self, arguments: &[&str]) -> Outcome<Running> {
        let child = self.command(arguments)?.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        Ok(Running(child))
    }
}

impl Launch {
    /// Starts roles, and does not wait.
    pub(crate) fn begin_serving(&self, arguments: &[&str], log: File) -> Outcome<Running> {
        Ok(Running(self.command(arguments)?.stdout(Stdio::null()).stderr(log).spawn()?))
    }

    /// Starts roles and waits until they say that they are ready.
    pub(crate) async fn serve(&self, arguments: &[&str], log: File) -> Outcome<Running> {
        let mut child = self.command(arguments)?.stdout(Stdio::piped()).stderr(log).spawn()?;
        let out = child.stdout.take().ok_or("no output")?;
        let mut lines = BufReader::new(out).lines();
        let ready = async {
            while let Some(line) = lines.next_line().await? {
                if line.starts_with("ready") {
                    return Ok(());
                }
            }
            Err(Failure::from("it ended before it was ready"))
        };
        tokio::time::timeout(READY_WITHIN, ready).await??;
        // Whatever else it says is taken from it, so that it never waits for its reader.
        tokio::runtime::Handle::current().spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Running(child))
    }
}

/// Runs a script of the workspace to its end, in this process's environment with these settings besides.
pub(crate) async fn run_script(script: &Path, arguments: &[&str], settings: &[(&str, &OsStr)]) -> Outcome<Finished> {
    let mut command = Command::new(script);
    command.args(arguments).envs(settings.iter().copied()).stdin(Stdio::null()).kill_on_drop(true);
    tillroll_devstack::die_with_parent(command.as_std_mut());
    Running(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?).finish().await
}

/// A command of the binary that runs.
pub struct Running(Child);

impl Running {
    /// Waits for its end.
    pub async fn finish(self) -> Outcome<Finished> {
        let output = self.0.wait_with_output().await?;
        Ok(Finished {
            code: output.status.code(),
            out: String::from_utf8(output.stdout)?,
            err: String::from_utf8(output.stderr)?,
        })
    }

    /// SIGKILL, and waits until it is gone.
    pub async fn kill(mut self) -> Outcome {
        Ok(self.0.kill().await?)
    }

    /// SIGTERM; returns when it has ended by itself, which must be without an error.
    pub async fn stop(mut self) -> Outcome {
        self.signal(Signal::SIGTERM)?;
        let status = tokio::time::timeout(STOPS_WITHIN, self.0.wait()).await??;
        if status.success() { Ok(()) } else { Err(format!("it stopped with {status}").into()) }
    }

    /// Any other signal.
    pub fn signal(&self, signal: Signal) -> Outcome {
        let pid = self.0.id().and_then(|pid| i32::try_from(pid).ok()).ok_or("it does not run")?;
        Ok(kill(Pid::from_raw(pid), signal)?)
    }

    /// Whether it stands still, as after SIGSTOP.
    pub fn is_frozen(&self) -> Outcome<bool> {
        let pid = self.0.id().ok_or("it does not run")?;
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
        Ok(stat.rsplit(") ").next().is_some_and(|state| state.starts_with('T')))
    }

    /// Its process id, as it stands in its instance's name.
    pub fn pid(&self) -> Option<u32> {
        self.0.id()
    }

    /// Whether it has not ended.
    pub fn runs(&mut self) -> Outcome<bool> {
        Ok(self.0.try_wait()?.is_none())
    }

    /// Whether it has not been killed; fails if it has ended by itself.
    pub fn runs_until_killed(&mut self) -> Outcome<bool> {
        match self.0.try_wait()? {
            None => Ok(true),
            Some(status) if status.signal() == Some(Signal::SIGKILL as i32) => Ok(false),
            Some(status) => Err(format!("it ended by itself: {status}").into()),
        }
    }
}

/// The server: `tillroll serve all`, or `tillroll up`.
pub struct Tillroll {
    launch: Launch,
    child: Option<Child>,
}

impl Tillroll {
    /// One that does not run yet.
    pub(crate) fn new(launch: Launch) -> Self {
        Self { launch, child: None }
    }

    /// Starts it and waits until it is ready.
    pub(crate) async fn start(launch: Launch) -> Outcome<Self> {
        let mut tillroll = Self::new(launch);
        tillroll.start_again().await?;
        Ok(tillroll)
    }

    /// Starts it again after `kill` or `stop`, and waits until it is ready.
    pub async fn start_again(&mut self) -> Outcome {
        self.begin_again()?;
        self.is_ready().await
    }

    /// From the next start on: with this setting besides, or without it.
    pub fn set(&mut self, name: &'static str, value: Option<String>) {
        self.launch.settings.retain(|(known, _)| *known != name);
        self.launch.settings.extend(value.map(|value| (name, value)));
    }

    /// From the next start on: by this command.
    pub fn serve_by(&mut self, command: &'static [&'static str]) {
        self.launch.server = command;
    }

    /// Starts it again, and does not wait: it may be meant to die before it is ready.
    pub fn begin_again(&mut self) -> Outcome {
        let _none_there = std::fs::remove_file(self.launch.home.join("run/ready"));
        let log = self.log_file()?;
        let mut command = self.launch.command(self.launch.server)?;
        self.child = Some(command.stdout(log.try_clone()?).stderr(log).spawn()?);
        Ok(())
    }

    /// Waits until it has killed itself; whether it did so in time.
    pub async fn dies(&mut self, within: Duration) -> Outcome<bool> {
        let Some(child) = self.child.as_mut() else { return Ok(false) };
        let Ok(status) = tokio::time::timeout(within, child.wait()).await else { return Ok(false) };
        let status = status?;
        match status.signal() {
            Some(signal) if signal == Signal::SIGKILL as i32 => Ok(true),
            Some(_) | None => Err(format!("tillroll ended by itself: {status:?}").into()),
        }
    }

    /// Waits until it is ready, once it was begun again.
    pub async fn is_ready(&mut self) -> Outcome {
        let ready = self.launch.home.join("run/ready");
        let child = self.child.as_mut();
        let exited = |child: &mut Option<&mut Child>| child.as_mut().and_then(|child| child.try_wait().ok().flatten());
        let mut child = child;
        let log = log_path(&self.launch.home);
        until("tillroll is ready", READY_WITHIN, || {
            let exited = exited(&mut child);
            let is_ready = std::fs::read_to_string(&ready).is_ok_and(|url| url.starts_with("http"));
            let log = &log;
            async move {
                let said = || std::fs::read_to_string(log).unwrap_or_default();
                match exited {
                    Some(status) => Err(Failure::from(format!("tillroll did not start: {status}: {}", said()))),
                    None => Ok(is_ready.then_some(())),
                }
            }
        })
        .await
    }

    /// SIGKILL; returns when it is gone.
    pub async fn kill(&mut self) -> Outcome {
        match self.child.take() {
            Some(mut child) => Ok(child.kill().await?),
            None => Ok(()),
        }
    }

    /// SIGTERM; returns when it has ended by itself, which must be without an error.
    pub async fn stop(&mut self) -> Outcome {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        self.signal_to(&child, Signal::SIGTERM)?;
        let status = tokio::time::timeout(STOPS_WITHIN, child.wait()).await??;
        if status.success() { Ok(()) } else { Err(format!("tillroll stopped with {status}").into()) }
    }

    /// Any other signal.
    pub fn signal(&self, signal: Signal) -> Outcome {
        self.child.as_ref().map_or(Ok(()), |child| self.signal_to(child, signal))
    }

    fn signal_to(&self, child: &Child, signal: Signal) -> Outcome {
        match child.id().map(i32::try_from) {
            Some(Ok(pid)) => Ok(kill(Pid::from_raw(pid), signal)?),
            Some(Err(_)) | None => Err("tillroll does not run".into()),
        }
    }

    /// What it has logged, over all its starts.
    pub fn log(&self) -> String {
        std::fs::read_to_string(log_path(&self.launch.home)).unwrap_or_default()
    }

    fn log_file(&self) -> Outcome<File> {
        std::fs::create_dir_all(self.launch.home.join("run"))?;
        Ok(OpenOptions::new().create(true).append(true).open(log_path(&self.launch.home))?)
    }
}

fn log_path(home: &Path) -> PathBuf {
    home.join("tillroll.log")
}
