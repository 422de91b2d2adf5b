//! Lines of a text as people send it: without the byte order marks, NULs, colours and carriage returns it may hold.

use std::borrow::Cow;

use super::super::model::Data;
use super::stamp;

/// The lines of a text in any of the encodings met, with their numbers from 1.
pub(crate) fn lines(text: &[u8]) -> impl Iterator<Item = (usize, Cow<'_, str>)> {
    text.split(|&b| b == b'\n').enumerate().map(|(n, line)| (n + 1, clean(line)))
}

/// sysstat 11.5.7 and 11.6.0 print a NUL after each percentage; `S_COLORS=always` wraps cells in escape sequences.
fn clean(line: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(line);
    let dirty = |c: char| matches!(c, '\0' | '\r' | '\u{1b}' | '\u{feff}');
    if !text.contains(dirty) {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c == '\u{1b}' {
            rest.by_ref().find(char::is_ascii_alphabetic);
        } else if !dirty(c) {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// What the line `Linux 5.14.0 (db01) <tab>2026-11-21 <tab>_x86_64_<tab>(8 CPU)` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Banner {
    pub sysname: String,
    pub release: String,
    pub host: String,
    /// The date as written.
    pub date: String,
    pub arch: Option<String>,
    pub cpus: Option<u32>,
}

/// The first line that sar, iostat, mpstat and pidstat print; RHEL 5 leaves out machine and CPUs.
pub(crate) fn banner(line: &str) -> Option<Banner> {
    let (sysname, rest) = line.split_once(' ')?;
    if sysname.is_empty() || !sysname.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let (release, rest) = rest.trim_start().split_once(" (")?;
    if release.contains(' ') || !release.contains('.') {
        return None;
    }
    let (host, rest) = rest.split_once(')')?;
    let (date, arch, cpus) = match rest.split_once(" \t_").or_else(|| rest.split_once("\t_")) {
        Some((date, rest)) => (date, Some(rest), rest),
        // A paste may have lost the tabs.
        None => match rest.find(" _") {
            Some(at) => {
                let (date, rest) = rest.split_at_checked(at)?;
                let rest = rest.trim_start().trim_start_matches('_');
                (date, Some(rest), rest)
            }
            None => (rest, None, ""),
        },
    };
    let date = date.trim();
    if stamp::dates(date, false).is_empty() {
        return None;
    }
    let arch = arch.and_then(|a| a.split_once("_ ").or_else(|| a.split_once("_\t"))).map(|(a, _)| a.trim().to_string());
    let cpus = cpus.rsplit_once('(').and_then(|(_, n)| n.split(' ').next()?.parse().ok());
    Some(Banner { sysname: sysname.into(), release: release.into(), host: host.into(), date: date.into(), arch, cpus })
}

impl Banner {
    pub fn fill(&self, data: &mut Data) {
        data.sysname = Some(self.sysname.clone());
        data.release = Some(self.release.clone());
        data.host = Some(self.host.clone());
        data.arch.clone_from(&self.arch);
        data.cpus = self.cpus;
    }
}

/// Sets the date of the rows if it is beyond doubt. `comma`: decimal commas were seen; `half_days`: AM or PM was.
pub(crate) fn settle_date(data: &mut Data, written: &str, comma: bool, half_days: bool) {
    let mut dates = stamp::dates(written, comma);
    // en_US writes 11/21/2026 with AM and PM; other locales with AM and PM use two digits for the year.
    let four_digits = written.rsplit('/').next().is_some_and(|year| year.len() == 4);
    if half_days && four_digits {
        dates.truncate(1);
    }
    match dates.as_slice() {
        &[day] => data.set_date(day),
        _ => data.dates = dates,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn banners() {
        let b = banner("Linux 5.14.0-427.el9.x86_64 (db01.example.com) \t2026-11-21 \t_x86_64_\t(8 CPU)").unwrap();
        assert_eq!((b.host.as_str(), b.date.as_str(), b.cpus), ("db01.example.com", "2026-11-21", Some(8)));
        assert_eq!(b.arch.as_deref(), Some("x86_64"));
        let b = banner("Linux 2.6.18-194.el5 (pg1) \t11/21/26").unwrap();
        assert_eq!((b.arch, b.cpus), (None, None));
        let b = banner("Linux 6.1.0 (pg1)  2026년 11월 21일  _x86_64_ (2 CPU)").unwrap();
        assert_eq!((b.arch.as_deref(), b.cpus), (Some("x86_64"), Some(2)));
        assert_eq!(banner("Linux is a kernel (see kernel.org)"), None);
        assert_eq!(banner("2026-11-21 00:00:00 UTC [1] LOG:  x"), None);
    }

    #[test]
    fn dirt_goes() {
        assert_eq!(clean(b"\x1b[1;34m01:00:00\x1b[0m 24.76\0 x\r"), "01:00:00 24.76 x");
    }
}
