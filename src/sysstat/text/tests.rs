//! Fragments as people paste them, and what each form must not be taken for.

use super::super::tests::fixtures;
use super::super::{Source, looks_like, read};
use super::*;
use crate::sysstat::Options;

/// The table that the project started from: no header, so no date.
const PASTED: &str = "\
01:30:01 PM CPU %usr %nice %sys %iowait %steal %idle
01:40:01 PM all 2.71 0.00 2.02 0.92 0.00 94.33
01:50:01 PM all 2.08 0.00 1.78 12.10 0.00 84.04
02:00:01 PM all 1.92 0.00 1.65 0.83 0.00 95.60
Average: all 2.24 0.00 1.82 4.62 0.00 91.32

01:30:01 PM       DEV       tps  rd_sec/s  wr_sec/s  avgrq-sz  avgqu-sz     await     svctm     %util
01:40:01 PM    dev8-0     12.00     10.00    200.00     17.50      0.10      8.00      0.40      0.50
01:50:01 PM    dev8-0     90.00     10.00   9000.00    100.11     20.50    226.00     11.00     99.10
";

#[test]
fn a_pasted_fragment_has_times_but_no_date() {
    assert_eq!(looks_like(PASTED.as_bytes()), Some(Source::Sar));
    let data = read(PASTED.as_bytes(), Options::default()).pop().expect("a fragment");
    let cpu = data.set("cpu", Some("all")).expect("cpu");
    let iowait: Vec<f64> = cpu.series(&data, "%iowait").map(|(_, v)| v).collect();
    assert_eq!(iowait, [0.92, 12.10, 0.83]);
    let (span, await_ms) = data.set("disk", Some("dev8-0")).expect("disk").series(&data, "await").nth(1).expect("row");
    assert_eq!(await_ms, 226.0);
    let to = span.to.local.expect("wall clock");
    assert_eq!((to.date, to.second, span.to.epoch), (None, 13 * 3600 + 50 * 60 + 1, None));
    assert_eq!(span.from.and_then(|f| f.local).map(|l| l.second), Some(13 * 3600 + 40 * 60 + 1));
    // 9000 sectors are 4500 kB.
    assert_eq!(
        data.set("disk", Some("dev8-0")).and_then(|s| s.series(&data, "wkB/s").last()).map(|v| v.1),
        Some(4500.0)
    );
    assert!(data.dates.is_empty() && data.problems.is_empty());
}

#[test]
fn rows_after_midnight_belong_to_the_next_day() {
    let text = "Linux 6.1.0 (pg1) \t11/12/26 \t_x86_64_\t(2 CPU)\n\n\
        23:50:01        CPU     %user     %nice   %system   %iowait    %steal     %idle\n\
        23:59:01        all      0.47      0.00      1.00      0.00      0.00     98.53\n\
        00:00:01        all      0.50      0.00      1.00      0.00      0.00     98.50\n\
        \n\
        00:00:01     LINUX RESTART\t(4 CPU)\n";
    let mut data = read_sar(text.as_bytes()).pop().expect("data");
    assert_eq!(data.dates.len(), 2, "11/12 is November or December");
    let days: Vec<u32> = data.spans.iter().filter_map(|s| Some(s.to.local?.day)).collect();
    assert_eq!(days, [0, 1]);
    assert_eq!(data.restarts.first().map(|r| (r.cpus, r.at.local.map(|l| l.day))), Some((Some(4), Some(1))));
    let day = data.dates.first().copied().expect("candidate");
    data.set_date(day);
    let last = data.spans.last().and_then(|s| s.to.local?.date).expect("date");
    assert_eq!(last.to_string(), "2026-11-13");
}

#[test]
fn mpstat_and_pidstat_share_the_grammar() {
    let text = "Linux 6.1.0 (pg1) \t2026-11-21 \t_x86_64_\t(2 CPU)\n\n\
        01:15:22      UID       PID    %usr %system  %guest   %wait    %CPU   CPU  Command\n\
        01:15:23       26      1234    1.00    2.00    0.00    3.50    3.00     1  postgres: writer\n";
    let data = read_sar(text.as_bytes()).pop().expect("data");
    assert_eq!(data.source, Source::Pidstat);
    let set = data.set("pidstat", Some("1234 postgres: writer")).expect("process");
    assert_eq!(set.series(&data, "%wait").map(|(_, v)| v).collect::<Vec<_>>(), [3.5]);
    let text = "Linux 6.1.0 (pg1) \t2026-11-21 \t_x86_64_\t(2 CPU)\n\n\
        01:15:22     CPU    %usr   %nice    %sys %iowait    %irq   %soft  %steal  %guest  %gnice   %idle\n\
        01:15:23     all    1.00    0.00    2.00    5.00    0.00    0.00    0.25    0.00    0.00   91.75\n";
    let data = read(text.as_bytes(), Options::default()).pop().expect("data");
    let cpu = data.set("cpu", Some("all")).expect("cpu");
    assert_eq!(cpu.series(&data, "%steal").map(|(_, v)| v).collect::<Vec<_>>(), [0.25]);
}

#[test]
fn iostat_of_every_version_gives_all_reports_but_the_first() {
    let files = fixtures("sadf.tar.xz");
    let mut read_files = 0;
    for (path, text) in files.iter().filter(|(path, _)| path.starts_with("iostat/") && path.ends_with(".txt")) {
        assert_eq!(looks_like(text), Some(Source::Iostat), "{path}");
        let data = read_iostat(text).pop().expect("a run");
        assert!(data.problems.is_empty(), "{path}: {:?}", data.problems);
        let reports = String::from_utf8_lossy(text).lines().filter(|l| l.starts_with("avg-cpu:")).count();
        let disks: Vec<_> = data.sets_of("iostat").collect();
        // Those with ISO times hold one report only.
        assert_eq!(disks.is_empty(), reports == 1, "{path}");
        for disk in disks {
            assert_eq!(disk.rows.len(), reports - 1, "{path}: {:?}", disk.item);
            assert_eq!(disk.series(&data, "%util").count(), reports - 1, "{path}");
            assert_eq!(disk.series(&data, "r_await").count(), reports - 1, "{path}");
        }
        read_files += 1;
        if reports == 1 {
            continue;
        }
        assert_eq!(data.set("cpu", Some("all")).map(|s| s.rows.len()), Some(reports - 1), "{path}");
        let day = data.spans.first().and_then(|s| s.to.local?.date).expect("a day");
        assert_eq!(day.to_string(), "2026-11-21", "{path}");
    }
    assert!(read_files > 20, "{read_files} files");
}

#[test]
fn vmstat_needs_its_times() {
    let text = "\
procs -----------memory---------- ---swap-- -----io---- -system-- ------cpu----- -----timestamp-----
 r  b   swpd   free   buff  cache   si   so    bi    bo   in   cs us sy id wa st                 UTC
 2  1      0 219628 637424 176515    0    0   100   200 1000 2000 10  5 80  5  0 2026-11-21 01:15:22
 9  4      0 219628 637424 176515    0    0   100   200 1000 2000 10  5 45 40  0 2026-11-21 01:15:23
";
    assert_eq!(looks_like(text.as_bytes()), Some(Source::Vmstat));
    let data = read_vmstat(text.as_bytes());
    let set = data.set("vmstat", None).expect("set");
    let wa: Vec<_> = set.series(&data, "wa").map(|(span, v)| (span.to.epoch, v)).collect();
    assert_eq!(wa, [(Some(1_795_223_723), 40.0)]);
    // `vmstat -wt` of procps 4 has wider columns and one more.
    let wide = "\
--procs-- -----------------------memory---------------------- ---swap-- -----io---- -system-- ----------cpu---------- -----timestamp-----
   r    b         swpd         free         buff        cache   si   so    bi    bo   in   cs  us  sy  id  wa  st  gu                 UTC
   8    0            0       298172       730640     17143496    0    0   849  5957  889 2425  65   8  26   0   0   0 2026-11-21 00:25:43
   8    0            0       298172       730640     17143496    0    0     0  2112 5600 17473  84  16   0   0   1   0 2026-11-21 00:25:44
";
    assert_eq!(looks_like(wide.as_bytes()), Some(Source::Vmstat));
    let data = read_vmstat(wide.as_bytes());
    let st: Vec<_> = data.set("vmstat", None).expect("set").series(&data, "st").map(|(_, v)| v).collect();
    assert_eq!(st, [1.0]);
    let untimed = text.replace(" 2026-11-21 01:15:2", "").replace("                 UTC", "");
    assert_eq!(read_vmstat(untimed.as_bytes()).spans.len(), 0);
}

#[test]
fn logs_are_none_of_it() {
    for log in [
        "2026-11-21 01:15:22.123 UTC [123] LOG:  checkpoint starting: time\n",
        "2026-11-21 01:15:22,123 INFO: no action. I am (pg1), the leader with the lock\n",
        "Nov 21 01:15:22 pg1 systemd[1]: Starting system activity accounting tool...\n",
        "01:15:22 INFO CPU load is high\n01:15:23 INFO 1 2 3\n",
        "{\"level\":\"warn\",\"ts\":\"2026-11-21T01:15:22Z\",\"msg\":\"slow fdatasync\"}\n",
        "<?xml version=\"1.0\"?><config/>\n",
        "a;b;c\n1;2;3\n",
        "",
    ] {
        assert_eq!(looks_like(log.as_bytes()), None, "{log}");
    }
}

/// What Debian 12's iostat and mpstat print with `-o JSON`.
#[test]
fn iostat_and_mpstat_speak_json() {
    let iostat = include_bytes!("../../../fixtures/forms/commands/iostat-json.json");
    assert_eq!(crate::sysstat::looks_like(iostat), Some(Source::Iostat));
    let hosts = crate::sysstat::read(iostat, Options::default());
    let [host] = hosts.as_slice() else { panic!("{hosts:?}") };
    assert!(host.problems.is_empty(), "{:?}", host.problems);
    assert_eq!((host.host.as_deref(), host.cpus), (Some("vm"), Some(2)));
    let series = |item: &str, activity: &str, column: &str| -> Vec<(u32, f64)> {
        let set = host.set(activity, Some(item)).expect("a set");
        set.series(host, column).map(|(span, value)| (span.to.local.expect("a time").second, value)).collect()
    };
    // 12:59:23 speaks of the time since boot.
    assert_eq!(series("vda", "iostat", "w_await"), [(46764, 1.0), (46765, 0.0)]);
    assert_eq!(series("vda", "iostat", "%util"), [(46764, 0.4), (46765, 0.0)]);
    assert_eq!(series("vda", "iostat", "wkB/s"), [(46764, 1096.0), (46765, 0.0)]);
    assert_eq!(series("all", "cpu", "%user"), [(46764, 37.31), (46765, 51.26)]);
    let days: Vec<_> = host.spans.iter().filter_map(|s| s.to.local?.date).collect();
    assert_eq!(days, [chrono::NaiveDate::from_ymd_opt(2026, 11, 21).unwrap(); 2]);

    let mpstat = include_bytes!("../../../fixtures/forms/commands/mpstat-json.json");
    let hosts = crate::sysstat::read(mpstat, Options::default());
    let [host] = hosts.as_slice() else { panic!("{hosts:?}") };
    assert_eq!((host.source, host.spans.len(), host.problems.len()), (Source::Sar, 2, 0));
    let steal: Vec<f64> = host.set("cpu", Some("1")).expect("a set").series(host, "%steal").map(|(_, v)| v).collect();
    assert_eq!(steal, [0.99, 0.0]);
    assert!(host.spans.iter().all(|s| s.to.local.and_then(|l| l.date).is_some()));

    // The same without its lines, and cut.
    let text = String::from_utf8_lossy(iostat);
    let flat: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let flat = crate::sysstat::read(flat.as_bytes(), Options::default());
    assert_eq!(flat.first().map(|h| h.spans.len()), Some(2));
    let cut = text.get(..text.len() - 300).expect("longer");
    let cut = crate::sysstat::read(cut.as_bytes(), Options::default());
    assert_eq!(
        cut.first().map(|h| (h.problems.len(), h.set("iostat", Some("vda")).map(|s| s.rows.len()))),
        Some((1, Some(1)))
    );
    // Without -t nobody knows when.
    let untimed: String = text.lines().filter(|l| !l.contains("timestamp")).collect::<Vec<_>>().join("\n");
    let untimed = crate::sysstat::read(untimed.as_bytes(), Options::default());
    assert_eq!(untimed.first().map(|h| (h.sets.len(), h.problems.len())), Some((0, 1)));
}
