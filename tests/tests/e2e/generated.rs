//! Files with the columns and the kinds of dirt of the real one, but other contents: made from a seed that is printed,
//! with what they must come out as.

use std::collections::BTreeMap;
use std::fmt::Write;

/// A file and what it means.
pub struct Generated {
    /// CSV.
    pub csv: String,
    /// How many.
    pub orders: i64,
    /// How many.
    pub credit_notes: i64,
    /// Net sales, in pence.
    pub by_day: BTreeMap<String, i64>,
    /// Net sales of what was sold or credited.
    pub by_product: BTreeMap<String, i64>,
    /// Net sales.
    pub by_country: BTreeMap<String, i64>,
    /// What is in stock in the end.
    pub left: BTreeMap<String, i64>,
}

/// A file with so many invoices of that year; its SKUs and countries say the seed, so that files of different seeds and
/// years share nothing but services.
pub fn generate(seed: u64, year: u32, invoices: u64) -> Generated {
    let mut maker = Maker {
        dice: Dice::of(seed),
        seed,
        year,
        file: Generated {
            csv: "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\r\n".to_owned(),
            orders: 0,
            credit_notes: 0,
            by_day: BTreeMap::new(),
            by_product: BTreeMap::new(),
            by_country: BTreeMap::new(),
            left: BTreeMap::new(),
        },
    };
    for nth in 0..invoices {
        maker.invoice(nth);
    }
    maker.file
}

struct Maker {
    dice: Dice,
    seed: u64,
    year: u32,
    file: Generated,
}

struct Head {
    number: String,
    date: String,
    day: String,
    customer: String,
    country: String,
}

impl Maker {
    fn invoice(&mut self, nth: u64) {
        let kind = self.dice.below(10);
        let prefix = if kind == 0 { "C" } else { "" };
        let (month, day) = (1 + self.dice.below(12), 1 + self.dice.below(28));
        let guest = kind >= 8 || self.dice.below(4) == 0;
        let customer = 10_000 + self.dice.below(50);
        let point = if self.dice.below(2) == 0 { ".0" } else { "" };
        let head = Head {
            number: format!("{prefix}{}-{nth}", self.seed),
            date: format!("{month}/{day}/{} {}:{:02}", self.year, self.dice.below(24), self.dice.below(60)),
            day: format!("{}-{month:02}-{day:02}", self.year),
            customer: if guest { String::new() } else { format!("{customer}{point}") },
            country: format!("Land {} of {}", self.dice.below(5), self.seed),
        };
        match kind {
            0 => self.credit(&head),
            8 => self.counted(&head, -1),
            9 => self.counted(&head, 1),
            _ => self.order(&head),
        }
    }

    fn order(&mut self, head: &Head) {
        self.file.orders += 1;
        for line in 0..=self.dice.below(12) {
            let sku = self.sku();
            let quantity = 1 + self.dice.below(40);
            // The first line has a price, so that the invoice is an order also of a guest.
            let free = line > 0 && self.dice.below(10) == 0;
            let pence = if free { 0 } else { 1 + self.dice.below(2_000) };
            self.line(head, &sku, quantity as i64, pence as i64);
            self.sell(head, &sku, quantity as i64 * pence as i64);
        }
    }

    fn credit(&mut self, head: &Head) {
        self.file.credit_notes += 1;
        for _ in 0..=self.dice.below(3) {
            let (sku, quantity, pence) = (self.sku(), 1 + self.dice.below(9), 1 + self.dice.below(900));
            self.line(head, &sku, -(quantity as i64), pence as i64);
            self.sell(head, &sku, -(quantity as i64 * pence as i64));
        }
    }

    fn counted(&mut self, head: &Head, sign: i64) {
        let sku = format!("S{}-{}", self.seed, self.dice.below(30));
        let quantity = 1 + self.dice.below(20) as i64;
        self.line(head, &sku, sign * quantity, 0);
        *self.file.left.entry(sku).or_default() += (sign * quantity).max(0);
    }

    fn sell(&mut self, head: &Head, sku: &str, pence: i64) {
        *self.file.by_day.entry(head.day.clone()).or_default() += pence;
        *self.file.by_country.entry(head.country.clone()).or_default() += pence;
        *self.file.by_product.entry(sku.to_owned()).or_default() += pence;
        if sku != "M" {
            self.file.left.entry(sku.to_owned()).or_default();
        }
    }

    fn sku(&mut self) -> String {
        match self.dice.below(15) {
            0 => "M".to_owned(),
            _ => format!("S{}-{}", self.seed, self.dice.below(30)),
        }
    }

    fn line(&mut self, head: &Head, sku: &str, quantity: i64, pence: i64) {
        let code = if self.dice.below(3) == 0 { sku.to_lowercase() } else { sku.to_owned() };
        let description = match self.dice.below(4) {
            0 => String::new(),
            1 => format!("\"Box, \"\"large\"\" of {sku}\""),
            _ => format!("BOX OF {sku} "),
        };
        let price = self.price(pence);
        let Head { number, date, customer, country, .. } = head;
        // Writing to a string does not fail.
        let _ =
            write!(self.file.csv, "{number},{code},{description},{quantity},{date},{price},{customer},{country}\r\n");
    }

    /// As programs write it: `3`, `3.0`, `2.5`, `2.50`, `2.55`.
    fn price(&mut self, pence: i64) -> String {
        let (pounds, rest) = (pence / 100, pence % 100);
        match (rest, self.dice.below(2)) {
            (0, 0) => pounds.to_string(),
            (0, _) => format!("{pounds}.0"),
            (rest, 0) if rest % 10 == 0 => format!("{pounds}.{}", rest / 10),
            (rest, _) => format!("{pounds}.{rest:02}"),
        }
    }
}

/// Xorshift64: enough of a die.
pub struct Dice(u64);

impl Dice {
    /// Those of a seed.
    pub fn of(seed: u64) -> Self {
        Self(seed.wrapping_mul(2).wrapping_add(1))
    }

    /// From 0 on.
    pub fn below(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }
}
