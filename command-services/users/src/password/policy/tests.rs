//! Long and unusual passwords are taken, whatever they are made of; short and usual ones are not.

use super::*;

fn checked(text: &str) -> Result<(), Weak> {
    check(&Password::typed(text))
}

#[test]
fn ten_to_128_characters_are_taken_whatever_they_are() {
    for good in ["correct horse battery staple", "xk7 qpz mv", "жёлтыйслон", "月火水木金土日曜日夜", "tr0ub4dor&3x"]
    {
        assert_eq!(checked(good), Ok(()), "{good}");
    }
    assert_eq!(checked(&"abcdefgh".repeat(16)), Ok(()));
}

#[test]
fn nine_characters_are_too_few_and_129_too_many() {
    assert_eq!(checked("xk7qpzmv3"), Err(Weak::TooShort));
    assert_eq!(checked("ééééééééé"), Err(Weak::TooShort), "characters are counted, not bytes");
    assert_eq!(checked(&"abc".repeat(43)), Err(Weak::TooLong));
}

#[test]
fn what_everybody_tries_first_is_refused_in_any_spelling() {
    for common in [
        "1234567890",
        "qwertyuiop",
        "Password123",
        "PASSWORD2024!",
        "!!iloveyou!!",
        "letmein12345",
        "1q2w3e4r5t",
        "aaaaaaaaaa",
        "1212121212",
        "football2026",
        "administrator",
        "changeme123",
    ] {
        assert_eq!(checked(common), Err(Weak::Common), "{common}");
    }
}

#[test]
fn the_list_is_of_lower_case_lines_each_once() {
    let lines: Vec<&str> = include_str!("../../../data/common-passwords.txt")
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .collect();
    assert!(lines.len() >= 300, "{}", lines.len());
    assert_eq!(lines.len(), COMMON.len(), "a line stands there twice");
    assert!(lines.iter().all(|line| *line == line.trim() && *line == line.to_lowercase()));
}
