//! Which column of which activity a heading means, over all the names that sysstat gave it.

use super::super::activity::{ACTIVITIES, Activity};

/// Headings of former times: the heading of today and the factor to its unit (a sector is half a kB).
const ALIASES: &[(&str, &str, f64)] = &[
    ("rd_sec/s", "rkB/s", 0.5),
    ("wr_sec/s", "wkB/s", 0.5),
    ("rsec/s", "rkB/s", 0.5),
    ("wsec/s", "wkB/s", 0.5),
    ("rMB/s", "rkB/s", 1024.0),
    ("wMB/s", "wkB/s", 1024.0),
    ("dMB/s", "dkB/s", 1024.0),
    ("Blk_read/s", "kB_read/s", 0.5),
    ("Blk_wrtn/s", "kB_wrtn/s", 0.5),
    ("MB_read/s", "kB_read/s", 1024.0),
    ("MB_wrtn/s", "kB_wrtn/s", 1024.0),
    ("avgrq-sz", "areq-sz", 0.5),
    ("avgqu-sz", "aqu-sz", 1.0),
    ("retrans/s", "retrseg/s", 1.0),
    ("rxbyt/s", "rxkB/s", 1.0 / 1024.0),
    ("txbyt/s", "txkB/s", 1.0 / 1024.0),
];

/// Headings of the item column, and the one under which [`ACTIVITIES`] lists it.
const ITEMS: &[(&str, &str)] = &[
    ("CPU", "CPU"),
    ("DEV", "DEV"),
    ("IFACE", "IFACE"),
    ("FILESYSTEM", "FILESYSTEM"),
    ("MOUNTPOINT", "FILESYSTEM"),
    ("FCHOST", "FCHOST"),
    ("Device", "Device"),
    ("Device:", "Device"),
    ("INTR", ""),
    ("TTY", ""),
    ("BUS", ""),
    ("FAN", ""),
    ("TEMP", ""),
    ("IN", ""),
    ("BAT", ""),
];

/// Is this the heading of an item column?
pub(crate) fn is_item(heading: &str) -> bool {
    ITEMS.iter().any(|(name, _)| *name == heading)
}

/// What the columns of a table mean.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    /// Usually one; RHEL 5 showed memory and swap space in one table.
    pub activities: Vec<&'static Activity>,
    /// The heading of the item column, if there is one.
    pub item: Option<String>,
    /// The item stands behind the values.
    pub item_last: bool,
    /// Number of value columns.
    pub width: usize,
    /// For every value column: index into `activities`, column, factor.
    pub columns: Vec<Option<(usize, usize, f64)>>,
}

/// The column of an activity that a heading means, and the factor to its unit.
pub(crate) fn column(activity: &Activity, heading: &str) -> Option<(usize, f64)> {
    if let Some(at) = activity.column(heading) {
        return Some((at, 1.0));
    }
    let (_, today, factor) = ALIASES.iter().find(|(old, ..)| *old == heading)?;
    Some((activity.column(today)?, *factor))
}

impl Table {
    /// Reads a row of headings (without the time). `None`: not a row of headings that we know at all; a known kind of
    /// table that we don't read has no activities.
    pub fn new(headings: &[&str]) -> Option<Table> {
        let (first, last) = (*headings.first()?, *headings.last()?);
        let (item, item_last, names) = if is_item(first) {
            (Some(first), false, headings.get(1..)?)
        } else if is_item(last) {
            (Some(last), true, headings.get(..headings.len() - 1)?)
        } else {
            (None, false, headings)
        };
        Table::of(item, item_last, names)
    }

    /// The same with the item column known.
    pub fn of(item: Option<&str>, item_last: bool, names: &[&str]) -> Option<Table> {
        let label = item.map(|heading| ITEMS.iter().find(|(name, _)| *name == heading).map_or(heading, |(_, l)| *l));
        let mut table = Table {
            activities: Vec::new(),
            item: item.map(str::to_string),
            item_last,
            width: names.len(),
            columns: vec![None; names.len()],
        };
        let mut known = 0;
        // At most two activities share a table; take the one that explains most, then what is left.
        for _ in 0..2 {
            let matches = |a: &Activity| {
                let free = names.iter().zip(&table.columns).filter(|(_, c)| c.is_none());
                free.filter(|(name, _)| column(a, name).is_some()).count()
            };
            let fits = ACTIVITIES.iter().copied().filter(|a| a.item == label);
            // The first of the largest.
            let best = fits.map(|a| (matches(a), a)).reduce(|best, next| if next.0 > best.0 { next } else { best });
            let Some((count, best)) = best.filter(|(count, _)| *count > 0) else {
                break;
            };
            // One common name (`tps`, `retrans/s`) among strange ones proves nothing.
            if known == 0 && count * 2 < names.len() {
                break;
            }
            known += count;
            let index = table.activities.len();
            table.activities.push(best);
            for (name, slot) in names.iter().zip(&mut table.columns) {
                if slot.is_none() {
                    *slot = column(best, name).map(|(at, factor)| (index, at, factor));
                }
            }
            if known == names.len() {
                break;
            }
        }
        let known_item = label.is_some() || known > 0;
        known_item.then_some(table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(headings: &str) -> Vec<&'static str> {
        let headings: Vec<&str> = headings.split_whitespace().collect();
        Table::new(&headings).map(|t| t.activities.iter().map(|a| a.name).collect()).unwrap_or_default()
    }

    #[test]
    fn tables_of_all_ages_are_told_apart() {
        assert_eq!(names("CPU %user %nice %system %iowait %steal %idle"), ["cpu"]);
        assert_eq!(names("tps rtps wtps bread/s bwrtn/s"), ["io"]);
        assert_eq!(names("DEV tps rd_sec/s wr_sec/s avgrq-sz avgqu-sz await svctm %util"), ["disk"]);
        assert_eq!(names("tps rkB/s wkB/s dkB/s areq-sz aqu-sz await %util DEV"), ["disk"]);
        assert_eq!(names("call/s retrans/s read/s write/s access/s getatt/s"), ["net-nfs"]);
        assert_eq!(names("atmptf/s estres/s retrans/s isegerr/s orsts/s"), ["net-etcp"]);
        assert_eq!(
            names("Device: rrqm/s wrqm/s r/s w/s rsec/s wsec/s avgrq-sz avgqu-sz await svctm %util"),
            ["iostat"]
        );
        let memory_of_rhel5 = "kbmemfree kbmemused %memused kbbuffers kbcached kbswpfree kbswpused %swpused kbswpcad";
        assert_eq!(names(memory_of_rhel5), ["memory", "swap-space"]);
        assert_eq!(names("CPU MHz"), [""; 0]);
        assert_eq!(names("ERROR: relation does not exist"), [""; 0]);
    }
}
