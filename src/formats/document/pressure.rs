//! `/proc/pressure/*`: share of time in which tasks waited for a resource.

use crate::formats::Document;
use crate::formats::sheet::{Sheet, lines};
use crate::model::{Key, Parsed, Program};

pub static FORMAT: Document = Document {
    name: "pressure",
    program: Program::Command,
    doc: "`some avg10=8.71 avg60=7.66 avg300=10.37 total=…`; the resource by the name of the file or the order cpu, io, memory",
    sniff,
    read,
    samples: &[
        "some avg10=92.32 avg60=94.79 avg300=90.65 total=1583560368\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
    ],
};

fn is_row(line: &str) -> bool {
    let line = line.trim_start();
    let body = line.split_once(':').map_or(line, |(_, rest)| rest);
    (body.starts_with("some avg10=") || body.starts_with("full avg10=")) && body.contains("total=")
}

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    if text.lines().take(20).any(is_row) { 95 } else { 0 }
}

fn read(content: &[u8], name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut sheet = Sheet::new(out, Program::Command);
    let file = name.rsplit('/').next().unwrap_or(name);
    let named = ["cpu", "io", "memory"]
        .iter()
        .find(|r| file == **r || file.ends_with(&format!("_{r}")) || file.starts_with(&format!("{r}.")));
    // `cat /proc/pressure/*` prints them in this order.
    let several = text.lines().filter(|l| is_row(l) && l.contains("some ")).count() == 3;
    let mut blocks = 0;
    for line in lines(&text).filter(|l| is_row(l.text)) {
        let inline = line.text.split_once(':').and_then(|(path, _)| path.rsplit('/').next());
        blocks += usize::from(line.text.contains("some "));
        let ordered = ["cpu", "io", "memory"].get(blocks.saturating_sub(1)).copied().filter(|_| several);
        let resource = inline.or(named.copied()).or(ordered).unwrap_or("?");
        let kind = if line.text.contains("full ") { "full" } else { "some" };
        for word in line.text.split_whitespace().filter(|w| w.starts_with("avg")) {
            if let Some((field, value)) = word.split_once('=')
                && let Ok(value) = value.parse()
            {
                sheet.num(Key::Pressure, Some(&format!("{resource} {kind} {field}")), value, line);
            }
        }
    }
    sheet.account(&text);
}
