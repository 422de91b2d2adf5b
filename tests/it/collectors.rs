//! One incident as each collector packs it: the same hosts and the same verdict, as a folder and as the archive it ships.
//!
//! Paths and wrappings as in the collectors' sources: sos (report/plugins/*.py, `_mangle_command`), pgo support export
//! (internal/cmd/export.go), must-gather and `oc adm inspect`, pt-k8s-debug-collector (dumper.go), autobase
//! (automation/roles/common/defaults), EDB's description of Lasso.

use crate::compress::gz;
use crate::pack::{self, Files};
use crate::root;
use pgautopsy::report::Report;
use pgautopsy::run::{Settings, analyse};
use std::collections::BTreeMap;
use std::path::Path;

/// A host of the case: its name and its files.
type Host = (String, BTreeMap<String, Vec<u8>>);

/// PostgreSQL of pgsql01 dies as the disk of its WAL is full; Patroni and PostgreSQL write Paris time, etcd UTC.
fn hosts() -> Vec<Host> {
    let bundle = root("fixtures/cases/lab-04-pgwal-full/bundle");
    let mut hosts: BTreeMap<String, BTreeMap<String, Vec<u8>>> = BTreeMap::new();
    for entry in walkdir::WalkDir::new(&bundle).sort_by_file_name().into_iter().map(Result::unwrap) {
        if entry.file_type().is_file() {
            let path = entry.path().strip_prefix(&bundle).unwrap().display().to_string();
            let (host, rest) = path.split_once('/').unwrap();
            hosts.entry(host.to_owned()).or_default().insert(rest.to_owned(), std::fs::read(entry.path()).unwrap());
        }
    }
    assert_eq!(hosts.len(), 3);
    hosts.into_iter().collect()
}

const PATRONI: &str = "var/log/patroni/patroni.log";
const ETCD: &str = "var/log/etcd/etcd.log";
const POSTGRES: &str = "var/log/postgresql/postgresql-Sat.log";
const SA: &str = "var/log/sysstat/sa21";
const SAR: &str = "var/log/sysstat/sar21";
const DF: &str = "commands/df-after.txt";
const LIST: &str = "commands/patronictl-list.txt";
const HISTORY: &str = "commands/patronictl-history.txt";

fn text(host: &Host, path: &str) -> String {
    String::from_utf8(host.1[path].clone()).unwrap()
}

/// Seconds of the day in Paris of a line, if it begins with a stamp of Patroni or etcd.
fn second(line: &str) -> Option<u32> {
    let utc = line.strip_prefix("{\"level\":\"").and_then(|l| l.split_once("\"ts\":\"")).map(|(_, rest)| rest);
    let stamp = utc.unwrap_or(line);
    let number = |at: usize| stamp.get(at..at + 2)?.parse::<u32>().ok();
    let shift = if utc.is_some() { 3600 } else { 0 };
    stamp.starts_with("2026-11-21").then(|| Some(number(11)? * 3600 + number(14)? * 60 + number(17)? + shift))?
}

/// Lines with their seconds; those without a stamp belong to the line before.
fn stamped(text: &str) -> Vec<(u32, &str)> {
    let mut at = 0;
    let with = |line| {
        at = second(line).unwrap_or(at);
        (at, line)
    };
    text.lines().map(with).collect()
}

/// What syslog and the journal make of Patroni's and etcd's lines.
fn syslog(host: &Host) -> String {
    let (patroni, etcd) = (text(host, PATRONI), text(host, ETCD));
    let mut lines: Vec<(u32, &str, &str)> =
        stamped(&patroni).into_iter().map(|(s, l)| (s, "patroni[712]", l)).collect();
    lines.extend(stamped(&etcd).into_iter().map(|(s, l)| (s, "etcd[655]", l)));
    lines.sort_by_key(|l| l.0);
    let one = |(s, ident, line): (u32, &str, &str)| {
        format!("Nov 21 {:02}:{:02}:{:02} {} {ident}: {line}\n", s / 3600, s / 60 % 60, s % 60, host.0)
    };
    lines.into_iter().map(one).collect()
}

/// What a container runtime puts in front of lines: UTC to the nanosecond.
fn timestamps(text: &str) -> String {
    let one = |(s, line): (u32, &str)| {
        let s = s - 3600;
        format!("2026-11-21T{:02}:{:02}:{:02}.123456789Z {line}\n", s / 3600, s / 60 % 60, s % 60)
    };
    stamped(text).into_iter().map(one).collect()
}

/// Pods are called otherwise than machines, and Patroni calls its members as they are.
fn pods(hosts: &[Host]) -> Vec<Host> {
    let pod = |text: String| {
        let pods = [
            ("pgsql01", "erp-instance1-vp9k-0"),
            ("pgsql02", "erp-instance1-x7cd-0"),
            ("pgsql03", "erp-instance1-2mzz-0"),
        ];
        pods.iter().fold(text, |text, (host, pod)| text.replace(host, pod))
    };
    let texts = [PATRONI, POSTGRES, DF, LIST, HISTORY];
    hosts
        .iter()
        .map(|host| {
            (pod(host.0.clone()), texts.iter().map(|p| ((*p).to_owned(), pod(text(host, p)).into_bytes())).collect())
        })
        .collect()
}

type Packed = fn(&Files) -> Files;

struct Layout {
    name: &'static str,
    on_kubernetes: bool,
    files: fn(&[Host]) -> Files,
    packed: Packed,
}

fn put(files: &mut Files, path: String, content: impl AsRef<[u8]>) {
    files.push((path, content.as_ref().to_vec()));
}

fn folder_a_host(hosts: &[Host]) -> Files {
    hosts.iter().flat_map(|(h, files)| files.iter().map(move |(p, b)| (format!("{h}/{p}"), b.clone()))).collect()
}

/// Names of hosts in front, and logs that logrotate has packed.
fn flat(hosts: &[Host]) -> Files {
    let mut out = Files::new();
    for (h, files) in hosts {
        for (p, b) in files {
            let own = p.rsplit('/').next().unwrap();
            match own.ends_with(".log") {
                true => put(&mut out, format!("{h}_{own}.1.gz"), gz(b)),
                false => put(&mut out, format!("{h}_{own}"), b),
            }
        }
    }
    out
}

fn debian(hosts: &[Host]) -> Files {
    let mut out = Files::new();
    for host in hosts {
        let (h, files) = host;
        let syslog = syslog(host);
        let half = syslog.len() / 2;
        let half = half + syslog[half..].find('\n').unwrap() + 1;
        put(&mut out, format!("{h}/var/log/syslog.1"), &syslog[..half]);
        put(&mut out, format!("{h}/var/log/syslog"), &syslog[half..]);
        put(&mut out, format!("{h}/var/log/postgresql/postgresql-15-main.log"), &files[POSTGRES]);
        put(&mut out, format!("{h}/var/log/sysstat/sa21"), &files[SA]);
        put(&mut out, format!("{h}/etc/patroni/15-main.yml"), &files["etc/patroni/patroni.yml"]);
        put(&mut out, format!("{h}/etc/default/etcd"), "ETCD_NAME=\"default\"\nETCD_DATA_DIR=\"/var/lib/etcd\"\n");
        put(&mut out, format!("{h}/df.txt"), &files[DF]);
    }
    out
}

fn redhat(hosts: &[Host]) -> Files {
    let mut out = Files::new();
    for host in hosts {
        let (h, files) = host;
        put(&mut out, format!("{h}/var/log/messages"), syslog(host));
        put(&mut out, format!("{h}/var/lib/pgsql/15/data/log/postgresql-Sat.log"), &files[POSTGRES]);
        put(&mut out, format!("{h}/var/log/sa/sa21"), &files[SA]);
        put(&mut out, format!("{h}/var/log/sa/sar21"), &files[SAR]);
        put(&mut out, format!("{h}/etc/patroni/patroni.yml"), &files["etc/patroni/patroni.yml"]);
        put(&mut out, format!("{h}/df.txt"), &files[DF]);
    }
    out
}

fn sosreport(hosts: &[Host]) -> Files {
    let mut out = Files::new();
    for host in hosts {
        let (h, files) = host;
        let top = format!("sosreport-{h}-8812-2026-11-21-kqzvbxa");
        let journal = syslog(host);
        put(&mut out, format!("{top}/version.txt"), "sos report (version 4.8.2)\n");
        put(
            &mut out,
            format!("{top}/sos_reports/manifest.json"),
            "{\"version\": \"4.8.2\", \"cmdline\": \"/usr/sbin/sos report\"}\n",
        );
        put(&mut out, format!("{top}/hostname"), "-> sos_commands/host/hostname");
        put(&mut out, format!("{top}/sos_commands/host/hostname"), format!("{h}\n"));
        put(&mut out, format!("{top}/df"), "-> sos_commands/filesys/df_-al_-x_autofs");
        put(&mut out, format!("{top}/sos_commands/filesys/df_-al_-x_autofs"), &files[DF]);
        // The journal and what rsyslog wrote of it.
        put(&mut out, format!("{top}/var/log/messages"), &journal);
        let journal =
            format!("-- Logs begin at Sat 2026-11-21 00:00:00 CET, end at Sat 2026-11-21 02:00:00 CET. --\n{journal}");
        put(&mut out, format!("{top}/sos_commands/logs/journalctl_--no-pager_--boot"), journal);
        put(&mut out, format!("{top}/var/lib/pgsql/15/data/log/postgresql-Sat.log"), &files[POSTGRES]);
        put(&mut out, format!("{top}/var/log/sa/sa21"), &files[SA]);
        put(&mut out, format!("{top}/sos_commands/sar/sar21"), &files[SAR]);
        put(
            &mut out,
            format!("{top}/sos_commands/etcd/etcdctl_member_list"),
            &files["commands/etcdctl-member-list.txt"],
        );
        put(&mut out, format!("{top}/etc/etcd/etcd.conf.yml"), &files["etc/etcd/etcd.conf.yml"]);
        put(&mut out, format!("{top}/etc/hosts"), &files["etc/hosts"]);
        put(&mut out, format!("{top}/proc/mounts"), &files["commands/mounts.txt"]);
    }
    out
}

/// `sos collect`: the reports of all hosts in one archive, beside its own log.
fn sos_collector(files: &Files) -> Files {
    let mut all = pack::each(".tar.xz", files);
    all.iter_mut().for_each(|(path, _)| *path = format!("sos-collector-8812-2026-11-21-wxyza/{path}"));
    put(
        &mut all,
        "sos-collector-8812-2026-11-21-wxyza/logs/sos.log".into(),
        "2026-11-21 01:50:00,123 INFO: The following is a list of nodes to collect from:\n",
    );
    pack::one("sos-collector-8812-2026-11-21-wxyza.tar.xz", &all)
}

fn pgo(hosts: &[Host]) -> Files {
    let mut out = Files::new();
    let c = "erp";
    let first = &hosts[0];
    for host in hosts {
        let (pod, files) = host;
        put(&mut out, format!("{c}/pods/{pod}/pgdata/pg15/log/postgresql-Sat.log"), &files[POSTGRES]);
        put(
            &mut out,
            format!("{c}/pods/{pod}/pgdata/pg15/postgresql.auto.conf"),
            "# Do not edit this file manually!\n",
        );
        put(&mut out, format!("{c}/pods/{pod}/containers/database.log"), &files[PATRONI]);
        put(&mut out, format!("{c}/pods/{pod}/containers/pgbackrest.log"), "");
        put(&mut out, format!("{c}/pods/{pod}/containers/replication-cert-copy.log"), "");
        let info = format!(
            "pg_controldata\npg_control version number:            1300\nDatabase cluster state:               in production\n\n\ndisk free\n{}\n\nArchive Ready File Count\n0\n\n\n",
            text(host, DF)
        );
        put(&mut out, format!("{c}/pods/{pod}/postgres-info"), info);
        put(
            &mut out,
            format!("{c}/processes/{pod}/database"),
            "UID          PID    PPID  C STIME TTY          TIME CMD\npostgres       1       0  0 00:38 ?        00:00:00 /usr/bin/python3 /usr/local/bin/patroni /etc/patroni\n",
        );
        put(
            &mut out,
            format!("{c}/describe/pods/{pod}"),
            format!(
                "Name:             {pod}\nNamespace:        postgres-operator\nNode:             worker-1/10.23.1.11\n"
            ),
        );
    }
    let times = hosts.iter().map(|(pod, _)| format!("Delta: 0s\tPod time: Sat Nov 21 00:45:00 UTC 2026\tClient time: Sat Nov 21 00:45:00 UTC 2026\tPod name: {pod}\n"));
    put(&mut out, format!("{c}/system-time"), times.collect::<String>());
    put(
        &mut out,
        format!("{c}/patroni-info"),
        format!("patronictl list\n{}patronictl history\n{}", text(first, LIST), text(first, HISTORY)),
    );
    put(&mut out, format!("{c}/pgbackrest-info"), "pgbackrest info\nstanza: db\n    status: ok\n    cipher: none\n");
    put(
        &mut out,
        format!("{c}/events"),
        "Last Seen  TYPE     REASON   OBJECT   MESSAGE\n5m         Normal   Pulled   Pod/x    Container image already present on machine\n",
    );
    put(
        &mut out,
        format!("{c}/nodes/list"),
        "NAME       STATUS   ROLES    AGE   VERSION\nworker-1   Ready    <none>   9d    v1.31.2\n",
    );
    put(
        &mut out,
        format!("{c}/postgrescluster.yaml"),
        "apiVersion: postgres-operator.crunchydata.com/v1beta1\nkind: PostgresCluster\nmetadata:\n  name: erp\nspec:\n  postgresVersion: 15\n",
    );
    put(&mut out, format!("{c}/cli.log"), "2026-11-21 00:45:00.000 UTC - INFO - Collecting Postgres logs...\n");
    put(
        &mut out,
        "operator/pods/pgo-7d9c5b6f4-abcde/containers/operator.log".into(),
        "time=\"2026-11-21T00:38:00Z\" level=info msg=\"starting controller\" version=5.7.2\n",
    );
    out
}

fn must_gather(hosts: &[Host]) -> Files {
    let mut out = Files::new();
    let top = "must-gather.local.4711/quay-io-openshift-must-gather-sha256-0badc0de";
    put(&mut out, format!("{top}/timestamp"), "2026-11-21 00:45:00 +0000 UTC m=+0.1\n");
    put(&mut out, format!("{top}/version"), "openshift/must-gather\n4.17.0\n");
    for host in hosts {
        let (pod, files) = host;
        let below = format!("{top}/namespaces/databases/pods/{pod}");
        put(
            &mut out,
            format!("{below}/{pod}.yaml"),
            format!("apiVersion: v1\nkind: Pod\nmetadata:\n  name: {pod}\n  namespace: databases\n"),
        );
        put(&mut out, format!("{below}/database/database/logs/current.log"), timestamps(&text(host, PATRONI)));
        put(&mut out, format!("{below}/database/database/logs/previous.log"), "");
        put(&mut out, format!("{below}/database/database/logs/previous.insecure.log"), "");
        put(&mut out, format!("{below}/postgres-log/postgres-log/logs/current.log"), &files[POSTGRES]);
    }
    // The etcd of Kubernetes, not Patroni's.
    let etcd = "2026-11-21T00:40:00.000000001Z {\"level\":\"info\",\"ts\":\"2026-11-21T00:40:00.000Z\",\"caller\":\"mvcc/hash.go:137\",\"msg\":\"storing new hash\",\"hash\":1,\"revision\":2,\"compact-revision\":1}\n";
    put(&mut out, format!("{top}/namespaces/openshift-etcd/pods/etcd-master-0/etcd/etcd/logs/current.log"), etcd);
    put(
        &mut out,
        format!("{top}/host_service_logs/masters/kubelet_service.log"),
        "Nov 21 00:40:00.123456 master-0 kubenswrapper[2511]: I1121 00:40:00.123456    2511 kubelet.go:2437] \"SyncLoop\"\n",
    );
    put(
        &mut out,
        format!("{top}/cluster-scoped-resources/core/nodes/worker-1.yaml"),
        "apiVersion: v1\nkind: Node\nmetadata:\n  name: worker-1\n",
    );
    out
}

fn pt_k8s(hosts: &[Host]) -> Files {
    let mut out = Files::new();
    for host in hosts {
        let pod = &host.0;
        // All containers behind each other, PostgreSQL's log among them where it goes to stderr.
        let logs = format!("{}{}", text(host, PATRONI), text(host, POSTGRES));
        put(&mut out, format!("cluster-dump/databases/{pod}/logs.txt"), logs);
        put(&mut out, format!("cluster-dump/databases/{pod}/summary.txt"), "error: exit status 1\nstderr: stdout: ");
    }
    put(
        &mut out,
        "cluster-dump/databases/pods.yaml".into(),
        "apiVersion: v1\nitems: []\nkind: List\nmetadata:\n  resourceVersion: \"\"\n",
    );
    put(
        &mut out,
        "cluster-dump/databases/events.yaml".into(),
        "apiVersion: v1\nitems: []\nkind: List\nmetadata:\n  resourceVersion: \"\"\n",
    );
    put(
        &mut out,
        "cluster-dump/nodes.yaml".into(),
        "apiVersion: v1\nitems: []\nkind: List\nmetadata:\n  resourceVersion: \"\"\n",
    );
    put(&mut out, "cluster-dump/errors.txt".into(), "");
    out
}

/// What `ansible -m fetch` brings from hosts that autobase has set up: its inventory calls them by their addresses.
fn autobase(hosts: &[Host]) -> Files {
    let mut out = Files::new();
    for (n, host) in hosts.iter().enumerate() {
        let files = &host.1;
        let top = format!("fetched/10.23.1.{}", 11 + n);
        put(&mut out, format!("{top}/var/log/patroni/patroni.log"), &files[PATRONI]);
        put(&mut out, format!("{top}/var/log/postgresql/postgresql-Sat.log"), &files[POSTGRES]);
        let etcd = text(host, ETCD);
        let etcd = stamped(&etcd).into_iter().map(|(s, l)| {
            format!("Nov 21 {:02}:{:02}:{:02} {} etcd[655]: {l}\n", s / 3600, s / 60 % 60, s % 60, host.0)
        });
        put(&mut out, format!("{top}/var/log/syslog"), etcd.collect::<String>());
        put(&mut out, format!("{top}/etc/patroni/patroni.yml"), &files["etc/patroni/patroni.yml"]);
        put(
            &mut out,
            format!("{top}/var/log/pgbouncer/pgbouncer.log"),
            "2026-11-21 01:38:20.123 CET [900] LOG kernel file descriptor limit: 100000 (hard: 100000); max_client_conn: 10000, max expected fd use: 10252\n",
        );
        put(&mut out, format!("{top}/etc/haproxy/haproxy.cfg"), "global\n    maxconn 100000\n");
        put(&mut out, format!("{top}/df.txt"), &files[DF]);
    }
    out
}

/// Lasso takes no log of Patroni; its reports come with the logs that support asks for beside them.
fn lasso(hosts: &[Host]) -> Files {
    let mut out = Files::new();
    for host in hosts {
        let (h, files) = host;
        let top = format!("edb-lasso-{h}-20261121T004500");
        put(&mut out, format!("{top}/linux/id/hostname.data"), format!("{h}\n"));
        put(&mut out, format!("{top}/linux/sar.data"), &files[SAR]);
        put(&mut out, format!("{top}/linux/diskspace.data"), &files[DF]);
        put(&mut out, format!("{top}/linux/mount.data"), &files["commands/mounts.txt"]);
        put(&mut out, format!("{top}/tools/patroni/cli/history.out"), &files[HISTORY]);
        put(
            &mut out,
            format!("{top}/tools/patroni/cli/show_config.out"),
            &files["commands/patronictl-show-config.txt"],
        );
        put(&mut out, format!("{top}/tools/patroni/config/patroni.yml"), &files["etc/patroni/patroni.yml"]);
        put(
            &mut out,
            format!("{top}/tools/etcd/cli/endpoint_status.out"),
            &files["commands/etcdctl-endpoint-status.txt"],
        );
        put(&mut out, format!("{top}/postgresql/logs/patroni.log"), &files[PATRONI]);
        put(&mut out, format!("{top}/postgresql/logs/postgresql-Sat.log"), &files[POSTGRES]);
        put(&mut out, format!("{top}/tools/etcd/logs/etcd.log"), &files[ETCD]);
    }
    out
}

const LAYOUTS: &[Layout] = &[
    Layout {
        name: "one folder a host",
        on_kubernetes: false,
        files: folder_a_host,
        packed: |f| pack::one("ticket-8812.zip", f),
    },
    Layout {
        name: "one archive a host",
        on_kubernetes: false,
        files: folder_a_host,
        packed: |f| pack::each(".tar.zst", f),
    },
    Layout { name: "one flat folder", on_kubernetes: false, files: flat, packed: |f| pack::one("logs.zip", f) },
    Layout { name: "Debian", on_kubernetes: false, files: debian, packed: |f| pack::each(".tar.xz", f) },
    Layout { name: "Red Hat", on_kubernetes: false, files: redhat, packed: |f| pack::one("all.tar.bz2", f) },
    Layout {
        name: "sos report",
        on_kubernetes: false,
        files: sosreport,
        packed: |f| pack::one("case-8812.zip", &pack::each(".tar.xz", f)),
    },
    Layout { name: "sos collect", on_kubernetes: false, files: sosreport, packed: sos_collector },
    Layout {
        name: "pgo support export",
        on_kubernetes: true,
        files: pgo,
        packed: |f| pack::one("crunchy_k8s_support_export_2026-11-21-004500-0000.tar.gz", f),
    },
    Layout {
        name: "must-gather",
        on_kubernetes: true,
        files: must_gather,
        packed: |f| pack::one("must-gather.tar.gz", f),
    },
    Layout {
        name: "pt-k8s-debug-collector",
        on_kubernetes: true,
        files: pt_k8s,
        packed: |f| pack::one("cluster-dump.tar.gz", f),
    },
    Layout { name: "autobase", on_kubernetes: false, files: autobase, packed: |f| pack::one("fetched.tgz", f) },
    Layout { name: "EDB Lasso", on_kubernetes: false, files: lasso, packed: |f| pack::each(".tar.bz2", f) },
];

fn report(folder: &Path) -> Report {
    analyse(&[folder.to_owned()], &Settings { threads: 2, ..Settings::default() }).unwrap()
}

/// What belongs to no host of PostgreSQL: outputs about the whole cluster, and other machines.
const SHARED: &[&str] = &[
    "/sos.log",
    "/cli.log",
    "/events",
    "/nodes/list",
    "/patroni-info",
    "/pgbackrest-info",
    "/postgrescluster.yaml",
    "/worker-1.yaml",
    "/kubelet_service.log",
    "/openshift-etcd/",
    "/events.yaml",
    "/pods.yaml",
    "/nodes.yaml",
];

fn verdict(report: &Report) -> String {
    let i = &report.incidents[0];
    format!(
        "{:?} {:?} {} {:?} {:?}",
        report.verdict.kind, report.verdict.root_cause, i.kind, i.old_primary, i.new_primary
    )
}

#[test]
fn hosts_and_verdict_are_the_same_however_a_collector_lays_them_out() {
    let machines = hosts();
    let mut wrong = Vec::new();
    for layout in LAYOUTS {
        let hosts = if layout.on_kubernetes { pods(&machines) } else { machines.clone() };
        let (old, new) = (&hosts[0].0, &hosts[1].0);
        let want = format!("Cause Some(\"disk_full\") failover Some({old:?}) Some({new:?})");
        let files = (layout.files)(&hosts);
        // The host of each file, by its place in the list of them.
        let at = |path: &str| -> Option<String> {
            let inside: Vec<&Host> = hosts.iter().filter(|h| path.contains(h.0.as_str())).collect();
            match inside.as_slice() {
                [one] => Some(one.0.clone()),
                _ => (0..3).find(|n| path.contains(&format!("/10.23.1.{}/", 11 + n))).map(|n| hosts[n].0.clone()),
            }
        };
        for (form, files) in [("folder", files.clone()), ("archive", (layout.packed)(&files))] {
            let dir = tempfile::tempdir().unwrap();
            let folder = dir.path().join("ticket-99");
            pack::unpack(&folder, &files);
            let report = report(&folder);
            let mut say = |what: String| wrong.push(format!("{} as {form}: {what}", layout.name));
            if verdict(&report) != want {
                say(verdict(&report));
            }
            let mut seen = std::collections::BTreeSet::new();
            for s in &report.inventory.sources {
                let shared = SHARED.iter().any(|part| s.path.contains(part));
                seen.extend(Some(s.host.clone()).filter(|_| !shared));
                let expected = at(&s.path);
                if !shared && expected.as_ref() != Some(&s.host) || shared && hosts.iter().any(|h| h.0 == s.host) {
                    say(format!("{:?} is of {expected:?}: {} {}", s.host, s.kind, s.path));
                }
            }
            if seen.len() < hosts.len() {
                say(format!("only {seen:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// `kubectl cnpg report cluster --logs`: no Patroni runs such a cluster, but PostgreSQL's records are those of any.
fn cnpg() -> Files {
    let mut out = Files::new();
    let top = "report_cluster_erp_2026-11-21T00:45:00Z";
    let other = |second: u32, pod: &str, message: &str| {
        format!(
            "{{\"level\":\"info\",\"ts\":\"2026-11-21T00:40:{second:02}.123Z\",\"logger\":\"instance-manager\",\"msg\":\"{message}\",\"logging_pod\":\"{pod}\"}}\n"
        )
    };
    let record = |second: u32, pod: &str, severity: &str, message: &str| {
        format!(
            "{{\"level\":\"info\",\"ts\":\"2026-11-21T00:40:{second:02}.123Z\",\"logger\":\"postgres\",\"msg\":\"record\",\"logging_pod\":\"{pod}\",\"record\":{{\"log_time\":\"2026-11-21 00:40:{second:02}.123 UTC\",\"process_id\":\"31\",\"session_id\":\"6a1f0000.1f\",\"error_severity\":\"{severity}\",\"sql_state_code\":\"00000\",\"message\":\"{message}\"}}}}\n"
        )
    };
    let mut first = String::from("====== Beginning of Previous Log =====\n");
    first += &other(1, "erp-1", "DB available");
    first += &record(30, "erp-1", "LOG", "checkpoint starting: time");
    first +=
        &record(31, "erp-1", "PANIC", "could not write to file \\\"pg_wal/xlogtemp.31\\\": No space left on device");
    first += &record(31, "erp-1", "LOG", "server process (PID 77) was terminated by signal 6: Aborted");
    first += &record(31, "erp-1", "LOG", "all server processes terminated; reinitializing");
    first += "====== End of Previous Log =====\n";
    let second = record(35, "erp-2", "LOG", "received promote request") + &other(35, "erp-2", "I'm the target primary");
    put(&mut out, format!("{top}/logs/erp-1.jsonl"), first);
    put(&mut out, format!("{top}/logs/erp-2.jsonl"), second);
    let cluster =
        "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata:\n  name: erp\nstatus:\n  currentPrimary: erp-2\n";
    put(&mut out, format!("{top}/manifests/cluster.yaml"), cluster);
    out
}

#[test]
fn a_cluster_that_patroni_does_not_run_is_declined_politely_and_its_postgresql_is_read() {
    for files in [cnpg(), pack::one("report_cluster_erp.zip", &cnpg())] {
        let dir = tempfile::tempdir().unwrap();
        pack::unpack(dir.path(), &files);
        let report = report(dir.path());
        let note = report.inventory.notes.join("\n");
        assert!(note.contains("run by CloudNativePG") && note.contains("no log of Patroni"), "{note}");
        assert_eq!(report.verdict.root_cause.as_deref(), Some("disk_full"), "{}", report.verdict.headline);
        assert!(!report.verdict.headline.contains("roles did not change"), "{}", report.verdict.headline);
        let asked: Vec<&str> = report.verdict.missing_evidence.iter().map(|m| m.kind.as_str()).collect();
        assert!(!asked.iter().any(|k| k.contains("patroni") || k.contains("etcd")), "{asked:?}");
        let text = serde_json::to_string(&report).unwrap();
        assert!(!text.contains("Patroni demoted"), "{text}");
        let hosts: Vec<&str> = report.inventory.sources.iter().map(|s| s.host.as_str()).collect();
        assert_eq!(&hosts[..2], ["erp-1", "erp-2"]);
    }
    // The manifests alone hold no log at all.
    let dir = tempfile::tempdir().unwrap();
    pack::unpack(dir.path(), &cnpg().into_iter().filter(|f| f.0.contains("manifests")).collect());
    let report = report(dir.path());
    assert!(report.inventory.notes.join("").contains("CloudNativePG"), "{:?}", report.inventory.notes);
    assert_eq!(report.verdict.root_cause, None);
}

/// The same words in a cluster of Patroni's change nothing.
#[test]
fn a_manager_beside_patroni_is_no_reason_to_decline() {
    let mut files: Files = folder_a_host(&hosts());
    put(
        &mut files,
        "pgsql01/var/log/messages".into(),
        "Nov 21 01:40:00 pgsql01 repmgrd[812]: monitoring connection to upstream node\n",
    );
    let dir = tempfile::tempdir().unwrap();
    pack::unpack(dir.path(), &files);
    let report = report(dir.path());
    assert_eq!(report.inventory.notes, [] as [String; 0]);
    assert_eq!(report.verdict.root_cause.as_deref(), Some("disk_full"));
    assert!(!report.verdict.missing_evidence.is_empty());
}

/// Lasso brings states and counters; without any log of the incident nothing is claimed.
#[test]
fn a_lasso_report_alone_names_its_hosts_and_claims_nothing() {
    let mut files = lasso(&hosts());
    files.retain(|(path, _)| !path.contains("/logs/"));
    let dir = tempfile::tempdir().unwrap();
    pack::unpack(dir.path(), &pack::each(".tar.bz2", &files));
    let report = report(dir.path());
    let hosts: std::collections::BTreeSet<&str> = report.inventory.sources.iter().map(|s| s.host.as_str()).collect();
    assert_eq!(hosts.into_iter().collect::<Vec<_>>(), ["pgsql01", "pgsql02", "pgsql03"]);
    assert_eq!(report.verdict.root_cause, None, "{}", report.verdict.headline);
    assert!(report.verdict.missing_evidence.iter().any(|m| m.kind == "patroni log"));
}
