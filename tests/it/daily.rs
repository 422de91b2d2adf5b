//! `pgautopsy daily` from outside: cron's empty environment, the state file, and what mail and monitoring read back.

use crate::root;
use crate::tools::tool;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// As cron starts a job on Debian: nothing but these (crontab(5)), through `sh`.
fn cron(command: &str, home: &Path) -> Output {
    Command::new("/bin/sh")
        .args(["-c", command])
        .env_clear()
        .env("SHELL", "/bin/sh")
        .env("HOME", home)
        .env("LOGNAME", "postgres")
        .env("PATH", "/usr/bin:/bin")
        .current_dir(home)
        .output()
        .unwrap()
}

fn bin() -> &'static str {
    env!("CARGO_BIN_EXE_pgautopsy")
}

fn out(o: &Output) -> String {
    String::from_utf8_lossy(&o.stdout).into_owned()
}

fn err(o: &Output) -> String {
    String::from_utf8_lossy(&o.stderr).into_owned()
}

/// A copy of a recorded bundle, to be changed.
fn bundle(name: &str, to: &Path) {
    let from = root(name);
    for e in walkdir::WalkDir::new(&from).into_iter().map(Result::unwrap).filter(|e| e.file_type().is_file()) {
        let path = to.join(e.path().strip_prefix(&from).unwrap());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::copy(e.path(), path).unwrap();
    }
}

const SEED: &str = "fixtures/cases/lab-01-slow-disk/bundle";

fn daily(state: &Path, logs: &Path, more: &[&str]) -> Output {
    Command::new(bin()).arg("daily").arg("--state").arg(state).args(more).arg(logs).output().unwrap()
}

#[test]
fn cron_runs_it_in_its_empty_environment_and_tells_once() {
    let dir = tempfile::tempdir().unwrap();
    bundle(SEED, &dir.path().join("logs"));
    let command = format!("{} daily --state {1}/state {1}/logs", bin(), dir.path().display());
    let first = cron(&command, dir.path());
    assert_eq!(first.status.code(), Some(0), "{}", err(&first));
    assert!(out(&first).contains("Incidents"), "{}", out(&first));
    assert_eq!(err(&first), "", "cron would mail this too");
    let second = cron(&command, dir.path());
    assert!(!out(&second).contains("Incidents"), "{}", out(&second));
    assert!(out(&second).starts_with("CRITICAL") && out(&second).contains("under way"), "{}", out(&second));
    let quiet = cron(&format!("{command} --quiet --now 2026-11-01T00:00:00Z"), dir.path());
    assert_eq!((quiet.status.code(), err(&quiet).as_str()), (Some(0), ""));
}

#[test]
fn a_damaged_state_is_put_aside_and_the_one_before_it_is_used() {
    let dir = tempfile::tempdir().unwrap();
    let (state, logs) = (dir.path().join("state"), dir.path().join("logs"));
    bundle(SEED, &logs);
    daily(&state, &logs, &[]);
    daily(&state, &logs, &[]);
    let text = std::fs::read(&state).unwrap();
    std::fs::write(&state, &text[..text.len() / 2]).unwrap();
    let o = daily(&state, &logs, &[]);
    assert_eq!(o.status.code(), Some(0), "{}", err(&o));
    assert!(out(&o).contains("damaged") && !out(&o).contains("Incidents"), "{}", out(&o));
    assert!(dir.path().join("state.damaged").exists());
    std::fs::remove_file(&state).unwrap();
    std::fs::remove_file(dir.path().join("state.bak")).unwrap();
    assert!(out(&daily(&state, &logs, &[])).contains("first run"));
}

#[test]
fn a_redacted_run_names_nobody_and_remembers_everybody() {
    let dir = tempfile::tempdir().unwrap();
    let (state, logs) = (dir.path().join("state"), dir.path().join("logs"));
    bundle("fixtures/cases/lab-05-partition-primary/bundle", &logs);
    for format in ["text", "mail", "html", "json", "prom", "nagios"] {
        let text = out(&daily(&state, &logs, &["--dry-run", "--redact", "-f", format]));
        assert!(text.contains("node2") && text.contains("node3"), "-f {format}:\n{text}");
        for name in ["pg-dc1-a", "pg-dc1-b", "pg-dc2-a", "10.24.2."] {
            assert!(!text.contains(name), "{name} in -f {format}:\n{text}");
        }
    }
    daily(&state, &logs, &["--redact"]);
    assert!(std::fs::read_to_string(&state).unwrap().contains("pg-dc1-a"));
}

#[test]
fn a_dry_run_remembers_nothing_and_two_runs_at_once_do_not_mix() {
    let dir = tempfile::tempdir().unwrap();
    let (state, logs) = (dir.path().join("state"), dir.path().join("logs"));
    bundle(SEED, &logs);
    daily(&state, &logs, &["--dry-run"]);
    assert!(!state.exists());
    let lock = std::fs::File::create(dir.path().join("state.lock")).unwrap();
    lock.lock().unwrap();
    let o = daily(&state, &logs, &[]);
    assert_eq!(o.status.code(), Some(2));
    assert!(err(&o).contains("another run"), "{}", err(&o));
}

#[test]
fn mistakes_are_answered_with_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let no_state = Command::new(bin()).args(["daily", SEED]).current_dir(root("")).output().unwrap();
    assert_eq!(no_state.status.code(), Some(2));
    assert!(err(&no_state).contains("--state /var/lib/pgautopsy/state"), "{}", err(&no_state));
    let nowhere = daily(&dir.path().join("no/such/state"), &root(SEED), &[]);
    assert_eq!(nowhere.status.code(), Some(2));
    assert!(err(&nowhere).contains("writable"), "{}", err(&nowhere));
    let format = daily(&dir.path().join("s"), &root(SEED), &["-f", "pdf"]);
    assert!(err(&format).contains("nagios"), "{}", err(&format));
    let config = dir.path().join("pgautopsy.toml");
    std::fs::write(&config, "[thresholds]\n\"disk.limit\" = 80\n").unwrap();
    let o = daily(&dir.path().join("s"), &root(SEED), &["--config", config.to_str().unwrap()]);
    assert_eq!(o.status.code(), Some(2));
    assert!(err(&o).contains("disk.limit_pct"), "{}", err(&o));
}

#[test]
fn a_config_beside_the_logs_is_enough() {
    let dir = tempfile::tempdir().unwrap();
    bundle(SEED, &dir.path().join("logs"));
    std::fs::write(
        dir.path().join("pgautopsy.toml"),
        "[daily]\npaths = [\"logs\"]\nstate = \"state\"\nto = \"dba@example.org\"\n[thresholds]\n\"disk.limit_pct\" = 1\n",
    )
    .unwrap();
    let o = cron(&format!("{} daily -f mail", bin()), dir.path());
    assert_eq!(o.status.code(), Some(0), "{}", err(&o));
    assert!(out(&o).starts_with("To: dba@example.org\n"), "{}", out(&o));
    assert!(dir.path().join("state").exists());
}

/// What sendmail's stand-in wrote is read back by Python's own mail parser.
#[test]
fn the_mail_is_read_by_a_mail_program() {
    let Some(python) = tool("python3") else { return };
    let dir = tempfile::tempdir().unwrap();
    bundle(SEED, &dir.path().join("logs"));
    let sendmail = dir.path().join("sendmail");
    std::fs::write(&sendmail, "#!/bin/sh\n[ \"$1\" = -t ] && cat >\"$HOME/message\"\n").unwrap();
    Command::new("chmod").args(["755", sendmail.to_str().unwrap()]).status().unwrap();
    let command = format!(
        "{} daily --state state -f mail --from pg@example.org --to dba@example.org logs | {} -t",
        bin(),
        sendmail.display()
    );
    let o = cron(&command, dir.path());
    assert_eq!((o.status.code(), err(&o).as_str()), (Some(0), ""));
    let script = r#"
import email, email.policy, sys
raw = open(sys.argv[1], "rb").read()
assert len(raw) < 100_000, len(raw)
assert max(map(len, raw.split(b"\n"))) <= 998
m = email.message_from_bytes(raw, policy=email.policy.default)
assert not m.defects, m.defects
assert m["to"] == "dba@example.org" and m["from"] == "pg@example.org"
assert m["date"].datetime.year >= 2024
text = m.get_body(("plain",)).get_content()
html = m.get_body(("html",)).get_content()
assert all(not p.defects for p in m.walk())
assert m["subject"] == text.splitlines()[0], (m["subject"], text)
assert "leader" in m["subject"] and " · " in m["subject"], m["subject"]
assert "Incidents" in text and "Incidents" in html
from html.parser import HTMLParser
class P(HTMLParser):
    open = []
    def handle_starttag(self, tag, attrs):
        assert tag not in ("script", "link", "img", "iframe"), tag
        assert not any(k in ("src", "href") for k, _ in attrs), attrs
        if tag != "meta": self.open.append(tag)
    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag
p = P(); p.feed(html); p.close()
assert p.open == [], p.open
print("parsed", len(raw))
"#;
    let o = Command::new(python).args(["-c", script, dir.path().join("message").to_str().unwrap()]).output().unwrap();
    assert!(out(&o).starts_with("parsed"), "{}{}", out(&o), err(&o));
}

#[test]
fn metrics_pass_prometheus_own_check() {
    let dir = tempfile::tempdir().unwrap();
    let (state, logs, prom) = (dir.path().join("state"), dir.path().join("logs"), dir.path().join("pgautopsy.prom"));
    bundle(SEED, &logs);
    let o = daily(&state, &logs, &["-o", prom.to_str().unwrap()]);
    assert_eq!((o.status.code(), out(&o).as_str()), (Some(0), ""), "{}", err(&o));
    let text = std::fs::read(&prom).unwrap();
    assert!(String::from_utf8_lossy(&text).contains("pgautopsy_incidents_total{kind=\"failover\"}"));
    let Some(promtool) = tool("promtool") else { return };
    let mut child = Command::new(promtool)
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&text).unwrap();
    let o = child.wait_with_output().unwrap();
    assert!(o.status.success() && err(&o).is_empty(), "{}{}", out(&o), err(&o));
}

#[test]
fn monitoring_gets_one_line_and_its_exit_codes() {
    let dir = tempfile::tempdir().unwrap();
    let (state, logs) = (dir.path().join("state"), dir.path().join("logs"));
    bundle(SEED, &logs);
    for run in ["first", "second: the incident still counts"] {
        let o = daily(&state, &logs, &["--nagios"]);
        assert_eq!(o.status.code(), Some(2), "{run}: {}", out(&o));
        let line = out(&o);
        assert_eq!(line.lines().count(), 1);
        assert!(line.starts_with("PGAUTOPSY CRITICAL - ") && line.matches(" | ").count() == 1, "{line}");
        for value in line.split(" | ").nth(1).unwrap().split(' ').filter(|v| v.contains('=')) {
            assert!(
                value
                    .split('=')
                    .nth(1)
                    .unwrap()
                    .split(';')
                    .next()
                    .unwrap()
                    .trim_end_matches('%')
                    .parse::<f64>()
                    .is_ok(),
                "{value}"
            );
        }
    }
    let empty = dir.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let o = daily(&dir.path().join("other"), &empty, &["--nagios"]);
    assert_eq!(o.status.code(), Some(3), "{}", out(&o));
}

#[test]
fn json_says_what_the_text_says() {
    let dir = tempfile::tempdir().unwrap();
    let logs = dir.path().join("logs");
    bundle(SEED, &logs);
    let o = daily(&dir.path().join("state"), &logs, &["-f", "json"]);
    let report: serde_json::Value = serde_json::from_slice(&o.stdout).unwrap();
    assert_eq!(report["schema"], "pgautopsy.daily/1");
    assert_eq!(report["level"], "critical");
    // The recording ends two minutes after the incident.
    assert_eq!(report["incidents"][0]["when"], "under_way");
    assert!(report["incidents"][0]["proof"]["path"].is_string());
}

/// The units are checked by systemd itself, as far as it can without the program being installed.
#[test]
fn systemd_accepts_the_units() {
    let Some(analyze) = tool("systemd-analyze") else { return };
    let dir = tempfile::tempdir().unwrap();
    for name in ["pgautopsy-daily.service", "pgautopsy-daily.timer"] {
        let text = std::fs::read_to_string(root("samples/daily").join(name)).unwrap();
        std::fs::write(dir.path().join(name), text.replace("/usr/bin/pgautopsy-daily", "/bin/true")).unwrap();
    }
    let o = Command::new(analyze)
        .arg("verify")
        .arg("--man=no")
        .args(["pgautopsy-daily.service", "pgautopsy-daily.timer"].map(|n| dir.path().join(n)))
        .output()
        .unwrap();
    let ours: Vec<String> = err(&o).lines().filter(|l| l.contains("pgautopsy")).map(str::to_owned).collect();
    assert!(o.status.success() && ours.is_empty(), "{}", err(&o));
}

/// The script that cron and systemd call, with this machine's own df, once as an ordinary run and once with new lines.
#[test]
fn the_daily_script_runs_under_dash_in_crons_environment() {
    let dir = tempfile::tempdir().unwrap();
    bundle(SEED, &dir.path().join("logs"));
    let lib = dir.path().join("lib");
    std::fs::create_dir(&lib).unwrap();
    let command = format!(
        "PGAUTOPSY={} STATE_DIRECTORY={} sh {} -f text --host pg1 {}",
        bin(),
        lib.display(),
        root("samples/daily/pgautopsy-daily").display(),
        dir.path().join("logs").display()
    );
    let o = cron(&command, dir.path());
    assert_eq!(o.status.code(), Some(0), "{}{}", out(&o), err(&o));
    assert!(lib.join("state").exists());
    assert!(std::fs::read_to_string(lib.join("now/df.txt")).unwrap().contains('%'));
    assert!(out(&o).contains("leader"), "{}", out(&o));
}

#[test]
fn completions_and_manual_pages_come_from_the_options() {
    for (shell, word) in [("bash", "complete -F"), ("zsh", "#compdef pgautopsy"), ("fish", "complete -c pgautopsy")] {
        let o = Command::new(bin()).args(["completions", shell]).output().unwrap();
        assert!(out(&o).contains(word) && (out(&o).contains("--state") || out(&o).contains("-l state")), "{shell}");
    }
    let dir = tempfile::tempdir().unwrap();
    let o = Command::new(bin()).arg("man").arg(dir.path()).output().unwrap();
    assert_eq!(o.status.code(), Some(0), "{}", err(&o));
    let page = std::fs::read_to_string(dir.path().join("pgautopsy-daily.1")).unwrap();
    assert!(page.contains(".TH pgautopsy-daily 1") && page.contains("\\-\\-state"), "{page}");
    if let Some(bash) = tool("bash") {
        let path = dir.path().join("complete");
        std::fs::write(&path, Command::new(bin()).args(["completions", "bash"]).output().unwrap().stdout).unwrap();
        assert!(Command::new(bash).arg("-n").arg(&path).status().unwrap().success());
    }
}
