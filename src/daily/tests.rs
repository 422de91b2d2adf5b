//! `daily` over files that grow, rotate, shrink and vanish.

use super::*;
use crate::model::civil;
use std::fs;
use std::io::Write;
use std::path::Path;

/// A cluster's log folder that grows from run to run.
struct Logs {
    dir: tempfile::TempDir,
    state: State,
    /// What was remembered before the last run.
    before: State,
}

/// 2026-11-20 00:00 UTC.
fn noon(day: u32, hour: u32, minute: u32, second: u32) -> Micros {
    civil(2026, 11, day, hour, minute, second)
}

fn stamp(at: Micros) -> String {
    rfc3339(at).replace('T', " ").replace('.', ",").trim_end_matches('Z').to_owned()
}

impl Logs {
    fn new() -> Logs {
        Logs { dir: tempfile::tempdir().unwrap(), state: State::default(), before: State::default() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn add(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::OpenOptions::new().create(true).append(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
    }

    /// Heartbeats of a leader and a replica from one moment to another.
    fn beats(&self, leader: &str, replica: &str, from: Micros, to: Micros) {
        let (mut one, mut other) = (String::new(), String::new());
        let mut at = from;
        while at < to {
            one.push_str(&format!("{} INFO: no action. I am ({leader}), the leader with the lock\n", stamp(at)));
            other.push_str(&format!(
                "{} INFO: no action. I am ({replica}), a secondary, and following a leader ({leader})\n",
                stamp(at + 500_000)
            ));
            at += 10 * SECOND;
        }
        self.add(&format!("{leader}/patroni.log"), &one);
        self.add(&format!("{replica}/patroni.log"), &other);
    }

    /// A member says something.
    fn says(&self, host: &str, at: Micros, text: &str) {
        self.add(&format!("{host}/patroni.log"), &format!("{} {text}\n", stamp(at)));
    }

    fn run(&mut self, now: Micros) -> Daily {
        self.before = self.state.clone();
        let options = Options { now, ..Options::default() };
        run(&[self.dir.path().to_owned()], &options, &mut self.state).unwrap()
    }
}

const DEMOTED: &str = "INFO: demoted self because failed to update leader lock in DCS";

/// pg1 loses the lock at `at`, pg2 takes over half a minute later.
fn failover(logs: &Logs, at: Micros) {
    logs.says("pg1", at, "ERROR: failed to update leader lock");
    logs.says("pg1", at + SECOND, DEMOTED);
    logs.says("pg2", at + 30 * SECOND, "INFO: promoted self to leader by acquiring session lock");
}

#[test]
fn a_calm_day_is_five_lines_and_the_same_day_again_is_no_news() {
    let mut logs = Logs::new();
    logs.beats("pg1", "pg2", noon(18, 0, 0, 0), noon(18, 6, 0, 0));
    logs.run(noon(18, 6, 1, 0));
    logs.beats("pg1", "pg2", noon(18, 6, 0, 0), noon(19, 0, 0, 0));
    let calm = logs.run(noon(19, 0, 5, 0));
    assert_eq!(calm.level, Level::Ok);
    assert!(calm.subject.starts_with("OK · leader pg1 for over 23 h"), "{}", calm.subject);
    assert!(calm.subject.contains("0 failovers · 0 near misses"), "{}", calm.subject);
    assert_eq!(render::text(&calm).lines().count(), 5, "{}", render::text(&calm));
    let again = logs.run(noon(19, 0, 6, 0));
    assert_eq!((again.read.new_bytes, again.from, again.level), (0, None, Level::Ok));
}

#[test]
fn an_incident_is_told_once() {
    let mut logs = Logs::new();
    logs.beats("pg1", "pg2", noon(18, 0, 0, 0), noon(18, 3, 0, 0));
    failover(&logs, noon(18, 3, 0, 5));
    logs.beats("pg2", "pg1", noon(18, 3, 0, 40), noon(18, 9, 0, 0));
    let first = logs.run(noon(18, 9, 1, 0));
    assert_eq!(first.level, Level::Critical);
    assert_eq!(first.incidents.len(), 1, "{}", render::text(&first));
    assert_eq!((first.incidents[0].when, first.incidents[0].kind.as_str()), (When::New, "failover"));
    assert_eq!(first.leader.as_ref().unwrap().name, "pg2");
    logs.beats("pg2", "pg1", noon(18, 9, 0, 0), noon(18, 12, 0, 0));
    let second = logs.run(noon(18, 12, 1, 0));
    assert!(second.incidents.is_empty(), "{}", render::text(&second));
    assert_eq!(second.leader.as_ref().unwrap().lasted, "8 h");
    assert_eq!(second.recent.get("failover"), Some(&1), "monitoring still shows it");
}

#[test]
fn an_incident_across_two_runs_is_told_as_under_way_and_then_wholly() {
    let mut logs = Logs::new();
    logs.beats("pg1", "pg2", noon(18, 0, 0, 0), noon(18, 3, 0, 0));
    logs.says("pg1", noon(18, 3, 0, 5), "ERROR: failed to update leader lock");
    logs.says("pg1", noon(18, 3, 0, 6), DEMOTED);
    let first = logs.run(noon(18, 3, 0, 10));
    assert_eq!(first.incidents.len(), 1, "{}", render::text(&first));
    assert_eq!(first.incidents[0].when, When::UnderWay);
    let nothing_new = logs.run(noon(18, 3, 0, 20));
    assert!(nothing_new.incidents.is_empty(), "not told again while nothing is new");
    logs.says("pg2", noon(18, 3, 0, 35), "INFO: promoted self to leader by acquiring session lock");
    logs.beats("pg2", "pg1", noon(18, 3, 0, 45), noon(18, 9, 0, 0));
    let second = logs.run(noon(18, 9, 1, 0));
    assert_eq!(second.incidents.len(), 1, "{}", render::text(&second));
    let whole = &second.incidents[0];
    assert_eq!((whole.when, whole.kind.as_str()), (When::Completed, "failover"));
    assert!(whole.start.starts_with("2026-11-18T03:00:0"), "with its beginning: {}", whole.start);
    assert_eq!(whole.new_primary.as_deref(), Some("pg2"));
    assert!(logs.run(noon(18, 9, 2, 0)).incidents.is_empty());
}

#[test]
fn a_run_that_was_missed_loses_nothing() {
    let mut logs = Logs::new();
    logs.beats("pg1", "pg2", noon(10, 0, 0, 0), noon(10, 1, 0, 0));
    logs.run(noon(10, 1, 0, 0));
    logs.beats("pg1", "pg2", noon(10, 1, 0, 0), noon(12, 3, 0, 0));
    failover(&logs, noon(12, 3, 0, 5));
    logs.beats("pg2", "pg1", noon(12, 3, 0, 45), noon(14, 0, 0, 0));
    let late = logs.run(noon(14, 0, 5, 0));
    assert_eq!(late.incidents.len(), 1);
    assert!(late.leader.unwrap().since.starts_with("2026-11-12T03:00"));
}

/// What may happen to a log between two runs, with the failover that follows it.
fn rotate(how: impl Fn(&Path)) -> (Daily, Daily) {
    let mut logs = Logs::new();
    logs.beats("pg1", "pg2", noon(18, 0, 0, 0), noon(18, 2, 0, 0));
    logs.run(noon(18, 2, 0, 0));
    // Lines that were written after the run and before the rotation.
    logs.beats("pg1", "pg2", noon(18, 2, 0, 0), noon(18, 3, 0, 0));
    failover(&logs, noon(18, 3, 0, 5));
    for host in ["pg1", "pg2"] {
        how(&logs.path(host));
    }
    logs.beats("pg2", "pg1", noon(18, 3, 0, 45), noon(18, 9, 0, 0));
    let told = logs.run(noon(18, 9, 1, 0));
    logs.beats("pg2", "pg1", noon(18, 9, 0, 0), noon(18, 10, 0, 0));
    let after = logs.run(noon(18, 10, 1, 0));
    (told, after)
}

fn packed(folder: &Path, from: &str, to: &str) {
    let text = fs::read(folder.join(from)).unwrap();
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(&text).unwrap();
    fs::write(folder.join(to), gz.finish().unwrap()).unwrap();
}

#[test]
fn nothing_is_lost_or_told_twice_whatever_logrotate_does() {
    let log = "patroni.log";
    type How = fn(&Path);
    let ways: [(&str, How); 5] = [
        ("renamed", |d| fs::rename(d.join("patroni.log"), d.join("patroni.log.1")).unwrap()),
        ("copied and emptied", |d| {
            fs::copy(d.join("patroni.log"), d.join("patroni.log.1")).unwrap();
            fs::write(d.join("patroni.log"), "").unwrap();
        }),
        ("renamed and packed", |d| {
            packed(d, "patroni.log", "patroni.log.1.gz");
            fs::remove_file(d.join("patroni.log")).unwrap();
        }),
        ("packed while the plain one is still there", |d| {
            packed(d, "patroni.log", "patroni.log.1.gz");
            fs::rename(d.join("patroni.log"), d.join("patroni.log.1")).unwrap();
        }),
        ("dated", |d| fs::rename(d.join("patroni.log"), d.join("patroni.log-20261118")).unwrap()),
    ];
    for (name, how) in ways {
        let (told, after) = rotate(how);
        assert_eq!(told.incidents.len(), 1, "{log} {name}: {}", render::text(&told));
        assert_eq!(told.incidents[0].kind, "failover", "{name}");
        assert!(after.incidents.is_empty(), "{name}: told twice");
        assert_eq!(after.leader.unwrap().name, "pg2", "{name}");
    }
}

#[test]
fn a_packed_log_that_moves_on_is_not_read_again() {
    let mut logs = Logs::new();
    logs.beats("pg1", "pg2", noon(18, 0, 0, 0), noon(18, 2, 0, 0));
    failover(&logs, noon(18, 2, 0, 5));
    logs.beats("pg2", "pg1", noon(18, 2, 0, 45), noon(18, 5, 0, 0));
    for host in ["pg1", "pg2"] {
        let folder = logs.path(host);
        packed(&folder, "patroni.log", "patroni.log.2.gz");
        fs::remove_file(folder.join("patroni.log")).unwrap();
    }
    logs.beats("pg2", "pg1", noon(18, 5, 0, 0), noon(18, 6, 0, 0));
    assert_eq!(logs.run(noon(18, 6, 0, 0)).incidents.len(), 1);
    for host in ["pg1", "pg2"] {
        let folder = logs.path(host);
        fs::rename(folder.join("patroni.log.2.gz"), folder.join("patroni.log.3.gz")).unwrap();
    }
    let after = logs.run(noon(18, 6, 5, 0));
    assert_eq!((after.incidents.len(), after.read.new_bytes), (0, 0));
}

#[test]
fn a_file_that_was_cut_and_written_anew_is_read_from_its_beginning() {
    let mut logs = Logs::new();
    logs.beats("pg1", "pg2", noon(18, 0, 0, 0), noon(18, 2, 0, 0));
    logs.run(noon(18, 2, 0, 0));
    // The same first kilobyte, then other lines: somebody edited it.
    let path = logs.path("pg1/patroni.log");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.get(..4_000).unwrap().rsplit_once('\n').unwrap().0.to_owned() + "\n").unwrap();
    let after = logs.run(noon(18, 2, 5, 0));
    assert!(after.notes.iter().any(|n| n.contains("read from its beginning")), "{:?}", after.notes);
}

#[test]
fn a_lost_state_tells_again_and_goes_on() {
    let mut logs = Logs::new();
    logs.beats("pg1", "pg2", noon(18, 0, 0, 0), noon(18, 2, 0, 0));
    failover(&logs, noon(18, 2, 0, 5));
    logs.beats("pg2", "pg1", noon(18, 2, 0, 45), noon(18, 5, 0, 0));
    logs.run(noon(18, 5, 0, 0));
    logs.state = State::default();
    let anew = logs.run(noon(18, 5, 5, 0));
    assert!(anew.first_run);
    assert_eq!(anew.incidents.len(), 1);
    assert!(logs.run(noon(18, 5, 6, 0)).incidents.is_empty());
}

#[test]
fn only_new_bytes_are_read_and_lines_keep_their_numbers() {
    let mut logs = Logs::new();
    logs.beats("pg1", "pg2", noon(10, 0, 0, 0), noon(18, 0, 0, 0));
    logs.run(noon(18, 0, 0, 0));
    let size = fs::metadata(logs.path("pg1/patroni.log")).unwrap().len();
    failover(&logs, noon(18, 0, 0, 5));
    logs.beats("pg2", "pg1", noon(18, 0, 0, 45), noon(18, 1, 0, 0));
    let daily = logs.run(noon(18, 1, 1, 0));
    let mark = logs.before.marks.iter().find(|m| m.path.ends_with("pg1/patroni.log")).unwrap();
    assert_eq!(mark.done, size);
    assert!(mark.from > size - 128 * 1024, "context is small: {} of {size}", mark.from);
    assert!(daily.read.new_bytes < 100_000, "{}", daily.read.new_bytes);
    let text = fs::read_to_string(logs.path("pg1/patroni.log")).unwrap();
    let line = 1 + text.lines().position(|l| l.contains("demoted self")).unwrap() as u32;
    let proof = daily.incidents[0].proof.as_ref().unwrap();
    assert_eq!(proof.line, Some(line), "numbered as in the whole file: {proof:?}");
    assert_eq!(text.lines().nth(line as usize - 1), proof.raw.as_deref());
}

#[test]
fn a_half_written_line_is_read_when_it_is_whole() {
    let mut logs = Logs::new();
    logs.beats("pg1", "pg2", noon(18, 0, 0, 0), noon(18, 2, 0, 0));
    logs.says("pg1", noon(18, 2, 0, 4), "ERROR: failed to update leader lock");
    logs.add("pg1/patroni.log", &format!("{} INFO: demoted self because fai", stamp(noon(18, 2, 0, 5))));
    logs.run(noon(18, 2, 0, 6));
    logs.add("pg1/patroni.log", "led to update leader lock in DCS\n");
    logs.says("pg2", noon(18, 2, 0, 35), "INFO: promoted self to leader by acquiring session lock");
    logs.beats("pg2", "pg1", noon(18, 2, 0, 45), noon(18, 5, 0, 0));
    let whole = logs.run(noon(18, 5, 0, 0));
    assert_eq!(whole.incidents.len(), 1, "{}", render::text(&whole));
    assert_eq!(whole.incidents[0].kind, "failover");
}

#[test]
fn what_stops_arriving_is_told_once_and_again_when_it_is_back() {
    let mut logs = Logs::new();
    logs.beats("pg1", "pg2", noon(18, 0, 0, 0), noon(18, 2, 0, 0));
    logs.run(noon(18, 2, 0, 0));
    for i in 0..1000 {
        logs.says("pg1", noon(18, 2, 0, 0) + i * 10 * SECOND, "INFO: no action. I am (pg1), the leader with the lock");
    }
    let quiet = logs.run(noon(18, 4, 47, 0));
    assert_eq!(quiet.silent.len(), 1, "{:?}", quiet.silent);
    assert_eq!(quiet.silent[0].text, "nothing arrives from patroni on pg2 since 2026-11-18 01:59 UTC");
    assert_eq!(quiet.level, Level::Warning);
    let still = logs.run(noon(18, 4, 48, 0));
    assert!(still.silent.is_empty() && still.still_silent.len() == 1);
    logs.beats("pg1", "pg2", noon(18, 4, 47, 0), noon(18, 6, 0, 0));
    let back = logs.run(noon(18, 6, 0, 0));
    assert_eq!(back.silent[0].text, "patroni on pg2 arrives again");
}

#[test]
fn a_risk_is_told_once_though_its_numbers_change() {
    let mut logs = Logs::new();
    let df = |used: u32| {
        format!(
            "Filesystem     1K-blocks     Used Available Use% Mounted on\n/dev/sdb1      100000000 {used}000000 {}000000  {used}% /var/lib/etcd\n",
            100 - used
        )
    };
    logs.beats("pg1", "pg2", noon(18, 0, 0, 0), noon(18, 2, 0, 0));
    fs::write(logs.path("pg1/df.txt"), df(81)).unwrap();
    let first = logs.run(noon(18, 2, 0, 0));
    assert_eq!(first.new_risks.iter().filter(|r| r.id == "disk_usage_high").count(), 1, "{:?}", first.new_risks);
    assert!(first.subject.ends_with("etcd disk 81 %, above 75 %"), "{}", first.subject);
    fs::write(logs.path("pg1/df.txt"), df(82)).unwrap();
    let second = logs.run(noon(18, 2, 5, 0));
    assert!(second.new_risks.is_empty(), "{:?}", second.new_risks);
    assert_eq!(second.known_risks, 1);
    assert!(second.subject.contains("82 %"));
}

#[test]
fn what_names_no_host_is_of_the_host_that_is_told() {
    let logs = Logs::new();
    let day = noon(18, 0, 0, 0);
    for i in 0..300 {
        logs.says(
            "var/log/patroni",
            day + i * 10 * SECOND,
            "INFO: no action. I am (member-a), the leader with the lock",
        );
    }
    let df = "Filesystem     1K-blocks     Used Available Use% Mounted on\n/dev/sdb1      100000000 81000000 19000000  81% /var/lib/etcd\n";
    logs.add("var/lib/pgautopsy/now/df.txt", df);
    let paths = [logs.path("var/log/patroni"), logs.path("var/lib/pgautopsy/now")];
    let options = Options { now: noon(18, 1, 0, 0), host: Some("pg1".into()), ..Options::default() };
    let daily = run(&paths, &options, &mut State::default()).unwrap();
    assert_eq!(daily.disks[0].host, "pg1");
    assert_eq!(daily.leader.unwrap().name, "pg1");
    assert_eq!(daily.read.hosts, 1);
    assert!(daily.last_seen.contains_key("pg1/patroni"), "{:?}", daily.last_seen);
}

#[test]
fn hostile_names_cannot_forge_headers_or_markup() {
    let mut logs = Logs::new();
    logs.add(
        "pg1/patroni.log",
        "2026-11-18 03:00:00,000 INFO: no action. I am (x<script>\rBcc: a@b), the leader with the lock\n",
    );
    logs.says("pg1", noon(18, 3, 0, 5), DEMOTED);
    let daily = logs.run(noon(18, 9, 0, 0));
    let mail = render::mail(&daily, &render::Envelope { to: Some("a@b\nBcc: c@d".into()), ..Default::default() });
    let head = mail.split("\n\n").next().unwrap();
    assert!(!head.lines().any(|l| l.starts_with("Bcc")), "{head}");
    assert!(!render::html(&daily).contains("<script"));
    assert!(!render::text(&daily).contains('\r'));
}
