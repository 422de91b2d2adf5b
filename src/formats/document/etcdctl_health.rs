//! `etcdctl endpoint health`, `cluster-health`, `alarm list` and curl's `/health`: is each member fit to commit?

use super::etcdctl_members::field;
use super::etcdctl_status::{alarms, hex_id, is_id, member_address};
use crate::formats::cells::{cells, tables};
use crate::formats::sheet::{Line, Sheet, lines};
use crate::formats::{Document, tree};
use crate::messages::go_duration_ms;
use crate::model::{Key, Parsed, Program};

pub static FORMAT: Document = Document {
    name: "etcdctl-health",
    program: Program::Command,
    doc: "`x is healthy: … took = 3ms`, `member x is unreachable`, `memberID:… alarm:NOSPACE`, {\"health\":\"false\"}",
    sniff,
    read,
    samples: &[
        "http://10.0.1.11:2379 is healthy: successfully committed proposal: took = 6.621422ms\n",
        "member da590549f9042680 is healthy: got healthy result from http://10.43.114.177:2379\ncluster is healthy\n",
        "memberID:15931380115174852847 alarm:NOSPACE \n",
        "{\"health\":\"false\",\"reason\":\"ALARM NOSPACE\"}\n",
        "[{\"endpoint\":\"http://127.0.0.1:2379\",\"health\":true,\"took\":\"2.8ms\"}]\n",
        "+----------------+--------+-----------+-------+\n|    ENDPOINT    | HEALTH |   TOOK    | ERROR |\n+----------------+--------+-----------+-------+\n| 127.0.0.1:2379 |   true | 2.81045ms |       |\n",
    ],
};

fn is_header(cells: &[&str]) -> bool {
    cells.first() == Some(&"ENDPOINT") && cells.contains(&"HEALTH")
}

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    let hit = |l: &str| {
        verdict(l).is_some()
            || member(l).is_some()
            || l.starts_with("memberID:")
            || perf(l)
            || cells(l).is_some_and(|c| is_header(&c))
    };
    let fields = text.contains("\"Endpoint\" : ") && text.contains("\"Health\" : ");
    if fields || text.lines().take(60).any(hit) {
        return 95;
    }
    let json = text.trim_start();
    let one = json.starts_with("{\"health\"") || (json.starts_with("[{\"endpoint\"") && json.contains("\"health\""));
    let alarm = json.starts_with('{') && json.contains("\"alarms\":");
    if one || alarm { 95 } else { 0 }
}

/// `<endpoint> is healthy: …` or `unhealthy`.
fn verdict(line: &str) -> Option<(&str, bool, &str)> {
    let line = line.trim();
    let (endpoint, rest, healthy) = match line.split_once(" is healthy: ") {
        Some((e, r)) => (e, r, true),
        None => {
            let (e, r) = line.split_once(" is unhealthy: ")?;
            (e, r, false)
        }
    };
    (!endpoint.contains(' ') && endpoint.contains([':', '/', '.'])).then_some((endpoint, healthy, rest))
}

/// `check perf`: `FAIL: Slowest request took too long: 0.7s`.
fn perf(line: &str) -> bool {
    let rest = line.trim().strip_prefix("PASS: ").or_else(|| line.trim().strip_prefix("FAIL: "));
    rest.is_some_and(|r| ["Throughput", "Slowest request", "Stddev"].iter().any(|w| r.starts_with(w)))
        || line.starts_with("Slowest request took too long")
        || line.starts_with("Stddev too high")
}

/// API 2: `member <id> is healthy|unhealthy|unreachable: …`.
fn member(line: &str) -> Option<(&str, &str)> {
    let rest = line.trim().strip_prefix("member ")?;
    let (id, rest) = rest.split_once(" is ")?;
    (is_id(id) && (rest.starts_with("healthy") || rest.starts_with("un"))).then_some((id, rest))
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut sheet = Sheet::new(out, Program::Command);
    for line in lines(&text) {
        let json = line.text.trim_start().starts_with(['{', '[']);
        if let Some(stamp) = super::date::stamp_line(line.text) {
            sheet.at = Some(stamp);
        } else if let Some((endpoint, healthy, rest)) = verdict(line.text) {
            let took = rest.split("took = ").nth(1);
            state(endpoint, healthy, rest, took, line, &mut sheet);
        } else if let Some((id, rest)) = member(line.text) {
            sheet.text(Key::EtcdHealth, Some(id), rest.split(':').next().unwrap_or(rest), line);
            if let Some(url) = rest.split(" from ").nth(1) {
                member_address(id, url, line, &mut sheet);
            }
        } else if perf(line.text) {
            sheet.text(Key::EtcdHealth, Some("check perf"), line.text, line);
        } else if line.text.starts_with("memberID:") {
            alarms(line.text, line, &mut sheet);
        } else if let Some(rest) = line.text.trim().strip_prefix("cluster is ") {
            sheet.text(Key::EtcdHealth, Some("cluster"), rest, line);
        } else if line.text.contains("Error: unhealthy cluster") {
            sheet.text(Key::EtcdHealth, Some("cluster"), "unhealthy", line);
        } else if json {
            self::json(line, &mut sheet);
        }
    }
    fields(&text, &mut sheet);
    for table in tables(&text, is_header) {
        for row in &table.rows {
            let cell = |name| table.column(&[name]).map_or("", |c| row.get(c));
            state(cell("ENDPOINT"), cell("HEALTH") == "true", cell("ERROR"), Some(cell("TOOK")), row.line, &mut sheet);
        }
    }
    sheet.account(&text);
}

fn state(endpoint: &str, healthy: bool, rest: &str, took: Option<&str>, line: Line<'_>, sheet: &mut Sheet<'_>) {
    if endpoint.is_empty() {
        return;
    }
    let words = if healthy { "healthy".to_owned() } else { format!("unhealthy: {rest}") };
    sheet.text(Key::EtcdHealth, Some(endpoint), &words, line);
    if let Some(ms) = took.and_then(|t| go_duration_ms(t.trim().as_bytes())) {
        sheet.num(Key::EtcdHealthMs, Some(endpoint), ms, line);
    }
    // The text names no member, only the endpoint that was asked.
    if let Some(kinds) = rest.split("Active Alarm(s): ").nth(1) {
        sheet.text(Key::EtcdAlarm, Some(endpoint), kinds, line);
    }
}

/// `-w fields`: `"Endpoint" : …`, then health, time and error of it.
fn fields(text: &str, sheet: &mut Sheet<'_>) {
    let all: Vec<Line<'_>> = lines(text).collect();
    for (i, line) in all.iter().enumerate() {
        let Some(("Endpoint", endpoint)) = field(line.text) else { continue };
        let rest = || all.iter().skip(i + 1).map_while(|l| field(l.text)).take_while(|(key, _)| *key != "Endpoint");
        let value = |name: &str| rest().find(|(key, _)| *key == name).map(|(_, v)| v);
        if let Some(health) = value("Health") {
            state(endpoint, health == "true", value("Error").unwrap_or(""), value("Took"), *line, sheet);
        }
    }
}

fn json(line: Line<'_>, sheet: &mut Sheet<'_>) {
    let Ok((leaves, _)) = tree::leaves(line.text) else { return };
    let get = |path: &str| leaves.iter().find(|l| l.path == path).map(|l| l.value.text());
    if let Some(health) = get("health") {
        let reason = get("reason").unwrap_or_default();
        let healthy = matches!(health.as_str(), "true" | "on");
        let words = if healthy { "healthy".to_owned() } else { format!("unhealthy: {reason}") };
        sheet.text(Key::EtcdHealth, None, &words, line);
        if let Some(kind) = reason.strip_prefix("ALARM ") {
            sheet.text(Key::EtcdAlarm, None, kind, line);
        }
    }
    for leaf in leaves.iter().filter(|l| l.path.ends_with("].endpoint")) {
        let stem = leaf.path.trim_end_matches("endpoint");
        let of = |key: &str| get(&format!("{stem}{key}"));
        let healthy = of("health").as_deref() == Some("on");
        state(&leaf.value.text(), healthy, &of("error").unwrap_or_default(), of("took").as_deref(), line, sheet);
    }
    for leaf in leaves.iter().filter(|l| l.path.ends_with("].memberID")) {
        let kind = match get(&leaf.path.replace("memberID", "alarm")).as_deref() {
            Some("1" | "NOSPACE") => "NOSPACE",
            Some("2" | "CORRUPT") => "CORRUPT",
            _ => continue,
        };
        let id = hex_id(&leaf.value.text()).unwrap_or_default();
        sheet.text(Key::EtcdAlarm, Some(&id), kind, line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_health_of_all_kinds() {
        let cases = [
            (
                "a:2379 is unhealthy: failed to commit proposal: Active Alarm(s): NOSPACE\nError: unhealthy cluster\n",
                "EtcdAlarm a:2379 NOSPACE",
            ),
            (
                "a:2379 is unhealthy: failed to commit proposal: context deadline exceeded\n",
                "EtcdHealth a:2379 unhealthy: failed to commit proposal: context deadline exceeded",
            ),
            (
                "\"Endpoint\" : \"http://a:2379\"\n\"Health\" : true\n\"Took\" : 1.5s\n\"Error\" : \n",
                "EtcdHealthMs http://a:2379 1500",
            ),
            (
                "http://a:2379 is healthy: successfully committed proposal: took = 1.5s\n",
                "EtcdHealthMs http://a:2379 1500",
            ),
            (
                "member da590549f9042680 is unreachable: no available published client urls\n",
                "EtcdHealth da590549f9042680 unreachable",
            ),
            ("memberID:255 alarm:NOSPACE \nmemberID:254 alarm:CORRUPT \n", "EtcdAlarm fe CORRUPT"),
            ("{\"header\":{},\"alarms\":[{\"memberID\":255,\"alarm\":1}]}\n", "EtcdAlarm ff NOSPACE"),
            ("{\"health\":\"false\",\"reason\":\"RAFT NO LEADER\"}\n", "EtcdHealth - unhealthy: RAFT NO LEADER"),
            (
                "[{\"endpoint\":\"a:2379\",\"health\":false,\"took\":\"5.0s\",\"error\":\"context deadline exceeded\"}]",
                "EtcdHealthMs a:2379 5000",
            ),
            ("cluster is degraded\n", "EtcdHealth cluster degraded"),
        ];
        for (text, want) in cases {
            let got = FORMAT.facts(text);
            assert!(got.contains(&want.to_owned()), "{want} not in {got:?}");
        }
    }

    #[test]
    fn patroni_saying_so_in_prose_is_not_health() {
        assert_eq!(sniff(b"the node is healthy: yes it is\n", ""), 0);
        assert_eq!(sniff(b"2021-02-01 13:45:05 INFO: node pg1 is unhealthy: x\n", ""), 0);
    }
}
