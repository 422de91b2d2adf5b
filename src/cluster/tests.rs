//! Stories about who is who.

use super::*;
use crate::model::{NameHint, Parsed, Program, Stream};

fn source(path: &str, host: Option<&str>, member: Option<&str>) -> Source {
    let mut stream = Stream::new(Program::Patroni, host.map(Arc::from), true);
    if let Some(member) = member {
        stream.names.push(NameHint { naming: Naming::Member, name: Arc::from(member), line: 1, seen: 3 });
    }
    Source { path: path.to_owned(), modified: None, parsed: Parsed { streams: vec![stream], ..Parsed::default() } }
}

fn names(sources: &[Source]) -> Vec<String> {
    let cluster = join(sources);
    cluster.of_stream.iter().flatten().map(|n| cluster.name(*n).to_string()).collect()
}

#[test]
fn one_folder_a_host() {
    let sources = [
        source("t/db1/var/log/patroni.log", None, Some("pg1")),
        source("t/db2/patroni.log", None, Some("pg2")),
        source("t/db2.tar.gz!db2/etcd.log", None, None),
    ];
    assert_eq!(names(&sources), ["db1", "db2", "db2"]);
    let cluster = join(&sources);
    assert_eq!(cluster.resolve("pg2"), cluster.resolve("db2"));
}

#[test]
fn one_flat_folder_of_several_members() {
    let sources = [source("t/a.log", None, Some("pg1")), source("t/b.log", None, Some("pg2"))];
    assert_eq!(names(&sources), ["pg1", "pg2"]);
}

#[test]
fn a_merged_syslog_tells_hosts_by_line() {
    let sources = [source("t/logs/all.log", Some("n1.example.com"), None), source("t/logs/all2.log", Some("n2"), None)];
    assert_eq!(names(&sources), ["n1.example.com", "n2"]);
}

#[test]
fn containers_that_see_the_host_name_of_their_machine_stay_apart() {
    let archive = |host: &str, file: &str| format!("t/pgautopsy-{host}-20261121T094732Z.tar.gz!{host}/{file}");
    let of = |host: &str| {
        [
            source(&archive(host, "logs/patroni.log"), None, Some(&format!("member-{host}"))),
            source(&archive(host, "pgautopsy-manifest.txt"), Some(host), None),
            source(&archive(host, "etc/hostname"), Some("vm"), None),
            source(&archive(host, "commands/df.txt"), None, None),
        ]
    };
    let sources: Vec<Source> = ["db1", "db2"].into_iter().flat_map(of).collect();
    assert_eq!(names(&sources), ["db1", "db1", "db1", "db1", "db2", "db2", "db2", "db2"]);
}

#[test]
fn a_name_in_the_logs_of_two_collectors_is_a_host_of_its_own() {
    let sources = [
        source("t/log1/all.log", Some("log1"), Some("a")),
        source("t/log1/pg.log", Some("pg1"), Some("pg1")),
        source("t/log2/all.log", Some("log2"), Some("b")),
        source("t/log2/pg.log", Some("pg1"), Some("pg1")),
    ];
    assert_eq!(names(&sources), ["log1", "pg1", "log2", "pg1"]);
}

#[test]
fn files_without_any_name_are_one_host() {
    let sources = [source("seed/patroni.txt", None, None), source("seed/sar.txt", None, None)];
    assert_eq!(names(&sources), ["seed", "seed"]);
}

/// A source of one stream with an own member name, the leader it follows, and the scope of a config beside it.
fn member(path: &str, name: &str, leader: &str, scope: Option<&str>) -> Source {
    let mut s = source(path, None, Some(name));
    if let Some(stream) = s.parsed.streams.first_mut() {
        stream.stamped = 3;
        stream.beats.push(crate::model::BeatRun {
            role: crate::model::Role::Replica,
            at: 0,
            until: 20,
            zone: crate::model::Zone::Utc,
            written: Written::Full,
            count: 3,
            line: 1,
            last_line: 3,
            text: Arc::from(""),
            last_text: Arc::from(""),
            leader: Some(Arc::from(leader)),
        });
    }
    s.parsed.facts.extend(scope.map(|scope| crate::model::Fact {
        key: Key::Scope,
        item: None,
        value: crate::model::Value::Text(Arc::from(scope)),
        at: None,
        line: 1,
        text: Arc::from("scope: x"),
    }));
    s
}

#[test]
fn one_short_name_with_two_domains_is_two_machines() {
    let sources = [
        source("t/a.log", Some("db1.paris.example.com"), None),
        source("t/b.log", Some("db1.tokyo.example.com"), None),
        source("t/c.log", Some("db2.paris.example.com"), None),
        source("t/d.log", Some("db2"), None),
    ];
    let cluster = join(&sources);
    let ids: Vec<NodeId> = cluster.of_stream.iter().flatten().copied().collect();
    assert_ne!(ids[0], ids[1]);
    // The look-alike: one domain, and the bare name.
    assert_eq!(ids[2], ids[3]);
}

#[test]
fn a_name_that_two_hosts_claim_is_a_contradiction_with_both_places() {
    let sources = [source("t/db1/patroni.log", None, Some("pg1")), source("t/db2/patroni.log", None, Some("pg1"))];
    let cluster = join(&sources);
    let said: Vec<&String> = cluster.contradictions.iter().collect();
    assert_eq!(said, ["Patroni member pg1 is claimed by db1 (t/db1/patroni.log:1) and by db2 (t/db2/patroni.log:1)"]);
    let fine = [source("t/db1/patroni.log", None, Some("pg1")), source("t/db2/patroni.log", None, Some("pg2"))];
    assert!(join(&fine).contradictions.is_empty());
}

#[test]
fn a_machine_that_goes_on_under_another_name_is_one_node() {
    let stream = |host: &str, from: i64, to: i64| {
        let mut s = Stream::new(Program::Etcd, Some(Arc::from(host)), true);
        let id = Arc::from("be57c3b2fc3623e8");
        s.names.push(NameHint { naming: Naming::EtcdId, name: id, line: 1, seen: 9 });
        let stamp = |civil| crate::model::Stamp {
            civil,
            zone: crate::model::Zone::Utc,
            written: Written::Full,
            grain: crate::model::Grain::Milli,
        };
        (s.stamped, s.min, s.max) = (2, from, to);
        (s.first, s.last) = (Some(stamp(from)), Some(stamp(to)));
        s
    };
    let bundle = |second: i64| {
        let streams = vec![stream("old-name", 0, 100), stream("new-name", second, 200)];
        let parsed = Parsed { streams, ..Parsed::default() };
        [Source { path: "t/messages".into(), modified: None, parsed }]
    };
    let cluster = join(&bundle(110));
    assert_eq!(cluster.resolve("new-name"), cluster.resolve("old-name"));
    // Two hosts that write at the same time are two, whatever id they claim.
    let cluster = join(&bundle(50));
    assert_ne!(cluster.resolve("new-name"), cluster.resolve("old-name"));
}

#[test]
fn two_scopes_are_two_clusters_and_a_shared_etcd_belongs_to_both() {
    let mut etcd = source("t/etcd1/etcd.log", None, None);
    if let Some(s) = etcd.parsed.streams.first_mut() {
        s.program = Program::Etcd;
    }
    let sources = [
        member("t/a1/patroni.log", "pg1", "pg2", Some("alpha")),
        member("t/a2/patroni.log", "pg2", "pg2", Some("alpha")),
        member("t/b1/patroni.log", "pg7", "pg7", Some("beta")),
        member("t/b2/patroni.log", "pg8", "pg7", None),
        etcd,
    ];
    let expected = [("alpha".to_owned(), vec![0, 1, 4]), ("beta".to_owned(), vec![2, 3, 4])];
    assert_eq!(separate(&sources), expected);
}

#[test]
fn members_that_follow_each_other_are_one_cluster_whatever_their_scopes_say() {
    let sources = [
        member("t/a1/patroni.log", "pg1", "pg2", Some("alpha")),
        member("t/a2/patroni.log", "pg2", "pg2", Some("alpha-old")),
    ];
    assert_eq!(separate(&sources).len(), 1);
    let plain = [member("t/a1/patroni.log", "pg1", "pg2", None), member("t/b1/patroni.log", "pg7", "pg7", None)];
    assert_eq!(separate(&plain).len(), 1, "without scopes nothing proves two clusters");
}

#[test]
fn clones_of_one_image_bear_one_host_name_and_are_told_apart_by_their_folders() {
    let all = [
        source("a/messages", Some("template"), Some("pg1")),
        source("b/messages", Some("template"), Some("pg2")),
        source("b/sa21", Some("template"), None),
    ];
    let cluster = join(&all);
    assert_eq!(names(&all), ["a", "b", "b"]);
    assert_eq!(cluster.of_source, [NodeId(0), NodeId(1), NodeId(1)]);
}

#[test]
fn a_host_is_called_by_its_member_with_its_own_name_beside_it() {
    let all = [source("a/messages", Some("vm-4711"), Some("pg1")), source("b/messages", Some("pg2"), Some("pg2"))];
    let mut cluster = join(&all);
    cluster.call_by_member();
    assert_eq!((cluster.title(NodeId(0)), cluster.title(NodeId(1))), ("pg1 (host vm-4711)".into(), "pg2".into()));
    assert_eq!(cluster.resolve("vm-4711"), Some(NodeId(0)));
}

#[test]
fn a_files_own_name_may_tell_whose_it_is() {
    let all = [
        member("pg1.log", "pg1", "pg2", None),
        source("pg2-postgresql.log", None, None),
        source("postgresql.log", None, None),
    ];
    assert_eq!(names(&all), ["pg1", "pg2", "pg1"]);
}

#[test]
fn members_that_differ_behind_a_dot_are_two() {
    let all = [
        member("a/patroni.log", "PG.AZ1", "PG.AZ2", None),
        member("b/patroni.log", "PG.AZ2", "PG.AZ2", None),
        source("PG.AZ3/postgresql.log", None, None),
        source("PG.AZ4/postgresql.log", None, None),
    ];
    let cluster = join(&all);
    assert_eq!(cluster.of_source, [NodeId(0), NodeId(1), NodeId(2), NodeId(3)]);
    assert_eq!((cluster.resolve("pg.az2"), cluster.resolve("PG.AZ4")), (Some(NodeId(1)), Some(NodeId(3))));
}
