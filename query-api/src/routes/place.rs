//! Where rows stand in the log, as their part of an `ETag`: a read model that was made again from another history gives
//! other tags for the same version.

use crate::failure::column;
use tillroll_http::Problem;
use tillroll_postgres::Row;

/// The place of a row whose partition is column `index`, with the offset behind it.
pub(super) fn place(row: &Row, index: usize) -> Result<String, Problem> {
    let (partition, offset): (i32, i64) = (column(row, index)?, column(row, index + 1)?);
    Ok(format!("{partition}-{offset}"))
}

/// Version and place of a stock row whose columns begin at `index`; it may not be there.
pub(super) fn stock_place(row: &Row, index: usize) -> Result<String, Problem> {
    let version: Option<i64> = column(row, index)?;
    let (partition, offset): (Option<i32>, Option<i64>) = (column(row, index + 1)?, column(row, index + 2)?);
    let text = |(version, partition, offset)| format!("{version}-{partition}-{offset}");
    Ok(version.zip(partition).zip(offset).map_or("0".to_owned(), |((v, p), o): ((i64, i32), i64)| text((v, p, o))))
}
