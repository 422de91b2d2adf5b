//! `etcdctl endpoint status`: version, database size, Raft leader and errors per endpoint, in all its formats.

use crate::formats::cells::{Table, tables};
use crate::formats::sheet::{Line, Sheet, excerpt, host_of, is_local, lines};
use crate::formats::{Document, tree, units};
use crate::model::{Key, Parsed, Program, Value};

pub static FORMAT: Document = Document {
    name: "etcdctl-status",
    program: Program::Command,
    doc: "ENDPOINT, ID, VERSION, DB SIZE, IS LEADER, RAFT TERM …; the ERRORS cell may go on over several rows",
    sniff,
    read,
    samples: &[
        "+----------------+------------------+---------+---------+-----------+\n|    ENDPOINT    |        ID        | VERSION | DB SIZE | IS LEADER |\n+----------------+------------------+---------+---------+-----------+\n| 127.0.0.1:2379 | b9c5599edd6fc470 |   3.5.7 |  2.1 GB |     false |\n",
        "[{\"Endpoint\":\"http://10.0.1.11:2379\",\"Status\":{\"header\":{\"cluster_id\":9031680997592276801,\"member_id\":14609551374150986467,\"revision\":1,\"raft_term\":2},\"version\":\"3.4.23\",\"dbSize\":20480,\"leader\":14609551374150986467,\"raftIndex\":483}}]\n",
        "http://10.0.1.11:2379, cac023a4ca1f60a3, 3.4.23, 20 kB, true, false, 2, 483, 483, \n",
        "\"ClusterID\" : 9031680997592276801\n\"MemberID\" : 14609551374150986467\n\"Revision\" : 1\n\"RaftTerm\" : 2\n\"Version\" : \"3.4.23\"\n\"DBSize\" : 20480\n\"Leader\" : 14609551374150986467\n\"Endpoint\" : \"10.0.1.11:2379\"\n",
    ],
};

fn is_header(cells: &[&str]) -> bool {
    cells.first() == Some(&"ENDPOINT") && cells.iter().any(|c| matches!(*c, "DB SIZE" | "RAFT TERM" | "VERSION"))
}

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    let drawn = |l: &str| crate::formats::cells::cells(l).is_some_and(|c| is_header(&c));
    if text.lines().take(60).any(|l| drawn(l) || simple(l).is_some()) {
        return 95;
    }
    let json = text.contains("\"Endpoint\"") && text.contains("\"Status\"") && text.contains("\"dbSize\"");
    let fields = text.contains("\"DBSize\" :") && text.contains("\"MemberID\" :");
    if json || fields { 95 } else { 0 }
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut sheet = Sheet::new(out, Program::Command);
    let mut found = tables(&text, is_header).into_iter().peekable();
    for line in lines(&text) {
        while let Some(table) = found.next_if(|t| t.header_line.number <= line.number) {
            drawn(&table, &mut sheet);
        }
        if let Some(stamp) = super::date::stamp_line(line.text) {
            sheet.at = Some(stamp);
        } else if let Some(cells) = simple(line.text) {
            let mut member = Status { line, ..Status::default() };
            let titles = ["ENDPOINT", "ID", "VERSION", "DB SIZE", "IS LEADER"];
            let rest: &[&str] = match cells.len() {
                0..8 => &["RAFT TERM", "RAFT INDEX"],
                _ => &["IS LEARNER", "RAFT TERM", "RAFT INDEX", "RAFT APPLIED INDEX", "ERRORS"],
            };
            for (title, cell) in titles.iter().chain(rest).zip(&cells) {
                member.set(title, cell);
            }
            member.write(&mut sheet);
        }
    }
    for table in found {
        drawn(&table, &mut sheet);
    }
    json(&text, &mut sheet);
    fields(&text, &mut sheet);
    failures(&text, &mut sheet);
    sheet.account(&text);
}

/// `-w simple`: endpoint, hexadecimal id, version, size, true or false …
fn simple(line: &str) -> Option<Vec<&str>> {
    let cells: Vec<&str> = line.split(", ").map(|c| c.trim().trim_end_matches(',')).collect();
    let id = cells.get(1).is_some_and(|c| is_id(c));
    let size = cells.get(3).is_some_and(|c| units::bytes(c, true).is_some());
    let leader = cells.get(4).is_some_and(|c| matches!(*c, "true" | "false"));
    (id && size && leader).then_some(cells)
}

/// A member id as etcd prints it: up to 16 hexadecimal digits without leading zeros.
pub fn is_id(text: &str) -> bool {
    (8..=16).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// Ids in JSON and in alarms are decimal; everything else prints hexadecimal.
pub fn hex_id(text: &str) -> Option<String> {
    text.trim().parse::<u64>().ok().map(|id| format!("{id:x}"))
}

fn drawn(table: &Table<'_>, sheet: &mut Sheet<'_>) {
    let errors = table.column(&["ERRORS"]);
    let mut member: Option<Status<'_>> = None;
    for row in &table.rows {
        // A long error text goes on in rows whose other cells are empty.
        if row.get(0).is_empty()
            && let Some(open) = &mut member
        {
            let more = errors.map_or("", |c| row.get(c));
            open.errors.push(' ');
            open.errors.push_str(more);
            if more.contains("alarm:") {
                open.alarm_line = Some(row.line);
            }
            continue;
        }
        let mut next = Status { line: row.line, ..Status::default() };
        for (title, cell) in table.header.iter().zip(&row.cells) {
            next.set(title, cell);
        }
        if let Some(done) = member.replace(next) {
            done.write(sheet);
        }
    }
    if let Some(done) = member {
        done.write(sheet);
    }
}

fn json(text: &str, sheet: &mut Sheet<'_>) {
    if !text.contains("\"Status\"") {
        return;
    }
    let from = text.find(['[', '{']).unwrap_or(0);
    let offset = text.get(..from).map_or(0, |h| h.matches('\n').count()) as u32;
    let leaves = match tree::leaves(text.get(from..).unwrap_or("")) {
        Ok((leaves, _)) => leaves,
        Err(problem) => return sheet.out.problems.push(problem),
    };
    let all: Vec<&str> = text.lines().collect();
    let mut open: Option<(String, Status<'_>)> = None;
    for leaf in &leaves {
        let Some((entry, rest)) = leaf.path.strip_prefix('[').and_then(|p| p.split_once("].")) else { continue };
        let needle = format!("\"{}\"", leaf.value.text());
        let line = excerpt(&all, leaf.line + offset, &needle);
        if open.as_ref().is_none_or(|(e, _)| e != entry)
            && let Some((_, done)) = open.replace((entry.to_owned(), Status { line, ..Status::default() }))
        {
            done.write(sheet);
        }
        let Some((_, member)) = &mut open else { continue };
        let value = leaf.value.text();
        match rest.trim_start_matches("Status.") {
            "Endpoint" => member.set("ENDPOINT", &value),
            "header.member_id" => member.id = hex_id(&value).unwrap_or_default(),
            "header.raft_term" | "raftTerm" => member.set("RAFT TERM", &value),
            "version" => member.set("VERSION", &value),
            "dbSize" => member.set("DB SIZE", &value),
            "dbSizeInUse" => member.set("IN USE", &value),
            "dbSizeQuota" => member.set("QUOTA", &value),
            "leader" => member.leader = hex_id(&value).unwrap_or_default(),
            "raftIndex" => member.set("RAFT INDEX", &value),
            "raftAppliedIndex" => member.set("RAFT APPLIED INDEX", &value),
            rest if rest.starts_with("errors[") => {
                member.errors.push_str(&value);
                member.errors.push(' ');
            }
            _ => {}
        }
    }
    if let Some((_, done)) = open {
        done.write(sheet);
    }
}

/// `-w fields`: `"Key" : value`, a member per block, the endpoint last.
fn fields(text: &str, sheet: &mut Sheet<'_>) {
    if !text.contains("\"DBSize\" :") {
        return;
    }
    let mut member = Status::default();
    for line in lines(text) {
        let Some((key, value)) = line.text.split_once(" : ") else { continue };
        let value = value.trim().trim_matches('"');
        if member.line.number == 0 {
            member.line = line;
        }
        match key.trim().trim_matches('"') {
            "MemberID" => member.id = hex_id(value).unwrap_or_default(),
            "RaftTerm" => member.set("RAFT TERM", value),
            "Version" => member.set("VERSION", value),
            "DBSize" => member.set("DB SIZE", value),
            "DBSizeInUse" => member.set("IN USE", value),
            "Leader" => member.leader = hex_id(value).unwrap_or_default(),
            "RaftIndex" => member.set("RAFT INDEX", value),
            "RaftAppliedIndex" => member.set("RAFT APPLIED INDEX", value),
            "Errors" => member.errors.push_str(value),
            "Endpoint" => {
                member.set("ENDPOINT", value);
                std::mem::take(&mut member).write(sheet);
            }
            _ => {}
        }
    }
}

/// `Failed to get the status of endpoint x (context deadline exceeded)`.
fn failures(text: &str, sheet: &mut Sheet<'_>) {
    for line in lines(text) {
        if let Some(rest) = line.text.split("Failed to get the status of endpoint ").nth(1) {
            let (endpoint, why) = rest.split_once(" (").unwrap_or((rest, ""));
            sheet.text(Key::EtcdHealth, Some(endpoint), &format!("no status: {}", why.trim_end_matches(')')), line);
        }
    }
}

#[derive(Debug, Default)]
struct Status<'a> {
    line: Line<'a>,
    endpoint: String,
    id: String,
    version: String,
    size: String,
    in_use: String,
    quota: String,
    is_leader: bool,
    leader: String,
    term: String,
    index: String,
    applied: String,
    errors: String,
    /// The row that names the alarm, if it is not the member's first.
    alarm_line: Option<Line<'a>>,
}

impl Status<'_> {
    fn set(&mut self, title: &str, value: &str) {
        let field = match title.trim() {
            "ENDPOINT" => &mut self.endpoint,
            "ID" => &mut self.id,
            "VERSION" => &mut self.version,
            "DB SIZE" => &mut self.size,
            "IN USE" => &mut self.in_use,
            "QUOTA" => &mut self.quota,
            "RAFT TERM" => &mut self.term,
            "RAFT INDEX" => &mut self.index,
            "RAFT APPLIED INDEX" => &mut self.applied,
            "ERRORS" => &mut self.errors,
            "IS LEADER" => {
                self.is_leader = value.trim() == "true";
                return;
            }
            _ => return,
        };
        value.trim().clone_into(field);
    }

    fn write(&self, sheet: &mut Sheet<'_>) {
        if self.endpoint.is_empty() {
            return;
        }
        let line = self.line;
        let item = Some(self.endpoint.as_str());
        for (key, cell) in [
            (Key::EtcdDbSize, &self.size),
            (Key::EtcdDbInUse, &self.in_use),
            (Key::EtcdTerm, &self.term),
            (Key::EtcdRaftIndex, &self.index),
            (Key::EtcdAppliedIndex, &self.applied),
        ] {
            if let Some(bytes) = units::bytes(cell, true) {
                sheet.num(key, item, bytes, line);
            }
        }
        if let Some(quota) = units::bytes(&self.quota, true).filter(|q| *q > 0.0) {
            sheet.num(Key::EtcdQuotaBytes, item, quota, line);
        }
        sheet.text(Key::EtcdVersion, item, &self.version, line);
        member_address(&self.id, &self.endpoint, line, sheet);
        if self.is_leader {
            sheet.text(Key::EtcdLeader, item, &self.id, line);
        }
        // 0 is no leader at all.
        if !self.leader.is_empty() {
            let leader = if self.leader == "0" { "none" } else { &self.leader };
            sheet.text(Key::EtcdLeader, item, leader, line);
        }
        alarms(&self.errors, self.alarm_line.unwrap_or(line), sheet);
        if !self.errors.trim().is_empty() {
            sheet.fact(Key::EtcdHealth, item, Value::Text(self.errors.trim().into()), line);
        }
    }
}

/// Where a member is reached; `127.0.0.1` would say nothing outside of its host.
pub fn member_address(id: &str, url: &str, line: Line<'_>, sheet: &mut Sheet<'_>) {
    let host = host_of(url);
    if !id.is_empty() && !is_local(host) {
        sheet.text(Key::EtcdMemberAddress, Some(id), host, line);
    }
}

/// `memberID:5014542757107301667 alarm:NOSPACE`, several of them, whatever stands between.
pub fn alarms(text: &str, line: Line<'_>, sheet: &mut Sheet<'_>) {
    for part in text.split("memberID:").skip(1) {
        let id: String = part.trim_start().chars().take_while(char::is_ascii_digit).collect();
        let kind = part.split("alarm:").nth(1).and_then(|k| k.split_whitespace().next());
        if let (Some(id), Some(kind)) = (hex_id(&id), kind)
            && kind != "NONE"
        {
            sheet.text(Key::EtcdAlarm, Some(&id), kind.trim_matches(['"', ',', ']']), line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_errors_over_rows() {
        let got = FORMAT.facts(
            "+----------------+------------------+---------+---------+-----------+------------+-----------+------------+--------------------+--------------------------------+\n|    ENDPOINT    |        ID        | VERSION | DB SIZE | IS LEADER | IS LEARNER | RAFT TERM | RAFT INDEX | RAFT APPLIED INDEX |             ERRORS             |\n+----+\n| 127.0.0.1:2379 | b9c5599edd6fc470 |   3.5.7 |  2.1 GB |     false |      false |       124 |    7336826 |            7336826 |   memberID:5014542757107301667 |\n|                |                  |         |         |           |            |           |            |                    |                 alarm:NOSPACE  |\n+----+\n",
        );
        for want in [
            "EtcdDbSize 127.0.0.1:2379 2100000000",
            "EtcdAlarm 45973c11c4637d23 NOSPACE",
            "EtcdVersion 127.0.0.1:2379 3.5.7",
        ] {
            assert!(got.contains(&want.to_owned()), "{want} not in {got:#?}");
        }
    }

    #[test]
    fn reads_tables_of_36_simple_json_and_fields() {
        for text in [
            "┌──┐\n│ ENDPOINT │ ID │ VERSION │ STORAGE VERSION │ DB SIZE │ IN USE │ PERCENTAGE NOT IN USE │ QUOTA │ IS LEADER │ IS LEARNER │ RAFT TERM │ RAFT INDEX │ RAFT APPLIED INDEX │ ERRORS │\n├──┤\n│ 10.0.1.11:2379 │ cac023a4ca1f60a3 │ 3.6.1 │ 3.6.0 │ 20 kB │ 16 kB │ 20% │ 2.1 GB │ true │ false │ 2 │ 483 │ 483 │ │\n└──┘\n",
            "10.0.1.11:2379, cac023a4ca1f60a3, 3.6.1, 20 kB, true, false, 2, 483, 483, \n",
            "[{\"Endpoint\":\"10.0.1.11:2379\",\"Status\":{\"header\":{\"cluster_id\":9031680997592276801,\"member_id\":14609551374150986915,\"raft_term\":2},\"version\":\"3.6.1\",\"dbSize\":20000,\"leader\":14609551374150986915,\"raftIndex\":483,\"raftTerm\":2}}]",
            "\"ClusterID\" : 9031680997592276801\n\"MemberID\" : 14609551374150986915\n\"RaftTerm\" : 2\n\"Version\" : \"3.6.1\"\n\"DBSize\" : 20000\n\"Leader\" : 14609551374150986915\n\"RaftIndex\" : 483\n\"Errors\" : []\n\"Endpoint\" : \"10.0.1.11:2379\"\n",
        ] {
            let got = FORMAT.facts(text);
            for want in
                ["EtcdDbSize 10.0.1.11:2379 20000", "EtcdTerm 10.0.1.11:2379 2", "EtcdVersion 10.0.1.11:2379 3.6.1"]
            {
                assert!(got.contains(&want.to_owned()), "{want} of {text} not in {got:#?}");
            }
            let leader = got.iter().find(|f| f.starts_with("EtcdLeader 10.0.1.11:2379 ca"));
            assert!(leader.is_some_and(|f| f.len() == 42), "{got:#?}");
        }
    }

    #[test]
    fn json_tells_alarms() {
        let got = FORMAT.facts(
            "[{\"Endpoint\":\"a:2379\",\"Status\":{\"header\":{\"member_id\":1},\"dbSize\":1,\"leader\":0,\"errors\":[\"memberID:255 alarm:NOSPACE \"]}}]",
        );
        assert!(got.contains(&"EtcdAlarm ff NOSPACE".to_owned()), "{got:?}");
        assert!(got.contains(&"EtcdLeader a:2379 none".to_owned()), "{got:?}");
    }
}
