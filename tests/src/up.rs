//! What a person starts: `tillroll up`, which brings its own Kafka and PostgreSQL.

use crate::process::{Finished, Launch, Tillroll, run_script};
use crate::system::{free_port, mint};
use crate::{Http, Outcome, paths};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tempfile::TempDir;

/// An installation of its own; gone with the value.
pub struct Up {
    /// The process: dropped before the directory that it works in.
    pub tillroll: Tillroll,
    launch: Launch,
    url: String,
    _home: TempDir,
}

impl Up {
    /// A new installation, which has not been started.
    pub(crate) fn new() -> Outcome<Self> {
        let home = tempfile::Builder::new().prefix("tillroll-up-").tempdir()?;
        // PostgreSQL never runs as root, and must enter it.
        std::fs::set_permissions(home.path(), PermissionsExt::from_mode(0o755))?;
        let address = format!("127.0.0.1:{}", free_port()?);
        let jars = paths::jars().to_string_lossy().into_owned();
        let launch = Launch {
            home: home.path().to_owned(),
            server: &["up"],
            settings: vec![
                ("TILLROLL_KAFKA_LIBS", jars),
                ("TILLROLL_LISTEN", address.clone()),
                ("PATH", paths::variable("PATH").unwrap_or_default()),
            ],
        };
        let tillroll = Tillroll::new(launch.clone());
        Ok(Self { tillroll, launch, url: format!("http://{address}"), _home: home })
    }

    /// The door's address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where everything of it is.
    pub fn home(&self) -> &Path {
        &self.launch.home
    }

    /// Runs one of `scripts` on this installation, which TILLROLL_HOME names.
    pub async fn script(&self, name: &str, arguments: &[&str]) -> Outcome<Finished> {
        let (script, jars) = (paths::workspace().join("scripts").join(name), paths::jars());
        let settings = [("TILLROLL_HOME", self.home().as_os_str()), ("TILLROLL_KAFKA_LIBS", jars.as_os_str())];
        run_script(&script, arguments, &settings).await
    }

    /// Runs a command of the binary, with these settings besides this installation's, or instead of them.
    pub async fn run(&self, settings: &[(&'static str, String)], arguments: &[&str]) -> Outcome<Finished> {
        let launch = Launch { settings: [&self.launch.settings, settings].concat(), ..self.launch.clone() };
        launch.run(arguments).await
    }

    /// The public door, for staff.
    pub async fn http(&self) -> Outcome<Http> {
        let staff = mint(&self.launch, &["--role", "staff"]).await?;
        Ok(Http::new(&self.url, Some(&staff)))
    }
}
