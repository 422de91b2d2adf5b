//! The table of activities: names, columns, formulas and stored layouts; adding one is adding an entry.

mod cpu;
mod disk;
mod foreign;
pub(crate) mod fs;
mod kernel;
mod memory;
mod net;
mod psi;

pub use disk::usual_disk_name;

use super::binary::item::{Item, Pair};
use super::model::Version;

/// One kind of measurement, e.g. disks.
#[derive(Debug)]
pub struct Activity {
    /// sysstat's number (A_CPU = 1 …); 0 for tables of other programs (iostat, vmstat, pidstat).
    pub id: u32,
    /// Short name for programs: `cpu`, `disk`, `net-dev`, …
    pub name: &'static str,
    /// Heading of the item column in `sar` (`DEV`); `None` if the host as a whole is measured.
    pub item: Option<&'static str>,
    /// The values of a row.
    pub columns: &'static [Column],
    /// Where it stands in `sadf -j`.
    pub json: Json,
    pub(crate) layout: Option<&'static Layout>,
}

/// One value of a row.
#[derive(Debug)]
pub struct Column {
    /// The heading in newest sysstat's `sar`: `await`, `%util`, `rkB/s`.
    pub name: &'static str,
    /// The key in newest sysstat's `sadf -j`: `await`, `util-percent`, `rkB`.
    pub json: &'static str,
    /// Digits after the point in sysstat's output.
    pub decimals: u8,
    /// The heading that, if its values are known, says the same in more detail (`%user` beside `%usr`).
    pub unless: Option<&'static str>,
    pub(crate) how: How,
}

/// Place of an activity in the tree of `sadf -j`.
#[derive(Debug)]
pub struct Json {
    /// The object around it (`network`), if any.
    pub group: Option<&'static str>,
    /// Its key.
    pub name: &'static str,
    /// Key of the item name; the activity is then a list.
    pub item: Option<&'static str>,
    /// The keys, where they differ from one per column in order.
    pub shape: &'static [Node],
}

/// A step in writing a JSON object that isn't flat.
#[derive(Debug, Clone, Copy)]
pub enum Node {
    /// `"key": value of column × factor`
    Key(&'static str, usize, f64),
    /// `"key": {`
    Open(&'static str),
    /// `}`
    Close,
}

/// How a value follows from two samples of an item.
#[derive(Debug, Clone, Copy)]
pub(crate) enum How {
    /// Difference per second.
    Rate(usize),
    /// The same, but 0 when the counter went back (sysstat does so for A_IO, whose devices may vanish).
    RateUp(usize),
    /// The stored number.
    Gauge(usize),
    /// The stored number / 100.
    Hundredth(usize),
    /// Anything else; NaN = not known.
    Calc(fn(&Pair<'_>) -> f64),
    /// Not in binary files.
    Never,
}

/// Type of a stored field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// unsigned long long
    Q,
    /// unsigned long: 8 bytes reserved, of which a 32-bit producer fills the first 4
    L,
    /// unsigned int
    I,
    /// char array of this width
    S(u16),
}

/// What tells the items of an activity apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    /// There is one item.
    Single,
    /// Item 0 is "all", item n+1 is CPU n.
    Cpu,
    /// A name stored in this field; unused slots have none.
    Name(usize),
    /// Major and minor number in this field and the next; unused slots have 0,0.
    Device(usize),
}

/// How items are stored. Fields are numbered through: unsigned long long, unsigned long, unsigned int, char arrays.
#[derive(Debug)]
pub(crate) struct Layout {
    /// How many fields of the three number types newest sysstat has (self-describing files may have fewer or more).
    pub counts: [usize; 3],
    /// Widths of the char arrays behind them.
    pub chars: &'static [u16],
    /// Layouts of files before 11.7.1, told apart by the declared size.
    pub old: &'static [Old],
    pub key: Key,
    /// A slot counts only if this field isn't 0 (blocks of a file system).
    pub used: Option<usize>,
    /// Is the new item another device under the old name, so that the old counters are no baseline?
    pub renewed: Option<fn(&Item<'_, '_>, &Item<'_, '_>, Version) -> bool>,
}

/// One layout of the time before files described themselves.
#[derive(Debug)]
pub(crate) struct Old {
    /// Declared size of the item.
    pub size: u32,
    /// Only in files where this activity has items of this size: Red Hat changed layouts without changing sizes.
    pub beside: Option<(u32, u32)>,
    pub runs: &'static [Run],
}

/// Consecutive fields of one type at equal distances.
#[derive(Debug)]
pub(crate) struct Run {
    pub first: usize,
    pub n: usize,
    pub at: usize,
    pub step: usize,
    pub kind: Kind,
}

pub(crate) const fn run(first: usize, n: usize, at: usize, step: usize, kind: Kind) -> Run {
    Run { first, n, at, step, kind }
}

pub(crate) const fn old(size: u32, runs: &'static [Run]) -> Old {
    Old { size, beside: None, runs }
}

pub(crate) const fn rate(name: &'static str, json: &'static str, field: usize) -> Column {
    Column { name, json, decimals: 2, unless: None, how: How::Rate(field) }
}

pub(crate) const fn gauge(name: &'static str, json: &'static str, field: usize) -> Column {
    Column { name, json, decimals: 0, unless: None, how: How::Gauge(field) }
}

pub(crate) const fn hundredth(name: &'static str, json: &'static str, field: usize) -> Column {
    Column { name, json, decimals: 2, unless: None, how: How::Hundredth(field) }
}

pub(crate) const fn calc(name: &'static str, json: &'static str, decimals: u8, f: fn(&Pair<'_>) -> f64) -> Column {
    Column { name, json, decimals, unless: None, how: How::Calc(f) }
}

pub(crate) const fn text_only(name: &'static str) -> Column {
    Column { name, json: name, decimals: 2, unless: None, how: How::Never }
}

pub(crate) const fn json(group: Option<&'static str>, name: &'static str, item: Option<&'static str>) -> Json {
    Json { group, name, item, shape: &[] }
}

/// A layout with one item and no special cases.
pub(crate) const fn single(counts: [usize; 3], old: &'static [Old]) -> Layout {
    Layout { counts, chars: &[], old, key: Key::Single, used: None, renewed: None }
}

/// All activities, in the order in which `sar -A` shows them.
pub static ACTIVITIES: &[&Activity] = &[
    &cpu::CPU,
    &kernel::PCSW,
    &kernel::SWAP,
    &kernel::PAGING,
    &kernel::IO,
    &memory::RATES,
    &memory::MEMORY,
    &memory::SWAP_SPACE,
    &memory::HUGE,
    &kernel::KTABLES,
    &kernel::QUEUE,
    &disk::DISK,
    &net::DEV,
    &net::EDEV,
    &net::NFS,
    &net::NFSD,
    &net::SOCK,
    &net::IP,
    &net::EIP,
    &net::ICMP,
    &net::EICMP,
    &net::TCP,
    &net::ETCP,
    &net::UDP,
    &net::SOCK6,
    &net::IP6,
    &net::EIP6,
    &net::ICMP6,
    &net::EICMP6,
    &net::UDP6,
    &net::FC,
    &fs::FS,
    &psi::CPU,
    &psi::IO,
    &psi::MEM,
    &foreign::IOSTAT,
    &foreign::VMSTAT,
    &foreign::PIDSTAT,
];

/// sysstat's names of activity numbers 1…43, for those that are in a file but not read.
pub(crate) fn name_of(id: u32) -> Option<&'static str> {
    const NAMES: [&str; 43] = [
        "CPU",
        "PCSW",
        "IRQ",
        "SWAP",
        "PAGE",
        "IO",
        "MEMORY",
        "KTABLES",
        "QUEUE",
        "SERIAL",
        "DISK",
        "NET_DEV",
        "NET_EDEV",
        "NET_NFS",
        "NET_NFSD",
        "NET_SOCK",
        "NET_IP",
        "NET_EIP",
        "NET_ICMP",
        "NET_EICMP",
        "NET_TCP",
        "NET_ETCP",
        "NET_UDP",
        "NET_SOCK6",
        "NET_IP6",
        "NET_EIP6",
        "NET_ICMP6",
        "NET_EICMP6",
        "NET_UDP6",
        "PWR_CPU",
        "PWR_FAN",
        "PWR_TEMP",
        "PWR_IN",
        "HUGE",
        "PWR_FREQ",
        "PWR_USB",
        "FS",
        "NET_FC",
        "NET_SOFT",
        "PSI_CPU",
        "PSI_IO",
        "PSI_MEM",
        "PWR_BAT",
    ];
    NAMES.get(usize::try_from(id).ok()?.checked_sub(1)?).copied()
}

impl Activity {
    /// Index of a column by its heading in newest sysstat.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|c| c.name == name)
    }

    /// An activity by its short name.
    pub fn by_name(name: &str) -> Option<&'static Activity> {
        ACTIVITIES.iter().copied().find(|a| a.name == name)
    }
}

impl PartialEq for Activity {
    fn eq(&self, other: &Activity) -> bool {
        self.name == other.name
    }
}

impl Eq for Activity {}

impl Column {
    /// Is it the state at the end of the interval, not a mean over it?
    pub fn is_gauge(&self) -> bool {
        matches!(self.how, How::Gauge(_) | How::Hundredth(_)) || self.decimals == 0
    }
}
