//! Any file with these columns comes out as exactly as the real one.

use crate::generated::generate;
use crate::sales::{Sums, nets, report, total};
use crate::shop::{add_product, all, order_of, text};
use e2e::{Outcome, seed, shared};
use std::collections::BTreeMap;

#[test]
fn another_file_of_the_same_columns() -> Outcome {
    shared(|system| async move {
        let seed = seed();
        let mut file = generate(seed, 2011, 120);
        let path = system.home().join("another.csv");
        std::fs::write(&path, &file.csv)?;
        system.import(&path).await?;

        // The importer waits for the report; products and their stock have read models of their own.
        system.caught_up().await?;
        let http = system.http();
        let of_2011 = |report: BTreeMap<String, Sums>| -> BTreeMap<String, Sums> {
            report.into_iter().filter(|(day, _)| day.starts_with("2011-")).collect()
        };
        let by_day = of_2011(report(&http, "day").await?);
        assert_eq!(nets(&by_day), file.by_day);
        assert_eq!((total(&by_day).orders, total(&by_day).credit_notes), (file.orders, file.credit_notes));
        let mut by_product = nets(&report(&http, "product").await?);
        // Other files sell services too.
        by_product.retain(|sku, _| sku != "M" && file.by_product.contains_key(sku));
        file.by_product.remove("M");
        assert_eq!(by_product, file.by_product);
        let mut by_country = nets(&report(&http, "country").await?);
        by_country.retain(|country, _| country.ends_with(&format!(" of {seed}")));
        assert_eq!(by_country, file.by_country);

        let products = all(&http, "/products").await?;
        let own = products.iter().filter(|product| file.left.contains_key(text(product, "sku")));
        let left: BTreeMap<String, i64> =
            own.map(|product| (text(product, "sku").to_owned(), product["available"].as_i64().unwrap_or(-1))).collect();
        assert_eq!(left, file.left);
        Ok(())
    })
}

#[test]
fn a_file_with_a_fault_is_refused_whole_and_by_line() -> Outcome {
    shared(|system| async move {
        let path = system.home().join("faulty.csv");
        let file = generate(7, 2012, 5).csv;
        std::fs::write(&path, format!("{file}X1,A,a,1,2010-12-01 08:26:00,2.555,,France\n"))?;
        let finished = system.run(&["import", "online-retail", &path.to_string_lossy()]).await?;
        let line = file.lines().count() + 1;
        assert_eq!(finished.code, Some(1), "{finished:?}");
        assert!(finished.err.contains(&format!("line {line}: UnitPrice \"2.555\"")), "{finished:?}");
        let product = system.http().get("/products/S7-1").send().await?;
        assert_eq!(product.status, 404, "nothing of it was sent");
        Ok(())
    })
}

/// The next month's file names the same products, and brings the stock that it sells.
#[test]
fn a_second_file_of_the_same_products_adds_to_the_first() -> Outcome {
    shared(|system| async move {
        let file = generate(2_000_001, 2013, 20);
        let path = system.home().join("second.csv");
        for month in ["A", "B"] {
            let renumbered = |line: &str| match line.strip_prefix('C') {
                Some(rest) => format!("C{month}{rest}"),
                None => format!("{month}{line}"),
            };
            let (head, lines) = file.csv.split_once("\r\n").ok_or("no head")?;
            let lines: Vec<String> = lines.lines().map(renumbered).collect();
            std::fs::write(&path, format!("{head}\n{}\n", lines.join("\n")))?;
            system.import(&path).await?;
        }
        system.caught_up().await?;
        let mut by_country = nets(&report(&system.http(), "country").await?);
        by_country.retain(|country, _| country.ends_with(" of 2000001"));
        let twice: BTreeMap<String, i64> =
            file.by_country.into_iter().map(|(country, net)| (country, 2 * net)).collect();
        assert_eq!(by_country, twice);
        Ok(())
    })
}

#[test]
fn what_the_shop_refuses_is_listed_by_invoice() -> Outcome {
    shared(|system| async move {
        let http = system.http();
        add_product(&http, "GONE", 100, 1).await?;
        let gone = http.ask(hyper::Method::DELETE, "/products/GONE").send().await?.expect_status(200)?;
        // Whoever has seen that refuses it; the importer brings no token.
        let ask = http.post("/orders").key("gone").token(gone.token()).json(&order_of(&[("GONE", 1)]));
        ask.send().await?.expect_status(409)?;
        let head = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country";
        let path = system.home().join("refused.csv");
        let row = |invoice: &str, sku: &str| format!("{invoice},{sku},,1,2012-12-01 08:26:00,1.0,,Nowhere");
        std::fs::write(&path, [head.to_owned(), row("R-1", "GONE"), row("R-2", "STAYS")].join("\n"))?;
        let finished = system.run(&["import", "online-retail", &path.to_string_lossy()]).await?;
        assert_eq!(finished.code, Some(1), "{finished:?}");
        assert!(
            finished.err.contains("1 refused") && finished.err.contains("order R-1: 409 unknown_product"),
            "{finished:?}"
        );
        system.caught_up().await?;
        let sales = nets(&report(&http, "country").await?);
        assert_eq!(sales.get("Nowhere"), Some(&100), "the others were entered");
        Ok(())
    })
}
