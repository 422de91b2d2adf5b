//! `patronictl list` and `topology` of all versions: drawn tables, TSV, JSON and YAML.
//!
//! The command runs anywhere in the cluster: its rows name members, never the machine it ran on.

use crate::formats::cells::{Row, Table, cells, tables};
use crate::formats::sheet::{Line, Sheet, host_of, lines};
use crate::formats::{Document, tree};
use crate::model::{Key, Parsed, Program, Value};

pub static FORMAT: Document = Document {
    name: "patronictl-list",
    program: Program::Command,
    doc: "members with host, role, state, timeline and lag; the title names the cluster and its system identifier",
    sniff,
    read,
    samples: &[
        "+ Cluster: batman (7710427947206209187) -+----+-----------+\n| Member | Host      | Role    | State   | TL | Lag in MB |\n+--------+-----------+---------+---------+----+-----------+\n| pg1    | 10.0.1.11 | Replica | running |  2 |         0 |\n",
        "+---------+--------+-----------+--------+---------+----+-----------+\n| Cluster | Member |    Host   |  Role  |  State  | TL | Lag in MB |\n+---------+--------+-----------+--------+---------+----+-----------+\n| batman  |  pg1   | 10.0.1.11 | Leader | running |  2 |         0 |\n",
        "Cluster\tMember\tHost\tRole\tState\tTL\tLag in MB\nbatman\tpg1\t10.0.1.11\tLeader\trunning\t2\t\n",
        "[{\"Cluster\": \"batman\", \"Member\": \"pg1\", \"Host\": \"10.0.1.11\", \"Role\": \"Leader\", \"State\": \"running\", \"TL\": 2}]\n",
    ],
};

fn is_header(cells: &[&str]) -> bool {
    cells.contains(&"Member") && cells.contains(&"Host") && cells.contains(&"Role")
}

fn tsv(line: &str) -> Option<Vec<&str>> {
    line.contains('\t').then(|| line.split('\t').map(str::trim).collect())
}

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    let drawn = text.lines().take(80).any(|l| {
        cells(l).is_some_and(|c| is_header(&c)) || tsv(l).is_some_and(|c| is_header(&c)) || title(l).is_some()
    });
    if drawn {
        return 95;
    }
    let key = |k: &str| text.contains(&format!("\"{k}\":")) || text.contains(&format!("{k}: "));
    let structured = text.trim_start().starts_with(['[', '-']);
    if structured && key("Member") && key("Role") && key("State") { 92 } else { 0 }
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut sheet = Sheet::new(out, Program::Command);
    if text.trim_start().starts_with("[{") || text.trim_start().starts_with("- ") {
        structured(&text, &mut sheet);
    } else {
        drawn(&text, &mut sheet);
        separated(&text, &mut sheet);
    }
    sheet.account(&text);
}

/// Cluster name and what stands in brackets: `+ Cluster: batman (7710427947206209187) -+----+`.
fn title(line: &str) -> Option<(&str, &str)> {
    let rest = line.trim().strip_prefix(['+', '┌', '╭'])?.trim_start_matches([' ', '-', '─']);
    let rest = rest.strip_prefix("Citus cluster:").or_else(|| rest.strip_prefix("Cluster:"))?.trim_start();
    let (name, rest) = rest.split_once([' ', '(']).unwrap_or((rest, ""));
    let inner = rest.trim_start_matches([' ', '(']).split([')', ',']).next().unwrap_or("").trim();
    (!name.is_empty() && !name.starts_with('-')).then_some((name, inner))
}

fn drawn(text: &str, sheet: &mut Sheet<'_>) {
    let mut tables = tables(text, is_header).into_iter().peekable();
    for line in lines(text) {
        while let Some(table) = tables.next_if(|t| t.header_line.number <= line.number) {
            table_rows(&table, sheet);
        }
        if let Some(stamp) = super::date::stamp_line(line.text) {
            sheet.at = Some(stamp);
        } else if let Some((name, id)) = title(line.text) {
            sheet.text(Key::Scope, None, name, line);
            if id.len() > 15 && id.bytes().all(|b| b.is_ascii_digit()) {
                sheet.text(Key::SystemId, None, id, line);
            }
        } else if line.text.trim().starts_with("Maintenance mode: on") {
            sheet.num(Key::Paused, None, 1.0, line);
        } else if line.text.trim().starts_with("Switchover scheduled at:") {
            let when = line.text.split_once(':').map_or("", |(_, v)| v);
            sheet.text(Key::PatroniSetting, Some("scheduled_switchover"), when, line);
        }
    }
    for table in tables {
        table_rows(&table, sheet);
    }
}

fn table_rows(table: &Table<'_>, sheet: &mut Sheet<'_>) {
    let mut open: Option<Member<'_>> = None;
    for row in &table.rows {
        let mut next = Member { line: row.line, ..Member::default() };
        for (title, cell) in table.header.iter().zip(&row.cells) {
            next.set(title, cell);
        }
        // Long reasons and tags go on in rows without a member.
        if next.name.is_empty()
            && let Some(member) = &mut open
        {
            member.tags.push(' ');
            member.tags.push_str(&next.tags);
        } else if let Some(done) = open.replace(next) {
            done.write(sheet);
        }
    }
    if let Some(done) = open {
        done.write(sheet);
    }
}

fn separated(text: &str, sheet: &mut Sheet<'_>) {
    let mut header: Option<Vec<&str>> = None;
    for line in lines(text) {
        let Some(cells) = text.lines().nth(line.number as usize - 1).and_then(tsv) else { continue };
        if is_header(&cells) {
            header = Some(cells);
        } else if let Some(header) = &header {
            cells_of(header, &Row { line, cells }, sheet);
        }
    }
}

fn cells_of(header: &[&str], row: &Row<'_>, sheet: &mut Sheet<'_>) {
    let mut member = Member { line: row.line, ..Member::default() };
    for (title, cell) in header.iter().zip(&row.cells) {
        member.set(title, cell);
    }
    member.write(sheet);
}

fn structured(text: &str, sheet: &mut Sheet<'_>) {
    let (leaves, problems) = match tree::leaves(text) {
        Ok(found) => found,
        Err(problem) => {
            sheet.out.problems.push(problem);
            return;
        }
    };
    sheet.out.problems.extend(problems);
    let all: Vec<&str> = text.lines().collect();
    let mut current: Option<(String, Member<'_>)> = None;
    for leaf in &leaves {
        let Some((entry, title)) = leaf.path.split_once('.') else { continue };
        let line =
            Line { number: leaf.line, text: all.get(leaf.line.saturating_sub(1) as usize).copied().unwrap_or("") };
        if current.as_ref().is_none_or(|(e, _)| e != entry)
            && let Some((_, member)) = current.replace((entry.to_owned(), Member { line, ..Member::default() }))
        {
            member.write(sheet);
        }
        if let Some((_, member)) = &mut current {
            member.set(title, &leaf.value.text());
        }
    }
    if let Some((_, member)) = current {
        member.write(sheet);
    }
}

/// One row, whatever its order of columns.
#[derive(Debug, Default)]
struct Member<'a> {
    line: Line<'a>,
    scope: String,
    name: String,
    host: String,
    role: String,
    state: String,
    timeline: String,
    lag: String,
    pending: String,
    tags: String,
}

impl Member<'_> {
    fn set(&mut self, title: &str, value: &str) {
        let field = match title.trim() {
            "Cluster" => &mut self.scope,
            "Member" => &mut self.name,
            "Host" => &mut self.host,
            "Role" => &mut self.role,
            "State" => &mut self.state,
            "TL" => &mut self.timeline,
            // 4.1 splits the lag: what was received decides about a failover, so the first column counts.
            "Lag in MB" | "Lag" | "Receive Lag" if self.lag.is_empty() => &mut self.lag,
            "Pending restart" => &mut self.pending,
            "Tags" => &mut self.tags,
            title if title.starts_with("Tags.") => {
                let tag = title.trim_start_matches("Tags.");
                self.tags.push_str(&format!("{tag}={value} "));
                return;
            }
            _ => return,
        };
        value.trim().clone_into(field);
    }

    fn write(&self, sheet: &mut Sheet<'_>) {
        // `topology` draws the tree in front of the names.
        let name = self.name.trim_start_matches(['+', ' ', '-', '|', '└', '├', '─']).trim();
        if name.is_empty() {
            return;
        }
        let line = self.line;
        let item = Some(name);
        if !self.scope.is_empty() {
            sheet.text(Key::Scope, None, &self.scope, line);
        }
        sheet.text(Key::MemberHost, item, host_of(&self.host), line);
        sheet.address(&self.host, name, line);
        // Before 2.0 the role of a plain replica was left empty.
        let role = if self.role.is_empty() { "Replica" } else { &self.role };
        sheet.text(Key::MemberRole, item, role, line);
        sheet.text(Key::MemberState, item, &self.state, line);
        if let Ok(timeline) = self.timeline.parse() {
            sheet.num(Key::MemberTimeline, item, timeline, line);
        }
        match self.lag.parse() {
            Ok(lag) => sheet.num(Key::MemberLagMb, item, lag, line),
            Err(_) => sheet.text(Key::MemberLagMb, item, &self.lag, line),
        }
        for tag in ["nofailover", "nosync", "nostream", "failover_priority"] {
            if self.tags.contains(tag) {
                let value = self.tags.split(tag).nth(1).unwrap_or("").trim_start_matches(['=', ':', ' ', '"']);
                let value = value.split([',', ' ', '}']).next().unwrap_or("");
                sheet.text(Key::MemberTag, item, &format!("{tag}={value}"), line);
            }
        }
        if self.pending == "*" || self.pending == "on" {
            sheet.fact(Key::PatroniSetting, Some(&format!("pending_restart {name}")), Value::Num(1.0), line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_title_and_the_rows() {
        let got = FORMAT.facts(
            "2021-02-01 13:45:05\n+ Cluster: prod (7710411701641672552) ---+----+-----------+\n| Member | Host            | Role         | State   | TL | Lag in MB | Tags |\n+--------+-----+\n| pg1    | 10.11.1.11:5433 | Leader       | running |  1 |           |      |\n| + pg2  | 10.11.1.12      | Sync Standby | stopped |    |   unknown | {nofailover: true} |\n+--------+\n Maintenance mode: on\n",
        );
        for want in [
            "Scope - prod",
            "SystemId - 7710411701641672552",
            "MemberHost pg1 10.11.1.11",
            "AddressOf 10.11.1.11 pg1",
            "MemberRole pg2 Sync Standby",
            "MemberState pg2 stopped",
            "MemberTimeline pg1 1",
            "MemberLagMb pg2 unknown",
            "MemberTag pg2 nofailover=true",
            "Paused - 1",
        ] {
            assert!(got.contains(&want.to_owned()), "{want} not in {got:#?}");
        }
    }

    #[test]
    fn tags_on_further_rows_belong_to_the_member() {
        let got = FORMAT.facts(
            "| Member | Host | Role | State | TL | Pending restart reason | Tags |\n| a | 10.0.0.1 | Replica | running | 1 | hba_file: x | clonefrom: true |\n|  |  |  |  |  | port: 1->2 | nofailover: true |\n| b | 10.0.0.2 | Leader | running | 1 |  |  |\n",
        );
        assert!(got.contains(&"MemberTag a nofailover=true".to_owned()), "{got:#?}");
        assert!(got.contains(&"MemberRole b Leader".to_owned()));
    }

    #[test]
    fn reads_all_generations_alike() {
        let tables = [
            "| Member | Host | Role | State | TL | Receive LSN | Lag | Replay LSN | Lag |\n| a | 10.0.0.1 | Replica | streaming | 2 | 0/1D12DF80 | 16 | 0/1D0ED580 | 17 |\n",
            "│ Member │ Host │ Role │ State │ TL │ Lag in MB │\n│ a │ 10.0.0.1 │ Replica │ streaming │ 2 │ 16 │\n",
            "| Cluster | Member | Host | Role | State | TL | Lag in MB |\n| c | a | 10.0.0.1 |  | streaming | 2 | 16 |\n",
            "Cluster\tMember\tHost\tRole\tState\tTL\tLag in MB\nc\ta\t10.0.0.1\tReplica\tstreaming\t2\t16\n",
            "[{\"Cluster\":\"c\",\"Member\":\"a\",\"Host\":\"10.0.0.1\",\"Role\":\"Replica\",\"State\":\"streaming\",\"TL\":2,\"Lag in MB\":16}]",
            "- Cluster: c\n  Host: 10.0.0.1\n  Lag in MB: 16\n  Member: a\n  Role: Replica\n  State: streaming\n  TL: 2\n",
        ];
        for text in tables {
            let got = FORMAT.facts(text);
            for want in [
                "MemberRole a Replica",
                "MemberState a streaming",
                "MemberTimeline a 2",
                "MemberLagMb a 16",
                "AddressOf 10.0.0.1 a",
            ] {
                assert!(got.contains(&want.to_owned()), "{want} of {text} not in {got:#?}");
            }
        }
    }
}
