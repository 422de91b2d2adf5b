//! Files that are not text, told by their magic numbers, so that a report can say what was sent and what to send instead.

/// First bytes and what begins with them.
static MAGIC: &[(&[u8], &str)] = &[
    (b"\x1f\x8b", "gzip data"),
    (b"BZh", "bzip2 data"),
    (b"\xfd7zXZ\0", "xz data"),
    (b"\x28\xb5\x2f\xfd", "zstd data"),
    (b"\x04\x22\x4d\x18", "lz4 data"),
    (b"PK\x03\x04", "a zip archive"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it first"),
    (b"Rar!\x1a\x07", "a rar archive: unpack it first"),
    (b"!<arch>\n", "an ar archive or Debian package"),
    (b"\xed\xab\xee\xdb", "an RPM package"),
    (b"LPKSHHRH", "a binary journal: export it with `journalctl --file=… -o export`"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"\x7fELF", "a program or core dump (ELF)"),
    (b"%PDF", "a PDF: send the text"),
    (b"\x89PNG", "an image: send the text instead of a screenshot"),
    (b"\xff\xd8\xff", "an image: send the text instead of a screenshot"),
    (b"GIF8", "an image: send the text instead of a screenshot"),
    (b"\xd4\xc3\xb2\xa1", "a packet capture"),
    (b"\xa1\xb2\xc3\xd4", "a packet capture"),
    (b"\x0a\x0d\x0d\x0a", "a packet capture"),
    (b"\x4d\x3c\xb2\xa1", "a packet capture"),
    (b"PGDMP", "a pg_dump archive"),
    (b"\x96\xd5", "a sysstat data file"),
    (b"\xd5\x96", "a sysstat data file"),
    (b"{\\rtf", "an RTF document: send plain text"),
    (b"\xd0\xcf\x11\xe0", "an office document: send plain text"),
];

/// What a binary file is; `None` if the bytes are text.
pub fn kind(head: &[u8], name: &str) -> Option<&'static str> {
    // Three printable letters are not enough to call a text file an archive.
    let begins = |magic: &[u8]| head.starts_with(magic) && (magic != b"BZh" || head.get(4..6) == Some(b"1A"));
    if let Some((_, what)) = MAGIC.iter().find(|(magic, _)| begins(magic)) {
        return Some(what);
    }
    if head.get(257..262) == Some(b"ustar") {
        return Some("a tar archive");
    }
    // bbolt's meta page: magic 0xED0CDAED after the 16-byte page header (bbolt db.go).
    if head.get(16..20) == Some(&[0xed, 0xda, 0x0c, 0xed]) {
        return Some("an etcd database (bbolt)");
    }
    if is_wal(head) {
        return Some("a WAL segment: holds no messages");
    }
    let nuls = head.iter().filter(|b| **b == 0).count();
    let odd = head.iter().filter(|b| matches!(**b, 1..=6 | 14..=26 | 28..=31)).count();
    // A log cut by a crash or by `copytruncate` has runs of NULs; the rest of it is clean text.
    let rest = head.len() - nuls;
    if odd * 50 > rest || (nuls * 100 > head.len() && nul_runs(head) * 8 > nuls) {
        return Some(if name.ends_with(".wal") { "an etcd WAL file: holds no messages" } else { "binary data" });
    }
    None
}

/// PostgreSQL's long WAL page header: magic 0xD0xx or 0xD1xx, flag XLP_LONG_HEADER (access/xlog_internal.h).
fn is_wal(head: &[u8]) -> bool {
    matches!(head, [_, 0xd0 | 0xd1, flags, 0, ..] if flags & 2 != 0) && head.len() > 40
}

/// Number of runs of NULs.
fn nul_runs(head: &[u8]) -> usize {
    head.windows(2).filter(|w| w.first() != Some(&0) && w.get(1) == Some(&0)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_magic_numbers_and_leaves_text_alone() {
        assert_eq!(kind(b"\x1f\x8b\x08\0", ""), Some("gzip data"));
        assert_eq!(kind(b"BZhello, this is text\n", ""), None);
        assert_eq!(kind("größe 日本\n".as_bytes(), ""), None);
        let mut wal = vec![0x16, 0xd1, 6, 0];
        wal.resize(100, 1);
        assert_eq!(kind(&wal, ""), Some("a WAL segment: holds no messages"));
        let noise: Vec<u8> = (0..4_096u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        assert_eq!(kind(&noise, ""), Some("binary data"));
    }

    #[test]
    fn a_log_with_a_hole_of_nuls_is_text() {
        let mut log = vec![0u8; 8_000];
        log.extend_from_slice(b"2021-02-01 13:45:05,683 INFO: no action\n");
        assert_eq!(kind(&log, ""), None);
    }
}
