//! How money and times are written in messages: `GBP 2.55`, `1 December 2010, 08:26 UTC`. No floats.

use minijinja::{Environment, Error, ErrorKind, Value};
use tillroll_schemas::{Currency, Timestamp};

pub(super) fn add_to(environment: &mut Environment<'static>) {
    environment.add_filter("money", money);
    environment.add_filter("moment", moment);
    environment.add_filter("numbered", numbered);
}

/// `{"amount": 255, "currency": "GBP"}` as `GBP 2.55`.
fn money(value: &Value) -> Result<String, Error> {
    let no_money = || Error::new(ErrorKind::InvalidOperation, "no money");
    let amount = i64::try_from(value.get_attr("amount")?).map_err(|_| no_money())?;
    let currency = value.get_attr("currency")?;
    let currency = currency.as_str().and_then(|code| code.parse().ok()).ok_or_else(no_money)?;
    Ok(money_text(amount, currency))
}

fn money_text(amount: i64, currency: Currency) -> String {
    let digits = currency.digits();
    let sign = if amount < 0 { "-" } else { "" };
    let minor = amount.unsigned_abs();
    let unit = 10_u64.pow(digits);
    match digits {
        0 => format!("{currency} {sign}{minor}"),
        _ => format!("{currency} {sign}{}.{:0width$}", minor / unit, minor % unit, width = digits as usize),
    }
}

/// The number of a paper in its series: `000017`.
fn numbered(number: u64) -> String {
    format!("{number:06}")
}

/// An RFC 3339 time as `1 December 2010, 08:26 UTC`.
fn moment(value: &str) -> Result<String, Error> {
    let no_time = |why| Error::new(ErrorKind::InvalidOperation, "no time").with_source(why);
    let time: Timestamp = value.parse().map_err(no_time)?;
    Ok(time.format("%-d %B %Y, %H:%M UTC").to_string())
}

#[cfg(test)]
mod tests;
