//! Zip members, and how they are unpacked; where they stand is told by the [`directory`] or, if it is lost, [`forward`].
//!
//! Own code and not the crate `zip`: that one keeps only the last of members with one name, reads nothing of a zip
//! whose end was cut off, and refuses streams that tell a member's size after it (macOS, Java and Go write those).

mod directory;
mod forward;

pub(super) use directory::read as by_directory;
pub(super) use forward::read as forwards;

use super::archive::Bundle;
use super::compress::Decoder;
use super::path::{self, Unique};
use super::stream::{Source, Stop, Stream};
use super::{Entry, Loss};
use std::io::{self, Read};

const LOCAL: [u8; 4] = *b"PK\x03\x04";
const CENTRAL: [u8; 4] = *b"PK\x01\x02";

/// What a local or central header says of one member.
#[derive(Debug, Default, PartialEq, Eq)]
struct Member {
    name: Vec<u8>,
    flags: u16,
    method: u16,
    crc: u32,
    packed: u64,
    size: u64,
    /// Of the local header, from the start of the zip; central headers only.
    offset: u64,
    /// Unix mode; central headers written on Unix only.
    mode: u32,
    modified: Option<i64>,
}

impl Member {
    fn is_locked(&self) -> bool {
        self.flags & 1 != 0
    }

    /// Sizes and checksum stand behind the data, and 0 here.
    fn tells_sizes_later(&self) -> bool {
        self.flags & 8 != 0
    }

    fn is_folder(&self) -> bool {
        self.name.ends_with(b"/") || self.mode & 0o170_000 == 0o040_000
    }

    fn is_link(&self) -> bool {
        self.mode & 0o170_000 == 0o120_000
    }

    /// Extra fields: sizes that need 64 bits stand here in this order, if the 32-bit field is full.
    fn read_extra(&mut self, mut extra: &[u8]) {
        while extra.len() >= 4 {
            let (id, length) = (u16_at(extra, 0), usize::from(u16_at(extra, 2)));
            let Some(data) = extra.get(4..4 + length) else {
                return;
            };
            match id {
                1 => {
                    let mut numbers = data.chunks_exact(8);
                    for field in [&mut self.size, &mut self.packed, &mut self.offset] {
                        if *field == u64::from(u32::MAX) {
                            let Some(number) = numbers.next() else { return };
                            *field = u64_at(number, 0);
                        }
                    }
                }
                // Unix time, written by Info-ZIP and macOS: its zone is known, unlike that of the MS-DOS time.
                0x5455 if data.len() >= 5 && data[0] & 1 != 0 => {
                    self.modified = Some(i64::from(u32_at(data, 1)));
                }
                _ => {}
            }
            extra = &extra[4 + length..];
        }
    }
}

/// Local time of an unknown zone, taken as UTC.
fn dos_time(time: u16, date: u16) -> Option<i64> {
    let (time, date) = (u32::from(time), u32::from(date));
    let year = i32::try_from(1980 + (date >> 9)).ok()?;
    let date = chrono::NaiveDate::from_ymd_opt(year, date >> 5 & 15, date & 31)?;
    Some(date.and_hms_opt(time >> 11, time >> 5 & 63, (time & 31) * 2)?.and_utc().timestamp())
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..at + 2).and_then(|b| b.try_into().ok()).map_or(0, u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).and_then(|b| b.try_into().ok()).map_or(0, u64::from_le_bytes)
}

/// One zip being read.
struct Zip<'z, 'b> {
    bundle: &'z mut Bundle<'b>,
    container: &'z Entry,
    /// Layers around its members.
    depth: u64,
    names: Unique,
    read: u64,
    locked: u64,
    first_locked: Option<String>,
}

/// What is to be done with a member.
enum Plan {
    Read(Entry),
    Pass,
    /// Too many: no more of this zip.
    End,
}

impl<'z, 'b> Zip<'z, 'b> {
    fn new(bundle: &'z mut Bundle<'b>, container: &'z Entry, depth: u64) -> Self {
        Zip { bundle, container, depth, names: Unique::default(), read: 0, locked: 0, first_locked: None }
    }

    fn plan(&mut self, member: &Member) -> Plan {
        if !self.bundle.admits_entry(&self.container.path) {
            return Plan::End;
        }
        let name = path::of_member(&member.name);
        if member.is_folder() || self.bundle.is_junk(&self.container.path, &name) {
            return Plan::Pass;
        }
        let path = path::inside(&self.container.path, &self.names.name(name));
        if member.is_link() {
            self.bundle.skip(&path, "symbolic link: not followed".into(), Loss::Nothing);
        } else if member.is_locked() {
            self.locked += 1;
            self.first_locked.get_or_insert(path);
        } else if let Some(method) = unread_method(member.method) {
            let why = format!("packed with {method}, which is not read; unpack it, or repack it with zip -r");
            self.bundle.skip(&path, why, Loss::All);
        } else {
            let size = (!member.tells_sizes_later() || member.size > 0).then_some(member.size);
            self.read += 1;
            return Plan::Read(Entry { path, modified: member.modified, size });
        }
        Plan::Pass
    }

    /// Unpacks a member from its packed bytes, and reads it, and returns its checksum and size as found.
    fn unpack(&mut self, entry: Entry, member: &Member, packed: &mut dyn Source, known: bool) {
        let (meter, limits) = (self.bundle.meter, self.bundle.limits);
        let inner: Box<dyn Read + '_> = match member.method {
            8 => Box::new(Decoder::deflate(packed, limits)),
            _ => Box::new(packed),
        };
        // The other methods are formats of their own, which will be recognised, and have their own checksums.
        let expected = (known && matches!(member.method, 0 | 8)).then_some((member.crc, member.size));
        let checked = Checked { inner, crc: flate2::Crc::new(), expected };
        let mut stream = Stream::decoded(checked, entry.size, meter, limits);
        self.bundle.open(entry, &mut stream, self.depth);
        if !known {
            // The next member begins where this one ends.
            let _ = io::copy(&mut stream, &mut io::sink());
        }
    }

    /// One line for all members that need a password.
    fn finish(self) {
        let Some(first) = self.first_locked else {
            return;
        };
        let which = match self.locked {
            1 => format!("{first} is password-protected"),
            n => format!("{n} members are password-protected, {first} is the first"),
        };
        let why = format!("{which}; unpack it with its password (unzip, 7z x) and give the folder, or repack without");
        let loss = if self.read == 0 { Loss::All } else { Loss::Part };
        self.bundle.skip(&self.container.path, why, loss);
    }
}

/// The name of a method that cannot be read here.
fn unread_method(method: u16) -> Option<String> {
    Some(match method {
        // Stored, deflated; bzip2, zstd and xz are recognised by their own first bytes.
        0 | 8 | 12 | 93 | 95 => return None,
        9 => "Deflate64 (Windows does this above 2 GB)".into(),
        14 => "LZMA".into(),
        98 => "PPMd".into(),
        other => format!("method {other}"),
    })
}

/// Holds a member against what the zip says of it.
struct Checked<'a> {
    inner: Box<dyn Read + 'a>,
    crc: flate2::Crc,
    /// Checksum, and size: the checksum's own count is of 32 bits.
    expected: Option<(u32, u64)>,
}

impl Read for Checked<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(into)?;
        let Some((crc, size)) = self.expected else {
            return Ok(n);
        };
        self.crc.update(&into[..n]);
        // Zip64 sizes are compared in their lower half, which the checksum guards well enough.
        if n == 0 && !into.is_empty() && (self.crc.sum() != crc || self.crc.amount() != size as u32) {
            self.expected = None;
            return Err(Stop::Damaged("its checksum is wrong: some of it is not what was packed".into()).into_io());
        }
        Ok(n)
    }
}
