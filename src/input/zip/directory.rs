//! Reading a zip by the directory at its end, which needs a source that can be read at any place.

use super::super::archive::Bundle;
use super::super::stream::{Member as Part, Stream};
use super::super::{Entry, Loss};
use super::{CENTRAL, LOCAL, Member, Plan, Zip, dos_time, u16_at, u32_at, u64_at};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

/// The end record is 22 bytes and a comment of at most 64 KiB.
const END: usize = 22;
const MAX_TAIL: u64 = END as u64 + 0xffff;

/// Where the directory is.
struct Directory {
    start: u64,
    entries: u64,
    /// Bytes before the zip itself: a self-extractor, mail headers.
    shift: u64,
}

/// Reads the members of a zip that its directory names. `walk` and `data` are the same zip twice: one follows the
/// directory, the other the members. False, with nothing read, if there is no directory.
pub(in super::super) fn read<R: Read + Seek>(
    bundle: &mut Bundle<'_>,
    container: &Entry,
    mut walk: R,
    mut data: R,
    depth: u64,
) -> io::Result<bool> {
    let Some(directory) = find(&mut walk)? else {
        return Ok(false);
    };
    walk.seek(SeekFrom::Start(directory.start))?;
    let mut walk = BufReader::with_capacity(64 << 10, walk);
    let mut zip = Zip::new(bundle, container, depth);
    for n in 0..directory.entries {
        let Some(member) = next(&mut walk)? else {
            if n == 0 {
                return Ok(false);
            }
            let why = format!("damaged: its directory breaks off after {n} of {} members", directory.entries);
            zip.bundle.skip(&container.path, why, Loss::Part);
            break;
        };
        let entry = match zip.plan(&member) {
            Plan::Read(entry) => entry,
            Plan::Pass => continue,
            Plan::End => break,
        };
        match find_data(&mut data, member.offset.saturating_add(directory.shift)) {
            Ok(()) => {
                let mut stream = Stream::new(&mut data, Some(member.packed));
                let mut packed = Part { source: &mut stream, left: member.packed };
                zip.unpack(entry, &member, &mut packed, true);
            }
            Err(error) => {
                let why = format!("damaged or truncated: it is not where the directory says ({error})");
                zip.bundle.skip(&entry.path, why, Loss::All);
            }
        }
    }
    zip.finish();
    Ok(true)
}

fn find<R: Read + Seek>(zip: &mut R) -> io::Result<Option<Directory>> {
    let length = zip.seek(SeekFrom::End(0))?;
    let tail_start = length.saturating_sub(MAX_TAIL);
    zip.seek(SeekFrom::Start(tail_start))?;
    let mut tail = Vec::new();
    zip.take(MAX_TAIL).read_to_end(&mut tail)?;
    // A comment may hold the magic too, so the record must also end where the file does, or close to it.
    let ends = memchr::memmem::rfind_iter(&tail, b"PK\x05\x06").filter(|at| tail.len() - at >= END);
    for at in ends {
        let record = &tail[at..];
        let mut entries = u64::from(u16_at(record, 10));
        let mut size = u64::from(u32_at(record, 12));
        let mut offset = u64::from(u32_at(record, 16));
        let mut end = tail_start + at as u64;
        let locator = at.checked_sub(20).map(|start| &tail[start..at]).filter(|bytes| bytes.starts_with(b"PK\x06\x07"));
        if let Some(locator) = locator {
            // Where the larger record is said to be, or, with bytes before the zip, right before its locator.
            for place in [u64_at(locator, 8), end.saturating_sub(20 + 56)] {
                zip.seek(SeekFrom::Start(place.min(length)))?;
                let mut record = [0; 56];
                if zip.read_exact(&mut record).is_ok() && record.starts_with(b"PK\x06\x06") {
                    (entries, size, offset) = (u64_at(&record, 32), u64_at(&record, 40), u64_at(&record, 48));
                    end = place;
                    break;
                }
            }
        }
        let Some(start) = end.checked_sub(size) else {
            continue;
        };
        let Some(shift) = start.checked_sub(offset) else {
            continue;
        };
        zip.seek(SeekFrom::Start(start))?;
        let mut magic = [0; 4];
        if entries == 0 || (zip.read_exact(&mut magic).is_ok() && magic == CENTRAL) {
            return Ok(Some(Directory { start, entries, shift }));
        }
    }
    Ok(None)
}

/// The next central header; `None` if there is none.
fn next(walk: &mut impl BufRead) -> io::Result<Option<Member>> {
    let mut header = [0; 46];
    if walk.read_exact(&mut header).is_err() || !header.starts_with(&CENTRAL) {
        return Ok(None);
    }
    let mut texts = vec![0; [28, 30, 32].iter().map(|at| usize::from(u16_at(&header, *at))).sum()];
    if walk.read_exact(&mut texts).is_err() {
        return Ok(None);
    }
    let (name, rest) = texts.split_at(usize::from(u16_at(&header, 28)));
    let on_unix = header[5] == 3;
    let mut member = Member {
        name: name.to_vec(),
        flags: u16_at(&header, 8),
        method: u16_at(&header, 10),
        crc: u32_at(&header, 16),
        packed: u32_at(&header, 20).into(),
        size: u32_at(&header, 24).into(),
        offset: u32_at(&header, 42).into(),
        mode: if on_unix { u32_at(&header, 38) >> 16 } else { 0 },
        modified: dos_time(u16_at(&header, 12), u16_at(&header, 14)),
    };
    member.read_extra(&rest[..usize::from(u16_at(&header, 30))]);
    Ok(Some(member))
}

/// Moves to the packed bytes of the member whose local header is at `at`.
fn find_data<R: Read + Seek>(zip: &mut R, at: u64) -> io::Result<()> {
    zip.seek(SeekFrom::Start(at))?;
    let mut header = [0; 30];
    zip.read_exact(&mut header)?;
    if !header.starts_with(&LOCAL) {
        return Err(io::Error::other("no member begins there"));
    }
    let texts = i64::from(u16_at(&header, 26)) + i64::from(u16_at(&header, 28));
    zip.seek(SeekFrom::Current(texts)).map(drop)
}
