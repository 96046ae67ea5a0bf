//! Files as they come: from several exports, and broken in several ways.

use super::*;

const HEAD: &str = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country";
const ROW: &str = "536365,85123A,HEART,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom";

fn fault(file: &str) -> String {
    read(file.as_bytes()).expect_err("a fault").to_string()
}

fn first(file: &[u8]) -> Row {
    read(file).expect("rows").into_iter().next().expect("a row")
}

#[test]
fn byte_order_mark_line_ends_and_quotes_change_nothing() {
    let plain = first(format!("{HEAD}\n{ROW}\n").as_bytes());
    for file in [
        format!("\u{feff}{HEAD}\n{ROW}\n"),
        format!("{HEAD}\r\n{ROW}\r\n"),
        format!("{HEAD}\n{ROW}"),
        format!("\"{}\"\n\"{}\"\n", HEAD.replace(',', "\",\""), ROW.replace(',', "\",\"")),
        format!("{}\n{ROW}\n", HEAD.to_uppercase()),
    ] {
        assert_eq!(first(file.as_bytes()), plain, "{file:?}");
    }
}

#[test]
fn columns_may_come_in_any_order_and_among_others() {
    let row = first(
        b"Country,x,CustomerID,UnitPrice,InvoiceDate,Quantity,Description,StockCode,InvoiceNo\n\
          Norway,?,1,3,12/1/2010 8:26,-2,\"a, \"\"b\"\"\",a b,C7\n",
    );
    assert_eq!((row.invoice.as_str(), row.sku.as_str(), row.quantity, row.price), ("C7", "A-B", -2, 300));
    assert_eq!(row.description, "a, \"b\"");
    assert_eq!(row.country.as_deref(), Some("Norway"));
}

#[test]
fn dates_come_in_several_forms_and_are_utc() {
    for date in ["2010-12-01 08:26:00", "2010-12-01T08:26:00Z", "2010-12-01 08:26", "12/1/2010 8:26", "12/1/10 8:26"] {
        assert_eq!(time(date).expect(date).to_rfc3339(), "2010-12-01T08:26:00+00:00", "{date}");
    }
    for date in ["", "2010-13-01 08:26:00", "1.12.2010 08:26", "2010-12-01", "31/12/2010 8:26"] {
        assert!(time(date).is_err(), "{date}");
    }
}

#[test]
fn latin_1_is_read_where_the_text_is_not_utf_8() {
    let file = [HEAD.as_bytes(), b"\n1,A,\xa35 NOTE,1,12/1/2010 8:26,1,,France\n"].concat();
    assert_eq!(first(&file).description, "£5 NOTE");
}

#[test]
fn a_file_without_the_columns_is_refused_by_name() {
    assert!(fault("").contains("empty"));
    let fault = fault("InvoiceNo,StockCode\n");
    assert!(fault.contains("does not name the columns Description, Quantity"), "{fault}");
}

#[test]
fn every_fault_names_its_line() {
    let with = |column: &str, value: &str| {
        let at = HEAD.split(',').position(|name| name == column).expect("a column");
        let mut fields: Vec<&str> = ROW.split(',').collect();
        fields[at] = value;
        format!("{HEAD}\r\n\r\n{ROW}\r\n{}\r\n", fields.join(","))
    };
    for (column, value, says) in [
        ("UnitPrice", "2.555", "more than two decimals"),
        ("UnitPrice", "", "not a decimal number"),
        ("Quantity", "1.5", "not a whole number"),
        ("Quantity", "0", "is 0 or beyond"),
        ("Quantity", "1000000001", "is 0 or beyond"),
        ("InvoiceDate", "yesterday", "InvoiceDate"),
        ("InvoiceNo", "", "no InvoiceNo"),
        ("InvoiceNo", "5 6", "visible ASCII"),
        ("StockCode", "", "no StockCode"),
        ("StockCode", "Ä", "StockCode"),
        ("Description", "a,b", "9 columns instead of 8"),
    ] {
        let fault = fault(&with(column, value));
        assert!(fault.contains("line 4: ") && fault.contains(says), "{column} {value:?}: {fault}");
    }
}

#[test]
fn a_quotation_mark_left_open_is_found_where_it_begins() {
    let fault = fault(&format!("{HEAD}\n{ROW}\n1,A,\"a,1,2010-12-01 08:26:00,1,,France\n{ROW}\n"));
    assert!(fault.contains("line 3: 3 columns instead of 8"), "{fault}");
}

#[test]
fn of_many_faults_the_first_twenty_are_told() {
    let fault = fault(&format!("{HEAD}\n{}", "x\n".repeat(25)));
    assert!(fault.contains("line 21: ") && !fault.contains("line 22: ") && fault.contains("and 5 more"), "{fault}");
}
