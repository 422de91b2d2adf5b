//! `kubectl describe pod`: how a container ended last, when, and why.

use crate::formats::Document;
use crate::formats::sheet::{Line, Sheet, lines};
use crate::model::{Key, Naming, Parsed, Program, Stamp, Value, What};

pub static FORMAT: Document = Document {
    name: "kubectl-describe",
    program: Program::Command,
    doc: "Name, Node, IP, and per container State and Last State with Reason, Exit Code, Started, Finished",
    sniff,
    read,
    samples: &[
        "Name:             pg-0\nNamespace:        default\nNode:             node-7/10.0.0.7\nContainers:\n  postgres:\n    Last State:     Terminated\n      Reason:       OOMKilled\n      Exit Code:    137\n      Finished:     Tue, 21 Jul 2026 10:00:00 +0200\n",
    ],
};

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    let at_top = |k: &str| text.lines().any(|l| l.starts_with(k));
    if at_top("Name:") && at_top("Namespace:") && (at_top("Containers:") || at_top("Node:")) { 94 } else { 0 }
}

#[derive(Debug, Default)]
struct Ended<'a> {
    reason: String,
    code: String,
    finished: Option<(Stamp, Line<'a>)>,
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut sheet = Sheet::new(out, Program::Command);
    let mut container = String::new();
    let mut in_containers = false;
    let mut ended: Option<Ended<'_>> = None;
    for line in lines(&text) {
        let indent = line.text.len() - line.text.trim_start().len();
        let (label, value) = line.text.trim().split_once(':').unwrap_or((line.text.trim(), ""));
        let value = value.trim();
        if indent <= 4
            && let Some(done) = ended.take()
        {
            done.write(&container, &mut sheet);
        }
        match (indent, label) {
            (0, "Name") => sheet.name(Naming::Pod, value, line),
            (0, "IP") => sheet.name(Naming::Address, value, line),
            (0, "Containers" | "Init Containers") => in_containers = true,
            (0, _) => in_containers = false,
            (2, name) if in_containers && value.is_empty() => name.clone_into(&mut container),
            (4, "State" | "Last State") if value == "Terminated" => ended = Some(Ended::default()),
            (4, "Restart Count") if value != "0" => {
                sheet.text(Key::UnitState, Some(&container), &format!("restart count {value}"), line);
            }
            (_, "Reason") => set(&mut ended, |e| value.clone_into(&mut e.reason)),
            (_, "Exit Code") => set(&mut ended, |e| value.clone_into(&mut e.code)),
            (_, "Finished") => {
                if let Some(at) = super::date::stamp_line(value) {
                    set(&mut ended, |e| e.finished = Some((at, line)));
                }
            }
            _ => {}
        }
    }
    if let Some(done) = ended {
        done.write(&container, &mut sheet);
    }
    sheet.account(&text);
}

fn set<'a>(ended: &mut Option<Ended<'a>>, change: impl FnOnce(&mut Ended<'a>)) {
    if let Some(ended) = ended {
        change(ended);
    }
}

impl Ended<'_> {
    fn write(&self, container: &str, sheet: &mut Sheet<'_>) {
        let Some((at, line)) = self.finished else { return };
        let words = format!("terminated: {}, exit code {}", self.reason, self.code);
        sheet.fact_at(Key::UnitState, Some(container), Value::Text(words.as_str().into()), Some(at), line);
        if self.reason == "OOMKilled" {
            sheet.event(Program::Systemd, at, What::UnitOom, Some(container), line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::rfc3339;

    #[test]
    fn an_oom_kill_is_an_event() {
        let mut out = Parsed::default();
        read(FORMAT.samples[0].as_bytes(), "", &mut out);
        let raw = out.streams.iter().flat_map(|s| &s.raws).next().unwrap();
        assert_eq!((raw.what, raw.who.as_deref()), (What::UnitOom, Some("postgres")));
        assert_eq!(rfc3339(raw.at), "2026-07-21T10:00:00.000Z");
        assert!(out.facts.iter().any(|f| f.value.text() == Some("terminated: OOMKilled, exit code 137")));
    }
}
