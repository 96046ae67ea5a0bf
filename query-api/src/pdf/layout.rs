//! A document as lines of text, 82 characters wide.

use super::Sheet;
use tillroll_schemas::Money;

/// Characters on a line.
const WIDTH: usize = 82;
/// Of these, what a line's name may have.
const NAME: usize = 46;

/// All lines, page breaks left out.
pub(super) fn text(sheet: &Sheet<'_>) -> Vec<String> {
    let mut text =
        vec![format!("{} {}", sheet.title, sheet.number), String::new(), format!("Date      {}", sheet.dated)];
    text.extend(sheet.order.as_ref().map(|order| format!("Order     {order}")));
    text.extend(sheet.customer.map(|customer| format!("Customer  {}", printable(customer))));
    text.extend(sheet.country.map(|country| format!("Country   {}", printable(country))));
    text.extend([String::new(), row("Item", "Pieces", "Tax rate", &format!("Net {}", sheet.totals.net.currency))]);
    text.push("-".repeat(WIDTH));
    for line in &sheet.lines {
        let mut name = wrapped(&printable(&line.name)).into_iter();
        let first = name.next().unwrap_or_default();
        text.push(row(&first, &grouped(&line.quantity.to_string()), &line.rate, &amount(line.net)));
        text.extend(name.map(|more| format!("  {more}")));
    }
    text.push("-".repeat(WIDTH));
    text.push(row("Net", "", "", &amount(sheet.totals.net)));
    for tax in &sheet.taxes {
        let of = format!("Tax {} of {}", tax.rate, amount(tax.net));
        text.push(row(&of, "", "", &amount(tax.tax)));
    }
    text.push(row(&format!("Total {}", sheet.totals.gross.currency), "", "", &amount(sheet.totals.gross)));
    text
}

/// The last line of a page.
pub(super) fn footer(sheet: &Sheet<'_>, page: usize, pages: usize) -> String {
    format!("{:>WIDTH$}", format!("{} {}, page {page} of {pages}", sheet.title, sheet.number))
}

fn row(name: &str, pieces: &str, rate: &str, net: &str) -> String {
    format!("{name:<NAME$} {pieces:>10} {rate:>8} {net:>15}")
}

/// Controls would not show, or turn the text around.
fn printable(text: &str) -> String {
    let hidden =
        |c: char| c.is_control() || ('\u{200b}'..='\u{200f}').contains(&c) || ('\u{202a}'..='\u{202e}').contains(&c);
    text.chars().map(|c| if hidden(c) { ' ' } else { c }).collect()
}

/// Broken at spaces where there are any, so that each piece fits.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_inclusive(' ') {
        let mut word: Vec<char> = word.chars().collect();
        while !word.is_empty() {
            let room = NAME - 2;
            let line = lines.last().map_or(0, |line| line.chars().count());
            if line > 0 && line + word.len() > room {
                lines.push(String::new());
                continue;
            }
            let rest = word.split_off(word.len().min(room));
            if let Some(line) = lines.last_mut() {
                line.extend(word);
            }
            word = rest;
        }
    }
    lines
}

/// `123456` GBP → `1,234.56`; `123456` JPY → `123,456`.
pub(super) fn amount(money: Money) -> String {
    let digits = money.currency.digits() as usize;
    let text = format!("{:0>width$}", money.amount.unsigned_abs(), width = digits + 1);
    let (whole, part) = text.split_at(text.len() - digits);
    let sign = if money.amount < 0 { "-" } else { "" };
    let point = if digits == 0 { "" } else { "." };
    format!("{sign}{}{point}{part}", grouped(whole))
}

/// `1234567` → `1,234,567`.
fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (nth, digit) in digits.chars().enumerate() {
        if nth > 0 && (digits.len() - nth).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
