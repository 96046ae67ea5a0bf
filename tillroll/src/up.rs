//! `tillroll up`: everything on this machine with one command.

use crate::Failure;
use crate::config::{Config, VAULT_DATABASE};
use crate::roles::Role;
use crate::serve::{Backends, Serving};
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;
use tillroll_devstack::{Mode, Stack};

#[derive(Args)]
pub struct UpArgs {
    /// Delete all read models first and fold them anew from the log.
    #[arg(long)]
    rebuild: bool,
}

#[expect(clippy::print_stdout, reason = "the command's output")]
pub async fn run(args: UpArgs, config: Config) -> Result<ExitCode, Failure> {
    tillroll_telemetry::init("tillroll", config.log_format, &config.log)?;
    let started = Instant::now();
    let (mode, stack_config) = config.stack()?;
    match &mode {
        Mode::Native => println!("starting Kafka and PostgreSQL under {} …", config.home.display()),
        Mode::Containers(images) => {
            println!("starting containers of {} and {} …", images.kafka, images.postgres);
        }
        Mode::External { .. } => {}
    }
    let external = matches!(mode, Mode::External { .. });
    let stack = Stack::from_mode(mode, stack_config).await?;
    // The lock on the stack's data says that whoever ran these roles here before is gone. If this fails the start only
    // takes longer.
    if let Err(error) = stack.end_memberships(&Role::GROUPS).await {
        tracing::warn!(%error, "members that were killed are waited for");
    }
    let backends = Backends {
        bootstrap_servers: stack.bootstrap_servers().to_owned(),
        database_url: stack.database_url().to_owned(),
        vault_url: match config.configured_vault_url() {
            Some(url) => url,
            None if external => config.vault_url()?,
            None => stack.create_private_database(VAULT_DATABASE).await?,
        },
    };
    let run_files = RunFiles::write(&config, &backends)?;
    let mut serving = Serving::start(&config, &backends, &Role::all(&config)?, args.rebuild).await?;
    let url = serving.public_url().unwrap_or_default();
    std::fs::write(config.run_file("ready"), &url)?;
    println!("ready in {} ms: {url}", started.elapsed().as_millis());
    println!("  Kafka       {}", backends.bootstrap_servers);
    println!("  PostgreSQL  {}", without_password(&backends.database_url));
    println!("  API         {url}/openapi.json");
    println!("  stop with Ctrl-C");
    serving.until_asked_to_stop().await;
    drop(run_files);
    serving.stop().await;
    stack.stop().await?;
    println!("stopped");
    Ok(ExitCode::SUCCESS)
}

/// The address without its secret, which stands in a file of its own.
fn without_password(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if scheme + 3 <= at => {
            let user = url[scheme + 3..at].split(':').next().unwrap_or_default();
            format!("{}{user}{}", &url[..scheme + 3], &url[at..])
        }
        _ => url.to_owned(),
    }
}

/// Files by which other commands find this process; gone when it ends.
struct RunFiles(Vec<PathBuf>);

impl RunFiles {
    fn write(config: &Config, backends: &Backends) -> Result<Self, Failure> {
        let files = ["kafka", "tillroll.pid", "ready", "postgres", "vault"].map(|name| config.run_file(name));
        std::fs::create_dir_all(config.home.join("run"))?;
        let _ = std::fs::remove_file(&files[2]);
        std::fs::write(&files[0], &backends.bootstrap_servers)?;
        std::fs::write(&files[1], std::process::id().to_string())?;
        std::fs::write(&files[3], without_password(&backends.database_url))?;
        std::fs::write(&files[4], without_password(&backends.vault_url))?;
        Ok(Self(files.to_vec()))
    }
}

impl Drop for RunFiles {
    fn drop(&mut self) {
        for file in &self.0 {
            let _ = std::fs::remove_file(file);
        }
    }
}
