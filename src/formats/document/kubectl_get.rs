//! `kubectl get pods -o wide`: which pod has which address, on which node, and how often it was restarted.

use crate::formats::Document;
use crate::formats::sheet::{Line, Sheet, is_address, lines};
use crate::model::{Key, Parsed, Program};

pub static FORMAT: Document = Document {
    name: "kubectl-get",
    program: Program::Command,
    doc: "NAME READY STATUS RESTARTS AGE [IP NODE …]; columns stand below their titles",
    sniff,
    read,
    samples: &[
        "NAME     READY   STATUS    RESTARTS      AGE   IP           NODE\npg-0     2/2     Running   3 (2d ago)    30d   10.1.2.154   node-7\n",
    ],
};

fn is_header(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    words.contains(&"NAME") && words.contains(&"READY") && words.contains(&"STATUS") && words.contains(&"RESTARTS")
}

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    if text.lines().take(20).any(is_header) { 93 } else { 0 }
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut sheet = Sheet::new(out, Program::Command);
    let mut columns: Vec<(&str, usize)> = Vec::new();
    for line in lines(&text) {
        if is_header(line.text) {
            columns = titles(line.text);
        } else if !columns.is_empty() {
            row(line, &columns, &mut sheet);
        }
    }
    sheet.account(&text);
}

/// Titles with the byte at which each begins; two blanks at least part them.
fn titles(line: &str) -> Vec<(&str, usize)> {
    let words = line.split_whitespace();
    words.filter_map(|w| Some((w, line.find(w)?))).collect()
}

fn row(line: Line<'_>, columns: &[(&str, usize)], sheet: &mut Sheet<'_>) {
    let cell = |title: &str| {
        let at = columns.iter().position(|(t, _)| *t == title)?;
        let (_, from) = columns.get(at)?;
        let to = columns.get(at + 1).map_or(line.text.len(), |(_, to)| *to).min(line.text.len());
        line.text.get(*from..to).map(str::trim).filter(|c| !c.is_empty())
    };
    let Some(pod) = cell("NAME") else { return };
    let status = cell("STATUS").unwrap_or("");
    let restarts = cell("RESTARTS").unwrap_or("0");
    if restarts != "0" || !matches!(status, "Running" | "Completed") {
        sheet.text(Key::UnitState, Some(pod), &format!("{status}, restarts {restarts}"), line);
    }
    if let Some(address) = cell("IP").filter(|a| is_address(a)) {
        sheet.address(address, pod, line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_addresses_and_restarts() {
        let mut out = Parsed::default();
        read(FORMAT.samples[0].as_bytes(), "", &mut out);
        let got: Vec<_> =
            out.facts.iter().map(|f| (f.key, f.item.as_deref().unwrap(), f.value.text().unwrap())).collect();
        assert_eq!(
            got,
            [(Key::UnitState, "pg-0", "Running, restarts 3 (2d ago)"), (Key::AddressOf, "10.1.2.154", "pg-0")]
        );
    }
}
