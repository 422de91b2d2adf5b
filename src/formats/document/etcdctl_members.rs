//! `etcdctl member list` of both API versions: which id, name and addresses belong together.

use super::etcdctl_status::{hex_id, is_id, member_address};
use crate::formats::cells::{cells, tables};
use crate::formats::sheet::{Line, Sheet, excerpt, lines};
use crate::formats::{Document, tree};
use crate::model::{Key, Parsed, Program};

pub static FORMAT: Document = Document {
    name: "etcdctl-members",
    program: Program::Command,
    doc: "id (hexadecimal; decimal in JSON), started or not, name, peer and client addresses, learner",
    sniff,
    read,
    samples: &[
        "+------------------+---------+------+------------------------+------------------------+------------+\n|        ID        | STATUS  | NAME |       PEER ADDRS       |      CLIENT ADDRS      | IS LEARNER |\n+------------------+---------+------+------------------------+------------------------+------------+\n| 45878fa6e390a0e3 | started | db03 | http://10.11.1.13:2380 | http://10.11.1.13:2379 |      false |\n",
        "45878fa6e390a0e3, started, db03, http://10.11.1.13:2380, http://10.11.1.13:2379, false\n",
        "45878fa6e390a0e3: name=db03 peerURLs=http://10.11.1.13:2380 clientURLs=http://10.11.1.13:2379 isLeader=true\n",
        "\"ClusterID\" : 826640335901138599\n\"MemberID\" : 16338939349387433129\n\"Revision\" : 0\n\"RaftTerm\" : 3\n\"ID\" : 5010131057418215651\n\"Name\" : \"db03\"\n\"PeerURL\" : \"http://10.11.1.13:2380\"\n\"ClientURL\" : \"http://10.11.1.13:2379\"\n\"IsLearner\" : false\n",
        "{\"header\":{\"cluster_id\":1,\"member_id\":2,\"raft_term\":3},\"members\":[{\"ID\":5010131057418215651,\"name\":\"db03\",\"peerURLs\":[\"http://10.11.1.13:2380\"],\"clientURLs\":[\"http://10.11.1.13:2379\"]}]}\n",
    ],
};

fn is_header(cells: &[&str]) -> bool {
    cells.first() == Some(&"ID") && cells.contains(&"PEER ADDRS")
}

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    let drawn = |l: &str| cells(l).is_some_and(|c| is_header(&c));
    let named = text.contains("\"PeerURL\" : ") && text.contains("\"ID\" : ");
    if named || text.lines().take(60).any(|l| drawn(l) || simple(l).is_some() || old(l).is_some()) {
        return 95;
    }
    if text.contains("\"members\"") && text.contains("\"peerURLs\"") { 95 } else { 0 }
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut sheet = Sheet::new(out, Program::Command);
    let mut members = 0;
    let mut first = None;
    for table in tables(&text, is_header) {
        for row in &table.rows {
            let cell = |name| table.column(&[name]).map_or("", |c| row.get(c));
            let member = Member {
                id: cell("ID"),
                status: cell("STATUS"),
                name: cell("NAME"),
                addresses: [cell("PEER ADDRS"), cell("CLIENT ADDRS")],
                learner: cell("IS LEARNER") == "true",
            };
            members += usize::from(member.write(row.line, &mut sheet));
        }
        first.get_or_insert(table.header_line);
    }
    members += fields(&text, &mut sheet, &mut first);
    for line in lines(&text) {
        if let Some(member) = simple(line.text).or_else(|| old(line.text)) {
            members += usize::from(member.write(line, &mut sheet));
            first.get_or_insert(line);
            if line.text.contains("isLeader=true") {
                sheet.text(Key::EtcdLeader, None, member.id, line);
            }
        }
    }
    members += json(&text, &mut sheet);
    if members > 0 {
        let line = first.unwrap_or(Line { number: 1, text: "" });
        sheet.num(Key::EtcdMembers, None, members as f64, line);
    }
    sheet.account(&text);
}

/// `-w simple` of API 3.
/// `-w fields`: `"ID" : 163…` and one line for each other field of the member.
fn fields<'a>(text: &'a str, sheet: &mut Sheet<'_>, first: &mut Option<Line<'a>>) -> usize {
    let mut members = 0;
    let all: Vec<Line<'a>> = lines(text).collect();
    for (i, line) in all.iter().enumerate() {
        let Some(("ID", id)) = field(line.text) else { continue };
        let rest = || all.iter().skip(i + 1).map_while(|l| field(l.text)).take_while(|(key, _)| *key != "ID");
        let value = |name: &str| rest().find(|(key, _)| *key == name).map_or("", |(_, v)| v);
        let Some(id) = hex_id(id) else { continue };
        let status = if value("Name").is_empty() { "unstarted" } else { "started" };
        let learner = value("IsLearner") == "true";
        let addresses = [value("PeerURL"), value("ClientURL")];
        let member = Member { id: &id, status, name: value("Name"), addresses, learner };
        members += usize::from(member.write(*line, sheet));
        first.get_or_insert(*line);
    }
    members
}

/// `"Name" : "e1"` of `etcdctl -w fields`.
pub(super) fn field(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(" : ")?;
    let key = key.strip_prefix('"')?.strip_suffix('"')?;
    let value = value.trim();
    Some((key, value.strip_prefix('"').and_then(|v| v.strip_suffix('"')).unwrap_or(value)))
}

fn simple(line: &str) -> Option<Member<'_>> {
    let cells: Vec<&str> = line.split(", ").map(str::trim).collect();
    let status = *cells.get(1)?;
    if !is_id(cells.first()?) || !matches!(status, "started" | "unstarted") {
        return None;
    }
    let get = |i: usize| cells.get(i).copied().unwrap_or("");
    Some(Member { id: get(0), status, name: get(2), addresses: [get(3), get(4)], learner: get(5) == "true" })
}

/// API 2: `id: name=x peerURLs=… clientURLs=… isLeader=…`, with `[unstarted]` after the id.
fn old(line: &str) -> Option<Member<'_>> {
    let (id, rest) = line.trim().split_once(": ")?;
    let unstarted = id.ends_with("[unstarted]");
    let id = id.trim_end_matches("[unstarted]");
    let value = |key: &str| rest.split_whitespace().find_map(|w| w.strip_prefix(key)).unwrap_or("");
    (is_id(id) && rest.contains("peerURLs=")).then(|| Member {
        id,
        status: if unstarted { "unstarted" } else { "started" },
        name: value("name="),
        addresses: [value("peerURLs="), value("clientURLs=")],
        learner: false,
    })
}

fn json(text: &str, sheet: &mut Sheet<'_>) -> usize {
    if !text.contains("\"peerURLs\"") {
        return 0;
    }
    let Ok((leaves, _)) = tree::leaves(text.get(text.find('{').unwrap_or(0)..).unwrap_or("")) else { return 0 };
    let all: Vec<&str> = text.lines().collect();
    let mut members = 0;
    for leaf in leaves
        .iter()
        .filter(|l| l.path.starts_with("members[") && (l.path.ends_with("].ID") || l.path.ends_with("].id")))
    {
        let stem = leaf.path.trim_end_matches(".ID").trim_end_matches(".id");
        let of = |key: &str| {
            let path = format!("{stem}.{key}");
            leaves.iter().filter(|l| l.path.starts_with(&path)).map(|l| l.value.text()).collect::<Vec<_>>().join(",")
        };
        // API 2 prints ids in hexadecimal even here.
        let written = leaf.value.text();
        let id = hex_id(&written).unwrap_or(written);
        let (name, peers, clients) = (of("name"), of("peerURLs"), of("clientURLs"));
        let status = if name.is_empty() { "unstarted" } else { "started" };
        let member =
            Member { id: &id, status, name: &name, addresses: [&peers, &clients], learner: of("isLearner") == "on" };
        let line = excerpt(&all, leaf.line, &format!("\"name\":\"{name}\""));
        members += usize::from(member.write(line, sheet));
    }
    members
}

struct Member<'a> {
    id: &'a str,
    status: &'a str,
    name: &'a str,
    addresses: [&'a str; 2],
    learner: bool,
}

impl Member<'_> {
    /// Whether it votes.
    fn write(&self, line: Line<'_>, sheet: &mut Sheet<'_>) -> bool {
        if self.id.is_empty() {
            return false;
        }
        sheet.text(Key::EtcdMemberName, Some(self.id), self.name, line);
        for address in self.addresses.iter().flat_map(|a| a.split(',')) {
            sheet.address(address, self.name, line);
            member_address(self.id, address, line, sheet);
        }
        if self.status != "started" {
            sheet.text(
                Key::EtcdHealth,
                Some(if self.name.is_empty() { self.id } else { self.name }),
                self.status,
                line,
            );
        }
        !self.learner
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_form_alike() {
        for text in FORMAT.samples {
            let mut out = Parsed::default();
            read(text.as_bytes(), "", &mut out);
            let has = |key: Key, item: &str, value: &str| {
                out.facts
                    .iter()
                    .any(|f| f.key == key && f.item.as_deref() == Some(item) && f.value.text() == Some(value))
            };
            assert!(has(Key::EtcdMemberName, "45878fa6e390a0e3", "db03"), "{text} {:#?}", out.facts);
            assert!(has(Key::AddressOf, "10.11.1.13", "db03"), "{text}");
            assert!(out.facts.iter().any(|f| f.key == Key::EtcdMembers && f.value.num() == Some(1.0)));
        }
    }

    #[test]
    fn tells_members_that_never_started() {
        let mut out = Parsed::default();
        read(b"8e9e05c52164694d, unstarted, , http://10.0.0.9:2380, , false\n", "", &mut out);
        assert!(out.facts.iter().any(|f| f.key == Key::EtcdHealth && f.value.text() == Some("unstarted")));
    }
}
