//! `mount`, `/proc/mounts`, `findmnt`, fstab: which device, which file system type, writable or not.

use crate::formats::Document;
use crate::formats::sheet::{Line, Sheet, lines};
use crate::model::{Key, Parsed, Program};

pub static FORMAT: Document = Document {
    name: "mounts",
    program: Program::Command,
    doc: "`dev on /mp type ext4 (rw,…)`, `dev /mp ext4 rw,… 0 0`, `TARGET SOURCE FSTYPE OPTIONS`",
    sniff,
    read,
    samples: &[
        "/dev/vda on / type ext4 (rw,relatime)\nproc on /proc type proc (rw,relatime)\n",
        "/dev/vda / ext4 rw,relatime,discard 0 0\n/dev/sdb /var/lib/etcd ext4 rw,relatime 0 0\n",
        "TARGET SOURCE FSTYPE OPTIONS\n/ /dev/vda ext4 rw,relatime\n├─/proc proc proc rw,relatime\n",
    ],
};

struct Mounted<'a> {
    device: &'a str,
    point: String,
    kind: &'a str,
    options: &'a str,
}

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    if text.lines().take(40).any(|l| l.starts_with("TARGET") && l.contains("SOURCE") && l.contains("FSTYPE")) {
        return 95;
    }
    let all = text.lines().filter(|l| !l.trim().is_empty() && !l.starts_with('#')).count();
    let hits = text.lines().filter(|l| mount(l).is_some() || table(l).is_some()).count();
    if hits > 0 && hits * 2 >= all { 94 } else { 0 }
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut sheet = Sheet::new(out, Program::Command);
    let mut found_header = false;
    for line in lines(&text) {
        found_header |= line.text.starts_with("TARGET") && line.text.contains("FSTYPE");
        let mounted = mount(line.text)
            .or_else(|| table(line.text))
            .or_else(|| if found_header { tree_row(line.text) } else { None });
        if let Some(mounted) = mounted {
            mounted.write(line, &mut sheet);
        }
    }
    sheet.account(&text);
}

/// `/dev/vda on / type ext4 (rw,relatime)`.
fn mount(line: &str) -> Option<Mounted<'_>> {
    let (device, rest) = line.split_once(" on /")?;
    let (point, rest) = rest.split_once(" type ")?;
    let (kind, options) = rest.split_once(" (")?;
    let valid = !device.contains(' ') && !kind.contains(' ');
    valid.then(|| Mounted {
        device,
        point: format!("/{point}"),
        kind,
        options: options.split(')').next().unwrap_or(options),
    })
}

/// `/dev/vda / ext4 rw,relatime 0 0` of /proc/mounts; fstab alike.
fn table(line: &str) -> Option<Mounted<'_>> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [device, point, kind, options, dump, pass] = words.as_slice() else { return None };
    let flags = dump.len() == 1 && pass.len() == 1 && dump.starts_with(['0', '1']) && pass.starts_with(['0', '1', '2']);
    let known = ["rw", "ro", "defaults", "noatime", "sw", "nofail", "auto", "noauto"]
        .iter()
        .any(|o| options.split(',').any(|p| p == *o));
    (flags && known && point.starts_with('/')).then(|| Mounted { device, point: unescaped(point), kind, options })
}

/// A row of findmnt, the tree's lines in front.
fn tree_row(line: &str) -> Option<Mounted<'_>> {
    let rest = line.trim_start_matches([' ', '│', '├', '└', '─', '|', '`', '-']);
    let words: Vec<&str> = rest.split_whitespace().collect();
    let [point, device, kind, options, ..] = words.as_slice() else { return None };
    let options_like = options.starts_with("rw") || options.starts_with("ro");
    (point.starts_with('/') && options_like).then(|| Mounted { device, point: (*point).to_owned(), kind, options })
}

/// The kernel writes blanks in mount points as `\040`.
fn unescaped(point: &str) -> String {
    point.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")
}

impl Mounted<'_> {
    fn write(&self, line: Line<'_>, sheet: &mut Sheet<'_>) {
        // What the kernel makes up has no disk below it and never fills.
        let virtual_fs = [
            "proc",
            "sysfs",
            "cgroup",
            "cgroup2",
            "devpts",
            "devtmpfs",
            "nsfs",
            "mqueue",
            "debugfs",
            "tracefs",
            "securityfs",
            "pstore",
            "bpf",
            "hugetlbfs",
            "autofs",
            "configfs",
            "fusectl",
            "rpc_pipefs",
            "binfmt_misc",
            "selinuxfs",
            "efivarfs",
        ];
        if virtual_fs.contains(&self.kind) {
            return;
        }
        let item = Some(self.point.as_str());
        sheet.text(Key::Mount, item, self.device, line);
        sheet.text(Key::MountType, item, self.kind, line);
        // Loop-mounted images and snaps are read-only by nature.
        if self.options.split(',').any(|o| o == "ro")
            && !matches!(self.kind, "squashfs" | "iso9660" | "tmpfs" | "overlay")
        {
            sheet.num(Key::MountReadOnly, item, 1.0, line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_all_forms() {
        for text in [
            "/dev/mapper/vg-etcd on /var/lib/my etcd type xfs (ro,relatime)\n",
            "/dev/mapper/vg-etcd /var/lib/my\\040etcd xfs ro,relatime 0 0\n",
        ] {
            let mut out = Parsed::default();
            assert!(sniff(text.as_bytes(), "") > 90, "{text}");
            read(text.as_bytes(), "", &mut out);
            let keys: Vec<_> = out.facts.iter().map(|f| (f.key, f.item.as_deref().unwrap_or(""))).collect();
            let at = "/var/lib/my etcd";
            assert_eq!(keys, [(Key::Mount, at), (Key::MountType, at), (Key::MountReadOnly, at)], "{text}");
        }
        let mut out = Parsed::default();
        read(FORMAT.samples[2].as_bytes(), "", &mut out);
        assert_eq!(out.facts[0].value.text(), Some("/dev/vda"));
        assert_eq!(out.facts.len(), 2);
    }
}
