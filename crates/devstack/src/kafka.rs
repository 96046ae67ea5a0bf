//! The brokers: each a Kafka node (broker and controller in one) from the jars of a directory.

mod place;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::home::Home;
use crate::ports::Port;
use crate::server::run_tool;
use crate::{Brokers, StackConfig, StackError, Tuning, metadata_request, programs, random};
pub(crate) use place::DIRECTORIES;
use place::Place;

const SERVER_PROPERTIES: &str = include_str!("../resources/server.properties");
const ONE_PROPERTIES: &str = include_str!("../resources/one.properties");
const THREE_PROPERTIES: &str = include_str!("../resources/three.properties");
const LOG4J_PROPERTIES: &str = include_str!("../resources/log4j2.properties");
/// The class-data archive that scripts/setup makes beside the jars. Optional: without it the start takes longer.
const ARCHIVE: &str = "kafka.jsa";
/// Made when a data directory is formatted.
const FORMATTED: &str = "meta.properties";

/// Everything about a broker that stays the same from start to start.
#[derive(Debug)]
pub(crate) struct Kafka {
    place: Place,
    java: PathBuf,
    ports: Ports,
    cluster_id: String,
    data: PathBuf,
    log: PathBuf,
    properties: PathBuf,
    log4j: PathBuf,
    jars: PathBuf,
    class_path: String,
    tuning: Tuning,
}

#[derive(Debug)]
struct Ports {
    clients: Port,
    controllers: Port,
}

impl Kafka {
    /// Chooses ports, finds the jars, writes the configuration of each broker.
    pub(crate) fn configure(config: &StackConfig, home: &Home) -> Result<Vec<Self>, StackError> {
        let places = Place::all(config.brokers);
        refuse_other_brokers(config.brokers, home)?;
        let (jars, class_path) = class_path(&config.jars)?;
        let java = programs::java()?;
        let cluster_id = kept_cluster_id(&places, home).map_or_else(new_cluster_id, Ok)?;
        let mut brokers = Vec::new();
        for place in places {
            brokers.push(Self {
                java: java.clone(),
                ports: Ports { clients: place.port(config.kafka_port)?, controllers: Port::any()? },
                cluster_id: cluster_id.clone(),
                data: home.data(place.directory()),
                log: home.logs().join(format!("{}.log", place.directory())),
                properties: home.run(&place.file("server", "properties")),
                log4j: home.run("log4j2.properties"),
                jars: jars.clone(),
                class_path: class_path.clone(),
                tuning: config.broker_tuning,
                place,
            });
        }
        let voters: Vec<String> = brokers.iter().map(Self::voter).collect();
        for broker in &brokers {
            write(&broker.properties, &broker.server_properties(&voters.join(",")))?;
            write(&broker.log4j, LOG4J_PROPERTIES)?;
        }
        Ok(brokers)
    }

    /// For messages.
    pub(crate) fn name(&self) -> &'static str {
        self.place.name()
    }

    pub(crate) fn port(&self) -> u16 {
        self.ports.clients.number()
    }

    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.log.clone()
    }

    fn voter(&self) -> String {
        format!("{}@127.0.0.1:{}", self.place.id(), self.ports.controllers.number())
    }

    /// The quorum is named here, not in the formatted data (`format --standalone`): the controller's port is another
    /// at each start, and a quorum stored in the log would still point at the first.
    fn server_properties(&self, voters: &str) -> String {
        let (port, controller, data) = (self.port(), self.ports.controllers.number(), self.data.display());
        let (id, replicas) = (
            self.place.id(),
            match self.place {
                Place::Alone => ONE_PROPERTIES,
                Place::OfThree(_) => THREE_PROPERTIES,
            },
        );
        format!(
            "{SERVER_PROPERTIES}{replicas}\n\
             node.id={id}\n\
             listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}\n\
             advertised.listeners=PLAINTEXT://127.0.0.1:{port}\n\
             controller.quorum.voters={voters}\n\
             log.dirs={data}\n"
        )
    }

    /// Formats the data directory if that has not been done.
    pub(crate) async fn prepare(&self) -> Result<(), StackError> {
        if self.data.join(FORMATTED).exists() {
            return Ok(());
        }
        std::fs::create_dir_all(&self.data).map_err(StackError::io(format!("create {}", self.data.display())))?;
        let mut command = self.java(Tuning::Dev);
        command.args(["kafka.tools.StorageTool", "format", "--ignore-formatted", "--cluster-id", &self.cluster_id]);
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

    /// Ready is who answers a metadata request and is one of the brokers that clients may use.
    pub(crate) async fn ask(&self) -> Result<(), String> {
        match metadata_request::brokers(self.port()).await {
            Ok(brokers) if brokers.contains(&self.place.id()) => Ok(()),
            Ok(_) => Err("the broker is not registered yet".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    fn java(&self, tuning: Tuning) -> Command {
        let mut command = Command::new(&self.java);
        command.current_dir(&self.data);
        command.args(match (tuning, self.place) {
            (Tuning::Dev, Place::Alone) => &["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xms64m", "-Xmx512m"][..],
            (Tuning::Dev, Place::OfThree(_)) => &["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xms64m", "-Xmx320m"],
            (Tuning::Bench, _) => &["-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20", "-Xms512m", "-Xmx1g"][..],
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

fn new_cluster_id() -> Result<String, StackError> {
    random::bytes().map(cluster_id)
}

/// The cluster's id as any broker was formatted with it: of three that were to be formatted only some may have been.
fn kept_cluster_id(places: &[Place], home: &Home) -> Option<String> {
    let of = |place: &Place| {
        let meta = std::fs::read_to_string(home.data(place.directory()).join(FORMATTED)).ok()?;
        meta.lines().find_map(|line| line.strip_prefix("cluster.id=")).map(|id| id.trim().to_owned())
    };
    places.iter().find_map(of)
}

/// The log of one broker cannot be gone on with by three, nor the other way round.
fn refuse_other_brokers(asked: Brokers, home: &Home) -> Result<(), StackError> {
    let other = match asked {
        Brokers::One => Brokers::Three,
        Brokers::Three => Brokers::One,
    };
    let kept = Place::all(other).into_iter().map(|place| home.data(place.directory()));
    match kept.into_iter().find(|dir| dir.join(FORMATTED).exists()) {
        Some(dir) => Err(StackError::OtherBrokers { kept: other.count(), dir }),
        None => Ok(()),
    }
}

/// Kafka's ids are 16 bytes in URL-safe base64. One that begins with `-` would be taken for an option on a command
/// line (one in 64 does), so the first letter is kept in the lower half of the alphabet.
fn cluster_id(mut bytes: [u8; 16]) -> String {
    bytes[0] &= 0x7f;
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The properties of a single broker in a container, as its image takes them from the environment. It listens for
/// clients on every address of the container, under the port by which they reach it on this machine.
#[cfg(feature = "containers")]
pub(crate) fn properties_of_container(port: u16, data: &str) -> Vec<(String, String)> {
    let own = format!(
        "node.id=1\n\
         listeners=PLAINTEXT://:{port},CONTROLLER://localhost:9093\n\
         advertised.listeners=PLAINTEXT://127.0.0.1:{port}\n\
         controller.quorum.voters=1@localhost:9093\n\
         log.dirs={data}\n"
    );
    let lines = [SERVER_PROPERTIES, ONE_PROPERTIES, &own].concat();
    let properties = lines.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
    let variable = |name: &str| format!("KAFKA_{}", name.to_uppercase().replace('.', "_"));
    properties.map(|(name, value)| (variable(name), value.to_owned())).collect()
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
