//! sysstat: binary `sa` files and the texts of `sar` and `sadf`, turned into series of the timeline.

use crate::formats::Document;
use crate::model::{
    Grain, Metric, NameHint, Naming, Parsed, Problem, Program, RawSeries, SECOND, Sample, Stamp, Stream, Written, Zone,
};
use crate::sysstat::model::{Data, Fault, Set, Span, Stamp as SarStamp};
use crate::sysstat::{Options, looks_like_sa, read_files, text};
use std::collections::BTreeMap;
use std::sync::Arc;

pub static FORMAT: Document = Document {
    name: "sysstat",
    program: Program::Sysstat,
    doc: "Binary files of every sysstat version by their magic number; text of sar in any language, with or without its header; sadf -d, -p, -j and -x; iostat -t, vmstat -t; iostat and mpstat -o JSON.",
    sniff,
    read,
    samples: &[
        "01:30:01 PM CPU %usr %nice %sys %iowait %steal %idle\n01:40:01 PM all 2.71 0.00 2.02 0.92 0.00 94.33\n01:50:01 PM all 3.66 0.00 2.62 7.86 0.00 85.84\n",
    ],
};

/// Which column of which activity is which metric: (activity, item to take, column, metric).
const COLUMNS: &[(&str, Option<&str>, &str, Metric)] = &[
    ("cpu", Some("all"), "%usr", Metric::CpuUser),
    ("cpu", Some("all"), "%user", Metric::CpuUser),
    ("cpu", Some("all"), "%sys", Metric::CpuSystem),
    ("cpu", Some("all"), "%system", Metric::CpuSystem),
    ("cpu", Some("all"), "%iowait", Metric::CpuIowait),
    ("cpu", Some("all"), "%steal", Metric::CpuSteal),
    ("cpu", Some("all"), "%idle", Metric::CpuIdle),
    ("queue", None, "runq-sz", Metric::RunQueue),
    ("queue", None, "blocked", Metric::Blocked),
    ("queue", None, "ldavg-1", Metric::Load1),
    ("disk", None, "await", Metric::DiskAwait),
    ("disk", None, "%util", Metric::DiskUtil),
    ("disk", None, "aqu-sz", Metric::DiskQueue),
    ("disk", None, "tps", Metric::DiskTps),
    ("disk", None, "wkB/s", Metric::DiskWrite),
    ("disk", None, "rkB/s", Metric::DiskRead),
    ("filesystem", None, "%fsused", Metric::FsUsed),
    ("filesystem", None, "%Iused", Metric::FsInodesUsed),
    ("memory", None, "%memused", Metric::MemUsed),
    ("memory", None, "kbavail", Metric::MemAvailable),
    ("swap-space", None, "%swpused", Metric::SwapUsed),
    ("swap", None, "pswpin/s", Metric::SwapIn),
    ("swap", None, "pswpout/s", Metric::SwapOut),
    ("paging", None, "majflt/s", Metric::MajorFaults),
    ("net-etcp", None, "retrseg/s", Metric::TcpRetrans),
    ("psi-cpu", None, "%scpu", Metric::PsiCpu),
    ("psi-io", None, "%sio", Metric::PsiIo),
    ("psi-io", None, "%fio", Metric::PsiIoFull),
    ("psi-mem", None, "%smem", Metric::PsiMemory),
    ("iostat", None, "await", Metric::DiskAwait),
    // Since 11.7 iostat has no common await; what commits wait for are writes.
    ("iostat", None, "w_await", Metric::DiskAwait),
    ("iostat", None, "%util", Metric::DiskUtil),
    ("iostat", None, "aqu-sz", Metric::DiskQueue),
    ("iostat", None, "tps", Metric::DiskTps),
    ("iostat", None, "wkB/s", Metric::DiskWrite),
    ("iostat", None, "kB_wrtn/s", Metric::DiskWrite),
    ("iostat", None, "rkB/s", Metric::DiskRead),
    ("iostat", None, "kB_read/s", Metric::DiskRead),
    ("vmstat", None, "us", Metric::CpuUser),
    ("vmstat", None, "sy", Metric::CpuSystem),
    ("vmstat", None, "wa", Metric::CpuIowait),
    ("vmstat", None, "st", Metric::CpuSteal),
    ("vmstat", None, "id", Metric::CpuIdle),
    ("vmstat", None, "r", Metric::RunQueue),
    ("vmstat", None, "b", Metric::Blocked),
];

fn sniff(head: &[u8], _name: &str) -> u8 {
    if looks_like_sa(head) || text::looks_like_sar(head) {
        95
    } else if text::looks_like_sadf_csv(head) || text::looks_like_sadf_lines(head) {
        92
    } else if text::looks_like_sadf_json(head)
        || text::looks_like_sadf_xml(head)
        || text::looks_like_programs_json(head)
    {
        96
    } else if text::looks_like_iostat(head) || text::looks_like_vmstat(head) {
        91
    } else {
        0
    }
}

/// All tables of a file of sysstat's, binary or text; `None` if it is neither.
pub fn data(content: &[u8]) -> Option<Vec<Data>> {
    let head = content.get(..content.len().min(64 << 10)).unwrap_or(content);
    (sniff(head, "") > 0).then(|| tables(content))
}

fn tables(content: &[u8]) -> Vec<Data> {
    if looks_like_sa(content) {
        read_files(content, Options::default())
    } else if text::looks_like_sadf_csv(content) {
        vec![text::read_sadf_csv(content)]
    } else if text::looks_like_sadf_lines(content) {
        vec![text::read_sadf_lines(content)]
    } else if text::looks_like_sadf_json(content) {
        text::read_sadf_json(content)
    } else if text::looks_like_sadf_xml(content) {
        text::read_sadf_xml(content)
    } else if text::looks_like_programs_json(content) {
        text::read_programs_json(content)
    } else if text::looks_like_sar(content) {
        text::read_sar(content)
    } else if text::looks_like_iostat(content) {
        text::read_iostat(content)
    } else if text::looks_like_vmstat(content) {
        vec![text::read_vmstat(content)]
    } else {
        text::read_sar(content)
    }
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    for data in &tables(content) {
        add(data, out);
    }
    out.coverage.lines += memchr::memchr_iter(b'\n', content).count() as u64;
    out.coverage.understood = out.coverage.lines;
}

fn add(data: &Data, out: &mut Parsed) {
    let mut stream = Stream::new(Program::Sysstat, None, true);
    if let Some(host) = &data.host {
        stream.names.push(NameHint { naming: Naming::Host, name: Arc::from(host.as_str()), line: 1, seen: 1 });
    }
    let mut series: BTreeMap<(Metric, Option<Arc<str>>), RawSeries> = BTreeMap::new();
    for set in &data.sets {
        for (activity, item, column, metric) in COLUMNS {
            if set.activity.name != *activity || item.is_some_and(|i| set.item.as_deref() != Some(i)) {
                continue;
            }
            let name = match *activity {
                "cpu" => None,
                "filesystem" => set.mount.clone().or_else(|| set.item.clone()),
                _ => set.item.clone(),
            };
            let mut samples = Vec::new();
            let mut kind = None;
            let by_df = |row: &[f64]| if *metric == Metric::FsUsed { as_df_counts(set, row) } else { None };
            let values =
                set.rows_with(data, column).map(|(span, value, row, line)| (span, by_df(row).unwrap_or(value), line));
            for (span, value, line) in values {
                let Some((from, to, written)) = place(span) else { continue };
                kind = Some(written);
                samples.push(Sample { from, to, value: value as f32, line });
            }
            let Some(written) = kind else { continue };
            let zone = if written == Written::Full && samples_are_utc(data) { Zone::Utc } else { Zone::Unwritten };
            // Columns that say the same in other words (`%usr` and `%user`) are one metric: the first found stays.
            series.entry((*metric, name.clone())).or_insert(RawSeries {
                metric: *metric,
                item: name,
                zone,
                written,
                line: 1,
                samples,
            });
        }
    }
    for s in series.into_values() {
        for x in &s.samples {
            let stamp = Stamp { civil: x.to, zone: s.zone, written: s.written, grain: Grain::Second };
            stream.first.get_or_insert(stamp);
            stream.last = Some(stamp);
            stream.min = stream.min.min(x.from);
            stream.max = stream.max.max(x.to);
        }
        stream.stamped = stream.stamped.max(s.samples.len() as u64);
        *stream.written_zone.entry(s.zone).or_default() += s.samples.len() as u64;
        stream.series.push(s);
    }
    let unread: Vec<&str> = data.skipped.iter().filter_map(|s| s.name).collect();
    if !unread.is_empty() && out.kind_why.is_empty() {
        out.kind_why = format!("not read of it: {}", unread.join(", "));
    }
    for problem in &data.problems {
        let in_text = problem.fault == Fault::Text;
        let line = u32::try_from(problem.offset).ok().filter(|_| in_text);
        let at = if in_text { String::new() } else { format!("at byte {}: ", problem.offset) };
        out.problems.push(Problem { line, what: format!("{at}{}", problem.what) });
    }
    out.streams.push(stream);
}

/// `df`'s share: used of what users may have, in percent. sysstat has two others: of all blocks (`%fsused`), and of all
/// but what is available (`%ufsused`); on a file system with blocks kept for root the three differ.
fn as_df_counts(set: &Set, row: &[f64]) -> Option<f64> {
    let get = |name: &str| set.activity.column(name).and_then(|n| row.get(n)).copied().filter(|v| v.is_finite());
    let (used, free, unavailable) = (get("MBfsused")?, get("MBfsfree")?, get("%ufsused")?);
    let available = (used + free) * (1.0 - unavailable / 100.0);
    (used + available > 0.0).then(|| used / (used + available) * 100.0)
}

fn samples_are_utc(data: &Data) -> bool {
    data.spans.iter().any(|s| s.to.epoch.is_some())
}

/// Beginning and end of a row on the clock of the source, and how much of the date it says.
fn place(span: &Span) -> Option<(i64, i64, Written)> {
    let (to, written) = civil(&span.to)?;
    let length = span.centis.map(|c| c as i64 * (SECOND / 100));
    let from = span.from.as_ref().and_then(civil).map(|(f, _)| f).or_else(|| Some(to - length?)).unwrap_or(to);
    Some((from.min(to), to, written))
}

fn civil(stamp: &SarStamp) -> Option<(i64, Written)> {
    if let Some(epoch) = stamp.epoch {
        return Some((epoch * SECOND, Written::Full));
    }
    let local = stamp.local?;
    let second = i64::from(local.second) * SECOND;
    match local.date {
        Some(date) => {
            let days = date.signed_duration_since(chrono::NaiveDate::default()).num_days();
            Some((days * crate::model::DAY + second, Written::Full))
        }
        None => Some((i64::from(local.day) * crate::model::DAY + second, Written::NoDate)),
    }
}

#[cfg(test)]
mod tests {
    use super::COLUMNS;
    use crate::sysstat::Activity;

    #[test]
    fn every_column_of_the_table_exists() {
        for (activity, _, column, _) in COLUMNS {
            let known = Activity::by_name(activity).and_then(|a| a.column(column));
            assert!(known.is_some(), "{activity} has no {column}");
        }
    }
}
