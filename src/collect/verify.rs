//! Holds what arrived against the manifest that the collecting script wrote: sizes, checksums, what is missing.

use crate::input::{Entry, InputError, Limits, read_all};
use crate::model::{Key, Source};
use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::PathBuf;

/// Name of the manifest's format, by which its sources are found.
pub const KIND: &str = "collect-manifest";

/// A fault of one file, below the folder of the manifest that names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Index of the manifest's source.
    pub manifest: usize,
    pub what: String,
}

/// Reads the files of manifests once more and gives what does not fit. Nothing to do without a manifest.
pub fn verify(
    paths: &[PathBuf],
    limits: &Limits,
    threads: usize,
    sources: &[Source],
) -> Result<Vec<Fault>, InputError> {
    let manifests: Vec<(usize, &Source)> = sources.iter().enumerate().filter(|(_, s)| s.parsed.kind == KIND).collect();
    if manifests.is_empty() {
        return Ok(Vec::new());
    }
    if paths.iter().any(|p| p.as_os_str() == "-") {
        let what = "came through a pipe, which cannot be read twice: sizes and checksums were not verified".to_owned();
        return Ok(manifests.iter().map(|(manifest, _)| Fault { manifest: *manifest, what: what.clone() }).collect());
    }
    let folders: Vec<&str> = manifests.iter().map(|(_, s)| folder(&s.path)).collect();
    let listing = read_all(paths, limits, threads, &|entry: &Entry, input: &mut dyn BufRead| {
        folders.iter().any(|f| entry.path.starts_with(f)).then(|| cksum(input)).flatten()
    })?;
    let found: BTreeMap<&str, (u32, u64)> =
        listing.items.iter().filter_map(|(e, sum)| Some((e.path.as_str(), (*sum)?))).collect();
    let mut faults = Vec::new();
    for (manifest, source) in manifests {
        let base = folder(&source.path);
        for fact in source.parsed.facts.iter().filter(|f| f.key == Key::Collected) {
            let (Some(name), Some(value)) = (fact.item.as_deref(), fact.value.text()) else { continue };
            let mut words = value.split(' ');
            let (Some(crc), Some(size)) =
                (words.next().and_then(|w| w.parse::<u32>().ok()), words.next().and_then(|w| w.parse::<u64>().ok()))
            else {
                continue;
            };
            let path = format!("{base}{name}");
            // A packed file is read unpacked, so its own sum cannot be seen here.
            let what = match found.get(path.as_str()) {
                None if size == 0 => continue,
                None if [".gz", ".xz", ".bz2", ".zst"].iter().any(|e| name.ends_with(e)) => continue,
                None => format!("{name} was collected ({size} bytes) and is not in the bundle"),
                Some(_) if [".gz", ".xz", ".bz2", ".zst"].iter().any(|e| name.ends_with(e)) => continue,
                Some((_, n)) if *n != size => format!("{name} has {n} bytes; {size} were collected"),
                Some((sum, _)) if *sum != crc => format!("{name} was changed since it was collected (checksum)"),
                Some(_) => continue,
            };
            faults.push(Fault { manifest, what });
        }
    }
    faults.sort();
    Ok(faults)
}

/// Up to and with the last separator.
fn folder(path: &str) -> &str {
    path.rfind(['/', '!']).and_then(|at| path.get(..=at)).unwrap_or("")
}

/// POSIX cksum: CRC-32 with the polynomial 0x04C11DB7, most significant bit first, the length behind the bytes.
/// <https://pubs.opengroup.org/onlinepubs/9699919799/utilities/cksum.html>
fn cksum(input: &mut dyn BufRead) -> Option<(u32, u64)> {
    let (mut crc, mut size) = (0u32, 0u64);
    loop {
        let block = input.fill_buf().ok()?;
        if block.is_empty() {
            break;
        }
        let n = block.len();
        crc = block.iter().fold(crc, |c, b| step(c, *b));
        size += n as u64;
        input.consume(n);
    }
    let mut rest = size;
    while rest > 0 {
        crc = step(crc, (rest & 0xff) as u8);
        rest >>= 8;
    }
    Some((!crc, size))
}

fn step(crc: u32, byte: u8) -> u32 {
    let at = usize::from((crc >> 24) as u8 ^ byte);
    (crc << 8) ^ TABLE.get(at).copied().unwrap_or(0)
}

static TABLE: [u32; 256] = table();

const fn table() -> [u32; 256] {
    let mut table = [0u32; 256];
    let mut i = 0;
    while i < 256 {
        let mut crc = (i as u32) << 24;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000_0000 != 0 { (crc << 1) ^ 0x04C1_1DB7 } else { crc << 1 };
            bit += 1;
        }
        table[i] = crc;
        i += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of GNU cksum 9.1.
    #[test]
    fn sums_are_those_of_cksum() {
        assert_eq!(cksum(&mut &b""[..]), Some((4_294_967_295, 0)));
        assert_eq!(cksum(&mut &b"hello\n"[..]), Some((3_015_617_425, 6)));
    }
}
