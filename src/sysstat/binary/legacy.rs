//! Files of RHEL 5 (format 0x2169, sysstat 6.1.3 to 7.0.4): one fixed structure a sample. They are rewritten as files of
//! the next generation (0x2170), which everything else reads; what they never held stays absent.

use super::super::model::{Fault, Problem, Stamp};
use super::bytes::Bytes;
use super::header;

const HEADER: usize = 240;
/// `struct file_stats`, the same on all machines: every number lies in a slot of fixed width.
const STATS: usize = 464;
const CPU: usize = 112;
const IFACE: usize = 144;
const DISK: usize = 80;
const COMMENT: usize = 64;
/// `256 * sizeof(int)`: counts per interrupt, where the file has them.
const INTERRUPTS: usize = 1024;
/// More of anything was never on a machine of that time.
const MOST: u32 = 8192;

/// The format of a file whose magic number is not at its beginning, and its byte order.
pub(crate) fn magic(data: &[u8]) -> Option<(bool, u16)> {
    let named = |at: usize| data.get(at..at + 65).is_some_and(|name| name.starts_with(b"Linux\0"));
    for big_endian in [false, true] {
        let number = |at: usize| Bytes { data, big_endian, long: 8 }.u16(at);
        if let Some(format @ 0x2166..=0x216e) = number(36)
            && named(44)
        {
            return Some((big_endian, format));
        }
        // The oldest that anybody kept has it further in front.
        if number(4) == Some(0x2163) && data.get(..200).is_some_and(|h| h.windows(6).any(|w| w == b"Linux\0")) {
            return Some((big_endian, 0x2163));
        }
    }
    None
}

/// Where a file begins that was put behind a file of this format.
pub(crate) fn next_file(data: &[u8]) -> Option<usize> {
    // A name of a system stands in each header, and in no record.
    let mut named = memchr::memmem::find_iter(data, b"Linux\0").skip(1).filter_map(|at| at.checked_sub(44));
    let legacy = named.find(|&at| data.get(at..).is_some_and(|rest| magic(rest).is_some()));
    let modern = header::find(data.get(..legacy.unwrap_or(data.len())).unwrap_or(data), HEADER);
    modern.or(legacy)
}

/// Why a file of before 8.1.3 can't be read, and what to do.
pub(crate) fn too_old(format: u16) -> Problem {
    let what = format!(
        "format {format:#06x} was written by development versions of sysstat before 8.1.3 and is not read (only 0x2169 of \
         RHEL 5 and those since 8.1.3 are); have it printed where it was written: LC_ALL=C sadf -x FILE -- -A > FILE.xml"
    );
    Problem::new(36, Fault::Header, what)
}

/// How much follows each sample.
struct Form<'a> {
    bytes: Bytes<'a>,
    cpus: usize,
    serial: usize,
    interrupts: bool,
    per_cpu: usize,
    ifaces: usize,
    disks: usize,
    created: u64,
}

/// A file of format 0x2169 as one of format 0x2170, and what of it could not be read. `None`: it is none.
pub(crate) fn upgrade(data: &[u8]) -> Option<(Vec<u8>, Vec<Problem>)> {
    let (big_endian, 0x2169) = magic(data)? else { return None };
    let long = data.get(43).copied().filter(|l| matches!(l, 4 | 8))?;
    let bytes = Bytes { data, big_endian, long };
    if bytes.u16(38) != Some(464) || data.len() < HEADER {
        return None;
    }
    let count = |at: usize| bytes.u32(at).filter(|&n| n <= MOST).map(|n| n as usize);
    let mut form = Form {
        bytes,
        cpus: count(24)?,
        serial: count(28)?,
        interrupts: false,
        per_cpu: count(16)?,
        ifaces: count(32)?,
        disks: count(20)?,
        created: bytes.long(0)?,
    };
    // The flag that tells whether interrupts are counted can't be trusted; the records can.
    let plain = form.chain();
    form.interrupts = true;
    form.interrupts = form.chain() > plain;
    let mut out = form.header()?;
    let mut problems = Vec::new();
    form.records(&mut out, &mut problems);
    Some((out, problems))
}

impl<'a> Form<'a> {
    /// Number of the activity, of items, and the size of one. The sizes stand in the tables of `activity`.
    fn activities(&self) -> [(u32, usize, usize); 14] {
        [
            (1, self.cpus + 1, 96),
            (2, 1, 32),
            (4, 1, 16),
            (5, 1, 32),
            (6, 1, 20),
            (7, 1, 56),
            (8, 1, 12),
            (9, 1, 24),
            (11, self.disks.max(1), DISK),
            (12, self.ifaces.max(1), 72),
            (13, self.ifaces.max(1), 88),
            (16, 1, 20),
            (14, 1, 24),
            (15, 1, 44),
        ]
    }

    fn header(&self) -> Option<Vec<u8>> {
        let b = &self.bytes;
        let number = |n: usize| {
            let n = u32::try_from(n).unwrap_or(0);
            if b.big_endian { n.to_be_bytes() } else { n.to_le_bytes() }
        };
        let mut out = if b.big_endian { vec![0xd5, 0x96, 0x21, 0x70] } else { vec![0x96, 0xd5, 0x70, 0x21] };
        out.extend([7, 0, 0, 0]);
        out.extend(b.slice(0, 8)?);
        let activities = self.activities();
        out.extend(number(activities.len()));
        // Day, month, year, width of long; three names. The machine is not told.
        out.extend(b.slice(40, 4 + 3 * 65)?);
        out.resize(8 + 280, 0);
        for (id, n, size) in activities {
            out.extend(number(id as usize));
            out.extend(number(n));
            out.extend(number(size));
        }
        Some(out)
    }

    /// Bytes of the record that begins here; `None`: none does.
    fn record(&self, at: usize) -> Option<usize> {
        let b = &self.bytes;
        let (kind, epoch) = (b.u8(at + 448)?, b.long(at + 160)?);
        let near = epoch.saturating_add(2 * 86400) > self.created && epoch < self.created.saturating_add(400 * 86400);
        let clock = b.u8(at + 449)? < 24 && b.u8(at + 450)? < 60 && b.u8(at + 451)? <= 60;
        let after = match kind {
            1 => {
                let interrupts = if self.interrupts { INTERRUPTS } else { 0 };
                let per_cpu = self.cpus * (CPU + 8 * self.per_cpu);
                per_cpu + interrupts + 32 * self.serial + IFACE * self.ifaces + DISK * self.disks
            }
            2 => 0,
            4 => COMMENT,
            _ => return None,
        };
        (near && clock).then_some(STATS + after)
    }

    /// How many good records stand at the beginning (a hundred tell enough).
    fn chain(&self) -> usize {
        let mut at = HEADER;
        for n in 0..100 {
            match self.record(at) {
                Some(len) => at += len,
                None => return n,
            }
        }
        100
    }

    fn records(&self, out: &mut Vec<u8>, problems: &mut Vec<Problem>) {
        let len = self.bytes.data.len();
        let (mut at, mut before) = (HEADER, None);
        while at < len {
            let Some(size) = self.record(at) else {
                let good = |&next: &usize| {
                    self.record(next).is_some_and(|n| next + n == len || self.record(next + n).is_some())
                };
                let next = (at + 1..len).find(good);
                let hole = next.unwrap_or(len) - at;
                let zero = self.bytes.zero(at, hole);
                let (fault, what) = match (zero, next) {
                    (true, _) => {
                        (Fault::ZeroHole, "zeros where records should be: the host went down before they were on disk")
                    }
                    (false, None) if hole < STATS => (Fault::Truncated, "the file ends inside a record"),
                    _ => (Fault::Garbage, "bytes that are no record"),
                };
                let mut p = Problem::new(at as u64, fault, what);
                p.have = Some(hole as u64);
                p.before = before;
                p.after = next.and_then(|at| self.stamp(at));
                problems.push(p);
                at += hole;
                continue;
            };
            if self.copy(at, size, out).is_none() {
                let mut p = Problem::new(at as u64, Fault::Truncated, "the file ends inside a record");
                (p.need, p.have, p.before) = (Some(size as u64), Some((len - at) as u64), before);
                problems.push(p);
                return;
            }
            before = self.stamp(at);
            at += size;
        }
    }

    fn stamp(&self, at: usize) -> Option<Stamp> {
        let b = &self.bytes;
        let epoch = i64::try_from(b.long(at + 160)?).ok()?;
        Some(Stamp::from_record(epoch, (b.u8(at + 449)?, b.u8(at + 450)?, b.u8(at + 451)?)))
    }

    /// Writes one record in the new form; `None`: the file ends before it does.
    fn copy(&self, at: usize, size: usize, out: &mut Vec<u8>) -> Option<()> {
        let raw = self.bytes.slice(at, size)?;
        let part = |from: usize, len: usize| raw.get(from..from + len);
        let wide = |out: &mut Vec<u8>, from: usize| -> Option<()> {
            out.extend(part(from, 8)?);
            out.extend([0; 8]);
            Some(())
        };
        let kind = *raw.get(448)?;
        // RESTART and COMMENT carry no uptime.
        if kind == 1 {
            wide(out, 0)?;
            wide(out, 16)?;
        } else {
            out.extend([0; 32]);
        }
        out.extend(part(160, 8)?);
        out.extend(part(448, 4)?);
        out.extend([0; 4]);
        match kind {
            1 => {}
            4 => {
                out.extend(part(STATS, COMMENT)?);
                return Some(());
            }
            _ => return Some(()),
        }
        // user nice system idle iowait steal, of all CPUs and of each.
        [48, 64, 80, 96, 112, 128].into_iter().try_for_each(|from| wide(out, from))?;
        for cpu in 0..self.cpus {
            let cpu = STATS + cpu * CPU;
            [32, 48, 64, 0, 16, 80].into_iter().try_for_each(|from| wide(out, cpu + from))?;
        }
        wide(out, 32)?;
        out.extend(part(168, 8)?);
        out.extend([0; 8]);
        out.extend(part(192, 16)?);
        out.extend(part(176, 16)?);
        out.extend(part(272, 16)?);
        out.extend(part(288, 20)?);
        out.extend(part(208, 56)?);
        out.extend(part(308, 8)?);
        out.extend(part(360, 4)?);
        out.extend(part(264, 8)?);
        out.extend(part(364, 16)?);
        let interrupts = if self.interrupts { INTERRUPTS } else { 0 };
        let ifaces = STATS + self.cpus * (CPU + 8 * self.per_cpu) + interrupts + 32 * self.serial;
        let disks = ifaces + self.ifaces * IFACE;
        out.extend(part(disks, self.disks * DISK)?);
        if self.disks == 0 {
            out.extend([0; DISK]);
        }
        // Sixteen counters and a name: seven of traffic, nine of errors.
        for (from, n) in [(0, 56), (56, 72)] {
            for iface in 0..self.ifaces {
                let iface = ifaces + iface * IFACE;
                out.extend(part(iface + from, n)?);
                out.extend(part(iface + 128, 16)?);
            }
            if self.ifaces == 0 {
                out.resize(out.len() + n + 16, 0);
            }
        }
        out.extend(part(340, 20)?);
        out.extend(part(380, 68)?);
        Some(())
    }
}
