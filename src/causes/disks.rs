//! What lives on a disk: from mounts, lsblk and df, the data directories of configs, and links of pg_wal.

use super::Case;
use crate::incidents::Cite;
use crate::model::{Key, NodeId};
use crate::sysstat::usual_disk_name;
use crate::timeline::{Known, Series, Timeline};
use std::collections::BTreeSet;

/// Whether a disk carries something.
#[derive(Clone, Debug, PartialEq)]
pub enum Tie {
    /// In words: `etcd's data (/var/lib/etcd)`.
    Carries(String, Vec<Cite>),
    /// It carries something else; in words what, and where that lies: `it carries /backup; etcd's data lies on sdb`.
    Elsewhere(String, Vec<Cite>),
    /// The bundle doesn't tell.
    Unknown,
}

/// Directories by the fact that names them.
fn name_of(key: Key) -> &'static str {
    match key {
        Key::EtcdDataDir => "etcd's data",
        Key::PgWalDir => "PostgreSQL's WAL",
        _ => "PostgreSQL's data",
    }
}

impl Case<'_> {
    /// Does the disk of this series carry one of these directories ([`Key::EtcdDataDir`], [`Key::PgDataDir`],
    /// [`Key::PgWalDir`])?
    pub fn tie(&self, series: &Series, directories: &[Key]) -> Tie {
        tie(self.t, series.node, series.item.as_deref().unwrap_or(""), directories)
    }

    /// What to call the disk of this series.
    pub fn disk(&self, series: &Series) -> String {
        series.item.as_deref().map_or_else(|| "a disk".to_owned(), |disk| named(self.t, series.node, disk))
    }
}

/// A disk by the name that sysstat gives it, by that of its host, and what is mounted from it, where the bundle tells:
/// `dev253-1 (vg-pg, mounted on /var/lib/pgsql)`.
pub fn named(t: &Timeline, node: NodeId, disk: &str) -> String {
    let name = canonical(t, node, disk);
    let mut more = Vec::new();
    if name != disk && !disk.starts_with("/dev/") {
        more.push(name.clone());
    }
    let points = facts(t, node, Key::Mount).filter_map(|(_, k)| {
        let (point, device) = (k.fact.item.as_deref()?, k.fact.value.text()?);
        (point.starts_with('/') && canonical(t, node, device) == name).then_some(point)
    });
    let points: BTreeSet<&str> = points.collect();
    if !points.is_empty() {
        more.push(format!("mounted on {}", points.into_iter().collect::<Vec<_>>().join(" and ")));
    }
    if more.is_empty() { disk.to_owned() } else { format!("{disk} ({})", more.join(", ")) }
}

/// The same for any name of a disk.
pub fn tie(t: &Timeline, node: NodeId, disk: &str, directories: &[Key]) -> Tie {
    let disk = canonical(t, node, disk);
    let mut elsewhere: Vec<(String, Vec<Cite>)> = Vec::new();
    let mut known = true;
    for &key in directories {
        let dirs: Vec<(usize, &Known)> = facts(t, node, key).filter(|(_, k)| absolute(k)).collect();
        if dirs.is_empty() && key != Key::PgWalDir {
            known = false;
        }
        for (index, dir) in dirs {
            let Some(path) = dir.fact.value.text() else { continue };
            let Some((mount_index, device)) = device_of(t, node, path) else {
                known = false;
                continue;
            };
            let below = below(t, node, &device);
            let cites = vec![Cite::Fact(index as u32), Cite::Fact(mount_index as u32)];
            if below.contains(&disk) {
                return Tie::Carries(format!("{} ({path})", name_of(key)), cites);
            }
            elsewhere.push((format!("{} ({path}) lies on {device}", name_of(key)), cites));
        }
    }
    // A link of pg_wal is rarely part of a bundle: only a disk that is known to carry other things is out of question.
    let carried = carried(t, node, &disk);
    if elsewhere.is_empty() || !known || carried.is_empty() || carried.iter().any(|point| may_hold_wal(point)) {
        return Tie::Unknown;
    }
    let (words, cites): (Vec<String>, Vec<Vec<Cite>>) = elsewhere.into_iter().unzip();
    Tie::Elsewhere(format!("it carries {}; {}", carried.join(", "), words.join(", ")), cites.concat())
}

/// The mount points on a disk.
fn carried(t: &Timeline, node: NodeId, disk: &str) -> Vec<String> {
    let points = facts(t, node, Key::Mount).filter_map(|(_, k)| {
        let (point, device) = (k.fact.item.as_deref()?, k.fact.value.text()?);
        below(t, node, &canonical(t, node, device)).contains(disk).then(|| point.to_owned())
    });
    points.collect::<BTreeSet<_>>().into_iter().collect()
}

fn may_hold_wal(point: &str) -> bool {
    point == "/" || ["wal", "xlog", "pg", "postgres"].iter().any(|part| point.contains(part))
}

fn facts(t: &Timeline, node: NodeId, key: Key) -> impl Iterator<Item = (usize, &Known)> {
    t.facts.iter().enumerate().filter(move |(_, k)| k.fact.key == key && k.node == node)
}

fn absolute(k: &Known) -> bool {
    k.fact.value.text().is_some_and(|path| path.starts_with('/'))
}

/// The device of the mount point that a path lies below, by the longest that fits.
fn device_of(t: &Timeline, node: NodeId, path: &str) -> Option<(usize, String)> {
    let lies_below = |point: &str| {
        path.strip_prefix(point).is_some_and(|rest| point.ends_with('/') || rest.is_empty() || rest.starts_with('/'))
    };
    let mounts = facts(t, node, Key::Mount).filter_map(|(i, k)| {
        let (point, device) = (k.fact.item.as_deref()?, k.fact.value.text()?);
        // tmpfs, overlay, NFS and the like are no disks of the host.
        let real = device.starts_with("/dev/") || !device.contains([':', '/']) && known_disk(t, node, device);
        (lies_below(point) && real).then_some((i, point.len(), device))
    });
    mounts.max_by_key(|(_, len, _)| *len).map(|(i, _, device)| (i, canonical(t, node, device)))
}

/// lsblk names devices without their path.
fn known_disk(t: &Timeline, node: NodeId, name: &str) -> bool {
    usual(name)
        || facts(t, node, Key::DeviceNumber).any(|(_, k)| k.fact.item.as_deref() == Some(name))
        || facts(t, node, Key::DeviceParent)
            .any(|(_, k)| k.fact.item.as_deref() == Some(name) || k.fact.value.text() == Some(name))
}

fn usual(name: &str) -> bool {
    ["sd", "vd", "xvd", "nvme", "dm-", "md", "hd", "mmcblk", "dasd"].iter().any(|p| name.starts_with(p))
        && name.ends_with(|c: char| c.is_ascii_alphanumeric())
}

/// One name for each device: without its folder; `dev8-16` and `dm-3` by what lsblk says of their numbers, else by the
/// kernel's fixed numbers.
fn canonical(t: &Timeline, node: NodeId, name: &str) -> String {
    let short = name.trim_start_matches("/dev/").trim_start_matches("mapper/");
    let number = |major: &str, minor: &str| {
        let both = format!("{major}:{minor}");
        let known = facts(t, node, Key::DeviceNumber).find(|(_, k)| k.fact.value.text() == Some(both.as_str()));
        known.and_then(|(_, k)| k.fact.item.as_deref().map(str::to_owned))
    };
    if let Some((major, minor)) = short.strip_prefix("dev").and_then(|rest| rest.split_once('-'))
        && let (Ok(a), Ok(b)) = (major.parse(), minor.parse())
    {
        return number(major, minor).or_else(|| usual_disk_name(a, b)).unwrap_or_else(|| short.to_owned());
    }
    if let Some(minor) = short.strip_prefix("dm-") {
        // The device mapper's number is one that the kernel gives out; 253 nearly everywhere.
        let named = ["253", "252", "254"].into_iter().find_map(|major| number(major, minor).filter(|n| !usual(n)));
        return named.unwrap_or_else(|| short.to_owned());
    }
    // /dev/vg/lv is /dev/mapper/vg-lv, where a dash inside a name is doubled.
    match short.split_once('/') {
        Some((vg, lv)) if !lv.contains('/') && name.starts_with("/dev/") => {
            format!("{}-{}", vg.replace('-', "--"), lv.replace('-', "--"))
        }
        _ => short.to_owned(),
    }
}

/// A device and all that it lies on.
fn below(t: &Timeline, node: NodeId, device: &str) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let mut next = vec![device.to_owned()];
    while let Some(device) = next.pop() {
        if !all.insert(device.clone()) {
            continue;
        }
        for (_, k) in facts(t, node, Key::DeviceParent) {
            if k.fact.item.as_deref().is_some_and(|item| canonical(t, node, item) == device)
                && let Some(parent) = k.fact.value.text()
            {
                next.push(canonical(t, node, parent));
            }
        }
        next.extend(whole(&device));
    }
    all
}

/// The disk of a partition, by its name.
fn whole(device: &str) -> Option<String> {
    let stem = device.trim_end_matches(|c: char| c.is_ascii_digit());
    if stem.len() == device.len() {
        return None;
    }
    if ["nvme", "mmcblk", "md"].iter().any(|p| device.starts_with(p)) {
        return stem.strip_suffix('p').filter(|s| s.ends_with(|c: char| c.is_ascii_digit())).map(str::to_owned);
    }
    ["sd", "vd", "xvd", "hd"].iter().any(|p| device.starts_with(p)).then(|| stem.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run;

    const LSBLK: &str = "NAME            MAJ:MIN RM  SIZE RO TYPE MOUNTPOINTS\nsda               8:0    0   50G  0 disk \n├─sda1            8:1    0    1G  0 part /boot\n└─sda2            8:2    0   49G  0 part \n  ├─vg-root     253:0    0   20G  0 lvm  /\n  └─vg-pg       253:1    0   29G  0 lvm  /var/lib/pgsql\nsdb               8:16   0   50G  0 disk /var/lib/etcd\nsdc               8:32   0   50G  0 disk /backup\n";
    const YML: &str = "scope: demo\nname: pg1\npostgresql:\n  data_dir: /var/lib/pgsql/15/data\n";
    const ETCD: &str = "name: pg1\ndata-dir: /var/lib/etcd/pg1\ninitial-cluster-state: new\n";

    fn bundle(lsblk: &str) -> Timeline {
        let files = [("pg1/lsblk.txt", lsblk), ("pg1/patroni.yml", YML), ("pg1/etcd.conf.yml", ETCD)];
        let files: Vec<_> = files.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        run::timeline_of(&files, &run::Settings::default()).0
    }

    fn words(t: &Timeline, disk: &str, key: Key) -> String {
        let node = t.facts_of(Key::EtcdDataDir).map(|k| k.node).next().expect("a host");
        match tie(t, node, disk, &[key]) {
            Tie::Carries(words, _) => words,
            Tie::Elsewhere(words, _) => format!("not: {words}"),
            Tie::Unknown => "?".to_owned(),
        }
    }

    #[test]
    fn volumes_partitions_and_numbers_lead_to_the_disk() {
        let t = bundle(LSBLK);
        for disk in ["dm-1", "dev253-1", "vg-pg", "sda2", "sda", "dev8-0", "/dev/mapper/vg-pg"] {
            assert_eq!(words(&t, disk, Key::PgDataDir), "PostgreSQL's data (/var/lib/pgsql/15/data)", "{disk}");
        }
        for disk in ["sdb", "dev8-16"] {
            assert_eq!(words(&t, disk, Key::EtcdDataDir), "etcd's data (/var/lib/etcd/pg1)", "{disk}");
        }
        assert_eq!(
            words(&t, "sdc", Key::EtcdDataDir),
            "not: it carries /backup; etcd's data (/var/lib/etcd/pg1) lies on sdb"
        );
        // What lies below the root may be linked from anywhere.
        assert_eq!(words(&t, "dm-0", Key::PgDataDir), "?");
    }

    #[test]
    fn numbers_get_their_names() {
        let t = bundle(LSBLK);
        let node = t.facts_of(Key::EtcdDataDir).map(|k| k.node).next().expect("a host");
        assert_eq!(named(&t, node, "dev253-1"), "dev253-1 (vg-pg, mounted on /var/lib/pgsql)");
        assert_eq!(named(&t, node, "dm-1"), "dm-1 (vg-pg, mounted on /var/lib/pgsql)");
        assert_eq!(named(&t, node, "sdb"), "sdb (mounted on /var/lib/etcd)");
        assert_eq!(named(&t, node, "sda"), "sda");
    }

    #[test]
    fn without_mounts_nothing_is_known() {
        assert_eq!(words(&bundle("nothing\n"), "sdb", Key::EtcdDataDir), "?");
    }
}
