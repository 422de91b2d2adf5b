//! One figure: title, key, drawing, table of its figures, and the data that the script reads.

use super::draw::{GRID, LEFT, PLOT, Scale, WIDTH};
use super::page::{Page, Svg};
use serde_json::Value;

/// Margin above the data and below it, for the axis.
pub const TOP: u32 = 10;
pub const BOTTOM: u32 = 26;

/// One line, bar or band of a figure.
#[derive(Debug)]
pub struct Mark {
    pub host: String,
    /// Classes of the style sheet: colour by host, dashes by item, kind.
    pub class: String,
    /// Further data attributes: name and value.
    pub data: Vec<(&'static str, String)>,
    pub svg: Svg,
}

#[derive(Debug)]
pub struct Key {
    pub host: String,
    pub class: String,
    pub text: String,
}

#[derive(Debug)]
pub struct Figure {
    pub id: String,
    pub title: String,
    /// What it shows and how to read it.
    pub note: String,
    /// Height of the data in pixels, and its units from top to bottom.
    pub height: u32,
    pub units: u32,
    pub frame: Svg,
    pub axis: Svg,
    pub marks: Vec<Mark>,
    /// Texts that keep their shape when zoomed: (begin, end, y, class, host, text).
    pub texts: Vec<(f64, f64, i32, &'static str, String, String)>,
    pub keys: Vec<Key>,
    pub head: Vec<&'static str>,
    pub rows: Vec<(String, Vec<String>)>,
    pub data: Value,
}

impl Figure {
    pub fn write(&self, page: &mut Page, scale: &Scale) {
        let total = (TOP + self.height + BOTTOM) as usize;
        page.raw("<figure class=\"plot\" id=\"").text(&self.id).raw("\"><figcaption><h3>").text(&self.title);
        page.raw("</h3><p class=\"note\">").text(&self.note).raw("</p></figcaption>");
        if !self.keys.is_empty() {
            page.raw("<ul class=\"keys\">");
            for k in &self.keys {
                page.raw("<li data-host=\"").host(&k.host).raw("\"><svg class=\"key ").text(&k.class);
                page.raw("\" width=\"30\" height=\"12\" aria-hidden=\"true\"><rect x=\"1\" y=\"1\" width=\"28\" height=\"10\"/><line x1=\"1\" y1=\"6\" x2=\"29\" y2=\"6\"/></svg>");
                page.text(&k.text).raw("</li>");
            }
            page.raw("</ul>");
        }
        page.raw("<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"").text(&self.title);
        page.raw(", plot\"><svg class=\"fig\" viewBox=\"0 0 ").int(WIDTH as usize).raw(" ").int(total);
        page.raw("\" role=\"img\" aria-labelledby=\"")
            .text(&self.id)
            .raw("-t\"><title id=\"")
            .text(&self.id)
            .raw("-t\">");
        page.text(&self.title).raw(". ").text(&self.note).raw("</title><g class=\"frame\">").svg(&self.frame);
        page.raw("</g><g class=\"time\">").svg(&self.axis).raw("</g><svg class=\"data\" x=\"").int(LEFT as usize);
        page.raw("\" y=\"")
            .int(TOP as usize)
            .raw("\" width=\"")
            .int(PLOT as usize)
            .raw("\" height=\"")
            .int(self.height as usize);
        page.raw("\" viewBox=\"0 0 ")
            .int(GRID as usize)
            .raw(" ")
            .int(self.units as usize)
            .raw("\" preserveAspectRatio=\"none\">");
        for m in &self.marks {
            page.raw("<g class=\"").text(&m.class).raw("\"");
            if !m.host.is_empty() {
                page.raw(" data-host=\"").host(&m.host).raw("\"");
            }
            for (name, value) in &m.data {
                page.raw(" data-").raw(name).raw("=\"").text(value).raw("\"");
            }
            page.raw(">").svg(&m.svg).raw("</g>");
        }
        page.raw("</svg><g class=\"texts\">");
        for (from, to, y, class, host, text) in &self.texts {
            let (a, b) = (scale.x(*from).max(LEFT as i32), scale.x(*to).min((LEFT + PLOT) as i32));
            let room = (b - a) / 7;
            let hide = class.starts_with("rl") && room < text.chars().count() as i32 + 1;
            page.raw("<text class=\"")
                .text(class)
                .raw(if hide { " off" } else { "" })
                .raw("\" data-host=\"")
                .host(host);
            page.raw("\" data-a=\"").text(&format!("{from:.3}")).raw("\" data-b=\"").text(&format!("{to:.3}"));
            let x = if *class == "pn" { a } else { a + 5 };
            page.raw("\" x=\"")
                .int(x.max(0) as usize)
                .raw("\" y=\"")
                .int((*y).max(0) as usize)
                .raw("\">")
                .text(text)
                .raw("</text>");
        }
        page.raw("</g><g class=\"over\"></g></svg></div>");
        self.table(page);
        page.raw("</figure>");
    }

    fn table(&self, page: &mut Page) {
        if self.rows.is_empty() {
            return;
        }
        page.raw("<details class=\"values\"><summary>Values as a table</summary><div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Values: ");
        page.text(&self.title).raw("\"><table><thead><tr>");
        self.head.iter().for_each(|h| {
            page.tagged("<th scope=\"col\">", h, "</th>");
        });
        page.raw("</tr></thead><tbody>");
        for (host, row) in &self.rows {
            page.raw("<tr data-host=\"").host(host).raw("\">");
            for (i, cell) in row.iter().enumerate() {
                if i == 0 {
                    page.tagged("<th scope=\"row\">", cell, "</th>");
                } else {
                    page.tagged("<td>", cell, "</td>");
                }
            }
            page.raw("</tr>");
        }
        page.raw("</tbody></table></div></details>");
    }
}
