//! The daily report as a mail for `sendmail -t`: a text part and an HTML part, nothing outside, below 100 KB.

use super::{Daily, Level, blocks, facts, text};
use crate::render::escape::{html as html_text, terminal};
use base64ish::base64;

/// Items of one block; with at most [`LONGEST`] characters each this keeps the mail below 100 KB.
const MOST: usize = 12;
const LONGEST: usize = 240;

/// Who the mail is from and to, and when it was written (microseconds since 1970).
#[derive(Clone, Debug, Default)]
pub struct Envelope {
    pub from: Option<String>,
    pub to: Option<String>,
    pub at: i64,
}

/// A whole message with its headers (RFC 5322, 2045 to 2047). Lines end in `\n`, as `sendmail` wants them on Unix.
pub fn mail(d: &Daily, envelope: &Envelope) -> String {
    // In quoted-printable every "=" is followed by hex digits or a line break: this can stand in no part.
    const BOUNDARY: &str = "=_pgautopsy_daily";
    let mut out = String::new();
    for (name, value) in [("From", &envelope.from), ("To", &envelope.to)] {
        if let Some(value) = value {
            out.push_str(&format!("{name}: {}\n", terminal(value, 200)));
        }
    }
    out.push_str(&format!("Subject: {}\n", encoded_words(&d.subject)));
    out.push_str(&format!("Date: {}\n", date(envelope.at)));
    out.push_str("MIME-Version: 1.0\nAuto-Submitted: auto-generated\n");
    out.push_str(&format!("Content-Type: multipart/alternative; boundary=\"{BOUNDARY}\"\n\n"));
    out.push_str("This is a message in two forms, text and HTML.\n");
    for (kind, body) in [("plain", text(d)), ("html", html(d))] {
        out.push_str(&format!(
            "--{BOUNDARY}\nContent-Type: text/{kind}; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n"
        ));
        out.push_str(&quoted_printable(&body));
        out.push('\n');
    }
    out.push_str(&format!("--{BOUNDARY}--\n"));
    out
}

/// The HTML part alone: inline styles only, for mail programs strip everything else.
pub fn html(d: &Daily) -> String {
    let (colour, back) = match d.level {
        Level::Ok => ("#14532d", "#dcfce7"),
        Level::Warning => ("#713f12", "#fef9c3"),
        Level::Critical => ("#7f1d1d", "#fee2e2"),
        Level::Unknown => ("#1f2937", "#e5e7eb"),
    };
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{0}</title></head>\n\
         <body style=\"margin:0;padding:16px;font:15px/1.45 sans-serif;color:#111827;background:#ffffff\">\n\
         <h1 style=\"font-size:17px;margin:0 0 12px;padding:10px 12px;color:{colour};background:{back}\">{0}</h1>\n",
        html_text(&d.subject, LONGEST)
    );
    for (title, items) in blocks(d) {
        out.push_str(&format!("<h2 style=\"font-size:15px;margin:16px 0 4px\">{title}</h2>\n"));
        for item in items.iter().take(MOST) {
            out.push_str(&format!("<p style=\"margin:8px 0 2px\"><b>{}</b></p>\n", html_text(&item.head, LONGEST)));
            rows(&mut out, item.lines.iter().map(|(n, l)| (*n, l.as_str())));
        }
        if items.len() > MOST {
            out.push_str(&format!("<p>{} more</p>\n", items.len() - MOST));
        }
    }
    if !d.disks.is_empty() {
        out.push_str("<h2 style=\"font-size:15px;margin:16px 0 4px\">Disks</h2>\n");
        let disks: Vec<(String, String)> = d.disks.iter().take(MOST).map(|x| (x.host.clone(), disk(x))).collect();
        rows(&mut out, disks.iter().map(|(h, t)| (h.as_str(), t.as_str())));
    }
    out.push_str("<h2 style=\"font-size:15px;margin:16px 0 4px\">This run</h2>\n");
    let facts = facts(d);
    rows(&mut out, facts.iter().map(|(n, l)| (*n, l.as_str())));
    out.push_str("</body></html>\n");
    out
}

fn disk(x: &crate::daily::Disk) -> String {
    let on = x.reaches_limit_on.as_ref().map_or(String::new(), |on| format!(" on {on}"));
    format!("{} ({}){on}", x.mount, x.text)
}

fn rows<'a>(out: &mut String, lines: impl Iterator<Item = (&'a str, &'a str)>) {
    let mut any = false;
    for (name, line) in lines {
        if !any {
            out.push_str("<table role=\"presentation\" style=\"border-collapse:collapse;font:inherit\">\n");
            any = true;
        }
        out.push_str(&format!(
            "<tr><td style=\"padding:1px 12px 1px 0;vertical-align:top;color:#4b5563\">{}</td><td style=\"padding:1px 0\">{}</td></tr>\n",
            html_text(name, LONGEST),
            html_text(line, LONGEST)
        ));
    }
    if any {
        out.push_str("</table>\n");
    }
}

/// RFC 2047: words of at most 75 characters, cut between characters, one a line.
fn encoded_words(text: &str) -> String {
    if text.is_ascii() && text.len() < 60 {
        return text.to_owned();
    }
    let mut words = Vec::new();
    let mut part = String::new();
    for c in text.chars() {
        // 45 bytes are 60 characters of base64.
        if part.len() + c.len_utf8() > 45 {
            words.push(std::mem::take(&mut part));
        }
        part.push(c);
    }
    words.push(part);
    words.iter().map(|w| format!("=?utf-8?B?{}?=", base64(w.as_bytes()))).collect::<Vec<_>>().join("\n ")
}

/// RFC 2045, section 6.7: lines of at most 76 characters.
fn quoted_printable(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let mut column = 0;
        let bytes = line.as_bytes();
        for (i, b) in bytes.iter().enumerate() {
            let last = i + 1 == bytes.len();
            let plain = (33..=126).contains(b) && *b != b'=' || *b == b' ' && !last;
            // A dot or "From " alone at the beginning of a line is changed by some programs on the way.
            let risky = column == 0 && (*b == b'.' || line.get(i..).is_some_and(|r| r.starts_with("From ")));
            let piece = if plain && !risky { char::from(*b).to_string() } else { format!("={b:02X}") };
            if column + piece.len() > 75 {
                out.push_str("=\n");
                column = 0;
            }
            column += piece.len();
            out.push_str(&piece);
        }
        out.push('\n');
    }
    out
}

/// RFC 5322: `Sat, 21 Nov 2026 06:00:00 +0000`.
fn date(at: i64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (y, m, d, _) = crate::model::split_civil(at);
    let weekday = at.div_euclid(crate::model::DAY).rem_euclid(7) as usize;
    let text = crate::model::rfc3339(at);
    format!(
        "{}, {d} {} {y} {} +0000",
        DAYS.get(weekday).unwrap_or(&"Thu"),
        MONTHS.get(m.saturating_sub(1) as usize).unwrap_or(&"Jan"),
        text.get(11..19).unwrap_or("00:00:00")
    )
}

mod base64ish {
    //! RFC 4648, for headers only.

    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    pub fn base64(bytes: &[u8]) -> String {
        let mut out = String::new();
        for three in bytes.chunks(3) {
            let byte = |i: usize| u32::from(three.get(i).copied().unwrap_or(0));
            let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
            for i in 0..4 {
                let letter = LETTERS.get((bits >> (18 - 6 * i) & 63) as usize).copied().unwrap_or(b'A');
                out.push(if i <= three.len() { char::from(letter) } else { '=' });
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_those_of_the_rfcs() {
        assert_eq!(base64(b"Man"), "TWFu");
        assert_eq!(base64(b"Ma"), "TWE=");
        assert_eq!(base64(b"M"), "TQ==");
        assert_eq!(quoted_printable("a=b ·\n.x\nend "), "a=3Db =C2=B7\n=2Ex\nend=20\n");
        assert!(quoted_printable(&"·".repeat(200)).lines().all(|l| l.len() <= 76));
        assert_eq!(date(1_795_241_045_000_000), "Sat, 21 Nov 2026 06:04:05 +0000");
    }

    #[test]
    fn a_long_subject_is_cut_between_letters() {
        let words = encoded_words(&"ü · ".repeat(40));
        assert!(words.lines().all(|l| l.trim_start().len() <= 75), "{words}");
    }
}
