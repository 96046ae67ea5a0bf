//! Kafka and PostgreSQL in containers, by testcontainers. Kept data are volumes of the engine, named in `<root>/data`,
//! so that a stack finds its own again and `scripts/down --wipe` finds them too.
//!
//! Containers are not children: what was killed leaves them behind, and the next start removes them.

mod engine;
mod request;

use std::time::{Duration, Instant};

use testcontainers::runners::AsyncRunner;
use testcontainers::{ContainerAsync, ContainerRequest, GenericImage};

use crate::home::Home;
use crate::log_file::LogFile;
use crate::ports::Port;
use crate::{Brokers, Images, StackConfig, StackError, config, database, metadata_request, postgres};
use request::Plan;

/// Until a server must answer. An image that has to be fetched first does not count.
const READY_WITHIN: Duration = Duration::from_secs(90);
const STOP_WITHIN_SECONDS: i32 = 15;
const ASK_EVERY: Duration = Duration::from_millis(50);

/// Both servers, with the ports that they have on 127.0.0.1.
#[derive(Debug)]
pub(crate) struct Contained {
    kafka: Server,
    postgres: Server,
    /// Locked for as long as they run.
    home: Home,
}

#[derive(Debug)]
struct Server {
    container: ContainerAsync<GenericImage>,
    port: Port,
}

impl Contained {
    /// Starts both and waits until both answer.
    pub(crate) async fn start(images: &Images, config: &StackConfig) -> Result<Self, StackError> {
        if config.brokers != Brokers::One {
            let problem = "only TILLROLL_STACK=native starts more than one broker".to_owned();
            return Err(StackError::Variable { variable: config::BROKERS_VARIABLE, problem });
        }
        engine::answers().await?;
        let home = Home::open(&config.root, config.keep, None)?;
        let plan = Plan {
            name: engine::name(&home)?,
            keep: config.keep,
            password: postgres::password(&home.data("postgres.password"))?,
        };
        let kafka = Port::take(config.kafka_port, "Kafka", config::KAFKA_PORT_VARIABLE)?;
        let postgres = Port::take(config.postgres_port, "PostgreSQL", config::POSTGRES_PORT_VARIABLE)?;
        for part in [request::KAFKA, request::POSTGRES] {
            engine::remove(&plan.called(part)).await?;
        }
        let (kafka, postgres) = tokio::try_join!(
            run(plan.kafka(&images.kafka, kafka.number())?, kafka, &images.kafka),
            run(plan.postgres(&images.postgres, postgres.number())?, postgres, &images.postgres),
        )?;
        let contained = Self { kafka, postgres, home };
        let database_url = contained.database_url(&plan.password);
        tokio::try_join!(
            contained.ready("Kafka", &contained.kafka, async || kafka_answers(contained.kafka_port()).await),
            contained.ready("PostgreSQL", &contained.postgres, async || {
                database::ask(&database_url).await.map_err(|error| error.to_string())
            }),
        )?;
        Ok(contained)
    }

    pub(crate) fn kafka_port(&self) -> u16 {
        self.kafka.port.number()
    }

    pub(crate) fn database_url(&self, password: &str) -> String {
        let (name, port) = (postgres::NAME, self.postgres.port.number());
        format!("postgres://{name}:{password}@127.0.0.1:{port}/{name}")
    }

    pub(crate) fn shop_url(&self) -> Result<String, StackError> {
        postgres::password(&self.home.data("postgres.password")).map(|password| self.database_url(&password))
    }

    pub(crate) fn home(&self) -> &Home {
        &self.home
    }

    /// Stops both cleanly and removes them; what is kept stays in their volumes.
    pub(crate) async fn stop(self) -> Result<(), StackError> {
        let (kafka, postgres) = tokio::join!(stop(self.kafka), stop(self.postgres));
        kafka.and(postgres)
    }

    /// Asks until there is an answer, or the container has ended.
    async fn ready(
        &self,
        name: &'static str,
        server: &Server,
        ask: impl AsyncFn() -> Result<(), String>,
    ) -> Result<(), StackError> {
        let began = Instant::now();
        loop {
            let Err(last) = ask().await else { return Ok(()) };
            let runs = server.container.is_running().await.unwrap_or(true);
            if !runs || began.elapsed() > READY_WITHIN {
                return Err(self.not_ready(name, server, last).await);
            }
            tokio::time::sleep(ASK_EVERY).await;
        }
    }

    /// What the container said is kept, as it goes with it.
    async fn not_ready(&self, name: &'static str, server: &Server, last: String) -> StackError {
        let path = self.home.logs().join(format!("{}-container.log", name.to_lowercase()));
        let said = [server.container.stdout_to_vec().await, server.container.stderr_to_vec().await];
        let said: Vec<u8> = said.into_iter().flatten().flatten().collect();
        let written = LogFile::open(path.clone()).and_then(|(log, mut file)| {
            std::io::Write::write_all(&mut file, &said).map_err(StackError::io("write a container's log"))?;
            Ok(log.tail())
        });
        let tail = written.unwrap_or_else(|error| error.to_string());
        StackError::NotReady { server: name, seconds: READY_WITHIN.as_secs(), last, log: path, tail }
    }
}

async fn run(request: ContainerRequest<GenericImage>, port: Port, image: &str) -> Result<Server, StackError> {
    let container = request.start().await.map_err(engine::refused(format!("start a container of {image}")))?;
    Ok(Server { container, port })
}

async fn stop(server: Server) -> Result<(), StackError> {
    let stopped = server.container.stop_with_timeout(Some(STOP_WITHIN_SECONDS)).await;
    let removed = server.container.rm().await;
    stopped.and(removed).map_err(engine::refused("stop a container"))
}

async fn kafka_answers(port: u16) -> Result<(), String> {
    match metadata_request::brokers(port).await {
        Ok(brokers) if !brokers.is_empty() => Ok(()),
        Ok(_) => Err("the broker is not registered yet".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}
