//! Logs of earlier builds, kept as they were written: today's code folds them to the same states, and projects them to
//! the same rows. `TILLROLL_BINARY=… cargo test -p e2e --test evolution -- --ignored record_import` makes one anew.
#![cfg(test)]

#[path = "evolution/read.rs"]
mod read;
#[path = "evolution/record.rs"]
mod record;
#[path = "evolution/rows.rs"]
mod rows;
#[path = "evolution/states.rs"]
mod states;
