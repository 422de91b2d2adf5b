//! `pgautopsy collect` from outside: the script under three shells on made-up and on this machine's own files, and the
//! archive that it makes, read back and verified.

use crate::root;
use crate::tools::tool;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn pgautopsy(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_pgautopsy")).args(args).current_dir(root("")).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn script(to: &Path) -> PathBuf {
    let file = to.join("collect.sh");
    let o = pgautopsy(&[
        "collect",
        "--since",
        "2025-11-20 02:00",
        "--until",
        "2025-11-20 03:00",
        "-o",
        file.to_str().unwrap(),
    ]);
    assert_eq!(o.status.code(), Some(0), "{}", text(&o.stderr));
    file
}

/// A host's disk: a day of logs, counters, and a config full of secrets.
fn host(root: &Path) {
    let write = |path: &str, content: &[u8]| {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    };
    let day = |line: &dyn Fn(u32, u32) -> String| -> Vec<u8> {
        (0..24).flat_map(|h| (0..60).map(move |m| (h, m))).map(|(h, m)| line(h, m)).collect::<String>().into_bytes()
    };
    write(
        "var/log/patroni/patroni.log",
        &day(&|h, m| {
            format!("2025-11-20 {h:02}:{m:02}:00,123 INFO: no action. I am (pg1), the leader with the lock\n")
        }),
    );
    write(
        "var/log/postgresql/postgresql.log",
        &day(&|h, m| {
            format!(
                "2025-11-20 {h:02}:{m:02}:00.123 UTC [17] LOG:  statement: ALTER ROLE x PASSWORD 'hunter-1'\n\tsecond line\n"
            )
        }),
    );
    write(
        "var/log/etcd/etcd.log",
        &day(&|h, m| {
            format!(
                "{{\"level\":\"info\",\"ts\":\"2025-11-20T{h:02}:{m:02}:00.123Z\",\"caller\":\"x/y.go:1\",\"msg\":\"saved snapshot\"}}\n"
            )
        }),
    );
    write("var/log/syslog", &day(&|h, m| format!("Nov 20 {h:02}:{m:02}:00 pg1 kernel: [1.0] eth0: link up\n")));
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gz, b"2025-11-20 02:30:00,000 INFO: Lock owner: pg1; I am pg1\n").unwrap();
    write("var/log/patroni/patroni.log.1.gz", &gz.finish().unwrap());
    for name in ["sa13", "sa20", "sa25"] {
        write(&format!("var/log/sysstat/{name}"), name.as_bytes());
    }
    write("etc/hostname", b"pg1\n");
    write("etc/patroni/patroni.yml", b"scope: batman\nname: pg1\nrestapi:\n  authentication:\n    password: hunter-2 and more\netcd3:\n  url: https://root:hunter-3@10.0.0.1:2379\nbootstrap:\n  dcs:\n    ttl: 30\n    loop_wait: 10\n    retry_timeout: 10\npostgresql:\n  data_dir: /var/lib/postgresql/15/main\n  authentication:\n    replication:\n      username: rep\n      password: |\n        hunter-4\n        hunter-5\n    superuser: {username: postgres, password: 'hunter-6', sslmode: prefer}\n  parameters:\n    password_encryption: scram-sha-256\n");
    write(
        "var/lib/postgresql/15/main/patroni.dynamic.json",
        b"{\"ttl\": 30, \"standby\": {\"password\": \"hunter-7\", \"port\": 5432}, \"loop_wait\": 10}",
    );
    write("etc/etcd/key.pem", b"-----BEGIN RSA PRIVATE KEY-----\nhunter-8\n-----END RSA PRIVATE KEY-----\n");
    write("etc/default/etcd", b"ETCD_NAME=pg1\nETCD_PASSWORD=hunter-9\nETCD_INITIAL_CLUSTER_TOKEN=cluster-1\n");
}

/// Runs the script and unpacks what it made; gives the archive and the folder of the host.
fn collected(shell: &[&str], path: &str, script: &Path, disk: &Path, to: &Path) -> (PathBuf, PathBuf) {
    std::fs::create_dir_all(to).unwrap();
    let o = Command::new(shell[0])
        .args(&shell[1..])
        .arg(script)
        .env_clear()
        .env("PATH", path)
        .env("PGAUTOPSY_ROOT", disk)
        .env("PGAUTOPSY_HOST", "pg1.example.org")
        .env("PGAUTOPSY_OUT", to)
        .output()
        .unwrap();
    assert_eq!(o.status.code(), Some(0), "{shell:?}: {}", text(&o.stderr));
    let archive = PathBuf::from(text(&o.stdout).trim().to_owned());
    assert!(Command::new("tar").arg("xzf").arg(&archive).arg("-C").arg(to).status().unwrap().success());
    (archive, to.join("pg1"))
}

fn everything(folder: &Path) -> Vec<(String, String)> {
    walkdir::WalkDir::new(folder)
        .sort_by_file_name()
        .into_iter()
        .map(Result::unwrap)
        .filter(|e| e.file_type().is_file())
        .map(|e| {
            (e.path().strip_prefix(folder).unwrap().display().to_string(), text(&std::fs::read(e.path()).unwrap()))
        })
        .collect()
}

#[test]
fn shellcheck_has_nothing_to_say() {
    let dir = tempfile::tempdir().unwrap();
    let Some(shellcheck) = tool("shellcheck") else { return };
    for file in [script(dir.path()), root("samples/daily/pgautopsy-daily")] {
        let o = Command::new(&shellcheck).args(["--shell=sh", "--severity=style"]).arg(file).output().unwrap();
        assert!(o.status.success(), "{}", text(&o.stdout));
    }
}

#[test]
fn three_shells_make_the_same_archive_without_secrets() {
    let dir = tempfile::tempdir().unwrap();
    let script = script(dir.path());
    let disk = dir.path().join("disk");
    host(&disk);
    let mut made = Vec::new();
    for name in ["dash", "bash", "busybox"] {
        let Some(program) = tool(name) else { continue };
        let to = dir.path().join(name);
        let program = program.to_str().unwrap();
        // busybox brings its own awk, sed, find, tar and cksum: those must do as well.
        let applets = dir.path().join("applets");
        let (shell, path) = if name == "busybox" {
            std::fs::create_dir(&applets).unwrap();
            Command::new(program).args(["--install", "-s"]).arg(&applets).status().unwrap();
            (vec![program, "sh"], applets.to_str().unwrap().to_owned())
        } else {
            (vec![program], "/usr/bin:/bin".to_owned())
        };
        let (_, folder) = collected(&shell, &path, &script, &disk, &to);
        let mut files = everything(&folder);
        // The moment of collecting is not the same.
        for (_, content) in &mut files {
            *content = content.lines().filter(|l| !l.starts_with("collected ")).map(|l| format!("{l}\n")).collect();
        }
        made.push((name, files));
    }
    let Some((_, first)) = made.first() else { return };
    for (name, files) in &made {
        assert_eq!(files, first, "{name} differs");
    }
    for (path, content) in first {
        assert!(!content.contains("hunter"), "{path} holds a secret:\n{content}");
    }
    let of = |name: &str| {
        &first
            .iter()
            .find(|(p, _)| p.ends_with(name))
            .unwrap_or_else(|| panic!("{name} is missing: {:?}", first.iter().map(|f| &f.0).collect::<Vec<_>>()))
            .1
    };
    assert_eq!(of("logs/patroni/patroni.log").lines().count(), 61, "the hour and both its ends");
    assert_eq!(of("logs/patroni/patroni.log.1").lines().count(), 1);
    assert_eq!(of("logs/postgresql/postgresql.log").lines().count(), 122, "second lines belong to their first");
    assert_eq!(of("logs/etcd/etcd.log").lines().count(), 61);
    assert_eq!(of("logs/system/syslog").lines().count(), 61);
    let names: Vec<&str> = first.iter().map(|f| f.0.as_str()).collect();
    assert!(names.contains(&"sysstat/sa20") && names.contains(&"sysstat/sa13"), "the day, and a calm one: {names:?}");
    assert!(!names.contains(&"sysstat/sa25"));
    let yml = of("patroni.yml");
    assert!(yml.contains("password_encryption: scram-sha-256") && yml.contains("sslmode: prefer"), "{yml}");
    assert!(of("patroni.dynamic.json").contains("\"loop_wait\": 10"));
    assert!(of("default/etcd").contains("cluster-1"));
}

#[test]
fn the_archive_is_read_and_verified_and_changes_are_seen() {
    let dir = tempfile::tempdir().unwrap();
    let script = script(dir.path());
    let disk = dir.path().join("disk");
    host(&disk);
    let (archive, folder) = collected(&["sh"], "/usr/bin:/bin", &script, &disk, &dir.path().join("out"));
    let faults = |path: &Path| -> Vec<String> {
        let o = pgautopsy(&["-f", "json", path.to_str().unwrap()]);
        let report: serde_json::Value = serde_json::from_slice(&o.stdout).unwrap();
        let sources = report["inventory"]["sources"].as_array().unwrap();
        let manifest = sources.iter().find(|s| s["kind"] == "collect-manifest").unwrap();
        assert_eq!(manifest["host"], "pg1");
        let yml = sources.iter().find(|s| s["path"].as_str().unwrap().ends_with("patroni.yml"));
        assert!(yml.is_none_or(|y| y["problems"].as_array().unwrap().is_empty()), "masking keeps it readable: {yml:?}");
        manifest["problems"].as_array().unwrap().iter().map(|p| p.as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(faults(&archive), Vec::<String>::new());
    assert_eq!(faults(&folder), Vec::<String>::new());
    let log = folder.join("logs/patroni/patroni.log");
    let whole = std::fs::read_to_string(&log).unwrap();
    std::fs::write(&log, whole.replacen("no action", "no Action", 1)).unwrap();
    std::fs::write(folder.join("logs/etcd/etcd.log"), "").unwrap();
    std::fs::remove_file(folder.join("logs/system/syslog")).unwrap();
    let found = faults(&folder).join("\n");
    assert!(found.contains("logs/patroni/patroni.log was changed"), "{found}");
    assert!(found.contains("logs/system/syslog was collected"), "{found}");
    assert!(found.contains("logs/etcd/etcd.log"), "{found}");
    assert_eq!(found.lines().count(), 3, "{found}");
}

/// On the machine that runs the test, whatever it is: commands that are not there are named in the manifest.
#[test]
fn it_runs_on_a_real_host() {
    let dir = tempfile::tempdir().unwrap();
    let script = script(dir.path());
    let o =
        Command::new("sh").arg(script).env("PGAUTOPSY_OUT", dir.path()).env("PGAUTOPSY_HOST", "here").output().unwrap();
    assert_eq!(o.status.code(), Some(0), "{}", text(&o.stderr));
    let o = pgautopsy(&["ls", text(&o.stdout).trim()]);
    let listing = text(&o.stdout);
    assert!(listing.contains("collect-manifest") && listing.contains("df"), "{listing}");
    assert!(!listing.contains("were collected") && !listing.contains("was changed"), "{listing}");
}

#[test]
fn a_report_tells_what_to_collect() {
    let dir = tempfile::tempdir().unwrap();
    let json = dir.path().join("r.json");
    pgautopsy(&["-o", json.to_str().unwrap(), "samples/01-slow-etcd-disk/bundle"]);
    let o = pgautopsy(&["collect", "--for", json.to_str().unwrap()]);
    let script = text(&o.stdout);
    assert_eq!(o.status.code(), Some(0), "{}", text(&o.stderr));
    assert!(
        script.starts_with("#!/bin/sh") && script.contains("2021-02-01 13:"),
        "{}",
        script.lines().take(9).collect::<Vec<_>>().join("\n")
    );
    for wrong in [&["collect"][..], &["collect", "--since", "soon"], &["collect", "--for", "README.md"]] {
        let o = pgautopsy(wrong);
        assert_eq!(o.status.code(), Some(2));
        assert!(!o.stderr.is_empty() && o.stdout.is_empty());
    }
    assert!(text(&pgautopsy(&["collect", "--since", "soon"]).stderr).contains("2 hours ago"));
    assert_eq!(pgautopsy(&["collect", "--since", "2 hours ago"]).status.code(), Some(0));
}
