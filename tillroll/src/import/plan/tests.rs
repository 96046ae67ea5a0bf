//! The dirt of the real data, each kind with its one meaning.

use super::*;
use crate::import::rows;

const HEAD: &str = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

fn plan_of(lines: &str) -> Plan {
    let rows = rows::read(format!("{HEAD}{lines}").as_bytes()).expect("rows");
    plan(&rows).expect("a plan")
}

fn fault_of(lines: &str) -> String {
    let planned = rows::read(format!("{HEAD}{lines}").as_bytes()).and_then(|rows| plan(&rows));
    planned.expect_err("a fault").to_string()
}

fn steps(plan: &Plan) -> Vec<(String, Value)> {
    let each = |invoice: &Invoice| {
        let number = invoice.number.clone();
        invoice.steps.iter().map(move |step| (step.key(&number), step.body().expect("JSON"))).collect::<Vec<_>>()
    };
    plan.invoices.iter().flat_map(each).collect()
}

fn product<'a>(plan: &'a Plan, sku: &str) -> &'a Product {
    plan.products.iter().find(|product| product.body.sku.as_str() == sku).expect("a product")
}

#[test]
fn an_invoice_is_an_order_on_account_dated_by_its_earliest_line() {
    let plan = plan_of(
        "1,A,a,6,2010-12-01 16:58:00,2.55,17850.0,Norway\n\
         1,A,a,1,2010-12-01 16:57:00,2.5,17850,Norway\n",
    );
    let order = serde_json::json!({
        "reference": "1", "customer": {"reference": "17850"}, "country": "Norway",
        "placed_at": "2010-12-01T16:57:00Z", "payment": {"method": "on_account"},
        "lines": [
            {"sku": "A", "quantity": 6, "unit_price": {"amount": 255, "currency": "GBP"}},
            {"sku": "A", "quantity": 1, "unit_price": {"amount": 250, "currency": "GBP"}},
        ],
    });
    assert_eq!(steps(&plan), [("online-retail/order/1".to_owned(), order)]);
    assert_eq!(product(&plan, "A").opening, Some(Opening { pieces: 7, first_invoice: "1".to_owned() }));
}

#[test]
fn an_invoice_that_begins_with_c_is_a_credit_note_and_restocks_nothing() {
    let plan = plan_of("C2,D,Discount,-2,2010-12-01 09:41:00,27.5,14527.0,United Kingdom\n");
    let steps = steps(&plan);
    assert_eq!(steps[0].0, "online-retail/credit-note/C2");
    assert_eq!(steps[0].1["restock"], false);
    assert_eq!(steps[0].1["lines"][0]["quantity"], 2);
    assert_eq!(steps[0].1["lines"][0]["unit_price"]["amount"], 2750);
    assert_eq!(plan.sums.net, -5500);
}

#[test]
fn a_quantity_below_zero_for_nothing_is_written_off_and_was_in_stock() {
    let plan = plan_of("3,A, damaged ,-5,2010-12-01 09:41:00,0.0,,United Kingdom\n");
    let change = serde_json::json!({"delta": -5, "reason": "written_off", "note": "damaged"});
    assert_eq!(steps(&plan), [("online-retail/stock/3/1".to_owned(), change)]);
    assert_eq!(product(&plan, "A").opening.as_ref().map(|opening| opening.pieces), Some(5));
}

#[test]
fn an_invoice_for_nothing_to_nobody_is_stock_that_was_found() {
    let plan = plan_of("4,A,,56,2010-12-01 11:52:00,0.0,,United Kingdom\n");
    assert_eq!(steps(&plan)[0].1, serde_json::json!({"delta": 56, "reason": "adjusted"}));
    assert_eq!(product(&plan, "A").opening, None);
    assert_eq!((plan.sums.found, plan.sums.net), (1, 0));
}

#[test]
fn a_line_for_nothing_on_any_other_invoice_is_a_free_item() {
    let plan = plan_of(
        "5,A,a,1,2010-12-01 11:52:00,0.0,12647.0,Germany\n\
         6,A,a,1,2010-12-01 11:52:00,0.0,,Germany\n\
         6,B,b,1,2010-12-01 11:52:00,1.0,,Germany\n",
    );
    assert_eq!(plan.sums.orders, 2);
    assert_eq!(steps(&plan)[1].1["lines"].as_array().map(Vec::len), Some(2));
    assert_eq!(steps(&plan)[1].1.get("customer"), None);
}

#[test]
fn services_are_products_without_stock() {
    let plan = plan_of(
        "7,BANK CHARGES,Bank Charges,1,2010-12-01 11:52:00,15,,United Kingdom\n\
         7,m,Manual,2,2010-12-01 11:52:00,1.0,,United Kingdom\n\
         8,DOT,,-1,2010-12-01 11:52:00,0,,United Kingdom\n",
    );
    let skus: Vec<_> =
        plan.products.iter().map(|p| (p.body.sku.as_str(), p.body.tracked, p.opening.is_none())).collect();
    assert_eq!(skus, [("BANK-CHARGES", false, true), ("DOT", false, true), ("M", false, true)]);
    assert_eq!(steps(&plan).len(), 1);
}

#[test]
fn skus_that_differ_in_case_are_one_product_named_and_priced_by_the_first_line_that_says_it() {
    let plan = plan_of(
        "9,85123a,,1,2010-12-01 11:52:00,0.0,1,France\n\
         9,85123A,\"HEART, \"\"WHITE\"\" \",1,2010-12-01 11:52:00,2.55,1,France\n\
         9,85123A,other,1,2010-12-01 11:52:00,2.95,1,France\n",
    );
    assert_eq!(plan.products.len(), 1);
    let product = product(&plan, "85123A");
    assert_eq!(product.body.name, "HEART, \"WHITE\"");
    assert_eq!(product.body.price.amount, 255);
    assert_eq!(product.opening.as_ref().map(|opening| opening.pieces), Some(3));
}

#[test]
fn a_product_without_a_name_or_a_price_is_called_by_its_sku_and_costs_nothing() {
    let plan = plan_of("10,A,,1,2010-12-01 11:52:00,0.0,,France\n");
    let body = &product(&plan, "A").body;
    assert_eq!((body.name.as_str(), body.price.amount), ("A", 0));
}

#[test]
fn lines_of_an_invoice_may_be_apart() {
    let plan = plan_of(
        "1,A,a,1,2010-12-01 11:52:00,1.0,,France\n\
         2,A,a,1,2010-12-01 11:52:00,1.0,,France\n\
         1,B,b,1,2010-12-01 11:52:00,1.0,,France\n",
    );
    let numbers: Vec<_> = plan.invoices.iter().map(|invoice| (invoice.number.as_str(), invoice.steps.len())).collect();
    assert_eq!(numbers, [("1", 1), ("2", 1)]);
    assert_eq!(steps(&plan)[0].1["lines"].as_array().map(Vec::len), Some(2));
}

#[test]
fn bad_debt_is_a_credit_and_keeps_the_sum_exact() {
    let plan = plan_of("A563186,B,Adjust bad debt,1,8/12/2011 14:51,-11062.06,,United Kingdom\n");
    assert_eq!((plan.sums.credit_notes, plan.sums.net), (1, -1_106_206));
    assert_eq!(product(&plan, "B").opening, None);
}

#[test]
fn what_contradicts_itself_is_a_fault_that_names_the_line() {
    for (lines, says) in [
        ("1,A,a,-1,2010-12-01 11:52:00,1.0,,France\n", "line 2: a quantity below 0 with a price"),
        ("C1,A,a,1,2010-12-01 11:52:00,1.0,,France\n", "line 2: a credit note with a quantity above 0"),
        (
            "1,A,a,1,2010-12-01 11:52:00,1.0,7,\n1,A,a,1,2010-12-01 11:52:00,1.0,8,\n",
            "line 3: invoice 1 names two customers",
        ),
    ] {
        let fault = fault_of(lines);
        assert!(fault.contains(says), "{fault}");
    }
}

#[test]
fn the_real_file_adds_up_to_the_penny() {
    let file =
        std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../data/online-retail-extract.csv")).expect("the file");
    let plan = plan(&rows::read(&file).expect("rows")).expect("a plan");
    let sums = Sums {
        lines: 10_000,
        invoices: 512,
        orders: 424,
        // All lines but 100 of credit notes, 30 written off and 15 found.
        order_lines: 9_855,
        credit_notes: 43,
        written_off: 30,
        found: 15,
        net: 18_066_775,
    };
    assert_eq!(plan.sums, sums);
    let keys: Vec<_> = steps(&plan).into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys.len(), keys.iter().collect::<BTreeSet<_>>().len(), "a key names one request");
}
