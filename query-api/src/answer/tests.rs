//! Forms of an answer: the one liked best, sent once, CSV quoted where it must be.

use super::*;

#[test]
fn the_form_is_the_one_that_is_liked_best() {
    let cases = [
        ("", Some(Format::Json)),
        ("*/*", Some(Format::Json)),
        ("text/csv", Some(Format::Csv)),
        ("text/csv, */*;q=0.1", Some(Format::Csv)),
        ("application/json;q=0.5, text/csv;q=0.75", Some(Format::Csv)),
        ("application/json, text/csv", Some(Format::Json)),
        ("text/html,application/xhtml+xml,*/*;q=0.8", Some(Format::Json)),
        ("text/*", Some(Format::Csv)),
        ("text/csv;q=0, */*", Some(Format::Json)),
        ("image/png", None),
        ("application/json;q=x", None),
    ];
    for (accept, format) in cases {
        let csv = preferred([accept].into_iter(), ["text/csv", "text/*", "*/*"]);
        let preferred = csv.map(|csv| if csv { Format::Csv } else { Format::Json });
        assert_eq!(preferred, format, "{accept}");
    }
}

#[test]
fn a_resource_is_sent_once() {
    let mut asked = HeaderMap::new();
    let answer = |asked: &HeaderMap| Reading::new(asked, Fresh::default()).one(7, "0-12", &"body").unwrap();
    let first = answer(&asked);
    assert_eq!(
        (first.status(), &first.headers()[header::ETAG]),
        (StatusCode::OK, &HeaderValue::from_static("\"7.0-12\""))
    );
    asked.insert(header::IF_NONE_MATCH, first.headers()[header::ETAG].clone());
    let second = answer(&asked);
    assert_eq!(second.status(), StatusCode::NOT_MODIFIED);
    assert!(second.headers().get(header::CONTENT_TYPE).is_none());
}

#[test]
fn csv_is_quoted_where_it_must_be() {
    let rows = vec![vec!["a,b".to_owned(), "\"q\"\n".to_owned()]];
    let bytes = Table { columns: &["one", "two"], rows }.write().unwrap();
    assert_eq!(String::from_utf8(bytes).unwrap(), "one,two\r\n\"a,b\",\"\"\"q\"\"\n\"\r\n");
}

#[test]
fn no_cell_is_a_formula_to_a_spreadsheet() {
    let cases = [
        ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""),
        ("+44 20 1", "'+44 20 1"),
        ("-1+1", "'-1+1"),
        ("@SUM(1)", "'@SUM(1)"),
        ("\tx", "'\tx"),
        ("-1530", "-1530"),
        ("a=b", "a=b"),
        ("", "\"\""),
    ];
    for (cell, written) in cases {
        let bytes = Table { columns: &["one"], rows: vec![vec![cell.to_owned()]] }.write().unwrap();
        assert_eq!(String::from_utf8(bytes).unwrap(), format!("one\r\n{written}\r\n"), "{cell}");
    }
}
