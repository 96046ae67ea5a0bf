//! Invoices and credit notes as PDF: text in columns of a font of fixed width, which is embedded (`fonts/LICENSE`). The
//! same document gives the same bytes. What is on the sheet was decided when it was issued; nothing is computed here.

mod layout;
mod printer;

pub(crate) use printer::Printer;

use krilla::Document;
use krilla::geom::Point;
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla::text::{Font, TextDirection};
use tillroll_http::{Problem, problems};
use tillroll_schemas::Money;
use tillroll_schemas::order::Totals;

static FONT: &[u8] = include_bytes!("../fonts/DejaVuSansMono.ttf");

/// A4, in points.
const PAGE: (u16, u16) = (595, 842);
/// Where the first line begins.
const ORIGIN: (u16, u16) = (50, 70);
/// From line to line.
const LEADING: u16 = 14;
const SIZE: u16 = 10;
/// Lines on a page.
const LINES: usize = 52;

/// What is printed.
pub(crate) struct Sheet<'a> {
    pub(crate) title: &'static str,
    pub(crate) number: &'a str,
    pub(crate) dated: String,
    pub(crate) customer: Option<&'a str>,
    pub(crate) country: Option<&'a str>,
    pub(crate) order: Option<String>,
    /// To whom it is made out, line by line.
    pub(crate) buyer: Vec<String>,
    pub(crate) lines: Vec<Line>,
    pub(crate) taxes: Vec<Tax>,
    pub(crate) totals: Totals,
}

/// One line of it.
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) quantity: i64,
    pub(crate) rate: String,
    pub(crate) net: Money,
}

/// The tax of one rate.
pub(crate) struct Tax {
    pub(crate) rate: String,
    pub(crate) net: Money,
    pub(crate) tax: Money,
}

/// The document as a PDF file.
pub(crate) fn document(sheet: &Sheet<'_>) -> Result<Vec<u8>, Problem> {
    let fault = |what: String| {
        tracing::error!(document.number = sheet.number, what, "the document cannot be printed");
        Problem::new(&problems::INTERNAL)
    };
    let font = Font::new(FONT.into(), 0).ok_or_else(|| fault("the font is none".to_owned()))?;
    let mut document = Document::new();
    document.set_metadata(Metadata::new().title(format!("{} {}", sheet.title, sheet.number)));
    let text = layout::text(sheet);
    let pages = text.chunks(LINES).count();
    for (nth, lines) in text.chunks(LINES).enumerate() {
        let size = PageSettings::from_wh(PAGE.0.into(), PAGE.1.into());
        let mut page = document.start_page_with(size.ok_or_else(|| fault("the page has no size".to_owned()))?);
        let mut surface = page.surface();
        let footer = layout::footer(sheet, nth + 1, pages);
        let rows = lines.iter().chain(std::iter::once(&footer));
        for (row, line) in (0_u16..).zip(rows).filter(|(_, line)| !line.is_empty()) {
            let at = Point::from_xy(ORIGIN.0.into(), (ORIGIN.1 + row * LEADING).into());
            surface.draw_text(at, font.clone(), SIZE.into(), line, false, TextDirection::LeftToRight);
        }
        surface.finish();
        page.finish();
    }
    document.finish().map_err(|error| fault(format!("{error:?}")))
}

#[cfg(test)]
mod tests;
