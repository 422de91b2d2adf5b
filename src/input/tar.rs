//! Tar, forwards only: ustar, GNU long names and sparse members, pax, the old v7 form; damage is passed over.
//!
//! The crate `tar` reads the header fields; walking is done here because its own walk holds extended headers of any
//! size in memory, ends at the first damaged header, and copies every byte once more.

use super::compress::skip_bytes;
use super::stream::{Member, Source, Stop};
use std::io;

const BLOCK: usize = 512;

/// Longest extended header that is kept: names and a few times. Longer ones are passed over.
const MAX_EXTENSION: u64 = 64 << 10;

/// One member; its bytes follow in the stream.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) name: Vec<u8>,
    pub(super) what: What,
    pub(super) size: u64,
    pub(super) modified: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    File,
    /// Its holes are left out: they are zeros, and zeros are no evidence.
    Sparse,
    Folder,
    /// "symbolic link" or "hard link", and where to.
    Link(&'static str, Vec<u8>),
    /// A device, a FIFO, a volume label.
    Other(&'static str),
}

/// What comes next in a tar.
pub(super) enum Next {
    Member(Header),
    /// Bytes from … on that are no header were passed over.
    Gap {
        at: u64,
        bytes: u64,
    },
    /// The end, and whether it was marked as the end.
    End {
        marked: bool,
    },
}

/// Whether a block is a tar header: by its magic, or, for the old form, which has none, by its checksum.
pub(super) fn is_header(block: &[u8]) -> bool {
    match block.get(..BLOCK) {
        Some(block) => &block[257..262] == b"ustar" || (block[0] != 0 && checksum_holds(block)),
        None => false,
    }
}

fn checksum_holds(block: &[u8]) -> bool {
    let Some(said) = octal(&block[148..156]) else {
        return false;
    };
    let outside = |i: usize| !(148..156).contains(&i);
    let bytes = || block.iter().enumerate().filter(|(i, _)| outside(*i)).map(|(_, byte)| *byte);
    // Some old programs summed signed bytes.
    let unsigned = bytes().map(u64::from).sum::<u64>() + 8 * 32;
    let signed = bytes().map(|byte| i64::from(byte as i8)).sum::<i64>() + 8 * 32;
    said == unsigned || i64::try_from(said) == Ok(signed)
}

/// A number as tar writes it: octal text, or binary with the top bit set when it is too large for that.
fn number(field: &[u8]) -> Option<u64> {
    match field.first()? {
        first if first & 0x80 != 0 => {
            let (head, tail) = field.split_at(field.len().saturating_sub(8));
            let fits = head.iter().skip(1).all(|byte| *byte == 0) && head.first().is_none_or(|byte| *byte == 0x80);
            fits.then(|| tail.iter().fold(0, |n, byte| n << 8 | u64::from(*byte)))
        }
        _ => octal(field),
    }
}

fn octal(field: &[u8]) -> Option<u64> {
    let text = field.split(|byte| *byte == 0).next().unwrap_or_default().trim_ascii();
    if text.is_empty() || text.len() > 21 || !text.iter().all(|byte| (b'0'..=b'7').contains(byte)) {
        return None;
    }
    Some(text.iter().fold(0, |n, digit| n << 3 | u64::from(digit - b'0')))
}

/// What extended headers say about the member that follows them.
#[derive(Debug, Default)]
struct Extension {
    name: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
    modified: Option<i64>,
    sparse: bool,
    /// Its map of holes stands in front of its data.
    sparse_map: bool,
}

impl Extension {
    /// pax: `LENGTH KEY=VALUE\n`, where LENGTH counts all of it. A broken record ends the reading, not the archive.
    fn read_pax(&mut self, mut data: &[u8]) {
        while let Some(space) = data.iter().position(|byte| *byte == b' ') {
            let length = std::str::from_utf8(&data[..space]).ok().and_then(|text| text.parse::<usize>().ok());
            let Some(record) = length.and_then(|length| data.get(space + 1..length)) else {
                return;
            };
            let record_end = space + 1 + record.len();
            let record = record.strip_suffix(b"\n").unwrap_or(record);
            let Some(equals) = record.iter().position(|byte| *byte == b'=') else {
                return;
            };
            let (key, value) = (&record[..equals], &record[equals + 1..]);
            let text = std::str::from_utf8(value).unwrap_or_default();
            match key {
                b"path" | b"GNU.sparse.name" => self.name = Some(value.to_vec()),
                b"linkpath" => self.link = Some(value.to_vec()),
                b"size" => self.size = text.parse().ok(),
                b"mtime" => self.modified = text.split('.').next().and_then(|seconds| seconds.parse().ok()),
                b"GNU.sparse.major" => (self.sparse, self.sparse_map) = (true, value == b"1"),
                b"GNU.sparse.map" | b"GNU.sparse.size" => self.sparse = true,
                _ => {}
            }
            data = &data[record_end..];
        }
    }
}

/// A walk through one tar.
pub(super) struct Walk<'a> {
    source: &'a mut dyn Source,
    /// Bytes from the start of the tar.
    at: u64,
    /// Bytes of the current member and its padding that were not yet passed.
    left: u64,
}

impl<'a> Walk<'a> {
    pub(super) fn new(source: &'a mut dyn Source) -> Self {
        Walk { source, at: 0, left: 0 }
    }

    /// Moves on to the next member, past what was not read of the one before.
    pub(super) fn next(&mut self) -> Result<Next, Stop> {
        self.pass(self.left)?;
        self.left = 0;
        let mut extension = Extension::default();
        let mut marked = false;
        loop {
            let at = self.at;
            let Some(block) = self.block()? else {
                return Ok(Next::End { marked });
            };
            // Zeros mark the end, but there may be another tar behind it: `cat a.tar b.tar`.
            if block.iter().all(|byte| *byte == 0) {
                marked = true;
                continue;
            }
            if !checksum_holds(&block) {
                if marked {
                    return Ok(Next::End { marked });
                }
                let bytes = self.pass_to_header()? + BLOCK as u64;
                return Ok(Next::Gap { at, bytes });
            }
            let header = tar::Header::from_byte_slice(&block);
            let kind = header.entry_type();
            let extends = kind.is_gnu_longname() || kind.is_gnu_longlink() || kind.is_pax_local_extensions();
            let said = if extends || kind.is_pax_global_extensions() { None } else { extension.size };
            let Some(size) = said.or_else(|| number(&header.as_old().size)) else {
                return Ok(Next::Gap { at, bytes: BLOCK as u64 });
            };
            if extends {
                let data = self.extension(size)?;
                let name = || data.split(|byte| *byte == 0).next().unwrap_or_default().to_vec();
                if kind.is_gnu_longname() {
                    extension.name = Some(name());
                } else if kind.is_gnu_longlink() {
                    extension.link = Some(name());
                } else {
                    extension.read_pax(&data);
                }
                continue;
            }
            if kind.is_pax_global_extensions() {
                self.pass(padded(size))?;
                continue;
            }
            return self.member(header, size, extension).map(Next::Member);
        }
    }

    fn member(&mut self, header: &tar::Header, size: u64, extension: Extension) -> Result<Header, Stop> {
        let kind = header.entry_type();
        let name = extension.name.unwrap_or_else(|| header.path_bytes().into_owned());
        let target = || match extension.link {
            Some(link) => link,
            None => header.link_name_bytes().map(Into::into).unwrap_or_default(),
        };
        let what = match kind.as_byte() {
            // v7 marks folders by the name alone.
            b'0' | 0 | b'7' if name.ends_with(b"/") => What::Folder,
            _ if extension.sparse => What::Sparse,
            b'0' | 0 | b'7' => What::File,
            b'S' => {
                let mut more = header.as_gnu().is_some_and(|gnu| gnu.isextended[0] != 0);
                while more {
                    let block = self.block()?.ok_or_else(|| Stop::Truncated("ends in a sparse map".into()))?;
                    more = block[504] != 0;
                }
                What::Sparse
            }
            b'5' | b'D' => What::Folder,
            b'1' => What::Link("hard link", target()),
            b'2' => What::Link("symbolic link", target()),
            b'3' => What::Other("a character device"),
            b'4' => What::Other("a block device"),
            b'6' => What::Other("a FIFO"),
            b'V' => What::Other("a volume label"),
            b'M' => What::Other("the rest of a file that began in another volume"),
            // POSIX: unknown kinds are to be treated as plain files.
            _ => What::File,
        };
        // Links, devices and folders have no bytes, but some old programs write the size of what they point to.
        let size = match kind.as_byte() {
            b'1'..=b'6' => 0,
            _ if extension.sparse_map => size.saturating_sub(self.pass_map(size)?),
            _ => size,
        };
        self.left = padded(size);
        let modified = extension.modified.or_else(|| number(&header.as_old().mtime).and_then(|n| n.try_into().ok()));
        Ok(Header { name, what, size, modified: modified.filter(|seconds| *seconds != 0) })
    }

    /// The bytes of the member just met.
    pub(super) fn read<T>(&mut self, size: u64, with: impl FnOnce(&mut Member<'_>) -> T) -> T {
        let mut member = Member { source: &mut *self.source, left: size };
        let result = with(&mut member);
        let read = size - member.left;
        self.at = self.at.saturating_add(read);
        self.left = self.left.saturating_sub(read);
        result
    }

    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// Passes the map of holes in front of sparse data (pax, version 1.0): how many, then offset and size of each, in
    /// lines of text, filled up to a block. Returns its length.
    fn pass_map(&mut self, most: u64) -> Result<u64, Stop> {
        let mut passed = 0;
        let mut lines_left = None;
        while lines_left != Some(0) && passed < most {
            let Some(block) = self.block()? else { break };
            passed += BLOCK as u64;
            let lines = block.iter().filter(|byte| **byte == b'\n').count() as u64;
            let all = lines_left.or_else(|| {
                let first = block.split(|byte| *byte == b'\n').next()?;
                let holes = std::str::from_utf8(first).ok()?.parse::<u64>().ok()?;
                holes.checked_mul(2)?.checked_add(1)
            });
            let Some(all) = all else { break };
            lines_left = Some(all.saturating_sub(lines));
        }
        Ok(passed)
    }

    /// The next block; `None` at the end, also when the last block is not whole.
    fn block(&mut self) -> Result<Option<[u8; BLOCK]>, Stop> {
        let bytes = self.source.peek(BLOCK).map_err(|error| Stop::of(&error))?;
        let Some(block) = bytes.get(..BLOCK).and_then(|bytes| <[u8; BLOCK]>::try_from(bytes).ok()) else {
            return Ok(None);
        };
        self.source.consume(BLOCK);
        self.at += BLOCK as u64;
        Ok(Some(block))
    }

    /// Passes blocks until one looks like a header; a damaged archive is worth reading on.
    fn pass_to_header(&mut self) -> Result<u64, Stop> {
        let mut passed = 0;
        loop {
            let head = self.source.peek(BLOCK).map_err(|error| Stop::of(&error))?;
            if head.len() < BLOCK || (&head[257..262] == b"ustar" && checksum_holds(&head[..BLOCK])) {
                return Ok(passed);
            }
            self.source.consume(BLOCK);
            self.at += BLOCK as u64;
            passed += BLOCK as u64;
        }
    }

    fn extension(&mut self, size: u64) -> Result<Vec<u8>, Stop> {
        let mut data = Vec::new();
        let keep = size.min(MAX_EXTENSION);
        let read = io::Read::read_to_end(&mut Member { source: &mut *self.source, left: keep }, &mut data);
        read.map_err(|error| Stop::of(&error))?;
        self.at += keep;
        self.pass(padded(size) - keep)?;
        Ok(data)
    }

    fn pass(&mut self, bytes: u64) -> Result<(), Stop> {
        skip_bytes(self.source, bytes)?;
        self.at = self.at.saturating_add(bytes);
        Ok(())
    }
}

fn padded(size: u64) -> u64 {
    size.checked_next_multiple_of(BLOCK as u64).unwrap_or(u64::MAX)
}
