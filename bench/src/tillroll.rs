//! The binary under test as a child process: some of its roles, on free ports, with a home of its own.

use crate::Failure;
use crate::http::{Connection, free_address, until_open};
use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, StatusCode};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use tillroll_devstack::Stack;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

/// A long log takes its time.
const READY_WITHIN: Duration = Duration::from_secs(300);
/// Longer than an orderly end takes.
const STOPS_WITHIN: Duration = Duration::from_secs(40);
/// Short beside what is timed by it.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// A running `tillroll serve`. Dropping it kills it.
pub struct Tillroll {
    pub pid: u32,
    process: Child,
    home: TempDir,
}

impl Tillroll {
    /// Starts these roles with these settings besides those of the stack; it does not wait until they serve.
    pub fn start(stack: &Stack, roles: &[&str], settings: &[(&str, String)]) -> Result<Self, Failure> {
        Self::start_at(tempfile::Builder::new().prefix("tillroll-bench-").tempdir()?, stack, roles, settings)
    }

    /// The same in a home that is there, which may hold keys.
    pub fn start_at(
        home: TempDir,
        stack: &Stack,
        roles: &[&str],
        settings: &[(&str, String)],
    ) -> Result<Self, Failure> {
        let mut command = Command::new(binary()?);
        command
            .arg("serve")
            .args(roles)
            .env("TILLROLL_HOME", home.path())
            .env("TILLROLL_STACK", "external")
            .env("KAFKA_BOOTSTRAP_SERVERS", stack.bootstrap_servers())
            .env("DATABASE_URL", stack.database_url())
            .env("TILLROLL_LOG", "warn")
            .envs(settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true);
        tillroll_devstack::die_with_parent(command.as_std_mut());
        let process = command.spawn()?;
        let pid = process.id().ok_or("tillroll has ended")?;
        Ok(Self { pid, process, home })
    }

    /// Starts one role that owns or folds, and returns when it says that it is ready.
    pub async fn ready(stack: &Stack, role: &str) -> Result<Self, Failure> {
        let listen = free_address().await?;
        let variable = format!("TILLROLL_{}_LISTEN", role.to_uppercase());
        let mut tillroll = Self::start(stack, &[role], &[(&variable, listen.to_string())])?;
        let deadline = Instant::now() + READY_WITHIN;
        while !is_ready(listen).await {
            tillroll.must_run()?;
            if Instant::now() > deadline {
                return Err(format!("{role} is not ready in time").into());
            }
            sleep(LOOK_EVERY).await;
        }
        Ok(tillroll)
    }

    /// Waits until the public door is open, which is when everything serves.
    pub async fn until_open(&mut self, door: SocketAddr) -> Result<(), Failure> {
        let open = until_open(door, READY_WITHIN);
        tokio::select! {
            open = open => open,
            ended = self.process.wait() => Err(format!("tillroll has ended: {}", ended?).into()),
        }
    }

    /// Where its keys are.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    fn must_run(&mut self) -> Result<(), Failure> {
        match self.process.try_wait()? {
            Some(status) => Err(format!("tillroll has ended: {status}").into()),
            None => Ok(()),
        }
    }

    /// Asks it to stop, so that it leaves its groups, and waits for its end.
    pub async fn stop(mut self) -> Result<(), Failure> {
        kill(Pid::from_raw(i32::try_from(self.pid)?), Signal::SIGTERM)?;
        timeout(STOPS_WITHIN, self.process.wait()).await.map_err(|_| "tillroll does not stop")??;
        Ok(())
    }
}

async fn is_ready(listen: SocketAddr) -> bool {
    let asked = async {
        let mut connection = Connection::open(listen).await?;
        let request = Request::get("/health/ready").header("host", "bench").body(Full::new(Bytes::new()))?;
        connection.send(request).await
    };
    asked.await.is_ok_and(|answer| answer.status() == StatusCode::OK)
}

/// Beside this program, as cargo lays them out.
fn binary() -> Result<PathBuf, Failure> {
    let beside = std::env::current_exe()?.with_file_name("tillroll");
    match beside.is_file() {
        true => Ok(beside),
        false => {
            Err(format!("{} is not there: cargo build --release -p tillroll -p tillroll-bench", beside.display())
                .into())
        }
    }
}
