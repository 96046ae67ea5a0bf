//! What is on the paper, and that its font comes with it.

use super::layout::{amount, text};
use super::*;
use tillroll_testkit::pdf_text;

fn money(amount: i64, currency: &str) -> Money {
    Money { amount, currency: currency.parse().unwrap() }
}

fn gbp(amount: i64) -> Money {
    money(amount, "GBP")
}

fn sheet(lines: usize) -> Sheet<'static> {
    let line = |nth| Line {
        name: format!("SKU-{nth}  Löwenzahn, Ωmega"),
        quantity: 1_000,
        rate: "20 %".to_owned(),
        net: gbp(1_234_567),
    };
    let net = gbp(1_234_567 * i64::try_from(lines).unwrap());
    Sheet {
        title: "Invoice",
        number: "2026-11-000017",
        dated: "2026-11-22".to_owned(),
        customer: Some("17850"),
        country: Some("United Kingdom"),
        order: Some("7d9f3f0e-6a53-5b0e-9f0a-2f1f6f0d8a11".to_owned()),
        buyer: ["Ann Bee", "1 High Street", "Leeds  LS1 4AP", "GB"].map(str::to_owned).to_vec(),
        lines: (0..lines).map(line).collect(),
        taxes: vec![Tax { rate: "20 %".to_owned(), net, tax: gbp(1) }],
        totals: Totals { net, tax: gbp(1), gross: net.plus(gbp(1)).unwrap() },
    }
}

#[test]
fn amounts_have_the_digits_of_their_currency() {
    let shown =
        [(5, "GBP"), (123_456_789, "EUR"), (1_234, "JPY"), (1_234, "KWD"), (-50, "GBP"), (0, "JPY"), (123_456, "CLF")];
    let shown = shown.map(|(minor, currency)| amount(money(minor, currency)));
    assert_eq!(shown, ["0.05", "1,234,567.89", "1,234", "1.234", "-0.50", "0", "12.3456"]);
}

#[test]
fn the_sheet_names_the_document_its_lines_and_its_sums() {
    let text = text(&sheet(1)).join("\n");
    for said in ["Invoice 2026-11-000017", "2026-11-22", "17850", "SKU-0  Löwenzahn", "1,000", "12,345.67", "12,345.68"]
    {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(
        text.contains("\nBuyer     Ann Bee\n          1 High Street\n          Leeds  LS1 4AP\n          GB\n"),
        "{text}"
    );
    assert!(text.lines().all(|line| line.chars().count() <= 82), "{text}");
}

/// What `document` prints, as its reader sees it.
fn printed(sheet: &Sheet<'_>) -> Vec<String> {
    let text = pdf_text(&document(sheet).unwrap());
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    assert!(lines.iter().all(|line| line.chars().count() <= 82), "a line leaves the paper: {lines:?}");
    lines
}

#[test]
fn what_is_printed_can_be_read_from_the_pdf() {
    let (sheet, printed) = (sheet(2), printed(&sheet(2)));
    let lines = text(&sheet).into_iter().filter(|line| !line.is_empty());
    let footer = super::layout::footer(&sheet, 1, 1);
    assert_eq!(printed, lines.chain([footer]).collect::<Vec<_>>());
}

#[test]
fn a_long_name_and_address_go_on_below() {
    let mut long = sheet(1);
    let company = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft".repeat(2);
    let street = ["Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch"; 3].join(" ");
    long.buyer = vec![company.clone(), street.clone(), "Leeds".to_owned()];
    let printed = printed(&long);
    let first = printed.iter().position(|line| line.starts_with("Buyer     ")).unwrap();
    let said: Vec<&str> = printed[first..].iter().map(|line| &line[10..]).take_while(|line| *line != "Leeds").collect();
    let squeezed = |text: &str| text.replace(' ', "");
    assert_eq!(squeezed(&said.concat()), squeezed(&(company + &street)), "nothing is lost: {printed:?}");
    assert!(printed[first + 1..first + said.len()].iter().all(|line| line.starts_with("          ")), "{printed:?}");
}

#[test]
fn sums_that_are_too_wide_for_their_columns_stand_apart() {
    let (sum, most) = ("92,233,720,368,547,758.07", "1,000,000,000");
    let mut wide = sheet(1);
    wide.lines[0].quantity = 1_000_000_000;
    wide.lines[0].name = "x".repeat(44);
    let (net, rate) = (gbp(i64::MAX), "12.55 %".to_owned());
    wide.lines[0].net = net;
    wide.taxes = vec![Tax { rate, net, tax: net }];
    wide.totals = Totals { net, tax: net, gross: net };
    let printed = printed(&wide);
    let words = |said: &str| printed.iter().filter(|line| line.split_whitespace().any(|word| word == said)).count();
    assert_eq!((words(sum), words(most), words(&"x".repeat(44))), (4, 1, 1), "each stands alone: {printed:?}");
    let of_line = printed.iter().find(|line| line.contains(most)).unwrap();
    assert_eq!(of_line.split_whitespace().collect::<Vec<_>>(), [most, "20", "%", sum], "below the name");
    assert!(printed.iter().filter(|line| line.contains(sum)).all(|line| line.chars().count() == 82), "{printed:?}");
}

#[test]
fn a_long_name_goes_on_in_the_next_line_and_no_control_gets_through() {
    let mut long = sheet(1);
    long.lines[0].name = format!("A \u{202e}{}", "x".repeat(100));
    let text = text(&long);
    assert!(text.iter().all(|line| line.chars().count() <= 82 && !line.contains('\u{202e}')), "{text:?}");
    assert_eq!(text.iter().map(|line| line.matches('x').count()).sum::<usize>(), 100 + "Tax".matches('x').count() * 2);
}

#[test]
fn a_document_is_a_pdf_with_its_font_and_the_same_each_time() {
    let (short, long) = (document(&sheet(2)).unwrap(), document(&sheet(120)).unwrap());
    let has = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(short.starts_with(b"%PDF-"));
    assert!(has(&short, "/FontFile") && has(&short, "DejaVuSansMono"), "the font is embedded");
    assert!(has(&short, "/Count 1") && has(&long, "/Count 3"), "a page for each 52 lines");
    assert_eq!(short, document(&sheet(2)).unwrap());
}
