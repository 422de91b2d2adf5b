//! `free` and `/proc/meminfo`, in kB.

use crate::formats::sheet::{Line, Sheet, lines};
use crate::formats::{Document, units};
use crate::model::{Key, Parsed, Program};

pub static FORMAT: Document = Document {
    name: "memory",
    program: Program::Command,
    doc: "MemTotal, MemAvailable, Swap…, Dirty, Committed_AS; `free` with any unit, old and new columns",
    sniff,
    read,
    samples: &[
        "               total        used        free      shared  buff/cache   available\nMem:        24682416     7031112      306536      133752    17879768    17651304\nSwap:              0           0           0\n",
        "MemTotal:       24682416 kB\nMemFree:          218924 kB\nMemAvailable:   17562828 kB\n",
    ],
};

static FIELDS: &[&str] = &[
    "MemTotal",
    "MemFree",
    "MemAvailable",
    "SwapTotal",
    "SwapFree",
    "Dirty",
    "Writeback",
    "Committed_AS",
    "CommitLimit",
    "HugePages_Total",
    "HugePages_Free",
    "AnonHugePages",
    "Shmem",
];

fn is_header(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    line.starts_with(' ') && words.starts_with(&["total", "used", "free"])
}

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    let meminfo = text.lines().take(40).filter(|l| l.starts_with("MemTotal:") || l.starts_with("MemFree:")).count();
    if text.lines().take(40).any(is_header) || meminfo == 2 { 92 } else { 0 }
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut sheet = Sheet::new(out, Program::Command);
    let mut header: Vec<&str> = Vec::new();
    // The header does not tell its unit: a table without letters is kB unless its total is too small for that (-m, -g).
    let factor = text.lines().find(|l| l.starts_with("Mem:")).map_or(1.0, |l| {
        let total = l.split_whitespace().nth(1).and_then(|n| n.parse::<f64>().ok()).unwrap_or(0.0);
        if total > 0.0 && total < 1_000.0 {
            1_048_576.0
        } else if total > 0.0 && total < 200_000.0 {
            1_024.0
        } else if total > 1e10 {
            1.0 / 1_024.0
        } else {
            1.0
        }
    });
    for line in lines(&text) {
        if let Some(at) = super::date::stamp_line(line.text) {
            sheet.at = Some(at);
        } else if is_header(line.text) {
            header = line.text.split_whitespace().collect();
        } else if let Some((label, rest)) = line.text.split_once(':') {
            match label {
                "Mem" | "Swap" => table_row(label, rest, &header, factor, line, &mut sheet),
                _ if FIELDS.contains(&label) => {
                    if let Some(n) = rest.split_whitespace().next().and_then(|n| n.parse().ok()) {
                        sheet.num(Key::MemoryKb, Some(label), n, line);
                    }
                }
                _ => {}
            }
        }
    }
    sheet.account(&text);
}

fn table_row(label: &str, rest: &str, header: &[&str], factor: f64, line: Line<'_>, sheet: &mut Sheet<'_>) {
    for (title, cell) in header.iter().zip(rest.split_whitespace()) {
        let name = match (label, *title) {
            ("Mem", "total") => "MemTotal",
            ("Mem", "free") => "MemFree",
            ("Mem", "available") => "MemAvailable",
            ("Swap", "total") => "SwapTotal",
            ("Swap", "free") => "SwapFree",
            _ => continue,
        };
        let kb = match cell.parse::<f64>() {
            Ok(n) => Some(n * factor),
            Err(_) => units::bytes(cell, false).map(|b| b / 1_024.0),
        };
        if let Some(kb) = kb {
            sheet.num(Key::MemoryKb, Some(name), kb, line);
        }
    }
}
