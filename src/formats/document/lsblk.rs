//! `lsblk`: which disk lies below which mount point, so that "same disk" can be told from "same name".

use crate::formats::sheet::{Line, Sheet, lines};
use crate::formats::{Document, tree};
use crate::model::{Key, Parsed, Program};

pub static FORMAT: Document = Document {
    name: "lsblk",
    program: Program::Command,
    doc: "NAME MAJ:MIN … MOUNTPOINT(S) with tree glyphs, `-J` JSON, `-P` pairs",
    sniff,
    read,
    samples: &[
        "NAME          MAJ:MIN RM  SIZE RO TYPE MOUNTPOINT\nsda             8:0    0   50G  0 disk \n└─sda1          8:1    0   50G  0 part /\n",
        "{\n   \"blockdevices\": [\n      {\"name\": \"sda\", \"maj:min\": \"8:0\", \"type\": \"disk\", \"mountpoint\": \"/\"}\n   ]\n}\n",
        "NAME=\"sda\" MAJ:MIN=\"8:0\" RM=\"0\" SIZE=\"50G\" RO=\"0\" TYPE=\"disk\" MOUNTPOINT=\"\"\n",
    ],
};

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    let header =
        |l: &str| l.starts_with("NAME ") && (l.contains("MAJ:MIN") || l.contains("MOUNTPOINT") || l.contains("FSTYPE"));
    let pairs = |l: &str| pair(l, "NAME").is_some() && pair(l, "TYPE").is_some() && pair(l, "SIZE").is_some();
    if text.lines().take(40).any(|l| header(l) || pairs(l)) || text.contains("\"blockdevices\":") { 95 } else { 0 }
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut sheet = Sheet::new(out, Program::Command);
    if text.contains("\"blockdevices\":") {
        json(&text, &mut sheet);
    } else {
        drawn(&text, &mut sheet);
        for line in lines(&text) {
            if let (Some(name), Some(points)) = (pair(line.text, "NAME"), pair(line.text, "MOUNTPOINT")) {
                let parent = pair(line.text, "PKNAME").unwrap_or("");
                numbers(name, pair(line.text, "MAJ:MIN").unwrap_or(""), line, &mut sheet);
                let points = pair(line.text, "MOUNTPOINTS").unwrap_or(points);
                device(name, parent, &points.replace("\\x0a", "\n"), line, &mut sheet);
            }
        }
    }
    sheet.account(&text);
}

/// The value of `KEY="value"`.
fn pair<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let wanted = format!("{key}=\"");
    let begins = |at: &usize| *at == 0 || line.as_bytes().get(at - 1) == Some(&b' ');
    let at = line.match_indices(&wanted).map(|(at, _)| at).find(begins)?;
    line.get(at + key.len() + 2..)?.split('"').next()
}

fn drawn(text: &str, sheet: &mut Sheet<'_>) {
    let mut mounts_at: Option<usize> = None;
    let mut numbered = false;
    // Names above, by the width of the tree's lines before them.
    let mut above: Vec<(usize, String)> = Vec::new();
    let mut last = String::new();
    for line in lines(text) {
        if line.text.starts_with("NAME ") {
            mounts_at = line.text.find("MOUNTPOINT").map(|at| line.text.get(..at).map_or(at, |h| h.chars().count()));
            above.clear();
            numbered = line.text.split_whitespace().nth(1) == Some("MAJ:MIN");
            continue;
        }
        let Some(mounts_at) = mounts_at else { continue };
        let glyph = |c: char| matches!(c, ' ' | '│' | '├' | '└' | '─' | '|' | '`' | '-');
        let depth = line.text.chars().take_while(|c| glyph(*c)).count();
        let rest: String = line.text.chars().skip(depth).collect();
        let points: String = line.text.chars().skip(mounts_at).collect();
        // Further mount points of one device stand below the first.
        if depth >= mounts_at.min(20) || rest.starts_with('/') {
            mount(&last, rest.trim(), line, sheet);
            continue;
        }
        let Some(name) = rest.split_whitespace().next() else { continue };
        above.retain(|(d, _)| *d < depth);
        let parent = above.last().map_or("", |(_, n)| n.as_str()).to_owned();
        above.push((depth, name.to_owned()));
        name.clone_into(&mut last);
        if let Some(number) = rest.split_whitespace().nth(1).filter(|_| numbered) {
            numbers(name, number, line, sheet);
        }
        let point = points.trim();
        device(name, &parent, if point.starts_with(['/', '[']) { point } else { "" }, line, sheet);
    }
}

fn json(text: &str, sheet: &mut Sheet<'_>) {
    let (leaves, problems) = match tree::leaves(text.get(text.find('{').unwrap_or(0)..).unwrap_or("")) {
        Ok(found) => found,
        Err(problem) => return sheet.out.problems.push(problem),
    };
    sheet.out.problems.extend(problems);
    for leaf in leaves.iter().filter(|l| l.path.ends_with("].name")) {
        let stem = leaf.path.trim_end_matches("name");
        let parent_stem = stem.rfind(".children[").and_then(|at| stem.get(..at));
        let parent = parent_stem.and_then(|s| leaves.iter().find(|l| l.path == format!("{s}.name")));
        let points: Vec<String> = leaves
            .iter()
            .filter(|l| l.path == format!("{stem}mountpoint") || l.path.starts_with(&format!("{stem}mountpoints[")))
            .map(|l| l.value.text())
            .collect();
        let name = leaf.value.text();
        let shown = format!("{name} {}", points.join(" "));
        let line = Line { number: leaf.line, text: &shown };
        let number = leaves.iter().find(|l| l.path == format!("{stem}maj:min")).map(|l| l.value.text());
        numbers(&name, &number.unwrap_or_default(), line, sheet);
        device(&name, &parent.map(|p| p.value.text()).unwrap_or_default(), &points.join("\n"), line, sheet);
    }
}

/// `8:16`.
fn numbers(name: &str, number: &str, line: Line<'_>, sheet: &mut Sheet<'_>) {
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    if number.split_once(':').is_some_and(|(major, minor)| digits(major) && digits(minor)) {
        sheet.text(Key::DeviceNumber, Some(name), number, line);
    }
}

fn device(name: &str, parent: &str, points: &str, line: Line<'_>, sheet: &mut Sheet<'_>) {
    if !parent.is_empty() {
        sheet.text(Key::DeviceParent, Some(name), parent, line);
    }
    for point in points.lines() {
        mount(name, point, line, sheet);
    }
}

fn mount(name: &str, point: &str, line: Line<'_>, sheet: &mut Sheet<'_>) {
    if point.starts_with('/') && !name.is_empty() {
        sheet.text(Key::Mount, Some(point), name, line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_disk_below_a_mount_point() {
        let tree = "NAME            MAJ:MIN RM  SIZE RO TYPE MOUNTPOINTS\nsda               8:0    0   50G  0 disk \n├─sda1            8:1    0    1G  0 part /boot\n└─sda2            8:2    0   49G  0 part \n  ├─vg-root     253:0    0   20G  0 lvm  /\n  │                                      /run/netns\n  └─vg-pg       253:1    0   29G  0 lvm  /var/lib/pgsql\nsdb               8:16   0   50G  0 disk /var/lib/etcd\n";
        let got = FORMAT.facts(tree);
        for want in [
            "DeviceParent vg-pg sda2",
            "DeviceParent sda2 sda",
            "Mount /var/lib/pgsql vg-pg",
            "Mount /run/netns vg-root",
            "Mount /var/lib/etcd sdb",
        ] {
            assert!(got.contains(&want.to_owned()), "{want} not in {got:#?}");
        }
        let json = "{\"blockdevices\": [{\"name\":\"sda\",\"mountpoints\":[null],\"children\":[{\"name\":\"sda1\",\"mountpoints\":[\"/\",\"/x\"]}]}]}";
        assert_eq!(FORMAT.facts(json), ["DeviceParent sda1 sda", "Mount / sda1", "Mount /x sda1"]);
        let pairs = "NAME=\"sda1\" KNAME=\"sda1\" PKNAME=\"sda\" SIZE=\"1G\" TYPE=\"part\" MOUNTPOINT=\"/\"\n";
        assert_eq!(FORMAT.facts(pairs), ["DeviceParent sda1 sda", "Mount / sda1"]);
    }
}
