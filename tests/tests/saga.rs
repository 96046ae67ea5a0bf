//! The order's sagas among the shipped stock items, joined by the shipped reactions, with owners that are lost between
//! any two records. In memory: no Kafka, so that every failure can be put at every step.
#![cfg(test)]

#[path = "saga/audit.rs"]
mod audit;
#[path = "saga/bank.rs"]
mod bank;
#[path = "saga/bank_calls.rs"]
mod bank_calls;
#[path = "saga/bounces.rs"]
mod bounces;
#[path = "saga/credit.rs"]
mod credit;
#[path = "saga/customers.rs"]
mod customers;
#[path = "saga/dice.rs"]
mod dice;
#[path = "saga/law.rs"]
mod law;
#[path = "saga/ledger.rs"]
mod ledger;
#[path = "saga/notify.rs"]
mod notify;
#[path = "saga/post.rs"]
mod post;
#[path = "saga/sessions.rs"]
mod sessions;
#[path = "saga/shop.rs"]
mod shop;
#[path = "saga/slate.rs"]
mod slate;
#[path = "saga/steps.rs"]
mod steps;
#[path = "saga/table.rs"]
mod table;
#[path = "saga/walk.rs"]
mod walk;
#[path = "saga/words.rs"]
mod words;
