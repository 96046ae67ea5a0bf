//! Any file with these columns comes out as exactly as the real one.

use crate::generated::{generate, seed};
use crate::sales::{Sums, nets, report, total};
use crate::shop::{all, text};
use e2e::{Outcome, shared};
use std::collections::BTreeMap;

#[test]
fn another_file_of_the_same_columns() -> Outcome {
    shared(|system| async move {
        let seed = seed();
        let file = generate(seed, 120);
        let path = system.home().join("another.csv");
        std::fs::write(&path, &file.csv)?;
        system.import(&path).await?;

        let http = system.http();
        let of_2011 = |report: BTreeMap<String, Sums>| -> BTreeMap<String, Sums> {
            report.into_iter().filter(|(day, _)| day.starts_with("2011-")).collect()
        };
        let by_day = of_2011(report(&http, "day").await?);
        assert_eq!(nets(&by_day), file.by_day);
        assert_eq!((total(&by_day).orders, total(&by_day).credit_notes), (file.orders, file.credit_notes));
        let mut by_product = nets(&report(&http, "product").await?);
        by_product.retain(|sku, _| file.by_product.contains_key(sku));
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
        let file = generate(7, 5).csv;
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
