//! A second, plain reading of the real file, so that the importer is not measured with its own rule.

use crate::Outcome;

/// One line of the file; money in pence.
#[derive(Clone, Debug)]
pub struct Line {
    /// The invoice's number.
    pub invoice: String,
    /// As the shop writes it.
    pub sku: String,
    /// May be negative.
    pub quantity: i64,
    /// `2010-12-01`
    pub day: String,
    /// Per piece.
    pub price: i64,
    /// Empty for a guest.
    pub customer: String,
    /// Where.
    pub country: String,
}

impl Line {
    /// What it adds to net sales.
    pub fn amount(&self) -> i64 {
        self.quantity * self.price
    }
}

/// All lines of a file with the columns in their usual order.
pub fn lines(text: &str) -> Outcome<Vec<Line>> {
    text.lines().skip(1).map(line).collect()
}

fn line(text: &str) -> Outcome<Line> {
    let fields = fields(text);
    let [invoice, sku, _, quantity, at, price, customer, country] = fields.as_slice() else {
        return Err(format!("{} fields: {text}", fields.len()).into());
    };
    Ok(Line {
        invoice: invoice.clone(),
        sku: shop_key(sku),
        quantity: quantity.parse()?,
        day: at.chars().take(10).collect(),
        price: pence(price)?,
        customer: customer.trim_end_matches(".0").to_owned(),
        country: country.clone(),
    })
}

/// The SKU under which the shop keeps a stock code.
pub fn shop_key(code: &str) -> String {
    code.trim().to_uppercase().replace(' ', "-")
}

/// `2.5` is 250.
pub fn pence(text: &str) -> Outcome<i64> {
    let (pounds, pence) = text.split_once('.').unwrap_or((text, "0"));
    Ok(format!("{pounds}{pence:0<2}").parse()?)
}

/// Fields with quotation marks taken off; a doubled one stands for one.
fn fields(text: &str) -> Vec<String> {
    let (mut fields, mut field, mut quoted) = (Vec::new(), String::new(), false);
    let mut rest = text.chars().peekable();
    while let Some(next) = rest.next() {
        match next {
            '"' if quoted && rest.peek() == Some(&'"') => field.extend(rest.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(std::mem::take(&mut field)),
            other => field.push(other),
        }
    }
    fields.push(field);
    fields
}
