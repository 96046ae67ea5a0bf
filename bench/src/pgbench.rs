//! A limit: PostgreSQL asked by its own benchmark, `pgbench -S -M prepared`, on the same server.

use crate::Failure;
use crate::measured::Measured;
use hyper::Uri;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tillroll_devstack::Stack;
use tokio::process::Command;

const DATABASE: &str = "pgbench";
/// Where Debian has the programs of its packages.
const DEBIAN: &str = "/usr/lib/postgresql";
/// Threads of pgbench.
const THREADS: usize = 2;

/// The program, with a database of its own that is filled.
pub struct Pgbench {
    program: PathBuf,
    url: Uri,
}

impl Pgbench {
    /// Nothing if the program is not installed.
    pub async fn prepare(stack: &Stack) -> Result<Option<Self>, Failure> {
        let Some(program) = find() else { return Ok(None) };
        let url = stack.create_database(DATABASE).await?.parse()?;
        let pgbench = Self { program, url };
        pgbench.run(&["-i", "-q", "-s", "1"]).await?;
        Ok(Some(pgbench))
    }

    /// That many clients in closed loops; whole seconds.
    pub async fn select(&self, clients: usize, seconds: Duration) -> Result<Measured, Failure> {
        let seconds = seconds.as_secs().max(1);
        let (clients, threads) = (clients.to_string(), THREADS.min(clients).to_string());
        let arguments = ["-n", "-S", "-M", "prepared", "-c", &clients, "-j", &threads, "-T", &seconds.to_string()];
        let said = self.run(&arguments).await?;
        let per_second = tps(&said).ok_or_else(|| format!("pgbench says no rate: {said}"))?;
        Ok(Measured { count: per_second * seconds, per_second, ..Measured::default() })
    }

    /// The password goes by the environment: other users see arguments.
    async fn run(&self, arguments: &[&str]) -> Result<String, Failure> {
        let authority = self.url.authority().ok_or("no server in the database's address")?;
        let (user, password) =
            authority.as_str().split_once('@').and_then(|(user, _)| user.split_once(':')).unwrap_or_default();
        let output = Command::new(&self.program)
            .args(arguments)
            .env("PGHOST", authority.host())
            .env("PGPORT", authority.port_u16().unwrap_or(5_432).to_string())
            .env("PGUSER", user)
            .env("PGPASSWORD", password)
            .env("PGDATABASE", DATABASE)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await?;
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            false => Err(format!("pgbench: {}", String::from_utf8_lossy(&output.stderr)).into()),
        }
    }
}

/// `tps = 12345.678901 (without initial connection time)`
fn tps(said: &str) -> Option<u64> {
    let rate = said.lines().find_map(|line| line.strip_prefix("tps = "))?;
    rate.split(['.', ' ']).next()?.parse().ok()
}

/// On the path, or the newest of Debian's.
fn find() -> Option<PathBuf> {
    let mut debian: Vec<PathBuf> =
        std::fs::read_dir(DEBIAN).into_iter().flatten().flatten().map(|e| e.path()).collect();
    debian.sort();
    debian
        .into_iter()
        .rev()
        .map(|version| version.join("bin/pgbench"))
        .find(|path| path.is_file())
        .or_else(|| on_path("pgbench"))
}

/// A program that the shell would find.
#[expect(clippy::disallowed_methods, reason = "PATH is no configuration of Tillroll")]
pub fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|directory| directory.join(program)).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::tps;

    #[test]
    fn the_rate_is_read_from_what_pgbench_says() {
        let said = "transaction type: <builtin: select only>\nlatency average = 0.140 ms\n\
            tps = 7123.456789 (without initial connection time)\n";
        assert_eq!(tps(said), Some(7_123));
        assert_eq!(tps("pgbench: error"), None);
    }
}
