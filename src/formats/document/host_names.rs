//! `uname -a`, `hostname`, `/etc/hostname`: the name of the machine.

use crate::formats::Document;
use crate::formats::sheet::{Line, Sheet, lines};
use crate::model::{Key, Naming, Parsed, Program};

pub static FORMAT: Document = Document {
    name: "host-name",
    program: Program::Command,
    doc: "`Linux pg1 5.10.0-8-amd64 #1 SMP …`; a single word in a file that is called hostname",
    sniff,
    read,
    samples: &["Linux db01 6.18.44-generic #1 SMP PREEMPT_DYNAMIC @0 x86_64 GNU/Linux\n"],
};

fn sniff(head: &[u8], name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    if text.lines().take(5).any(|l| uname(l).is_some()) {
        return 90;
    }
    let file = name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
    let one = text.trim();
    if file.contains("hostname") && !one.contains(char::is_whitespace) && is_host(one) { 88 } else { 0 }
}

/// Host and kernel release. sysstat's header looks alike but has the name in brackets.
fn uname(line: &str) -> Option<(&str, &str)> {
    let mut words = line.split_whitespace();
    if words.next()? != "Linux" {
        return None;
    }
    let (host, release) = (words.next()?, words.next()?);
    let version = release.starts_with(|c: char| c.is_ascii_digit()) && release.contains('.');
    (version && is_host(host) && line.contains('#')).then_some((host, release))
}

/// A name that a machine may have.
pub fn is_host(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 253
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
}

/// Facts of a `uname -a` line; whether it was one.
pub fn facts(line: Line<'_>, sheet: &mut Sheet<'_>) -> bool {
    let Some((host, release)) = uname(line.text) else { return false };
    sheet.name(Naming::Host, host, line);
    sheet.text(Key::KernelVersion, None, release, line);
    true
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut sheet = Sheet::new(out, Program::Command);
    for line in lines(&text) {
        if !facts(line, &mut sheet) && is_host(line.text.trim()) && !line.text.trim().is_empty() {
            sheet.name(Naming::Host, line.text, line);
        }
    }
    sheet.account(&text);
}
