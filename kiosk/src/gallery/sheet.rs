//! The page that shows all pictures, for people.

use std::fmt::Write;

use super::audit::Finding;
use super::wish::Shot;

/// A page of HTML beside the pictures: one row for every screen, and what is wrong under each picture.
pub fn page(shots: &[Shot], findings: &[(String, Finding)]) -> String {
    let mut page = String::from(
        "<!doctype html><html lang=en><meta charset=utf-8><title>WeGovNow kiosk</title>\
         <style>body{font:16px sans-serif;margin:24px}section{display:flex;flex-wrap:wrap;gap:16px}figure{margin:0;width:min-content}\
         img{height:320px;border:1px solid #777}figcaption{font-size:13px}.flaw{color:#a00}</style>\
         <h1>Every screen of the kiosk</h1>",
    );
    let _ = write!(page, "<p>{} pictures, {} flaws.</p>", shots.len(), findings.len());
    for (index, shot) in shots.iter().enumerate() {
        if index == 0 || shots[index - 1].screen != shot.screen {
            let end = if index == 0 { "" } else { "</section>" };
            let _ = write!(page, "{end}<h2>{}</h2><section>", shot.screen);
        }
        let name = shot.name();
        let _ = write!(
            page,
            "<figure><a href=\"{name}.png\"><img loading=lazy src=\"{name}.png\" alt=\"{name}\"></a><figcaption>{name}"
        );
        for (_, finding) in findings.iter().filter(|(of, _)| *of == name) {
            let _ = write!(page, "<div class=flaw>{}</div>", escaped(&finding.to_string()));
        }
        page.push_str("</figcaption></figure>");
    }
    page + "</section></html>\n"
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
