//! The sheet: a page of HTML beside the pictures, for people.

use std::fmt::Write;

use crate::agree::{Agreement, Sort};

/// One zoom: the pictures' files in the order of the columns, and what MapLibre agrees on.
pub struct Row {
    pub zoom: f64,
    pub pictures: Vec<String>,
    pub agreement: Agreement,
}

/// Space of a picture beside the picture itself, in pixels.
const GAP: u32 = 8;
const HEAD: (u32, u32) = (150, 150);

/// Width and height of the page with so many columns and rows of pictures.
pub fn size((width, height): (u32, u32), columns: usize, rows: usize) -> (u32, u32) {
    (HEAD.0 + columns as u32 * (width + GAP) + 40, HEAD.1 + rows as u32 * (height + GAP) + 40)
}

pub fn page(town: &str, (width, height): (u32, u32), columns: &[String], rows: &[Row]) -> String {
    let mut page = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>{town}</title><style>\
         body{{font:16px 'Noto Sans',sans-serif;margin:16px;width:max-content}}h1{{font-size:24px;margin:0}}p{{margin:4px 0 8px}}\
         table{{border-spacing:0}}th,td{{padding:{half}px;text-align:left;vertical-align:top}}tbody th{{width:{head}px;font-weight:400}}\
         th b{{font-size:22px}}img{{display:block;width:{width}px;height:{height}px}}</style>\
         <h1>{town}: MapLibre with tilemaker's tiles, and the kiosk's map in its styles</h1>\
         <p>Both from the same extract, at the same place and zoom. MapLibre draws in the colours and widths of our standard style; its sea \
         is ours, for tilemaker makes none. Figures: pixels of the same sort (of the ground, without names and the soft edges), and of those \
         that either has, how many both have. Map data © OpenStreetMap contributors, ODbL.</p>\
         <table><thead><tr><th></th>",
        town = escaped(town),
        half = GAP / 2,
        head = HEAD.0 - GAP,
    );
    for column in columns {
        let _ = write!(page, "<th>{}</th>", escaped(column));
    }
    page.push_str("</tr></thead><tbody>");
    for row in rows {
        let _ = write!(page, "<tr><th><b>zoom {}</b><br>{:.1} % agree", row.zoom, row.agreement.share() * 100.0);
        for sort in Sort::ALL {
            if let Some(shared) = row.agreement.shared(sort) {
                let _ = write!(page, "<br>{} {:.0} %", format!("{sort:?}").to_lowercase(), shared * 100.0);
            }
        }
        page.push_str("</th>");
        for picture in &row.pictures {
            let _ = write!(page, "<td><img src=\"{0}\" alt=\"{0}\"></td>", escaped(picture));
        }
        page.push_str("</tr>");
    }
    page + "</tbody></table></html>\n"
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
