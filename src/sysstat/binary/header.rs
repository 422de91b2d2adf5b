//! The beginning of a file: who wrote it, where, and which activities each sample holds.

use nom::Parser;
use nom::bytes::complete::take;
use nom::multi::count;
use nom::number::Endianness;
use nom::number::complete::{u8, u32};

use super::super::model::{Fault, Problem, Version};
use super::bytes::{Bytes, text};
use super::legacy;

/// One entry of the activity list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FileActivity {
    pub id: u32,
    /// Items per sample, unless `has_nr`.
    pub nr: u32,
    /// Sub-items per item.
    pub nr2: u32,
    /// Each sample says how many items follow.
    pub has_nr: bool,
    /// Distance from one item to the next.
    pub size: u32,
    /// Numbers of unsigned long long, unsigned long and unsigned int fields; `None` before 11.7.1.
    pub types: Option<[u32; 3]>,
}

/// How a record begins.
#[derive(Debug, Clone, Copy)]
pub(crate) enum RecordForm {
    /// 48 bytes, uptimes in jiffies (0x2170 to 0x2173).
    Jiffies,
    /// Self-describing (0x2175): offsets of the epoch, the extra flag and the type, and the whole size.
    Described { epoch: usize, extra: Option<usize>, kind: usize, size: usize },
}

/// All that stands before the first record.
#[derive(Debug, Clone)]
pub(crate) struct Header {
    pub format: u16,
    pub version: Version,
    pub big_endian: bool,
    /// 4 or 8.
    pub long: u8,
    pub created: u64,
    pub sysname: String,
    pub host: String,
    pub release: String,
    pub machine: String,
    pub zone: Option<String>,
    /// CPUs + 1 (item 0 is "all"), where the header says so.
    pub cpu_nr: Option<u32>,
    /// Entries after each RESTART (0x2173).
    pub volatile: u32,
    pub activities: Vec<FileActivity>,
    pub record: RecordForm,
    /// Offset of the first record.
    pub end: usize,
}

/// Largest values that sysstat itself accepts (sa.h); more means damage.
const MAX_ACTIVITIES: u32 = 256;
const MAX_HEADER: u32 = 8192;
const MAX_ACTIVITY_ENTRY: u32 = 1024;
const MAX_RECORD_HEADER: u32 = 512;
const MAX_ITEM: u32 = 1024;
const MAX_ITEMS: u32 = 1 << 28;
const MAX_SUB_ITEMS: u32 = 4096;
const MAX_EXTRA: u32 = 8192;
const MAX_EXTRA_SIZE: u32 = 1024;

type In<'a> = &'a [u8];
type Res<'a, T> = nom::IResult<In<'a>, T, nom::error::Error<In<'a>>>;

/// File magic of every generation since 8.1.2; anything else is older or foreign.
pub(crate) fn magic(data: &[u8]) -> Option<(bool, u16)> {
    let big_endian = match data.get(..2)? {
        [0x96, 0xd5] => false,
        [0xd5, 0x96] => true,
        _ => return None,
    };
    let format = Bytes { data, big_endian, long: 8 }.u16(2)?;
    Some((big_endian, format))
}

/// Does an activity file begin here? Only if its header can be read as a whole.
pub(crate) fn begins(data: &[u8]) -> bool {
    matches!(data.get(..2), Some([0x96, 0xd5] | [0xd5, 0x96])) && read(data).is_ok()
}

/// The first place from there on where an activity file begins, of any byte order and format since 8.1.3.
pub(crate) fn find(data: &[u8], from: usize) -> Option<usize> {
    let rest = data.get(from..)?;
    let places = memchr::memchr2_iter(0x96, 0xd5, rest);
    places.map(|at| from + at).find(|&at| data.get(at..).is_some_and(begins))
}

/// Reads everything before the first record.
pub(crate) fn read(data: &[u8]) -> Result<Header, Box<Problem>> {
    let Some((big_endian, format)) = magic(data) else {
        return Err(match legacy::magic(data) {
            Some((_, 0x2169)) => {
                problem(16, Fault::Header, "the header of an activity file of RHEL 5 contradicts itself")
            }
            Some((_, format)) => Box::new(legacy::too_old(format)),
            None => problem(0, Fault::Header, "this is no sysstat activity file"),
        });
    };
    let version = Version(
        data.get(4).copied().unwrap_or(0),
        data.get(5).copied().unwrap_or(0),
        data.get(6).copied().unwrap_or(0),
    );
    let r = Reader { data, big_endian, format, version };
    let header = match format {
        0x2170 | 0x1170 | 0x2171 => r.fixed(8, 280, false)?,
        0x2173 => {
            let size = r.size_at(8, 288)?;
            r.fixed(76, size, true)?
        }
        0x2175 => r.described()?,
        ..0x2170 => return Err(Box::new(legacy::too_old(format))),
        _ => {
            let what = format!(
                "activity file of unknown format {format:#06x}, newer than sysstat 12.8: have its own sysstat print it, \
                 LC_ALL=C sadf -j FILE -- -A > FILE.json"
            );
            return Err(problem(2, Fault::Header, what));
        }
    };
    check(&header)?;
    Ok(header)
}

/// Values that no sysstat writes are refused as a whole, like sysstat does: nothing after them could be trusted.
fn check(header: &Header) -> Result<(), Box<Problem>> {
    let bad = |what: String| Err(problem(header.end as u64, Fault::Header, what));
    if header.long != 4 && header.long != 8 {
        return bad(format!("the header says that a long has {} bytes", header.long));
    }
    for a in &header.activities {
        if a.size == 0 || a.size > MAX_ITEM {
            return bad(format!("activity {} has items of {} bytes", a.id, a.size));
        }
        if a.nr > MAX_ITEMS || (a.nr == 0 && header.format == 0x2175) {
            return bad(format!("activity {} has {} items", a.id, a.nr));
        }
        if a.nr2 == 0 || a.nr2 > MAX_SUB_ITEMS {
            return bad(format!("activity {} has {} sub-items", a.id, a.nr2));
        }
        if u64::from(a.nr) * u64::from(a.nr2) * u64::from(a.size) > u64::from(u32::MAX) {
            return bad(format!("activity {} has {} times {} items of {} bytes", a.id, a.nr, a.nr2, a.size));
        }
        if let Some([q, l, i]) = a.types {
            let mapped = |long: u64| u64::from(q) * 8 + u64::from(l) * long + u64::from(i) * 4;
            let least = if header.long == 4 { mapped(4) } else { mapped(8) };
            if least > u64::from(a.size) {
                return bad(format!("the fields of activity {} need {least} bytes, its items have {}", a.id, a.size));
            }
        }
    }
    Ok(())
}

fn problem(at: u64, fault: Fault, what: impl Into<String>) -> Box<Problem> {
    Box::new(Problem::new(at, fault, what))
}

struct Reader<'a> {
    data: &'a [u8],
    big_endian: bool,
    format: u16,
    version: Version,
}

impl<'a> Reader<'a> {
    fn endian(&self) -> Endianness {
        if self.big_endian { Endianness::Big } else { Endianness::Little }
    }

    fn size_at(&self, at: usize, least: u32) -> Result<usize, Box<Problem>> {
        let value = Bytes { data: self.data, big_endian: self.big_endian, long: 8 }.u32(at);
        match value {
            None => Err(self.cut(at, 4)),
            Some(n) if n < least || n > MAX_HEADER => {
                Err(problem(at as u64, Fault::Header, format!("the header claims a size of {n} bytes")))
            }
            Some(n) => Ok(n as usize),
        }
    }

    fn cut(&self, at: usize, need: usize) -> Box<Problem> {
        let mut p = problem(at as u64, Fault::Truncated, "the file ends inside its header");
        p.need = Some(need as u64);
        p.have = Some(self.data.len().saturating_sub(at) as u64);
        p
    }

    fn part(&self, at: usize, len: usize) -> Result<&'a [u8], Box<Problem>> {
        let end = at.checked_add(len);
        end.and_then(|end| self.data.get(at..end)).ok_or_else(|| self.cut(at, len))
    }

    /// 0x2170 … 0x2173: fixed offsets, with or without the CPU and volatile counts of 10.3.1.
    fn fixed(&self, at: usize, size: usize, volatile: bool) -> Result<Header, Box<Problem>> {
        let raw = self.part(at, size)?;
        let endian = self.endian();
        let parse = |input: In<'a>| -> Res<'a, _> {
            let (input, created) = take(8usize).parse(input)?;
            let (input, extra) = if volatile {
                let (input, (_last_cpus, acts, vol)) = (u32(endian), u32(endian), u32(endian)).parse(input)?;
                (input, (acts, vol))
            } else {
                let (input, acts) = u32(endian).parse(input)?;
                (input, (acts, 0))
            };
            let (input, (_day, _month, _year, long)) = (u8, u8, u8, u8).parse(input)?;
            let (input, names) = count(take(65usize), 4).parse(input)?;
            Ok((input, (created, extra, long, names)))
        };
        let (_, (created, (acts, vol), long, names)) = parse(raw).map_err(|_| self.cut(at, size))?;
        if acts > MAX_ACTIVITIES || vol > MAX_ACTIVITIES {
            return Err(problem(at as u64, Fault::Header, format!("the header claims {acts} activities")));
        }
        let created = Bytes { data: created, big_endian: self.big_endian, long }.long(0).unwrap_or(0);
        let list = at + size;
        let entry = if matches!(self.format, 0x2170 | 0x1170) { 12 } else { 20 };
        let raw = self.part(list, entry * acts as usize)?;
        let activity = |input: In<'a>| -> Res<'a, FileActivity> {
            let (input, id) = u32(endian).parse(input)?;
            if entry == 12 {
                let (input, (nr, size)) = (u32(endian), u32(endian)).parse(input)?;
                return Ok((input, FileActivity { id, nr, nr2: 1, has_nr: false, size, types: None }));
            }
            let (input, (_magic, nr, nr2, size)) = (u32(endian), u32(endian), u32(endian), u32(endian)).parse(input)?;
            Ok((input, FileActivity { id, nr, nr2, has_nr: false, size, types: None }))
        };
        let (_, activities) = count(activity, acts as usize).parse(raw).map_err(|_| self.cut(list, entry))?;
        let mut names = names.into_iter().map(text);
        let mut name = || names.next().unwrap_or_default();
        Ok(Header {
            format: self.format,
            version: self.version,
            big_endian: self.big_endian,
            long,
            created,
            sysname: name(),
            host: name(),
            release: name(),
            machine: name(),
            zone: None,
            cpu_nr: activities.iter().find(|a| a.id == 1).map(|a| a.nr),
            volatile: vol,
            activities,
            record: RecordForm::Jiffies,
            end: list + entry * acts as usize,
        })
    }

    /// 0x2175: every structure says how many fields of each type it has; a group only ever grows at its end.
    fn described(&self) -> Result<Header, Box<Problem>> {
        const AT: usize = 76;
        let endian = self.endian();
        let size = self.size_at(8, 1)?;
        let types = |input: In<'a>| -> Res<'a, [u32; 3]> {
            let (input, (q, l, i)) = (u32(endian), u32(endian), u32(endian)).parse(input)?;
            Ok((input, [q, l, i]))
        };
        let (_, header_types) = types(self.part(16, 12)?).map_err(|_| self.cut(16, 12))?;
        let raw = self.part(AT, size)?;
        let odd = |what: &str| problem(AT as u64, Fault::Header, what.to_string());
        let map = mapped(header_types).filter(|&m| m <= size);
        let map = map.ok_or_else(|| odd("the header is smaller than the fields that it claims"))?;
        let [q, l, i] = header_types;
        // Fewer than these were never written.
        if q < 1 || l < 1 || i < 11 {
            return Err(odd("the header lacks fields"));
        }
        let ints = 8 * (q as usize + l as usize);
        let parse = |input: In<'a>| -> Res<'a, _> {
            let (input, (cpu_nr, acts, _year)) = (u32(endian), u32(endian), u32(endian)).parse(input)?;
            let (input, (act_types, rec_types)) = (types, types).parse(input)?;
            let (input, (act_size, rec_size)) = (u32(endian), u32(endian)).parse(input)?;
            Ok((input, (cpu_nr, acts, act_types, rec_types, act_size, rec_size)))
        };
        let head = raw.get(ints..).unwrap_or_default();
        let (_, (cpu_nr, acts, act_types, rec_types, act_size, rec_size)) =
            parse(head).map_err(|_| self.cut(AT + ints, 44))?;
        let chars = |input: In<'a>| -> Res<'a, _> {
            let (input, (_day, _month, long)) = (u8, u8, u8).parse(input)?;
            let (input, names) = count(take(65usize), 4).parse(input)?;
            Ok((input, (long, names)))
        };
        let tail = raw.get(map..).unwrap_or_default();
        let (rest, (long, names)) = chars(tail).map_err(|_| odd("the header has no room for the names"))?;
        let b = Bytes { data: raw, big_endian: self.big_endian, long };
        if acts > MAX_ACTIVITIES || acts == 0 {
            return Err(odd(&format!("the header claims {acts} activities")));
        }
        if act_size > MAX_ACTIVITY_ENTRY || mapped(act_types).is_none_or(|m| m > act_size as usize) || act_types[2] < 9
        {
            return Err(odd("the layout of the activity list contradicts itself"));
        }
        let (record, record_map) =
            self.record_form(rec_types, rec_size).ok_or_else(|| odd("the layout of the records contradicts itself"))?;
        debug_assert!(record_map <= MAX_RECORD_HEADER as usize);
        let list = AT + size;
        let act_size = act_size as usize;
        let raw_list = self.part(list, act_size * acts as usize)?;
        let skip = 8 * (act_types[0] as usize + act_types[1] as usize);
        let activity = |input: In<'a>| -> Res<'a, FileActivity> {
            let (input, (id, _magic, nr, nr2, has_nr, size)) =
                (u32(endian), u32(endian), u32(endian), u32(endian), u32(endian), u32(endian)).parse(input)?;
            let (input, types) = types(input)?;
            Ok((input, FileActivity { id, nr, nr2, has_nr: has_nr != 0, size, types: Some(types) }))
        };
        let mut activities = Vec::new();
        for entry in raw_list.chunks_exact(act_size) {
            let (_, a) = activity(entry.get(skip..).unwrap_or_default()).map_err(|_| self.cut(list, act_size))?;
            activities.push(a);
        }
        let mut end = list + raw_list.len();
        let extra = if i >= 12 { b.u32(ints + 44).unwrap_or(0) } else { 0 };
        if extra != 0 {
            let whole = Bytes { data: self.data, big_endian: self.big_endian, long };
            end = skip_extra(whole, end).ok_or_else(|| self.cut(end, 24))?;
        }
        let mut names = names.into_iter().map(text);
        let mut name = || names.next().unwrap_or_default();
        Ok(Header {
            format: self.format,
            version: self.version,
            big_endian: self.big_endian,
            long,
            created: b.u64(0).unwrap_or(0),
            sysname: name(),
            host: name(),
            release: name(),
            machine: name(),
            zone: rest.get(..8).map(text).filter(|z| !z.is_empty()),
            cpu_nr: Some(cpu_nr),
            volatile: 0,
            activities,
            record,
            end,
        })
    }

    fn record_form(&self, types: [u32; 3], size: u32) -> Option<(RecordForm, usize)> {
        let map = mapped(types)?;
        let size = usize::try_from(size).ok().filter(|&s| s <= MAX_RECORD_HEADER as usize)?;
        if types[0] < 2 || map + 4 > size {
            return None;
        }
        let extra = (types[2] > 0).then_some(8 * (types[0] as usize + types[1] as usize));
        Some((RecordForm::Described { epoch: 8, extra, kind: map, size }, map))
    }
}

/// Bytes that the three groups of numbers take.
fn mapped([q, l, i]: [u32; 3]) -> Option<usize> {
    let bytes = u64::from(q) * 8 + u64::from(l) * 8 + u64::from(i) * 4;
    usize::try_from(bytes).ok()
}

/// Passes over "extra" structures, which no released sysstat writes but its format provides for; gives the offset behind.
pub(crate) fn skip_extra(b: Bytes<'_>, mut at: usize) -> Option<usize> {
    loop {
        let (nr, size, next) = (b.u32(at)?, b.u32(at.checked_add(4)?)?, b.u32(at.checked_add(8)?)?);
        if nr > MAX_EXTRA || size > MAX_EXTRA_SIZE {
            return None;
        }
        at = at.checked_add(24)?.checked_add(nr as usize * size as usize)?;
        if at > b.data.len() {
            return None;
        }
        if next == 0 {
            return Some(at);
        }
    }
}
