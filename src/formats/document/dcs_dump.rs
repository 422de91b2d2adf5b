//! Patroni's keys in the DCS: `etcdctl get --prefix /service/`, keys and values by turns.

use super::{patroni_rest, patronictl_history as patroni_history};
use crate::formats::sheet::{Line, Sheet, lines};
use crate::formats::{Document, tree};
use crate::model::{Key, Parsed, Program};

pub static FORMAT: Document = Document {
    name: "dcs-dump",
    program: Program::Command,
    doc: "/service/<scope>/{leader,members/…,config,history,status,sync,initialize,failover,failsafe}",
    sniff,
    read,
    samples: &["/service/batman/initialize\n7710427947206209187\n/service/batman/leader\npg1\n"],
};

/// Scope and key of a path such as `/service/batman/members/pg1`; the namespace may be any.
fn key(line: &str) -> Option<(&str, &str)> {
    let path = line.trim();
    if !path.starts_with('/') || path.contains(' ') {
        return None;
    }
    let known = [
        "/members/",
        "/leader",
        "/config",
        "/history",
        "/initialize",
        "/status",
        "/sync",
        "/failover",
        "/failsafe",
        "/optime/leader",
    ];
    let at = known
        .iter()
        .filter_map(|k| path.rfind(k).filter(|at| path.len() == at + k.len() || *k == "/members/"))
        .min()?;
    let scope = path.get(..at)?.rsplit('/').next()?;
    (!scope.is_empty()).then_some((scope, path.get(at + 1..)?))
}

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    let keys = text.lines().take(200).filter(|l| key(l).is_some()).count();
    if keys >= 2 { 94 } else { 0 }
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut sheet = Sheet::new(out, Program::Command);
    let all: Vec<Line<'_>> = lines(&text).collect();
    let mut i = 0;
    while let Some(line) = all.get(i) {
        i += 1;
        let Some((scope, name)) = key(line.text) else { continue };
        sheet.text(Key::Scope, None, scope, *line);
        // A value may be empty or span lines; it ends at the next key.
        let mut value = String::new();
        let first = all.get(i).copied();
        while let Some(next) = all.get(i).filter(|l| key(l.text).is_none()) {
            value.push_str(next.text);
            value.push('\n');
            i += 1;
        }
        if let Some(first) = first {
            entry(name, value.trim(), first, &text, &mut sheet);
        }
    }
    sheet.account(&text);
}

/// Leaves of a value with their lines counted from the top of the file.
fn moved(leaves: Vec<tree::Leaf>, first: u32) -> Vec<tree::Leaf> {
    leaves.into_iter().map(|l| tree::Leaf { line: l.line + first - 1, ..l }).collect()
}

fn entry(name: &str, value: &str, line: Line<'_>, text: &str, sheet: &mut Sheet<'_>) {
    let object = || tree::leaves(value).map(|(l, _)| l).unwrap_or_default();
    match name {
        "leader" => sheet.text(Key::MemberRole, Some(value), "leader", line),
        "initialize" => sheet.text(Key::SystemId, None, value, line),
        "config" => {
            crate::formats::settings::dynamic(&moved(object(), line.number), "", None, text, sheet);
        }
        "history" => patroni_history::from_leaves(&moved(object(), line.number), text, sheet),
        "sync" | "failover" => {
            for leaf in object() {
                sheet.text(Key::PatroniSetting, Some(&format!("{name}.{}", leaf.path)), &leaf.value.text(), line);
            }
        }
        _ => {
            let Some(member) = name.strip_prefix("members/") else { return };
            let leaves = object();
            let of = |key: &str| leaves.iter().find(|l| l.path == key).map(|l| l.value.text());
            patroni_rest::member(member, &of, line, sheet);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_key() {
        let text = "/service/batman/config\n{\"ttl\":30,\"loop_wait\":10}\n/service/batman/history\n[[1,68629744,\"no recovery target specified\",\"2026-11-21T01:19:55+00:00\",\"pg3\"]]\n/service/batman/initialize\n7710427947206209187\n/service/batman/leader\npg3\n/service/batman/members/pg1\n{\"conn_url\":\"postgres://10.0.1.11:5432/postgres\",\"api_url\":\"http://10.0.1.11:8008/patroni\",\"state\":\"running\",\"role\":\"replica\",\"version\":\"3.3.6\",\"timeline\":2}\n/service/batman/sync\n{\"leader\":\"pg3\",\"sync_standby\":\"pg1\"}\n";
        let mut out = Parsed::default();
        assert_eq!(sniff(text.as_bytes(), ""), 94);
        read(text.as_bytes(), "", &mut out);
        let has = |key, item: Option<&str>, value: &str| {
            out.facts.iter().any(|f| {
                f.key == key
                    && f.item.as_deref() == item
                    && (f.value.text() == Some(value) || f.value.num().is_some_and(|n| n.to_string() == value))
            })
        };
        assert!(has(Key::Ttl, None, "30"), "{:#?}", out.facts);
        assert!(has(Key::HistoryLeader, Some("1"), "pg3"));
        assert!(has(Key::MemberRole, Some("pg3"), "leader"));
        assert!(has(Key::AddressOf, Some("10.0.1.11"), "pg1"));
        assert!(has(Key::Scope, None, "batman"));
        assert!(has(Key::PatroniSetting, Some("sync.sync_standby"), "pg1"));
    }
}
