//! What can go wrong while servers are found, started and stopped, each with the way out.

use std::path::PathBuf;

/// Why a stack could not be started, reached or stopped.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// The operating system refused something.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done, e.g. `create /srv/.tillroll/logs`.
        doing: String,
        /// The system's answer.
        #[source]
        source: std::io::Error,
    },
    /// The Kafka jars are not where they were expected.
    #[error("no Kafka jars in {}: run scripts/setup, or point TILLROLL_KAFKA_LIBS at them", dir.display())]
    NoJars {
        /// Where they were looked for.
        dir: PathBuf,
    },
    /// No Java on PATH.
    #[error("no `java` on PATH: install a JDK 17 or newer (Debian: openjdk-17-jdk-headless), or run scripts/setup")]
    NoJava,
    /// No usable PostgreSQL server on this machine.
    #[error(
        "no PostgreSQL 15 or newer found on PATH, in /usr/lib/postgresql/*/bin or by pg_config{found}: \
         install it (Debian: postgresql), or run scripts/setup"
    )]
    NoPostgres {
        /// What was found instead, if anything.
        found: String,
    },
    /// PostgreSQL refuses to run as root, and there is nobody else to run it as.
    #[error("PostgreSQL does not run as root, and neither `postgres` nor `nobody` exists here: run as another user")]
    NoAccount,
    /// The user that runs PostgreSQL cannot reach its data.
    #[error(
        "PostgreSQL runs as `{account}`, who may not enter {}: keep the stack elsewhere (for example below /var/lib or \
         /srv; the root may be a symbolic link), or allow it with chmod o+x",
        dir.display()
    )]
    NotTraversable {
        /// Whom PostgreSQL runs as.
        account: String,
        /// The first directory that is closed to it.
        dir: PathBuf,
    },
    /// A port that was asked for is in use.
    #[error(
        "port {port} for {server} on 127.0.0.1 is taken: stop what listens there, or set {variable} to another port"
    )]
    PortTaken {
        /// `Kafka` or `PostgreSQL`.
        server: &'static str,
        /// The port asked for.
        port: u16,
        /// The environment variable that chooses it.
        variable: &'static str,
    },
    /// No free port in the whole range: something is very wrong with the machine.
    #[error("no free port between {from} and {to} on 127.0.0.1")]
    NoFreePort {
        /// First port tried.
        from: u16,
        /// Last port tried.
        to: u16,
    },
    /// The log is kept by another number of brokers than was asked for.
    #[error(
        "the log in {} is kept by another number of brokers ({kept}): set TILLROLL_BROKERS={kept}, or begin anew with \
         scripts/down --wipe",
        dir.display()
    )]
    OtherBrokers {
        /// How many.
        kept: u16,
        /// Where.
        dir: PathBuf,
    },
    /// Another process runs a stack on the same directory.
    #[error("another Tillroll (pid {pid}) runs on {}: stop it (scripts/down), or choose another root", root.display())]
    Locked {
        /// The directory in question.
        root: PathBuf,
        /// As the lock's holder wrote it.
        pid: String,
    },
    /// A server of an earlier stack does not go away.
    #[error("a server left by an earlier stack (pid {pid}) still works in {}: stop it first", dir.display())]
    Orphan {
        /// The lingering process.
        pid: i32,
        /// Its data directory.
        dir: PathBuf,
    },
    /// A server ended before it was ready.
    #[error("{server} ended with {status} before it was ready; the end of {}:\n{tail}", log.display())]
    Ended {
        /// `Kafka`, `PostgreSQL`, or the tool that prepares its data.
        server: &'static str,
        /// How it ended.
        status: String,
        /// Its log.
        log: PathBuf,
        /// The log's last lines.
        tail: String,
    },
    /// A server did not answer in time.
    #[error("{server} did not answer within {seconds} s (last: {last}); the end of {}:\n{tail}", log.display())]
    NotReady {
        /// `Kafka` or `PostgreSQL`.
        server: &'static str,
        /// The deadline.
        seconds: u64,
        /// What the last attempt met.
        last: String,
        /// Its log.
        log: PathBuf,
        /// The log's last lines.
        tail: String,
    },
    /// This build has no containers.
    #[error(
        "TILLROLL_STACK=containers: this build cannot start containers; build it with them (cargo build --features \
         containers, as scripts/up does), or use TILLROLL_STACK=native"
    )]
    NoContainers,
    /// No container engine answers.
    #[error(
        "TILLROLL_STACK=containers: no container engine answers ({source}); start Docker, or name another by \
         DOCKER_HOST, or use TILLROLL_STACK=native"
    )]
    NoEngine {
        /// What was met.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The container engine refused something.
    #[error("{doing}: {source}")]
    Container {
        /// What was being done, e.g. `start apache/kafka:4.1.1`.
        doing: String,
        /// The engine's answer.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An operation on a process, where the servers are somebody else's, or in containers.
    #[error("{server} is not a process of this stack and cannot be controlled from here")]
    External {
        /// `Kafka` or `PostgreSQL`.
        server: &'static str,
    },
    /// The server is not running, or runs already.
    #[error("{server} is {state}")]
    WrongState {
        /// `Kafka` or `PostgreSQL`.
        server: &'static str,
        /// What it is instead.
        state: &'static str,
    },
    /// A variable holds something that nobody understands.
    #[error("{variable}: {problem}")]
    Variable {
        /// The environment variable.
        variable: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// PostgreSQL refused a statement.
    #[error("{doing}: {source}")]
    Sql {
        /// What was being done.
        doing: String,
        /// The server's answer.
        #[source]
        source: tokio_postgres::Error,
    },
    /// A database name that would need quoting.
    #[error("database name `{name}`: use a-z, 0-9 and _, at most 63 of them, beginning with a letter")]
    DatabaseName {
        /// The name asked for.
        name: String,
    },
}

impl StackError {
    /// Wraps an I/O error with what was being done.
    pub(crate) fn io(doing: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Io { doing, source }
    }
}
