//! PostgreSQL: one cluster on 127.0.0.1, reached by password only, run by an unprivileged user.

use std::fs::File;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::account::Account;
use crate::database;
use crate::home::Home;
use crate::ports::Port;
use crate::server::run_tool;
use crate::{Data, StackConfig, StackError, config, programs, random};

/// The superuser of the cluster and the name of the first database.
pub(crate) const NAME: &str = "tillroll";
/// Wherever the server runs.
pub(crate) const SETTINGS: [&str; 8] = [
    "cluster_name=tillroll",
    "max_connections=200",
    "shared_buffers=128MB",
    "timezone=UTC",
    "log_timezone=UTC",
    "log_line_prefix=%m [%p] %u@%d ",
    "log_checkpoints=off",
    "synchronous_commit=on",
];

/// Everything about the server that stays the same from start to start.
#[derive(Debug)]
pub(crate) struct Postgres {
    port: Port,
    data: PathBuf,
    log: PathBuf,
    programs: PathBuf,
    account: Option<Account>,
    keep: Data,
    password: Secret,
}

/// Kept out of `Debug`.
struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("…")
    }
}

impl Postgres {
    /// Chooses the port, finds the programs and the password.
    pub(crate) fn configure(config: &StackConfig, home: &Home, account: Option<Account>) -> Result<Self, StackError> {
        Ok(Self {
            port: Port::take(config.postgres_port, "PostgreSQL", config::POSTGRES_PORT_VARIABLE)?,
            data: home.data("postgres"),
            log: home.logs().join("postgres.log"),
            programs: programs::postgres_dir()?,
            account,
            keep: home.keep(),
            password: Secret(password(&home.data("postgres.password"))?),
        })
    }

    pub(crate) fn port(&self) -> u16 {
        self.port.number()
    }

    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.log.clone()
    }

    /// The address of one database of this server.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://{NAME}:{}@127.0.0.1:{}/{database}", self.password.0, self.port())
    }

    /// The address of the shop's own database.
    pub(crate) fn shop_url(&self) -> String {
        self.url(NAME)
    }

    /// Makes the cluster if there is none. It gets its final name only when it is whole, so that a start that was
    /// killed half-way leaves nothing that looks like a cluster.
    pub(crate) async fn prepare(&self) -> Result<(), StackError> {
        if self.data.join("PG_VERSION").exists() {
            return Ok(());
        }
        let unfinished = self.data.with_extension("unfinished");
        let password_file = self.data.with_extension("pwfile");
        remove(&unfinished)?;
        std::fs::DirBuilder::new()
            .mode(0o700)
            .create(&unfinished)
            .map_err(StackError::io(format!("create {}", unfinished.display())))?;
        write_private(&password_file, &self.password.0)?;
        if let Some(account) = &self.account {
            account.own(&unfinished)?;
            account.own(&password_file)?;
        }
        let made = run_tool(self.initdb(&unfinished, &password_file), "PostgreSQL's initdb", &self.log).await;
        let forgotten = std::fs::remove_file(&password_file);
        made?;
        forgotten.map_err(StackError::io(format!("remove {}", password_file.display())))?;
        std::fs::rename(&unfinished, &self.data).map_err(StackError::io(format!("create {}", self.data.display())))
    }

    fn initdb(&self, dir: &Path, password_file: &Path) -> Command {
        let mut command = self.program("initdb", dir);
        command.args(["--username", NAME, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"]);
        command.arg("--pgdata").arg(dir).arg("--pwfile").arg(password_file);
        if self.keep == Data::Fresh {
            command.arg("--no-sync");
        }
        command
    }

    /// The server's command line, logging into `log`.
    pub(crate) fn command(&self, log: &File) -> Result<Command, StackError> {
        self.forget_dead_postmaster()?;
        let output = || log.try_clone().map_err(StackError::io("share PostgreSQL's log"));
        let mut command = self.program("postgres", &self.data);
        command.arg("-D").arg(&self.data);
        for setting in self.settings() {
            command.arg("-c").arg(setting);
        }
        command.stdin(Stdio::null()).stdout(output()?).stderr(output()?);
        Ok(command)
    }

    /// A killed postmaster leaves its number behind, and a new one refuses to start while anybody has that number: a
    /// stranger, after a restart of the machine, or a zombie that nobody has collected. Nobody works here any more when
    /// this is called, and PostgreSQL still checks its shared memory for sessions of a dead postmaster.
    fn forget_dead_postmaster(&self) -> Result<(), StackError> {
        let file = self.data.join("postmaster.pid");
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(StackError::io(format!("remove {}", file.display()))(error))
            }
            _ => Ok(()),
        }
    }

    fn settings(&self) -> Vec<String> {
        let mut settings = vec![format!("port={}", self.port())];
        let here = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "logging_collector=off"];
        settings.extend(here.into_iter().chain(SETTINGS).map(str::to_owned));
        if self.keep == Data::Fresh {
            // Thrown away anyway; a killed server still finds everything, a machine without power would not.
            settings.extend(["fsync=off", "full_page_writes=off"].map(str::to_owned));
        }
        settings
    }

    fn program(&self, name: &str, dir: &Path) -> Command {
        let mut command = Command::new(self.programs.join(name));
        command.current_dir(dir).env("LC_ALL", "C");
        if let Some(account) = &self.account {
            account.assume(&mut command);
        }
        command
    }

    /// Ready is who answers a query.
    pub(crate) async fn ask(&self) -> Result<(), String> {
        database::ask(&self.url("postgres")).await.map_err(|error| error.to_string())
    }

    /// Makes the shop's database if there is none.
    pub(crate) async fn create_shop_database(&self) -> Result<(), StackError> {
        database::create(&self.url("postgres"), NAME).await
    }
}

/// Read from its file; made at the first start, readable by this user only.
pub(crate) fn password(path: &Path) -> Result<String, StackError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(text.trim().to_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let password: String = random::bytes::<24>()?.iter().map(|byte| format!("{byte:02x}")).collect();
            write_private(path, &password)?;
            Ok(password)
        }
        Err(error) => Err(StackError::io(format!("read {}", path.display()))(error)),
    }
}

fn write_private(path: &Path, text: &str) -> Result<(), StackError> {
    let write = || {
        let options = File::options().create(true).truncate(true).write(true).mode(0o600).clone();
        std::io::Write::write_all(&mut options.open(path)?, text.as_bytes())
    };
    write().map_err(StackError::io(format!("write {}", path.display())))
}

fn remove(dir: &Path) -> Result<(), StackError> {
    match std::fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(StackError::io(format!("remove {}", dir.display()))(error))
        }
        _ => Ok(()),
    }
}
