//! The text of a PDF, as its reader sees it: only as much of the format (ISO 32000-1, 7.8.2 and 9.10.3) as our own
//! documents need, which have one font and stand in plain streams, deflated or not.

use std::collections::HashMap;
use std::io::Read;

use flate2::read::ZlibDecoder;

/// Every piece of text that is drawn, a line each, in the order in which they are drawn.
///
/// # Panics
/// If a glyph has no character: nobody could search for it or copy it.
pub fn pdf_text(pdf: &[u8]) -> String {
    let streams = streams(pdf);
    let characters: HashMap<u16, String> = streams.iter().flat_map(|stream| characters(stream)).collect();
    streams.iter().filter(|stream| contains(stream, b"BT")).map(|stream| drawn(stream, &characters)).collect()
}

fn contains(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|part| part == word)
}

fn streams(pdf: &[u8]) -> Vec<Vec<u8>> {
    let (mut streams, mut rest) = (Vec::new(), pdf);
    while let Some(body) = after(rest, b"stream\n") {
        let end = body.windows(9).position(|part| part == b"endstream").unwrap_or(body.len());
        let mut inflated = Vec::new();
        let deflated = ZlibDecoder::new(&body[..end]).read_to_end(&mut inflated).is_ok();
        let stream = if deflated { inflated } else { body[..end].to_vec() };
        // Fonts are streams, too.
        if stream.is_ascii() {
            streams.push(stream);
        }
        rest = &body[end..];
        rest = after(rest, b"endstream").unwrap_or_default();
    }
    streams
}

fn after<'a>(bytes: &'a [u8], word: &[u8]) -> Option<&'a [u8]> {
    let at = bytes.windows(word.len()).position(|part| part == word)?;
    Some(&bytes[at + word.len()..])
}

/// Glyph to character: `<0003> <0041>`.
fn characters(stream: &[u8]) -> Vec<(u16, String)> {
    let text = String::from_utf8_lossy(stream);
    let maps = text.split("beginbfchar").skip(1).filter_map(|map| map.split("endbfchar").next());
    let lines = maps.flat_map(|map| map.lines());
    let pair = |line: &str| {
        let mut parts = line.split(['<', '>']).filter(|part| !part.trim().is_empty());
        let glyph = u16::from_str_radix(parts.next()?, 16).ok()?;
        let units: Vec<u16> = hex(parts.next()?).chunks(2).map(|two| u16::from_be_bytes([two[0], two[1]])).collect();
        Some((glyph, String::from_utf16_lossy(&units)))
    };
    lines.filter_map(pair).collect()
}

fn hex(digits: &str) -> Vec<u8> {
    let digits: Vec<u8> = digits.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).filter_map(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok()).collect()
}

/// The strings before each operator that shows text.
fn drawn(stream: &[u8], characters: &HashMap<u16, String>) -> String {
    let (mut text, mut strings, mut rest) = (String::new(), Vec::new(), stream);
    while let Some((first, more)) = rest.split_first() {
        rest = more;
        match first {
            b'(' => rest = literal(rest, &mut strings),
            b'<' if rest.first() == Some(&b'<') => rest = &rest[1..],
            b'<' => {
                let end = rest.iter().position(|b| *b == b'>').unwrap_or(rest.len());
                strings.extend(hex(&String::from_utf8_lossy(&rest[..end])));
                rest = &rest[(end + 1).min(rest.len())..];
            }
            letter if letter.is_ascii_alphabetic() => {
                let end = rest.iter().position(|b| !b.is_ascii_alphabetic()).unwrap_or(rest.len());
                match (letter, &rest[..end]) {
                    (b'T', b"j" | b"J") => {
                        let glyphs = strings.chunks_exact(2).map(|two| u16::from_be_bytes([two[0], two[1]]));
                        text.extend(glyphs.map(|glyph| characters[&glyph].as_str()));
                    }
                    (b'E', b"T") => text.push('\n'),
                    _ => {}
                }
                strings.clear();
                rest = &rest[end..];
            }
            _ => {}
        }
    }
    text
}

/// Reads a string up to its closing parenthesis; those that are balanced belong to it.
fn literal<'a>(mut rest: &'a [u8], string: &mut Vec<u8>) -> &'a [u8] {
    let mut open = 1;
    while let Some((byte, more)) = rest.split_first() {
        rest = more;
        match byte {
            b'\\' => rest = escaped(rest, string),
            b')' if open == 1 => return rest,
            byte => {
                open += i32::from(*byte == b'(') - i32::from(*byte == b')');
                string.push(*byte);
            }
        }
    }
    rest
}

fn escaped<'a>(rest: &'a [u8], string: &mut Vec<u8>) -> &'a [u8] {
    let digits = rest.iter().take(3).take_while(|b| (b'0'..=b'7').contains(b)).count();
    if digits > 0 {
        let octal = rest[..digits].iter().fold(0_u16, |sum, digit| sum * 8 + u16::from(digit - b'0'));
        string.extend(u8::try_from(octal));
        return &rest[digits..];
    }
    let Some((byte, rest)) = rest.split_first() else { return rest };
    let named = [(b'n', b'\n'), (b'r', b'\r'), (b't', b'\t'), (b'b', 8), (b'f', 12)];
    string.push(named.iter().find(|(name, _)| name == byte).map_or(*byte, |(_, byte)| *byte));
    rest
}
