//! `systemctl status` and `systemctl show`: state of a unit, since when, and the last lines of its log.

use crate::formats::sheet::{Sheet, lines};
use crate::formats::{Document, LogReader};
use crate::model::{Key, Parsed, Program, Value};

pub static FORMAT: Document = Document {
    name: "systemctl-status",
    program: Program::Command,
    doc: "`● patroni.service - …`, Loaded, Active … since …, Main PID, then up to ten log lines, which are read as a log",
    sniff,
    read,
    samples: &[
        "● patroni.service - Runners to orchestrate a high-availability PostgreSQL\n     Loaded: loaded (/lib/systemd/system/patroni.service; enabled; preset: enabled)\n     Active: active (running) since Fri 2026-11-20 19:15:18 EST; 1h 2min ago\n   Main PID: 22148 (patroni)\n",
        "Type=notify\nRestart=no\nId=patroni.service\nActiveState=active\nSubState=running\n",
    ],
};

/// The unit in a head line.
fn head(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let rest = line.strip_prefix(['●', '*', '×', '○', '↻', '\u{2715}'])?.trim_start();
    let unit = rest.split(" - ").next()?.trim();
    let kinds = [".service", ".socket", ".timer", ".target", ".mount", ".slice", ".scope"];
    (kinds.iter().any(|k| unit.ends_with(k)) && !unit.contains(' ')).then_some(unit)
}

fn sniff(head_bytes: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head_bytes);
    let mut first = text.lines().filter(|l| !l.trim().is_empty());
    let labels =
        text.lines().take(40).any(|l| l.trim_start().starts_with("Active: ") || l.trim_start().starts_with("Loaded: "));
    if labels && first.by_ref().take(3).any(|l| head(l).is_some()) {
        return 100;
    }
    if labels && text.lines().any(|l| head(l).is_some()) {
        return 92;
    }
    let show = |k: &str| text.lines().any(|l| l.starts_with(k));
    if show("ActiveState=") && (show("Id=") || show("SubState=")) {
        return 95;
    }
    0
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut log = LogReader::within(None, out.caps);
    let mut sheet = Sheet::new(out, Program::Command);
    let mut unit = lines(&text).find_map(|l| l.text.strip_prefix("Id=")).unwrap_or("").to_owned();
    let mut logged = 0u64;
    for line in lines(&text) {
        let body = line.text.trim();
        if let Some(name) = head(line.text) {
            name.clone_into(&mut unit);
            continue;
        }
        let item = Some(unit.as_str()).filter(|u| !u.is_empty());
        if let Some(state) = body.strip_prefix("Active: ") {
            let at = state.split_once(" since ").and_then(|(_, rest)| {
                let when = rest.split(';').next()?.trim();
                let when = when.split_once(' ').map_or(when, |(day, rest)| if day.len() <= 4 { rest } else { when });
                super::date::stamp_line(when)
            });
            let words = state.split(" since ").next().unwrap_or(state).trim();
            sheet.fact_at(Key::UnitState, item, Value::Text(words.into()), at, line);
        } else if let Some(pid) = body.strip_prefix("Main PID: ") {
            if let Some(pid) = pid.split_whitespace().next().and_then(|p| p.parse().ok()) {
                sheet.num(Key::UnitPid, item, pid, line);
            }
            if pid.contains("code=") {
                sheet.text(Key::UnitState, item, body, line);
            }
        } else if let Some((key, value)) = body.split_once('=').filter(|_| text.contains("ActiveState=")) {
            show(key, value, item, line, &mut sheet);
        } else if is_log(line.text) {
            // Cut by the pager: the ellipsis is not part of the message.
            log.line(line.text.trim_end_matches(['…', '>']).as_bytes(), line.number);
            logged += 1;
        }
    }
    sheet.account(&text);
    let parsed = log.finish();
    if logged > 0 {
        out.streams.extend(parsed.streams);
        out.facts.extend(parsed.facts);
        let (all, from) = (&mut out.coverage, parsed.coverage);
        all.noise = all.noise.saturating_sub(logged) + from.noise;
        all.understood += from.understood;
        all.unknown += from.unknown;
        all.unnamed += from.unnamed;
        all.unread += from.unread;
    }
}

/// `systemctl show`: the settings in force, and how the main process ended.
fn show(key: &str, value: &str, item: Option<&str>, line: crate::formats::sheet::Line<'_>, sheet: &mut Sheet<'_>) {
    match key {
        "ActiveState" | "SubState" | "Result" | "ExecMainStatus" | "ExecMainCode" | "NRestarts" => {
            sheet.text(Key::UnitState, item, &format!("{key}={value}"), line);
        }
        "Type" | "Restart" | "TimeoutStartUSec" | "TimeoutStopUSec" | "WatchdogUSec" | "KillMode" | "OOMPolicy"
        | "MemoryMax" | "MemoryLimit" => sheet.text(Key::UnitSetting, item, &format!("{key}={value}"), line),
        "ActiveEnterTimestamp" | "ExecMainStartTimestamp" => {
            let when = value.split_once(' ').map_or(value, |(_, rest)| rest);
            if let Some(at) = super::date::stamp_line(when) {
                sheet.fact_at(Key::UnitState, item, Value::Text(format!("{key}={value}").into()), Some(at), line);
            }
        }
        _ => {}
    }
}

/// A line with a head of its own, taken out of an envelope or not.
fn is_log(line: &str) -> bool {
    let bytes = line.as_bytes();
    !line.starts_with(' ')
        && (crate::formats::BODIES.iter().any(|b| (b.head)(bytes).is_some())
            || crate::formats::ENVELOPES.iter().any(|e| (e.peel)(bytes).is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::rfc3339;

    #[test]
    fn reads_state_and_the_log_below() {
        let text = format!(
            "{}     Memory: 130.0M\n     CGroup: /system.slice/patroni.service\n             └─22148 /usr/bin/python3 /usr/bin/patroni /etc/patroni.yml\n\nNov 20 19:15:30 db01 patroni[22148]: 2026-11-20 19:15:30,123 INFO: no action. I am (db01), the leader with the lock\n",
            FORMAT.samples[0]
        );
        let mut out = Parsed::default();
        assert_eq!(sniff(text.as_bytes(), ""), 100);
        read(text.as_bytes(), "", &mut out);
        let state = out.facts.iter().find(|f| f.key == Key::UnitState).unwrap();
        assert_eq!((state.item.as_deref(), state.value.text()), (Some("patroni.service"), Some("active (running)")));
        assert_eq!(rfc3339(state.at.unwrap().civil), "2026-11-20T19:15:18.000Z");
        assert!(out.streams.iter().any(|s| s.program == Program::Patroni && s.stamped == 1));
    }
}
