//! etcd and PostgreSQL on one device: a checkpoint or a backup then delays the lock.

use super::look::{Look, host};
use super::{Check, Finding};
use crate::incidents::Cite;
use crate::model::{Key, NodeId};

pub(super) static CHECKS: &[Check] = &[Check {
    id: "etcd_shares_device",
    title: "etcd's data and PostgreSQL's lie on one device",
    threshold: "one disk each",
    thresholds: &[],
    origin: "Patroni's maintainer in patroni#1564; etcd: Hardware recommendations, Disks",
    find,
}];

fn find(l: &Look<'_>) -> Vec<Finding> {
    let mut out = Vec::new();
    for (node, (at, etcd)) in l.by_host(Key::EtcdDataDir) {
        let Some(etcd_dir) = etcd.fact.value.text() else { continue };
        let pg = l.by_host(Key::PgDataDir).remove(&node);
        let Some((pg_at, pg_dir)) = pg.as_ref().and_then(|(c, k)| Some((*c, k.fact.value.text()?))) else { continue };
        let (Some(a), Some(b)) = (device(l, node, etcd_dir), device(l, node, pg_dir)) else { continue };
        if a.0 != b.0 {
            continue;
        }
        let name = l.name(node);
        out.push(host(
            name.clone(),
            format!("on {name} etcd's data ({etcd_dir}) and PostgreSQL's ({pg_dir}) lie on {}: heavy writes of one delay the other's syncs", a.0),
            [at, pg_at, a.1, b.1],
            "Give etcd a small disk of its own with low latency; until then keep backups, bulk loads and vacuums of this host apart in time.",
        ));
    }
    out
}

/// The disk below a directory and what says so: the mount with the longest path that holds it, down to its parent.
fn device(l: &Look<'_>, node: NodeId, dir: &str) -> Option<(String, Cite)> {
    let holds = |mount: &str| {
        let mount = mount.trim_end_matches('/');
        dir.strip_prefix(mount).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let mounts = l.facts(Key::Mount).filter(|(_, k)| k.node == node && k.fact.item.as_deref().is_some_and(holds));
    let (cite, mount) = mounts.max_by_key(|(_, k)| k.fact.item.as_deref().map_or(0, str::len))?;
    let mut name = mount.fact.value.text()?.rsplit('/').next()?.to_owned();
    // Partition, volume, volume group, disk: never deeper than this.
    for _ in 0..5 {
        let parent = l
            .facts(Key::DeviceParent)
            .find(|(_, k)| k.node == node && k.fact.item.as_deref() == Some(name.as_str()))
            .and_then(|(_, k)| k.fact.value.text());
        match parent {
            Some(parent) if parent != name => name = parent.to_owned(),
            _ => break,
        }
    }
    Some((name, cite))
}

#[cfg(test)]
mod tests {
    use super::super::testing::found;

    const CONFS: &str = "//- pg1/etcd.conf.yml\nname: pg1\ndata-dir: /var/lib/etcd\nlisten-client-urls: http://10.0.0.1:2379\ninitial-cluster: pg1=http://10.0.0.1:2380\n//- pg1/patroni.yml\nscope: main\nname: pg1\nrestapi:\n  listen: 0.0.0.0:8008\npostgresql:\n  data_dir: /var/lib/postgresql/15/main\n  listen: 0.0.0.0:5432\n";

    #[test]
    fn one_file_system_for_both() {
        let df = "//- pg1/df.txt\nFilesystem     1K-blocks    Used Available Use% Mounted on\n/dev/sda2       10255636 8204508   1510000  20% /\n/dev/sdb1       10255636 8204508   1510000  20% /var/lib\n";
        assert!(found("etcd_shares_device", &format!("{CONFS}{df}"))[0].contains("lie on sdb1"));
    }

    #[test]
    fn a_disk_each() {
        let df = "//- pg1/df.txt\nFilesystem     1K-blocks    Used Available Use% Mounted on\n/dev/sda2       10255636 8204508   1510000  20% /\n/dev/sdb1       10255636 8204508   1510000  20% /var/lib/etcd\n/dev/sdc1       10255636 8204508   1510000  20% /var/lib/postgresql\n";
        assert!(found("etcd_shares_device", &format!("{CONFS}{df}")).is_empty());
        assert!(found("etcd_shares_device", CONFS).is_empty(), "without df nothing is known");
    }
}
