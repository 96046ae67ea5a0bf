//! Which currencies are in use, and how finely they are divided.

use super::*;

fn currency(code: &str) -> Currency {
    code.parse().unwrap()
}

#[test]
fn each_currency_is_listed_once_and_is_one() {
    let mut codes: Vec<&str> = IN_USE.iter().flat_map(|(_, codes)| codes.split(' ')).collect();
    assert!(codes.iter().all(|code| currency(code).as_str() == *code), "{codes:?}");
    let listed = codes.len();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!((codes.len(), listed), (165, 165));
}

#[test]
fn minor_units_have_the_digits_of_their_currency() {
    let cases =
        [("JPY", 0), ("ISK", 0), ("UGX", 0), ("GBP", 2), ("MGA", 2), ("HUF", 2), ("KWD", 3), ("CLF", 4), ("UYW", 4)];
    for (code, digits) in cases {
        assert_eq!(currency(code).digits(), digits, "{code}");
    }
}

#[test]
fn what_is_no_currency_in_use_is_none_but_stays_readable() {
    for code in ["ZZZ", "XXX", "XTS", "XAU", "DEM", "HRK", "BGN"] {
        assert!(!currency(code).is_in_use(), "{code}");
        assert_eq!(currency(code).digits(), 2, "{code}");
    }
    assert!(currency("GBP").is_in_use() && currency("XOF").is_in_use());
    for no_code in ["", "gbp", "GB", "GBPX", "G P"] {
        assert!(no_code.parse::<Currency>().is_err(), "{no_code}");
    }
}
