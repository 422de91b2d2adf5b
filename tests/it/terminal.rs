//! What a person at a terminal sees: colour, a pager for what is longer than the screen, ASCII where that is all there is.

use crate::root;
use crate::tools::tool;
use std::process::Command;

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
        for line in text.lines() {
            let width = unicode_width::UnicodeWidthStr::width(line.trim_end_matches('\r'));
            assert!(width <= 80, "{width} columns in {sample}: {line}");
        }
    }
}
