//! The read models' tables, as `schemas/migrations` has them.

use tillroll_postgres::Migration;

macro_rules! migrations {
    ($($number:literal $name:literal),+ $(,)?) => {
        &[$(Migration {
            number: $number,
            name: $name,
            sql: include_str!(concat!("../../schemas/migrations/", $name, ".sql")),
        }),+]
    };
}

/// Everything that the projectors write and the query API reads, in order.
pub const MIGRATIONS: &[Migration] = migrations![
    1 "0001_projection",
    2 "0002_catalog",
    3 "0003_inventory",
    4 "0004_orders",
    5 "0005_sales",
];
