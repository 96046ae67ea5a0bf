//! Decimals as exact integers of minor units, and the other way round. No floats.

/// Whole minor units of a decimal with at most two places that count: `2.55`, `2.5`, `3`, `-11062.06`.
pub fn minor_units(text: &str) -> Result<i64, &'static str> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let (whole, places) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(places) || digits.ends_with('.') {
        return Err("not a decimal number such as 2.55");
    }
    // A zero at the end changes nothing, any other third place cannot be paid.
    let places = places.trim_end_matches('0');
    if places.len() > 2 {
        return Err("more than two decimals: not a whole number of pence");
    }
    let too_large = "too large";
    let whole: i64 = whole.parse().map_err(|_| too_large)?;
    let places: i64 = format!("{places:0<2}").parse().map_err(|_| too_large)?;
    let amount = whole.checked_mul(100).and_then(|pence| pence.checked_add(places)).ok_or(too_large)?;
    Ok(sign * amount)
}

/// `17850` of `17850.0`: numbers that went through a spreadsheet have a decimal that says nothing.
pub fn without_zero_decimals(text: &str) -> &str {
    match text.split_once('.') {
        Some((whole, places)) if !whole.is_empty() && !places.is_empty() && places.bytes().all(|b| b == b'0') => whole,
        _ => text,
    }
}

/// `180,667.75` of 18066775 pence.
pub fn readable(pence: i128) -> String {
    let (sign, amount) = if pence < 0 { ("-", -pence) } else { ("", pence) };
    format!("{sign}{}.{:02}", grouped(amount / 100), amount % 100)
}

/// `10,000` of 10000.
pub fn grouped(number: i128) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (nth, digit) in digits.chars().enumerate() {
        if nth > 0 && (digits.len() - nth).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests;
