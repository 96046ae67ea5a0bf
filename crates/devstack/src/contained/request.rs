//! What is asked of the container engine: images, settings, ports on 127.0.0.1 only, volumes.

use testcontainers::bollard::models::HostConfig;
use testcontainers::core::{IntoContainerPort, Mount};
use testcontainers::{ContainerRequest, GenericImage, ImageExt};

use crate::{Data, StackError, kafka, postgres};

pub(super) const KAFKA: &str = "kafka";
pub(super) const POSTGRES: &str = "postgres";
/// As the images have them.
const KAFKA_DATA: &str = "/var/lib/kafka/data";
const POSTGRES_DATA: &str = "/var/lib/postgresql/data";
const POSTGRES_PORT: u16 = 5432;

/// What both containers are made by.
pub(super) struct Plan {
    /// Of the stack.
    pub(super) name: String,
    pub(super) keep: Data,
    pub(super) password: String,
}

impl Plan {
    /// The container, and its volume.
    pub(super) fn called(&self, part: &str) -> String {
        format!("{}-{part}", self.name)
    }

    /// A broker with the properties of a native one. It listens on the same port inside as outside, so that what it
    /// tells clients is true for itself too.
    pub(super) fn kafka(&self, image: &str, port: u16) -> Result<ContainerRequest<GenericImage>, StackError> {
        let mut request = self.request(KAFKA, image, KAFKA_DATA)?.with_mapped_port(port, port.tcp());
        for (name, value) in kafka::properties_of_container(port, KAFKA_DATA) {
            request = request.with_env_var(name, value);
        }
        Ok(request.with_env_var("KAFKA_HEAP_OPTS", "-Xms64m -Xmx512m"))
    }

    pub(super) fn postgres(&self, image: &str, port: u16) -> Result<ContainerRequest<GenericImage>, StackError> {
        let request = self.request(POSTGRES, image, POSTGRES_DATA)?.with_mapped_port(port, POSTGRES_PORT.tcp());
        let settings = postgres::SETTINGS.iter().flat_map(|setting| ["-c".to_owned(), (*setting).to_owned()]);
        Ok(request
            .with_env_var("POSTGRES_USER", postgres::NAME)
            .with_env_var("POSTGRES_DB", postgres::NAME)
            .with_env_var("POSTGRES_PASSWORD", &self.password)
            .with_env_var("POSTGRES_INITDB_ARGS", "--auth-host=scram-sha-256 --encoding=UTF8 --locale=C")
            .with_cmd(["postgres".to_owned()].into_iter().chain(settings)))
    }

    fn request(&self, part: &str, image: &str, data: &str) -> Result<ContainerRequest<GenericImage>, StackError> {
        let (name, tag) = image.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')).unwrap_or((image, "latest"));
        let request = GenericImage::new(name, tag)
            .with_container_name(self.called(part))
            .with_host_config_modifier(on_this_machine_only);
        Ok(match self.keep {
            Data::Kept => request.with_mount(Mount::volume_mount(self.called(part), data)),
            Data::Fresh => request,
        })
    }
}

/// Neither server is for others: the broker asks for no password.
fn on_this_machine_only(config: &mut HostConfig) {
    let bindings = config.port_bindings.iter_mut().flat_map(|ports| ports.values_mut()).flatten().flatten();
    for binding in bindings {
        binding.host_ip = Some("127.0.0.1".to_owned());
    }
}
