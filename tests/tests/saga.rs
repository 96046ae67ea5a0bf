//! The order's sagas among the shipped stock items, joined by the shipped reactions, with owners that are lost between
//! any two records. In memory: no Kafka, so that every failure can be put at every step.
#![cfg(test)]

#[path = "saga/credit.rs"]
mod credit;
#[path = "saga/shop.rs"]
mod shop;
#[path = "saga/steps.rs"]
mod steps;
#[path = "saga/walk.rs"]
mod walk;
