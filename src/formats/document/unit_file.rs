//! systemd unit files and `systemctl cat`: how the service manager starts, watches and kills Patroni and etcd.

use super::environment::{assignment, pair};
use super::patroni_yml;
use crate::formats::etcd_settings::command_line;
use crate::formats::sheet::{Line, Sheet};
use crate::formats::{Document, sheet};
use crate::model::{Key, Parsed, Program, Value};

pub static FORMAT: Document = Document {
    name: "unit-file",
    program: Program::Config,
    doc: "[Unit], [Service], [Install]; item of a setting = unit, value = `Type=notify`",
    sniff,
    read,
    samples: &[
        "[Unit]\nDescription=Patroni\nAfter=network.target\n\n[Service]\nType=simple\nExecStart=/usr/bin/patroni /etc/patroni.yml\nKillMode=process\n",
    ],
};

/// Settings that decide whether and when the manager starts, stops or kills something.
static KEPT: &[&str] = &[
    "Type",
    "ExecStart",
    "ExecStop",
    "TimeoutStartSec",
    "TimeoutStopSec",
    "TimeoutSec",
    "Restart",
    "RestartSec",
    "StartLimitBurst",
    "StartLimitIntervalSec",
    "KillMode",
    "KillSignal",
    "SendSIGKILL",
    "WatchdogSec",
    "NotifyAccess",
    "MemoryMax",
    "MemoryHigh",
    "MemoryLimit",
    "CPUQuota",
    "TasksMax",
    "OOMPolicy",
    "OOMScoreAdjust",
    "Nice",
    "IOSchedulingClass",
    "IOSchedulingPriority",
    "Requires",
    "BindsTo",
    "PartOf",
    "Conflicts",
    "After",
    "RuntimeMaxSec",
];

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    let sections = text.lines().filter(|l| matches!(l.trim(), "[Unit]" | "[Service]" | "[Install]")).count();
    let first = text.lines().map(str::trim).find(|l| !l.is_empty() && !l.starts_with('#')).unwrap_or("");
    match sections {
        0 => 0,
        // Manuals quote units; a unit begins with a section.
        _ if !first.starts_with('[') => 0,
        1 => 85,
        _ => 97,
    }
}

fn read(content: &[u8], name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut sheet = Sheet::new(out, Program::Config);
    let mut unit = unit_of(name).unwrap_or_default();
    let mut patroni = Vec::new();
    for (number, setting) in joined(&text) {
        let line = Line { number, text: &setting };
        // `systemctl cat` says which file follows; a drop-in belongs to the unit that its folder names.
        if let Some(path) = setting.strip_prefix("# /") {
            unit = unit_of(path).unwrap_or(unit);
            continue;
        }
        let Some((key, value)) = setting.split_once('=') else { continue };
        let (key, value) = (key.trim(), value.trim());
        if key == "Environment" {
            for (name, value) in quoted_words(value).iter().filter_map(|w| pair(w)) {
                patroni.extend(assignment(name, value, line, &mut sheet));
            }
        }
        if !KEPT.contains(&key) {
            continue;
        }
        if key == "ExecStart" {
            command_line(value.trim_start_matches(['-', '@', '+', '!', ':']), line, &mut sheet);
        }
        let item = if unit.is_empty() { None } else { Some(unit.as_str()) };
        let shown = format!("{key}={}", crate::formats::secrets::masked(value));
        sheet.fact(Key::UnitSetting, item, Value::Text(shown.as_str().into()), line);
    }
    patroni_yml::local(&patroni, "", &text, &mut sheet);
    sheet.account(&text);
}

/// `patroni.service` of a path to it or to a drop-in below it.
fn unit_of(path: &str) -> Option<String> {
    let is_unit = |part: &str| [".service", ".socket", ".timer", ".mount", ".slice"].iter().any(|e| part.ends_with(e));
    let parts: Vec<&str> =
        path.split(['/', '\\']).map(|p| p.trim().trim_end_matches(".d").trim_end_matches(".txt")).collect();
    parts.into_iter().rev().find(|p| is_unit(p)).map(str::to_owned)
}

/// Lines with their continuations (`\` at the end), numbered by their first.
fn joined(text: &str) -> Vec<(u32, String)> {
    let mut out: Vec<(u32, String)> = Vec::new();
    let mut open = false;
    for line in sheet::lines(text) {
        let body = line.text.trim();
        let more = body.ends_with('\\');
        let body = body.trim_end_matches('\\').trim();
        match out.last_mut() {
            Some((_, last)) if open => {
                last.push(' ');
                last.push_str(body);
            }
            _ => out.push((line.number, body.to_owned())),
        }
        open = more;
    }
    out
}

/// Words of an `Environment=` value, quotes around whole assignments taken off.
fn quoted_words(value: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    for c in value.chars() {
        match quote {
            Some(q) if c == q => quote = None,
            Some(_) => word.push(c),
            None if matches!(c, '"' | '\'') => quote = Some(c),
            None if c.is_whitespace() => words.push(std::mem::take(&mut word)),
            None => word.push(c),
        }
    }
    words.push(word);
    words.retain(|w| !w.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_units_drop_ins_flags_and_environment() {
        let text = "# /usr/lib/systemd/system/etcd.service\n[Unit]\nDescription=etcd\n[Service]\nType=notify\nEnvironment=ETCD_UNSUPPORTED_ARCH=arm64 \"ETCD_HEARTBEAT_INTERVAL=250\"\nExecStart=/usr/bin/etcd --name e1 \\\n  --election-timeout=2500 \\\n  --data-dir /data/etcd\nTimeoutStartSec=30\n# /etc/systemd/system/etcd.service.d/override.conf\n[Service]\nRestart=no\n";
        let mut out = Parsed::default();
        read(text.as_bytes(), "systemctl_cat.txt", &mut out);
        let get = |key| out.facts.iter().find(|f| f.key == key).and_then(|f| f.value.num());
        assert_eq!(get(Key::EtcdHeartbeatMs), Some(250.0));
        assert_eq!(get(Key::EtcdElectionMs), Some(2_500.0));
        let units: Vec<_> = out.facts.iter().filter(|f| f.key == Key::UnitSetting).collect();
        assert!(units.iter().all(|f| f.item.as_deref() == Some("etcd.service")), "{units:#?}");
        assert!(units.iter().any(|f| f.value.text() == Some("Type=notify")));
        assert!(units.iter().any(|f| f.value.text() == Some("Restart=no")));
    }

    #[test]
    fn names_come_from_paths() {
        assert_eq!(unit_of("etc/systemd/system/patroni.service.d/10.conf").as_deref(), Some("patroni.service"));
        assert_eq!(unit_of("node1/patroni.service.txt").as_deref(), Some("patroni.service"));
        assert_eq!(unit_of("node1/x.conf"), None);
    }
}
