//! JSON of Patroni's REST API: `/cluster` (all members), `/patroni` and `/health` (one), also several in one file.

use crate::formats::sheet::{Line, Sheet, excerpt, host_of};
use crate::formats::tree::Leaf;
use crate::formats::{Document, stamp, tree};
use crate::model::{Key, Naming, Parsed, Program, Value};

pub static FORMAT: Document = Document {
    name: "patroni-rest",
    program: Program::Command,
    doc: "members with role, state, api_url, timeline, lag in bytes; or one member with postmaster_start_time and dcs_last_seen",
    sniff,
    read,
    samples: &[
        "{\"members\": [{\"name\": \"pg1\", \"role\": \"leader\", \"state\": \"running\", \"api_url\": \"http://10.0.0.1:8008/patroni\", \"host\": \"10.0.0.1\", \"port\": 5432, \"timeline\": 3}], \"scope\": \"batman\"}",
        "{\"state\": \"running\", \"postmaster_start_time\": \"2026-11-21 00:15:20.123456+00:00\", \"role\": \"replica\", \"server_version\": 150018, \"timeline\": 2, \"patroni\": {\"version\": \"3.3.6\", \"scope\": \"batman\", \"name\": \"pg1\"}}",
    ],
};

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    if !text.trim_start().starts_with('{') {
        return 0;
    }
    let has = |k: &str| text.contains(&format!("\"{k}\""));
    let cluster = has("members") && has("role") && (has("api_url") || has("timeline"));
    let one = has("role") && has("state") && (has("server_version") || has("postmaster_start_time") || has("xlog"));
    if cluster || one { 94 } else { 0 }
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut sheet = Sheet::new(out, Program::Command);
    match tree::leaves(&text) {
        Ok((leaves, _)) => object(&leaves, &text, 0, &mut sheet),
        // Answers of several nodes, one per line.
        Err(problem) => {
            let mut any = false;
            for (i, line) in text.lines().enumerate().filter(|(_, l)| l.trim_start().starts_with('{')) {
                if let Ok((leaves, _)) = tree::leaves(line) {
                    object(&leaves, line, i as u32, &mut sheet);
                    any = true;
                }
            }
            if !any {
                sheet.out.problems.push(problem);
            }
        }
    }
    sheet.account(&text);
}

fn object(leaves: &[Leaf], text: &str, offset: u32, sheet: &mut Sheet<'_>) {
    let all: Vec<&str> = text.lines().collect();
    let get = |path: &str| leaves.iter().find(|l| l.path == path).map(|l| l.value.text());
    if leaves.iter().any(|l| l.path.starts_with("members[")) {
        let mut index = 0;
        while let Some(leaf) = leaves.iter().find(|l| l.path.starts_with(&format!("members[{index}]."))) {
            let stem = format!("members[{index}].");
            let of = |key: &str| get(&format!("{stem}{key}"));
            let name = of("name").unwrap_or_default();
            let line = excerpt(&all, leaf.line, &format!("\"{name}\""));
            member(&name, &of, Line { number: line.number + offset, ..line }, sheet);
            index += 1;
        }
        if let Some(scope) = get("scope") {
            sheet.text(Key::Scope, None, &scope, Line { number: 1 + offset, text: "scope" });
        }
        if get("pause").as_deref() == Some("on") {
            sheet.num(Key::Paused, None, 1.0, Line { number: 1 + offset, text: "pause: true" });
        }
        return;
    }
    let name = get("patroni.name").unwrap_or_default();
    let line = excerpt(&all, leaves.first().map_or(1, |l| l.line), "{");
    let line = Line { number: line.number + offset, ..line };
    member(&name, &get, line, sheet);
    if let Some(scope) = get("patroni.scope") {
        sheet.text(Key::Scope, None, &scope, line);
    }
    sheet.text(Key::PatroniVersion, None, &get("patroni.version").unwrap_or_default(), line);
    sheet.text(Key::SystemId, None, &get("database_system_identifier").unwrap_or_default(), line);
    sheet.name(Naming::Member, &name, line);
    for (path, key) in [("pause", Key::Paused), ("failsafe_mode_is_active", Key::FailsafeMode)] {
        if get(path).as_deref() == Some("on") {
            sheet.num(key, None, 1.0, line);
        }
    }
}

/// Facts of one member, from `/cluster`, `/patroni` or its key in the DCS.
pub fn member(name: &str, of: &dyn Fn(&str) -> Option<String>, line: Line<'_>, sheet: &mut Sheet<'_>) {
    let item = (!name.is_empty()).then_some(name);
    let text = |key: &str| of(key).unwrap_or_default();
    sheet.text(Key::MemberRole, item, &text("role"), line);
    sheet.text(Key::MemberState, item, &text("state"), line);
    if let Some(timeline) = of("timeline").and_then(|t| t.parse().ok()) {
        sheet.num(Key::MemberTimeline, item, timeline, line);
    }
    // Bytes here, megabytes in `patronictl list`.
    match of("lag").or_else(|| of("receive_lag")).map(|l| l.parse::<f64>().map_err(|_| l)) {
        Some(Ok(bytes)) => sheet.num(Key::MemberLagMb, item, (bytes / 1_048_576.0).round(), line),
        Some(Err(words)) => sheet.text(Key::MemberLagMb, item, &words, line),
        None => {}
    }
    for url in [text("host"), text("api_url"), text("conn_url")] {
        let host = host_of(&url);
        if !host.is_empty() {
            sheet.text(Key::MemberHost, item, host, line);
            sheet.address(&url, name, line);
            break;
        }
    }
    if let Some(version) = of("server_version").and_then(|v| v.parse::<u64>().ok()) {
        let shown = if version >= 100_000 {
            format!("{}.{}", version / 10_000, version % 10_000)
        } else {
            format!("{}.{}.{}", version / 10_000, version / 100 % 100, version % 100)
        };
        sheet.text(Key::PgVersion, item, &shown, line);
    }
    sheet.text(Key::PatroniVersion, item, &text("version"), line);
    let started = text("postmaster_start_time");
    if let Some((at, _)) = stamp::iso(started.as_bytes()) {
        sheet.fact_at(Key::PostmasterStart, item, Value::Text(started.as_str().into()), Some(at), line);
    }
    if let Some(seen) = of("dcs_last_seen").and_then(|s| s.parse().ok()) {
        sheet.num(Key::DcsLastSeen, item, seen, line);
    }
    for tag in ["nofailover", "nosync", "nostream", "failover_priority"] {
        if let Some(value) = of(&format!("tags.{tag}")) {
            let value = match value.as_str() {
                "on" => "true",
                "off" => "false",
                other => other,
            };
            sheet.text(Key::MemberTag, item, &format!("{tag}={value}"), line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_cluster_and_single_answers() {
        let text = "{\"state\": \"running\", \"postmaster_start_time\": \"2026-11-21 00:15:20.123456+00:00\", \"role\": \"primary\", \"server_version\": 150018, \"timeline\": 2, \"dcs_last_seen\": 1795220100, \"patroni\": {\"version\": \"3.3.6\", \"scope\": \"batman\", \"name\": \"pg1\"}}\n{\"state\": \"running\", \"role\": \"replica\", \"server_version\": 90624, \"patroni\": {\"version\": \"3.3.6\", \"scope\": \"batman\", \"name\": \"pg2\"}}\n";
        let mut out = Parsed::default();
        read(text.as_bytes(), "", &mut out);
        let has = |key, item: &str, value: &str| {
            out.facts.iter().any(|f| f.key == key && f.item.as_deref() == Some(item) && f.value.text() == Some(value))
        };
        assert!(has(Key::MemberRole, "pg2", "replica"));
        assert!(has(Key::PgVersion, "pg1", "15.18"));
        assert!(has(Key::PgVersion, "pg2", "9.6.24"));
        assert!(out.facts.iter().any(|f| f.key == Key::PostmasterStart && f.at.is_some()));
        let mut out = Parsed::default();
        read(b"{\n \"members\": [\n  {\"name\": \"pg1\", \"role\": \"leader\", \"state\": \"running\", \"api_url\": \"http://10.0.0.1:8008/patroni\", \"timeline\": 3, \"tags\": {\"nofailover\": true}},\n  {\"name\": \"pg2\", \"role\": \"replica\", \"state\": \"running\", \"host\": \"10.0.0.2\", \"lag\": 33554432}\n ], \"scope\": \"batman\", \"pause\": true}", "", &mut out);
        let has = |key, item: &str, value: &str| {
            out.facts.iter().any(|f| f.key == key && f.item.as_deref() == Some(item) && f.value.text() == Some(value))
        };
        assert!(has(Key::AddressOf, "10.0.0.1", "pg1"), "{:#?}", out.facts);
        assert!(has(Key::MemberTag, "pg1", "nofailover=true"));
        assert!(out.facts.iter().any(|f| f.key == Key::MemberLagMb && f.value.num() == Some(32.0)));
        assert!(out.facts.iter().any(|f| f.key == Key::Paused));
    }
}
