//! `pgautopsy sar`: the numbers of sysstat files, printed again.

use super::Settings;
use super::disk_names::DiskNames;
use crate::formats;
use crate::input::{Entry, InputError, Listing, read_all, read_in_order};
use crate::model::{Caps, Problem};
use crate::sysstat::{Data, Options, looks_like_sa, print};
use std::io::{self, BufRead, Write};
use std::path::PathBuf;

/// Prints the numbers of sysstat files as `sar` (text), csv or `sadf -j` (json) would, with the names that the bundle, or
/// what lies around a file, gives to its disks; gives how many hosts were printed and what could not be read.
pub fn sar(
    paths: &[PathBuf],
    settings: &Settings,
    format: &str,
    out: &mut dyn Write,
) -> Result<(usize, Vec<String>), InputError> {
    let names = DiskNames::around(paths, settings)?;
    let mut printed = Printed::default();
    let written = match format {
        "json" => json(paths, settings, &names, &mut printed, out)?,
        _ => tables(paths, settings, &names, &mut printed, format, out)?,
    };
    match written {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => printed.problems.push(format!("writing: {e}")),
        _ => {}
    }
    Ok((printed.hosts, printed.problems))
}

/// What was printed, and what was not.
#[derive(Default)]
struct Printed {
    hosts: usize,
    problems: Vec<String>,
}

impl Printed {
    fn seen(&mut self, path: &str, data: &Data) {
        self.problems.extend(data.problems.iter().map(|p| format!("{path}: at byte {}: {}", p.offset, p.what)));
        self.hosts += usize::from(!data.is_unreadable());
    }

    fn stopped(&mut self, path: &str, problem: Option<Problem>) {
        self.problems.extend(problem.map(|p| format!("{path}: {}", p.what)));
    }

    fn foreign(&mut self, path: &str) {
        self.problems.push(format!("{path}: neither an sa file nor text of sar or sadf"));
    }

    fn skipped<T>(&mut self, listing: &Listing<T>) {
        self.problems.extend(listing.skipped.iter().map(|s| format!("{}: {}", s.path, s.why)));
    }
}

/// A text, or a binary file for tables, as a whole; and what of it was not read.
fn whole(path: &str, input: &mut dyn BufRead, names: &DiskNames, caps: &Caps) -> (Option<Vec<Data>>, Option<Problem>) {
    let (all, problem) = formats::whole(input, caps);
    let mut data = formats::sysstat_data(&all);
    let parts = data.iter_mut().flatten();
    parts.for_each(|data| data.name_disks(|major, minor| names.of(path, major, minor)));
    (data, problem)
}

fn tables(
    paths: &[PathBuf],
    settings: &Settings,
    names: &DiskNames,
    printed: &mut Printed,
    format: &str,
    out: &mut dyn Write,
) -> Result<io::Result<()>, InputError> {
    let caps = settings.limits.caps();
    let read = |entry: &Entry, input: &mut dyn BufRead| whole(&entry.path, input, names, &caps);
    let listing = read_all(paths, &settings.limits, settings.threads.max(1), &read)?;
    printed.skipped(&listing);
    let mut all = Vec::new();
    for (entry, (read, problem)) in listing.items {
        printed.stopped(&entry.path, problem);
        match read {
            Some(parts) => {
                parts.iter().for_each(|data| printed.seen(&entry.path, data));
                all.extend(parts.into_iter().filter(|data| !data.is_unreadable()));
            }
            None => printed.foreign(&entry.path),
        }
    }
    Ok(if format == "csv" { print::csv(&all, out) } else { print::text(&all, out) })
}

/// Each file is written while it is read.
fn json(
    paths: &[PathBuf],
    settings: &Settings,
    names: &DiskNames,
    printed: &mut Printed,
    out: &mut dyn Write,
) -> Result<io::Result<()>, InputError> {
    let mut document = print::Json::new(out);
    let (mut begun, mut written) = (false, Ok(()));
    let caps = settings.limits.caps();
    let mut read = |entry: &Entry, input: &mut dyn BufRead| {
        // Who reads the output has gone, or its disk is full.
        if written.is_err() {
            return;
        }
        let parts = match input.fill_buf().map(looks_like_sa) {
            Ok(true) => Ok(None),
            Ok(false) => {
                let (data, problem) = whole(&entry.path, input, names, &caps);
                printed.stopped(&entry.path, problem);
                Ok(Some(data))
            }
            Err(e) => Err(e),
        };
        let done = match parts {
            Err(e) => return printed.problems.push(format!("{}: {e}", entry.path)),
            Ok(Some(None)) => return printed.foreign(&entry.path),
            Ok(Some(Some(parts))) => parts.iter().try_for_each(|data| document.data(data)).map(|()| parts),
            Ok(None) => {
                let name = |major, minor| names.of(&entry.path, major, minor);
                document.binary(input, Options::default(), &name)
            }
        };
        begun = true;
        match done {
            Ok(all) => all.iter().for_each(|data| printed.seen(&entry.path, data)),
            Err(e) => written = Err(e),
        }
    };
    let listing = read_in_order(paths, &settings.limits, &mut read)?;
    printed.skipped(&listing);
    Ok(written.and_then(|()| if begun { document.finish() } else { Ok(()) }))
}
