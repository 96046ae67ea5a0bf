//! The real file, entered through the public door and read back.

use crate::crash_points::RESTS_WITHIN;
use crate::sales::{nets, report, total};
use crate::shop::{all, count_orders, text};
use e2e::{Http, Line, Outcome, lines, own, workspace};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// Until every report shows it; kept by an unoptimised build too.
const IMPORTED_WITHIN: Duration = Duration::from_secs(30);

/// What nothing is kept of.
const SERVICES: [&str; 6] = ["POST", "DOT", "M", "D", "C2", "BANK-CHARGES"];

#[test]
fn the_real_file_comes_out_exact_to_the_penny() -> Outcome {
    own(|system| async move {
        let file = workspace().join("data/online-retail-extract.csv");
        let lines = lines(&std::fs::read_to_string(&file)?)?;
        let began = Instant::now();
        let said = system.import(&file).await?;
        assert!(began.elapsed() < IMPORTED_WITHIN, "it took {:?}", began.elapsed());
        assert!(said.contains("180,667.75 GBP in the file"), "{said}");
        assert!(said.contains("180,667.75 GBP in the shop's report\n"), "{said}");
        eprintln!("{said}");

        // The importer waits for the report; orders and stock have read models of their own, and the last invoices have
        // no number yet.
        system.is_at_rest(RESTS_WITHIN).await?;
        let http = system.http();
        sums_are_those_of(&http, &lines).await?;
        every_invoice_is_there(&http, &lines).await?;
        what_is_left_was_found(&http, &lines).await?;

        let before = system.rows().await?;
        assert_eq!(before.count("orders.\"order\""), 424, "{:?}", before.tables());
        system.import(&file).await?;
        system.caught_up().await?;
        let after = system.rows().await?;
        assert_eq!(before.differences(&after), Vec::<String>::new(), "importing twice changes no row");
        Ok(())
    })
}

pub async fn sums_are_those_of(http: &Http, lines: &[Line]) -> Outcome {
    let by = |key: fn(&Line) -> &str| {
        let mut sums = BTreeMap::<String, i64>::new();
        // Lines for nothing add nothing, and what is only found or written off is in no report.
        for line in lines.iter().filter(|line| sold_or_credited(lines, line)) {
            *sums.entry(key(line).to_owned()).or_default() += line.amount();
        }
        sums
    };
    assert_eq!(lines.iter().map(Line::amount).sum::<i64>(), 18_066_775);
    let by_day = report(http, "day").await?;
    assert_eq!(nets(&by_day), by(|line| &line.day));
    assert_eq!(nets(&report(http, "country").await?), by(|line| &line.country));
    assert_eq!(nets(&report(http, "customer").await?), by(|line| &line.customer));
    let by_product = report(http, "product").await?;
    assert_eq!(nets(&by_product), by(|line| &line.sku));
    assert_eq!(total(&report(http, "month").await?).net, 18_066_775);
    assert_eq!((total(&by_day).orders, total(&by_day).credit_notes), (424, 43));

    let mut sold = BTreeMap::<&str, i64>::new();
    for line in lines.iter().filter(|line| sold_or_credited(lines, line)) {
        *sold.entry(&line.sku).or_default() += line.quantity.max(0);
    }
    let reported: BTreeMap<&str, i64> = by_product.iter().map(|(sku, sums)| (sku.as_str(), sums.quantity)).collect();
    assert_eq!(reported, sold);
    Ok(())
}

/// All but lines of invoices for nothing to nobody.
fn sold_or_credited(lines: &[Line], line: &Line) -> bool {
    // The file is in the order of its invoices, and such an invoice has no other line with a price.
    line.price != 0 || !line.customer.is_empty() || {
        let same = lines.iter().filter(|other| other.invoice == line.invoice);
        line.quantity > 0 && same.clone().any(|other| other.price != 0)
    }
}

pub async fn every_invoice_is_there(http: &Http, lines: &[Line]) -> Outcome {
    let invoices: BTreeSet<&str> = lines
        .iter()
        .filter(|line| !line.invoice.starts_with('C') && sold_or_credited(lines, line))
        .map(|line| line.invoice.as_str())
        .collect();
    assert_eq!(invoices.len(), 424);
    let orders = all(http, "/orders?status=fulfilled").await?;
    let references: BTreeSet<&str> = orders.iter().map(|order| text(order, "reference")).collect();
    assert_eq!(references, invoices);
    assert_eq!((orders.len(), count_orders(http, "").await?), (424, 424), "each once, and none besides");
    let ordered: usize = orders.iter().filter_map(|order| order["lines"].as_array()).map(Vec::len).sum();
    assert_eq!(ordered, 9_855);
    Ok(())
}

/// Afterwards nothing is in stock but what was found.
pub async fn what_is_left_was_found(http: &Http, lines: &[Line]) -> Outcome {
    let mut found: BTreeMap<&str, i64> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.quantity > 0 && !sold_or_credited(lines, line)) {
        *found.entry(&line.sku).or_default() += line.quantity;
    }
    let products = all(http, "/products").await?;
    let skus: BTreeSet<&str> = lines.iter().map(|line| line.sku.as_str()).collect();
    assert_eq!(products.iter().map(|product| text(product, "sku")).collect::<BTreeSet<_>>(), skus);
    for product in &products {
        let sku = text(product, "sku");
        match product["available"].as_i64() {
            None => assert!(SERVICES.contains(&sku), "{product}"),
            Some(available) => assert_eq!(available, found.get(sku).copied().unwrap_or(0), "{product}"),
        }
    }
    Ok(())
}
