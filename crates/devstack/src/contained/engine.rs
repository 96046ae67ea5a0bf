//! The container engine: whether it answers, what of it is ours, and removing what was left behind.

use testcontainers::bollard::Docker;
use testcontainers::bollard::errors::Error as EngineError;
use testcontainers::bollard::query_parameters::RemoveContainerOptions;
use testcontainers::core::client::docker_client_instance;

use crate::home::Home;
use crate::{StackError, random};

const NOT_THERE: u16 = 404;

/// Says in words if nobody answers.
pub(super) async fn answers() -> Result<(), StackError> {
    engine().await?.ping().await.map(drop).map_err(|source| StackError::NoEngine { source: source.into() })
}

/// What this stack's containers and volumes are called by; made at its first start and kept with its data.
pub(super) fn name(home: &Home) -> Result<String, StackError> {
    let file = home.data("containers.name");
    match std::fs::read_to_string(&file) {
        Ok(name) => Ok(name.trim().to_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let unique: String = random::bytes::<4>()?.iter().map(|byte| format!("{byte:02x}")).collect();
            let name = format!("tillroll-{unique}");
            let write = std::fs::write(&file, format!("{name}\n"));
            write.map_err(StackError::io(format!("write {}", file.display())))?;
            Ok(name)
        }
        Err(error) => Err(StackError::io(format!("read {}", file.display()))(error)),
    }
}

/// Removes a container that a killed process left behind. Nobody else can use it: this stack holds the lock.
pub(super) async fn remove(container: &str) -> Result<(), StackError> {
    let options = RemoveContainerOptions { force: true, v: true, ..RemoveContainerOptions::default() };
    match engine().await?.remove_container(container, Some(options)).await {
        Ok(()) | Err(EngineError::DockerResponseServerError { status_code: NOT_THERE, .. }) => Ok(()),
        Err(error) => Err(refused(format!("remove the container {container}"))(error)),
    }
}

/// Wraps the engine's answer with what was being done.
pub(super) fn refused<E>(doing: impl Into<String>) -> impl FnOnce(E) -> StackError
where
    E: std::error::Error + Send + Sync + 'static,
{
    let doing = doing.into();
    move |source| StackError::Container { doing, source: Box::new(source) }
}

async fn engine() -> Result<Docker, StackError> {
    docker_client_instance().await.map_err(|source| StackError::NoEngine { source: source.into() })
}
