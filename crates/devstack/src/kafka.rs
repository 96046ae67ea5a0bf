//! The broker: one Kafka node (broker and controller in one) from the jars of a directory.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::home::Home;
use crate::ports::Port;
use crate::server::run_tool;
use crate::{StackConfig, StackError, Tuning, config, metadata_request, programs, random};

const SERVER_PROPERTIES: &str = include_str!("../resources/server.properties");
const LOG4J_PROPERTIES: &str = include_str!("../resources/log4j2.properties");
/// The class-data archive that scripts/setup makes beside the jars. Optional: without it the start takes longer.
const ARCHIVE: &str = "kafka.jsa";

/// Everything about the broker that stays the same from start to start.
#[derive(Debug)]
pub(crate) struct Kafka {
    java: PathBuf,
    port: Port,
    controller_port: Port,
    data: PathBuf,
    log: PathBuf,
    properties: PathBuf,
    log4j: PathBuf,
    jars: PathBuf,
    class_path: String,
    tuning: Tuning,
}

impl Kafka {
    /// Chooses ports, finds the jars, writes the configuration.
    pub(crate) fn configure(config: &StackConfig, home: &Home) -> Result<Self, StackError> {
        let (jars, class_path) = class_path(&config.jars)?;
        let kafka = Self {
            java: programs::java()?,
            port: Port::take(config.kafka_port, "Kafka", config::KAFKA_PORT_VARIABLE)?,
            controller_port: Port::any()?,
            data: home.data("kafka"),
            log: home.logs().join("kafka.log"),
            properties: home.run("server.properties"),
            log4j: home.run("log4j2.properties"),
            jars,
            class_path,
            tuning: config.broker_tuning,
        };
        write(&kafka.properties, &kafka.server_properties())?;
        write(&kafka.log4j, LOG4J_PROPERTIES)?;
        Ok(kafka)
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

    /// The quorum is named here, not in the formatted data (`format --standalone`): the controller's port is another
    /// at each start, and a quorum stored in the log would still point at the first.
    fn server_properties(&self) -> String {
        let (port, controller, data) = (self.port.number(), self.controller_port.number(), self.data.display());
        format!(
            "{SERVER_PROPERTIES}\n\
             listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}\n\
             advertised.listeners=PLAINTEXT://127.0.0.1:{port}\n\
             controller.quorum.voters=1@127.0.0.1:{controller}\n\
             log.dirs={data}\n"
        )
    }

    /// Formats the data directory if that has not been done.
    pub(crate) async fn prepare(&self) -> Result<(), StackError> {
        if self.data.join("meta.properties").exists() {
            return Ok(());
        }
        std::fs::create_dir_all(&self.data).map_err(StackError::io(format!("create {}", self.data.display())))?;
        let cluster_id = cluster_id(random::bytes()?);
        let mut command = self.java(Tuning::Dev);
        command.args(["kafka.tools.StorageTool", "format", "--ignore-formatted", "--cluster-id", &cluster_id]);
        command.arg("--config").arg(&self.properties);
        run_tool(command, "Kafka's StorageTool", &self.log).await
    }

    /// The server's command line, logging into `log`.
    pub(crate) fn command(&self, log: &File) -> Result<Command, StackError> {
        let output = || log.try_clone().map_err(StackError::io("share the broker's log"));
        let mut command = self.java(self.tuning);
        command.arg("kafka.Kafka").arg(&self.properties);
        command.stdin(Stdio::null()).stdout(output()?).stderr(output()?);
        Ok(command)
    }

    /// Ready is who answers a metadata request and knows a broker that clients may use.
    pub(crate) async fn ask(&self) -> Result<(), String> {
        match metadata_request::count_brokers(self.port()).await {
            Ok(0) => Err("the broker is not registered yet".to_owned()),
            Ok(_) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }

    fn java(&self, tuning: Tuning) -> Command {
        let mut command = Command::new(&self.java);
        command.current_dir(&self.data);
        command.args(match tuning {
            Tuning::Dev => &["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xms64m", "-Xmx512m"][..],
            Tuning::Bench => &["-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20", "-Xms512m", "-Xmx1g"][..],
        });
        let archive = self.jars.join(ARCHIVE);
        if archive.exists() {
            // An archive that does not fit (other JDK, other jars) is passed over by the JVM with a warning.
            command.arg("-Xshare:auto").arg(format!("-XX:SharedArchiveFile={}", archive.display()));
        }
        command.arg("-Djava.awt.headless=true");
        command.arg(format!("-Dlog4j2.configurationFile={}", self.log4j.display()));
        command.arg("-cp").arg(&self.class_path);
        command
    }
}

/// Kafka's ids are 16 bytes in URL-safe base64. One that begins with `-` would be taken for an option on a command
/// line (one in 64 does), so the first letter is kept in the lower half of the alphabet.
fn cluster_id(mut bytes: [u8; 16]) -> String {
    bytes[0] &= 0x7f;
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The directory with the jars, if they are there.
pub(crate) fn jars(dir: &Path) -> Result<PathBuf, StackError> {
    class_path(dir).map(|(dir, _)| dir)
}

/// The jars in the order of their names, with absolute paths: the class-data archive holds for exactly this text.
fn class_path(dir: &Path) -> Result<(PathBuf, String), StackError> {
    let none = || StackError::NoJars { dir: dir.to_owned() };
    let dir = dir.canonicalize().map_err(|_missing| none())?;
    let entries = std::fs::read_dir(&dir).map_err(StackError::io(format!("read {}", dir.display())))?;
    let mut jars: Vec<String> = entries
        .flatten()
        .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "jar"))
        .map(|entry| entry.path().display().to_string())
        .collect();
    jars.sort_unstable();
    if jars.iter().any(|jar| jar.contains("/kafka_2.13-")) { Ok((dir, jars.join(":"))) } else { Err(none()) }
}

fn write(path: &Path, text: &str) -> Result<(), StackError> {
    std::fs::write(path, text).map_err(StackError::io(format!("write {}", path.display())))
}

#[cfg(test)]
mod tests;
