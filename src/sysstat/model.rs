//! What every reader of this module fills in: one host's numbers over time, binary or text alike.

use std::sync::Arc;

use chrono::{DateTime, Days, NaiveDate};

use super::activity::Activity;

/// Where the numbers came from. Ordered by trust: of two sources of one host and day keep the smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// A binary `saDD` file: exact times, raw counters.
    Binary,
    /// `sadf -j`.
    SadfJson,
    /// `sadf -x`.
    SadfXml,
    /// `sadf -d`.
    SadfCsv,
    /// `sadf -p`.
    SadfLines,
    /// The tables of `sar` (also those of `mpstat`, which share the grammar).
    Sar,
    /// `iostat -t`.
    Iostat,
    /// `vmstat -t`.
    Vmstat,
    /// `pidstat`.
    Pidstat,
}

/// A version of sysstat, compared field by field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub u8, pub u8, pub u8);

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// Wall-clock time as the source shows it; the zone is not part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Local {
    /// The calendar day, if the source names it without ambiguity. [`Data::set_date`] fills it in later.
    pub date: Option<NaiveDate>,
    /// Midnights passed since the first row of the source: 0 for the first day.
    pub day: u32,
    /// Seconds since midnight, 0..=86400.
    pub second: u32,
}

/// One point in time, with no more than the source says about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Stamp {
    /// Seconds since 1970-01-01 00:00:00 UTC; always there in binary files.
    pub epoch: Option<i64>,
    /// The host's wall clock; in a binary file from the hour, minute and second stored in each record.
    pub local: Option<Local>,
}

impl Stamp {
    /// Seconds east of UTC, when the source gives both clocks: the zone in which the host's text logs were written.
    pub fn utc_offset(&self) -> Option<i64> {
        let local = self.local?;
        let date = local.date?;
        let wall = date.and_hms_opt(0, 0, 0)?.and_utc().timestamp() + i64::from(local.second);
        Some(wall - self.epoch?)
    }

    /// Both clocks from an epoch and the h:m:s that the host showed at that moment.
    pub(crate) fn from_record(epoch: i64, hms: (u8, u8, u8)) -> Stamp {
        let second = u32::from(hms.0) * 3600 + u32::from(hms.1) * 60 + u32::from(hms.2);
        // The civil day is the one that puts the zone between -12 h and +14 h.
        let mut offset = (i64::from(second) - epoch.rem_euclid(86400)).rem_euclid(86400);
        if offset > 14 * 3600 {
            offset -= 86400;
        }
        let date = DateTime::from_timestamp(epoch.saturating_add(offset), 0).map(|t| t.date_naive());
        Stamp { epoch: Some(epoch), local: Some(Local { date, day: 0, second }) }
    }

    /// A moment on UTC alone.
    pub fn utc(epoch: i64) -> Stamp {
        Stamp { epoch: Some(epoch), local: None }
    }

    /// A moment on the host's wall clock alone.
    pub fn wall(date: Option<NaiveDate>, day: u32, second: u32) -> Stamp {
        Stamp { epoch: None, local: Some(Local { date, day, second }) }
    }
}

/// The stretch of time that a row speaks about: a mean over it, or (gauges) the state at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// Which stretch between two RESTARTs, counted from 0.
    pub segment: u32,
    /// The end: the time that sysstat prints.
    pub to: Stamp,
    /// The beginning: the sample before. `None` if the source doesn't show it.
    pub from: Option<Stamp>,
    /// Length in 1/100 s, measured by the host's uptime in binary files; `None` if unknown.
    pub centis: Option<u64>,
}

/// All rows of one activity and one item (device, interface, CPU, file system), oldest first.
#[derive(Debug, Clone)]
pub struct Set {
    /// What was measured; holds the names of the columns.
    pub activity: &'static Activity,
    /// Device, interface, CPU (`all`, `0`, …) or file system; `None` where the host as a whole is meant.
    pub item: Option<Arc<str>>,
    /// Major and minor number of a disk (binary files only).
    pub device: Option<(u32, u32)>,
    /// Mount point of a file system, when the source has it beside the name.
    pub mount: Option<Arc<str>>,
    /// For every row its index into [`Data::spans`], ascending.
    pub rows: Vec<u32>,
    /// Row by row, `activity.columns.len()` values each; NaN = not recorded.
    pub values: Vec<f64>,
    /// For every row of a text the number of its line; empty where there are no lines.
    pub lines: Vec<u32>,
}

impl Set {
    /// The values of row `n` in the order of `activity.columns`.
    pub fn row(&self, n: usize) -> Option<&[f64]> {
        let width = self.activity.columns.len();
        self.values.get(n.checked_mul(width)?..n.checked_add(1)?.checked_mul(width)?)
    }

    /// All rows with the index of their span.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &[f64])> {
        let width = self.activity.columns.len().max(1);
        self.rows.iter().copied().zip(self.values.chunks_exact(width))
    }

    /// The values of one column (newest sysstat's name, e.g. `await`) with their spans; rows without a value are left out.
    pub fn series<'a>(&'a self, data: &'a Data, column: &str) -> impl Iterator<Item = (&'a Span, f64)> + 'a {
        self.rows_with(data, column).map(|(span, value, ..)| (span, value))
    }

    /// The same with the whole rows, and the number of each one's line (0 where there are no lines).
    pub fn rows_with<'a>(
        &'a self,
        data: &'a Data,
        column: &str,
    ) -> impl Iterator<Item = (&'a Span, f64, &'a [f64], u32)> + 'a {
        let at = self.activity.column(column);
        let lines = self.lines.iter().copied().chain(std::iter::repeat(0));
        self.iter().zip(lines).filter_map(move |((span, row), line)| {
            let value = *row.get(at?)?;
            if value.is_nan() { None } else { Some((data.spans.get(span as usize)?, value, row, line)) }
        })
    }
}

/// A mark that sampling began anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restart {
    /// When the mark was written; for an unmarked reboot the first sample after it.
    pub at: Stamp,
    /// Number of CPUs from now on, if stated.
    pub cpus: Option<u32>,
    /// Did the machine boot? Told by its uptime, since sysstat also writes a RESTART when only its service starts.
    /// `None`: the source doesn't show uptimes.
    pub reboot: Option<bool>,
    /// False: the file has no RESTART record here, but the uptime went back.
    pub marked: bool,
    /// Number of the segment that begins here.
    pub segment: u32,
}

/// A note left by `sadc -C` or by `sa1 --sleep`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// When it was written.
    pub at: Stamp,
    /// The note.
    pub text: String,
}

/// What kind of thing could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// The header contradicts itself: nothing could be read, or only after a repair.
    Header,
    /// The file ends inside a structure.
    Truncated,
    /// Zeros where records should be: blocks never written to disk, so the host went down without a sync.
    ZeroHole,
    /// Bytes that are no record: a record cut short, or foreign data.
    Garbage,
    /// An activity whose layout is not known; the rest is.
    Activity,
    /// A line or value of a text that makes no sense.
    Text,
}

/// Something that could not be read, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Byte offset in a binary file, line number (from 1) in a text.
    pub offset: u64,
    /// Its kind.
    pub fault: Fault,
    /// A sentence for people.
    pub what: String,
    /// Bytes needed, where that was the trouble.
    pub need: Option<u64>,
    /// Bytes there (or the length of the hole).
    pub have: Option<u64>,
    /// Time of the last good sample before a hole.
    pub before: Option<Stamp>,
    /// Time of the first good record after it.
    pub after: Option<Stamp>,
}

impl Problem {
    pub(crate) fn new(offset: u64, fault: Fault, what: impl Into<String>) -> Problem {
        Problem { offset, fault, what: what.into(), need: None, have: None, before: None, after: None }
    }
}

/// An activity that is in the file but not in [`Data::sets`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// sysstat's number of it.
    pub id: u32,
    /// sysstat's name of it; `None` for numbers unknown to sysstat up to 12.8.
    pub name: Option<&'static str>,
}

/// Everything read from one file (or one `Linux …` section of a text).
#[derive(Debug, Clone)]
pub struct Data {
    /// What kind of file it was.
    pub source: Source,
    /// `uname -n`.
    pub host: Option<String>,
    /// `uname -s`.
    pub sysname: Option<String>,
    /// `uname -r`.
    pub release: Option<String>,
    /// `uname -m`.
    pub arch: Option<String>,
    /// Number of CPUs at the beginning.
    pub cpus: Option<u32>,
    /// Version of the program that wrote a binary file.
    pub version: Option<Version>,
    /// `format_magic` of a binary file.
    pub format: Option<u16>,
    /// Zone abbreviation in the file's header; the standard-time one even in summer, so for display only.
    pub zone: Option<String>,
    /// When the file was begun.
    pub created: Option<Stamp>,
    /// The days that the header of a text may mean: one = certain, several = ambiguous (`11/12/26`), none = not stated.
    pub dates: Vec<NaiveDate>,
    /// All stretches of time, ascending inside a segment.
    pub spans: Vec<Span>,
    /// The numbers, in the order in which sysstat shows the activities.
    pub sets: Vec<Set>,
    /// RESTART marks and unmarked reboots.
    pub restarts: Vec<Restart>,
    /// Notes.
    pub comments: Vec<Comment>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// What is there but not shown.
    pub skipped: Vec<Skipped>,
}

impl Data {
    pub(crate) fn new(source: Source) -> Data {
        Data {
            source,
            host: None,
            sysname: None,
            release: None,
            arch: None,
            cpus: None,
            version: None,
            format: None,
            zone: None,
            created: None,
            dates: Vec::new(),
            spans: Vec::new(),
            sets: Vec::new(),
            restarts: Vec::new(),
            comments: Vec::new(),
            problems: Vec::new(),
            skipped: Vec::new(),
        }
    }

    /// A binary file whose header could not be read: there is nothing but [`Data::problems`].
    pub fn is_unreadable(&self) -> bool {
        self.source == Source::Binary && self.format.is_none()
    }

    /// The sets of one activity, e.g. `"disk"` ([`Activity::name`]).
    pub fn sets_of<'a>(&'a self, activity: &'a str) -> impl Iterator<Item = &'a Set> + 'a {
        self.sets.iter().filter(move |s| s.activity.name == activity)
    }

    /// One set by activity and item.
    pub fn set(&self, activity: &str, item: Option<&str>) -> Option<&Set> {
        self.sets.iter().find(|s| s.activity.name == activity && s.item.as_deref() == item)
    }

    /// Tells a text whose date was unknown or ambiguous on which day its first row lies.
    pub fn set_date(&mut self, first: NaiveDate) {
        let fix = |stamp: &mut Stamp| {
            if let Some(local) = &mut stamp.local {
                local.date = first.checked_add_days(Days::new(u64::from(local.day)));
            }
        };
        self.dates = vec![first];
        for span in &mut self.spans {
            fix(&mut span.to);
            span.from.as_mut().map(fix);
        }
        self.restarts.iter_mut().for_each(|r| fix(&mut r.at));
        self.comments.iter_mut().for_each(|c| fix(&mut c.at));
    }

    /// Gives the disks the names of the machine that was measured, which binary files never hold, and texts only if
    /// `sar -p` was asked for them. `name` gets major and minor and answers with e.g. `sda` (from the bundle's lsblk,
    /// /proc/diskstats, …).
    pub fn name_disks(&mut self, mut name: impl FnMut(u32, u32) -> Option<String>) {
        for set in self.sets.iter_mut().filter(|set| set.activity.name == "disk") {
            let numbers = set.device.or_else(|| set.item.as_deref().and_then(device_numbers));
            if let Some(known) = numbers.and_then(|(major, minor)| name(major, minor)) {
                set.item = Some(known.into());
            }
        }
    }
}

/// Major and minor number in sysstat's name of a disk: `dev8-16`.
pub(crate) fn device_numbers(item: &str) -> Option<(u32, u32)> {
    let (major, minor) = item.strip_prefix("dev")?.split_once('-')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
