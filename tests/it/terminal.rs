//! What a person at a terminal sees: colour, a pager for what is longer than the screen, ASCII where that is all there is.

use crate::root;
use crate::tools::tool;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const SEED: &str = "samples/01-slow-etcd-disk/bundle";

/// What the program writes to a pseudo-terminal of 24 lines and 80 columns.
fn on_a_terminal(arguments: &str, variables: &[(&str, &str)]) -> Option<String> {
    let script = tool("script")?;
    let command = format!("stty rows 24 cols 80; {} {arguments}", env!("CARGO_BIN_EXE_pgautopsy"));
    let o = Command::new(script)
        .args(["-qec", &command, "/dev/null"])
        .current_dir(root(""))
        .env_remove("NO_COLOR")
        .env_remove("LC_ALL")
        .env_remove("LC_CTYPE")
        .env("LANG", "C.UTF-8")
        .env("TERM", "xterm")
        .env("PAGER", "cat")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    Some(String::from_utf8_lossy(&o.stdout).into_owned())
}

#[test]
fn there_is_colour_unless_it_is_unwanted() {
    let Some(text) = on_a_terminal(SEED, &[]) else { return };
    assert!(text.contains("etcd_slow_disk") && text.contains("\u{1b}[1m"), "{text}");
    for unwanted in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let text = on_a_terminal(SEED, &[unwanted]).unwrap();
        assert!(text.contains("etcd_slow_disk") && !text.contains('\u{1b}'), "{unwanted:?}:\n{text}");
    }
}

#[test]
fn a_terminal_without_unicode_gets_ascii() {
    let Some(usual) = on_a_terminal(&format!("-v {SEED}"), &[]) else { return };
    assert!(!usual.is_ascii());
    let c = on_a_terminal(&format!("-v {SEED}"), &[("LANG", "C")]).unwrap();
    assert!(c.is_ascii(), "{c}");
    assert_eq!(c.lines().next(), usual.lines().next());
}

#[test]
fn a_long_report_comes_through_the_pager_and_a_short_one_does_not() {
    let pager = [("PAGER", "sed s/^/paged:/")];
    let Some(long) = on_a_terminal(SEED, &pager) else { return };
    assert!(long.lines().count() > 24 && long.lines().all(|l| l.starts_with("paged:")), "{long}");
    let short = on_a_terminal(&format!("--card {SEED}"), &pager).unwrap();
    assert!(short.contains("etcd_slow_disk") && !short.contains("paged:"), "{short}");
    let gone = on_a_terminal(SEED, &[("PAGER", "no-such-pager")]).unwrap();
    assert!(gone.contains("Proof"), "without its pager the report is printed:\n{gone}");
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for sample in ["01-slow-etcd-disk", "02-partition", "03-disk-full", "04-planned-switchover"] {
        let Some(text) = on_a_terminal(&format!("--color never -v samples/{sample}/bundle"), &[]) else { return };
        // On a slow machine the progress stands there first, and is wiped.
        for line in text.lines().flat_map(|line| line.split("\x1b[K")) {
            let width = unicode_width::UnicodeWidthStr::width(line.trim_end_matches('\r'));
            assert!(width <= 80, "{width} columns in {sample}: {line}");
        }
    }
}

/// A program on a pseudo-terminal that somebody types at and looks at.
struct Terminal {
    child: Child,
    seen: String,
}

impl Terminal {
    fn run(folder: &Path, command: &str) -> Option<Terminal> {
        // A test that waits for what never comes must end as well.
        let mut script = Command::new(tool("timeout")?);
        script.args(["--foreground", "120"]).arg(tool("script")?);
        script.args(["-qefc", &format!("stty rows 24 cols 160; {command}"), "/dev/null"]);
        script.current_dir(folder).env("LANG", "C.UTF-8").env("TERM", "xterm").env("PAGER", "cat").env("NO_COLOR", "1");
        let child = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        Some(Terminal { child, seen: String::new() })
    }

    fn types(&mut self, keys: &str) {
        self.child.stdin.as_mut().unwrap().write_all(keys.as_bytes()).unwrap();
    }

    /// Looks until the screen shows `text`, or the program has ended.
    fn until(&mut self, text: &str) -> bool {
        let mut some = [0; 4096];
        while !self.seen.contains(text) {
            let n = self.child.stdout.as_mut().unwrap().read(&mut some).unwrap_or(0);
            if n == 0 {
                return false;
            }
            self.seen.push_str(&String::from_utf8_lossy(&some[..n]));
        }
        true
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A log of some blocks on standard input whose writer stops in the middle until the file `go` is there, beside one of known size.
fn slow_source(folder: &Path) -> String {
    let beat = "2021-02-01 13:45:04,101 INFO: no action. I am (pg1), the leader with the lock\n";
    std::fs::write(folder.join("begin.log"), beat.repeat(40_000)).unwrap();
    std::fs::write(folder.join("other.log"), beat.replace("pg1", "pg2").repeat(120_000)).unwrap();
    let program = env!("CARGO_BIN_EXE_pgautopsy");
    format!("(cat begin.log; while [ ! -e go ]; do sleep 0.05; done) | {program} --threads 1 - other.log")
}

#[test]
fn who_waits_longer_than_a_second_sees_how_far_it_is_and_then_only_the_report() {
    let folder = tempfile::tempdir().unwrap();
    let Some(mut t) = Terminal::run(folder.path(), &slow_source(folder.path())) else { return };
    assert!(t.until(" left"), "{}", t.seen);
    let line = t.seen.rsplit("\u{1b}[K").next().unwrap();
    assert!(line.contains(" MB of 9 MB, 0 of 2 files, ") && line.contains("B/s, "), "{line:?}");
    assert!(!t.seen.contains('\n'), "one line: {:?}", t.seen);
    std::fs::write(folder.path().join("go"), "").unwrap();
    assert!(!t.until("\0"), "{}", t.seen);
    let (waiting, report) = t.seen.rsplit_once("\r\u{1b}[K").unwrap();
    assert!(report.starts_with("No demotion") && !report.contains(" left"), "{report}");
    assert!(!waiting.contains("No demotion"), "{waiting}");
}

#[test]
#[allow(clippy::disallowed_methods)] // waits for longer than the progress would
fn who_does_not_look_sees_no_progress() {
    let folder = tempfile::tempdir().unwrap();
    let begin = Instant::now();
    let mut shell = Command::new("sh");
    shell.args(["-c", &slow_source(folder.path())]).current_dir(folder.path());
    let child = shell.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(2_500).saturating_sub(begin.elapsed()));
    std::fs::write(folder.path().join("go"), "").unwrap();
    let o = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&o.stderr), "");
    assert!(o.stdout.starts_with(b"No demotion"));
}

#[test]
#[allow(clippy::disallowed_methods)] // how long it takes is the point
fn ctrl_c_ends_at_once_behind_a_clean_line() {
    let folder = tempfile::tempdir().unwrap();
    // The shell tells the code as soon as the program has ended, whatever its source does.
    let source = slow_source(folder.path()).replace("| ", "| { trap : INT; ");
    let command = format!("trap : INT; {source} > out; echo \"code $?\"; }}");
    let Some(mut t) = Terminal::run(folder.path(), &command) else { return };
    assert!(t.until(" left"), "{}", t.seen);
    let pressed = Instant::now();
    t.types("\u{3}");
    assert!(t.until("code "), "{}", t.seen);
    // Its source never ends by itself; on an idle machine this takes some hundredths of a second.
    assert!(pressed.elapsed() < Duration::from_secs(5), "{:?}", pressed.elapsed());
    t.until("\n");
    let last = t.seen.rsplit("\r\u{1b}[K").next().unwrap();
    assert_eq!(last.trim_end(), "code 130", "{:?}", t.seen);
    assert_eq!(std::fs::read_to_string(folder.path().join("out")).unwrap(), "");
}
