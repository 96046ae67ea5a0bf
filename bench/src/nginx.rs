//! A limit: nginx as a reverse proxy with connections kept alive on both sides, as one process.

use crate::Failure;
use crate::http::{free_address, until_open};
use crate::pgbench::on_path;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// Where Debian has it, which is not on every user's path.
const DEBIAN: &str = "/usr/sbin/nginx";

/// A running nginx. Dropping it kills it.
pub struct Nginx {
    pub address: SocketAddr,
    pub pid: u32,
    process: Child,
    _directory: TempDir,
}

impl Nginx {
    /// In front of that address; nothing if the program is not installed.
    pub async fn start(upstream: SocketAddr) -> Result<Option<Self>, Failure> {
        let debian = Path::new(DEBIAN);
        let Some(program) = on_path("nginx").or_else(|| debian.is_file().then(|| debian.to_owned())) else {
            return Ok(None);
        };
        let (address, directory) = (free_address().await?, tempfile::tempdir()?);
        let file = directory.path().join("nginx.conf");
        std::fs::write(&file, configuration(directory.path(), address, upstream))?;
        let mut command = Command::new(program);
        command.arg("-p").arg(directory.path()).arg("-c").arg(&file).args(["-e", "stderr"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        tillroll_devstack::die_with_parent(command.as_std_mut());
        let process = command.spawn()?;
        let pid = process.id().ok_or("nginx has ended")?;
        until_open(address, Duration::from_secs(20)).await?;
        Ok(Some(Self { address, pid, process, _directory: directory }))
    }

    pub async fn stop(mut self) -> Result<(), Failure> {
        Ok(self.process.kill().await?)
    }
}

/// One process, which ends with its parent; a master's workers would outlive a kill.
fn configuration(directory: &Path, address: SocketAddr, upstream: SocketAddr) -> String {
    let directory = directory.display();
    format!(
        "daemon off; master_process off; pid {directory}/pid; error_log stderr crit;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/fastcgi; uwsgi_temp_path {directory}/uwsgi; scgi_temp_path {directory}/scgi;
  upstream role {{ server {upstream}; keepalive 512; }}
  server {{
    listen {address};
    keepalive_requests 1000000000;
    location / {{ proxy_pass http://role; proxy_http_version 1.1; proxy_set_header Connection \"\"; }}
  }}
}}
"
    )
}
