//! A document as lines of text, 82 characters wide.

use super::Sheet;
use tillroll_schemas::Money;

/// Characters on a line.
const WIDTH: usize = 82;
/// Of these, what a line's name may have.
const NAME: usize = 46;
/// What stands before what the document is about: `Date      `.
const LABEL: usize = 10;

/// All lines, page breaks left out.
pub(super) fn text(sheet: &Sheet<'_>) -> Vec<String> {
    let mut text =
        vec![format!("{} {}", sheet.title, sheet.number), String::new(), format!("Date      {}", sheet.dated)];
    text.extend(sheet.order.as_ref().map(|order| format!("Order     {order}")));
    text.extend(sheet.customer.iter().flat_map(|customer| labelled("Customer", &[customer])));
    text.extend(sheet.country.iter().flat_map(|country| labelled("Country", &[country])));
    text.extend(labelled("Buyer", &sheet.buyer));
    text.push(String::new());
    text.extend(row("Item", "Pieces", "Tax rate", &format!("Net {}", sheet.totals.net.currency)));
    text.push("-".repeat(WIDTH));
    for line in &sheet.lines {
        let mut name = wrapped(&printable(&line.name), NAME - 2).into_iter();
        let first = name.next().unwrap_or_default();
        text.extend(row(&first, &grouped(&line.quantity.to_string()), &line.rate, &amount(line.net)));
        text.extend(name.map(|more| format!("  {more}")));
    }
    text.push("-".repeat(WIDTH));
    text.extend(row("Net", "", "", &amount(sheet.totals.net)));
    for tax in &sheet.taxes {
        let of = format!("Tax {} of {}", tax.rate, amount(tax.net));
        text.extend(row(&of, "", "", &amount(tax.tax)));
    }
    text.extend(row(&format!("Total {}", sheet.totals.gross.currency), "", "", &amount(sheet.totals.gross)));
    text
}

/// The label before the first line; what is too long goes on below.
fn labelled<T: AsRef<str>>(label: &str, lines: &[T]) -> Vec<String> {
    let pieces = lines.iter().flat_map(|line| wrapped(&printable(line.as_ref()), WIDTH - LABEL));
    let labels = std::iter::once(label).chain(std::iter::repeat(""));
    labels.zip(pieces).map(|(label, piece)| format!("{label:<LABEL$}{}", piece.trim_end())).collect()
}

/// The last line of a page.
pub(super) fn footer(sheet: &Sheet<'_>, page: usize, pages: usize) -> String {
    format!("{:>WIDTH$}", format!("{} {}, page {page} of {pages}", sheet.title, sheet.number))
}

/// One line, its figures flush right. Figures that are too wide for their columns move those before them to the left, into
/// the room that the name leaves; if it leaves too little, they stand below it.
fn row(name: &str, pieces: &str, rate: &str, net: &str) -> Vec<String> {
    let figures = format!("{pieces:>10} {rate:>8} {net:>15}");
    let figures = figures.trim_start();
    let room = WIDTH - figures.chars().count().min(WIDTH);
    if name.chars().count() < room {
        vec![format!("{name:<room$}{figures}")]
    } else {
        vec![name.to_owned(), format!("{figures:>WIDTH$}")]
    }
}

/// Controls would not show, or turn the text around.
fn printable(text: &str) -> String {
    let hidden =
        |c: char| c.is_control() || ('\u{200b}'..='\u{200f}').contains(&c) || ('\u{202a}'..='\u{202e}').contains(&c);
    text.chars().map(|c| if hidden(c) { ' ' } else { c }).collect()
}

/// Broken at spaces where there are any, so that each piece fits into so many characters.
fn wrapped(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_inclusive(' ') {
        let mut word: Vec<char> = word.chars().collect();
        while !word.is_empty() {
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
