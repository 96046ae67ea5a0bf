//! A real Kafka and a real PostgreSQL as child processes, or in containers, for development and tests.
//!
//! What must hold: a stack is handed over only when both servers answer; nothing of it is left running when its
//! process ends, however that ends; kept data survives a clean stop and a SIGKILL of any of the processes.

mod account;
mod child;
mod config;
#[cfg(feature = "containers")]
mod contained;
mod database;
mod error;
mod home;
mod kafka;
mod log_file;
mod memberships;
mod metadata_request;
mod ports;
mod postgres;
mod prerequisites;
mod process_table;
mod programs;
mod protocol;
mod random;
mod server;
mod stack;

pub use child::die_with_parent;
pub use config::{
    BOOTSTRAP_VARIABLE, BROKERS_VARIABLE, Brokers, DATABASE_VARIABLE, Data, Images, JARS_VARIABLE,
    KAFKA_IMAGE_VARIABLE, KAFKA_PORT_VARIABLE, Mode, POSTGRES_IMAGE_VARIABLE, POSTGRES_PORT_VARIABLE, STACK_VARIABLE,
    StackConfig, Tuning,
};
pub use error::StackError;
pub use metadata_request::PartitionState;
pub use prerequisites::{Prerequisite, prerequisites};
pub use server::Server;
pub use stack::Stack;
