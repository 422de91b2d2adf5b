//! Reads binary `saDD` files of sysstat 6.1.3 to 12.8 (RHEL 5 and later), of any byte order and word size, whole or damaged.

mod bytes;
pub(crate) mod cpu;
pub(crate) mod cursor;
pub(crate) mod header;
pub(crate) mod item;
mod legacy;
mod reading;
mod records;
pub(crate) mod sample;
pub(crate) mod stream;

use super::activity::name_of;
use super::model::{Data, Fault, Problem, Skipped, Source, Stamp, Version};
use bytes::Bytes;
use header::Header;
use reading::Reading;
#[cfg(test)]
use records::Event;
use records::Walk;
use sample::Rows;

/// How faithful to sysstat's own output the numbers shall be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// Show what the sysstat that wrote the file would show, errors included: a device that appears gets its total since
    /// boot divided by the interval (a false peak), and old versions drop samples less than half a second apart.
    /// Off, such a device gets its first row one sample later, and all samples are shown.
    pub like_sysstat: bool,
    /// Use the formulas of this version instead of the one that wrote the file (they differ in `%memused`, and in what
    /// to do with processor times that go back).
    pub as_version: Option<Version>,
}

/// The files in a text of bytes: one, or several that were put one behind another (`cat sa20 sa21`), each of which has
/// its own header, of whatever format and byte order. A header is one only if it can be read as a whole, and stands where
/// the records before it end.
pub fn files(data: &[u8]) -> Vec<&[u8]> {
    let mut out = Vec::new();
    let mut rest = data;
    while let Some((file, behind)) = next_file(rest).and_then(|at| rest.split_at_checked(at)) {
        out.push(file);
        rest = behind;
    }
    out.push(rest);
    out
}

/// Reads all [`files`] of a text of bytes; offsets of problems count from its beginning.
pub fn read_files(data: &[u8], options: Options) -> Vec<Data> {
    let mut start = 0;
    let one = |file: &[u8]| {
        let mut data = read_sa(file, options);
        data.problems.iter_mut().for_each(|p| p.offset += start);
        start += file.len() as u64;
        data
    };
    files(data).into_iter().map(one).collect()
}

/// Where the file that begins here ends and another one begins.
fn next_file(data: &[u8]) -> Option<usize> {
    if legacy::magic(data).is_some() {
        return legacy::next_file(data);
    }
    let header = header::read(data).ok()?;
    let mut walk = Walk::new(Bytes { data, big_endian: header.big_endian, long: header.long }, &header, false);
    walk.by_ref().for_each(drop);
    walk.next_file
}

/// Is this the beginning of a binary activity file (of any version, even one too old to read)?
pub fn looks_like_sa(data: &[u8]) -> bool {
    let Some((_, format)) = header::magic(data) else {
        return legacy::magic(data).is_some();
    };
    matches!(format, 0x1170 | 0x2160..=0x21ff)
}

/// Reads a whole file that is already decompressed, of several the first (see [`files`]). Never fails:
/// [`Data::problems`] says what could not be read.
pub fn read_sa(data: &[u8], options: Options) -> Data {
    let (rewritten, problems) = legacy::upgrade(data).unzip();
    let data = rewritten.as_deref().unwrap_or(data);
    let mut out = Data::new(Source::Binary);
    out.problems = problems.unwrap_or_default();
    let header = match header::read(data) {
        Ok(header) => header,
        Err(problem) => {
            out.problems.push(*problem);
            return out;
        }
    };
    let bytes = Bytes { data, big_endian: header.big_endian, long: header.long };
    let (rows, unread) = Rows::new(bytes, &header, options);
    describe(&mut out, &header, &unread);
    let mut reading = Reading::new(out, &header, options);
    let mut walk = Walk::new(bytes, &header, false);
    while let Some(event) = walk.next() {
        reading.event(event, &walk);
    }
    let Reading { out: mut data, steps, .. } = reading;
    finish(&mut data, &header, walk.turned_round(), rewritten.is_some());
    data.sets = rows.sets(&steps);
    // Sets open in the order in which devices appear; show them as sysstat does.
    let order = |a: &str| super::activity::ACTIVITIES.iter().position(|t| t.name == a);
    data.sets.sort_by_key(|s| order(s.activity.name));
    data
}

/// What only the end of the file tells.
fn finish(out: &mut Data, header: &Header, swapped: bool, rewritten: bool) {
    if swapped {
        let what = "the times of the records have another byte order than the file; they were turned round";
        out.problems.push(Problem::new(header.end as u64, Fault::Header, what));
    }
    if rewritten {
        out.format = Some(0x2169);
        // It holds no version.
        out.version = None;
    }
}

/// What the header tells; `unread` are the places of those activities that can't be read.
fn describe(out: &mut Data, header: &Header, unread: &[usize]) {
    let text = |s: &str| Some(s.to_string()).filter(|s| !s.is_empty());
    out.host = text(&header.host);
    out.sysname = text(&header.sysname);
    out.release = text(&header.release);
    out.arch = text(&header.machine);
    out.zone = header.zone.clone();
    out.version = Some(header.version);
    out.format = Some(header.format);
    out.cpus = header.cpu_nr.map(cpus);
    out.created = i64::try_from(header.created).ok().map(Stamp::utc);
    for activity in unread.iter().filter_map(|&index| header.activities.get(index)) {
        let name = name_of(activity.id);
        out.skipped.push(Skipped { id: activity.id, name });
        let expected = super::activity::ACTIVITIES.iter().any(|a| a.id == activity.id);
        if expected || name.is_none() {
            let what = format!("activity {} ({}) has an unknown layout", activity.id, name.unwrap_or("unknown"));
            out.problems.push(Problem::new(header.end as u64, Fault::Activity, what));
        }
    }
}

/// sysstat counts item "all" too, except on kernels for one CPU.
fn cpus(cpu_nr: u32) -> u32 {
    cpu_nr.saturating_sub(1).max(1)
}

/// Where the first sample of a sound file begins, its length, and where its processors lie.
#[cfg(test)]
pub(super) fn first_sample(data: &[u8]) -> Option<(usize, usize, std::ops::Range<usize>)> {
    let header = header::read(data).ok()?;
    let bytes = Bytes { data, big_endian: header.big_endian, long: header.long };
    let mut walk = Walk::new(bytes, &header, false);
    let Some(Event::Record(_)) = walk.next() else { return None };
    let blocks = &walk.blocks;
    let size = |n: usize| {
        let (activity, block) = (header.activities.get(n)?, blocks.get(n)?);
        Some(block.at..block.at + (block.nr * activity.nr2 * activity.size) as usize)
    };
    let cpus = size(header.activities.iter().position(|a| a.id == 1)?)?;
    Some((header.end, size(blocks.len() - 1)?.end - header.end, cpus))
}
