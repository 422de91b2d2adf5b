//! A collector's file that holds only the error of its command: the report says so instead of "unknown".

use crate::formats::Document;
use crate::formats::sheet::{Sheet, lines};
use crate::model::{Parsed, Program};

pub static FORMAT: Document = Document {
    name: "failed-command",
    program: Program::Command,
    doc: "a few lines, all of them errors of a shell, of systemctl, etcdctl, patronictl or kubectl",
    sniff,
    read,
    samples: &[
        "bash: patronictl: command not found\n",
        "System has not been booted with systemd as init system (PID 1). Can't operate.\nFailed to connect to bus: Host is down\n",
        "-- No entries --\n",
    ],
};

static ERRORS: &[&str] = &[
    "command not found",
    ": not found",
    "No such file or directory",
    "Permission denied",
    "permission denied",
    "Operation not permitted",
    "Failed to connect to bus",
    "System has not been booted with systemd",
    "could not be found",
    "-- No entries --",
    "No journal files were found",
    "Cannot talk to daemon",
    "Can not find suitable configuration of distributed configuration store",
    "Error: Provided config file",
    "context deadline exceeded",
    "connection refused",
    "Connection refused",
    "you must be root",
    "Must be root",
    "Authentication is required",
    "Unable to connect to the server",
    "Error from server",
    "error: ",
    "Error returned: ",
    "Hint: You are currently not seeing messages",
    "Users in groups",
    "Pass -q to turn off this notice",
    "cannot open",
    "Cannot open",
];

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    let all: Vec<&str> = text.lines().filter(|l| !l.trim().is_empty()).collect();
    let errors = all.iter().filter(|l| ERRORS.iter().any(|e| l.contains(e))).count();
    if (1..=6).contains(&all.len()) && errors == all.len() { 50 } else { 0 }
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut sheet = Sheet::new(out, Program::Command);
    if let Some(first) = lines(&text).find(|l| !l.text.trim().is_empty()) {
        let words = crate::messages::engine_clip(first.text, 160);
        sheet.problem(Some(first.number), format!("the command failed when the bundle was made: {words}"));
    }
    sheet.account(&text);
}
