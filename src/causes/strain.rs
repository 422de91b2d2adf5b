//! Numbers of a host that stand out during an incident: above a limit, and above what the host is used to.

use super::Case;
use super::disks::Tie;
use super::normal::{Normal, caveat};
use crate::incidents::Cite;
use crate::model::{Key, Metric, NodeId, Sample};
use crate::timeline::Series;
use std::collections::BTreeSet;

/// When a number stands out. Both must be passed: the limit, and so many times the host's own usual value.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    pub metric: Metric,
    pub least: f32,
    pub times: f32,
    /// `%s` is the value with its unit.
    pub says: &'static str,
}

const fn limit(metric: Metric, least: f32, times: f32, says: &'static str) -> Limit {
    Limit { metric, least, times, says }
}

/// Limits are our choice unless a source is named; they only decide what is worth a line, never a cause by themselves.
pub static LIMITS: &[Limit] = &[
    limit(Metric::DiskAwait, 20.0, 3.0, "requests took %s"), // spinning disks need 10 to 20 ms
    limit(Metric::DiskUtil, 80.0, 1.5, "was busy %s of the time"),
    limit(Metric::DiskQueue, 8.0, 3.0, "had a queue of %s"),
    limit(Metric::CpuIowait, 20.0, 3.0, "%s of the CPU time was spent waiting for I/O"),
    limit(Metric::CpuSteal, 10.0, 2.0, "the hypervisor gave %s of the CPU time to others"),
    limit(Metric::RunQueue, 8.0, 4.0, "%s waited for a CPU"),
    limit(Metric::Blocked, 4.0, 4.0, "%s were blocked on I/O"),
    limit(Metric::MemUsed, 97.0, 1.0, "%s of the memory was used, as sysstat counts it"),
    limit(Metric::SwapUsed, 50.0, 1.2, "%s of the swap space was used"),
    limit(Metric::SwapIn, 50.0, 5.0, "%s were swapped in"),
    limit(Metric::SwapOut, 50.0, 5.0, "%s were swapped out"),
    limit(Metric::MajorFaults, 100.0, 5.0, "major page faults, %s"),
    limit(Metric::PsiCpu, 40.0, 2.0, "some task waited for a CPU %s of the time"),
    limit(Metric::PsiIo, 30.0, 2.0, "some task waited for I/O %s of the time"),
    limit(Metric::PsiIoFull, 20.0, 2.0, "all tasks waited for I/O %s of the time"),
    limit(Metric::PsiMemory, 10.0, 2.0, "some task waited for memory %s of the time"),
    limit(Metric::TcpRetrans, 20.0, 5.0, "TCP segments were sent again, %s"),
];

/// A number that stands out.
#[derive(Clone, Debug)]
pub struct Strain {
    pub cite: Cite,
    pub node: NodeId,
    pub metric: Metric,
    pub sample: Sample,
    pub normal: Normal,
    /// As high at this hour of all other days.
    pub habit: bool,
    pub words: String,
}

impl<'a> Case<'a> {
    /// Numbers that stand out around the incident, of one host or of all: the worst of each metric and thing.
    pub fn strained(&self, metrics: &[Metric], node: Option<NodeId>) -> Vec<Strain> {
        let mut out: Vec<Strain> = Vec::new();
        for limit in LIMITS.iter().filter(|l| metrics.contains(&l.metric)) {
            // The worst of a series comes first; what doesn't stand out there does so nowhere.
            let mut seen = BTreeSet::new();
            for (cite, series, sample) in self.worst(limit.metric, node) {
                if sample.value < limit.least || !seen.insert((series.node, series.item.as_deref())) {
                    continue;
                }
                let normal = self.normal(series, sample);
                if normal.usual.is_some_and(|usual| sample.value < limit.times * usual) {
                    continue;
                }
                let habit = normal.habit(sample.value);
                let words = self.words(limit, series, sample, &normal);
                let (node, metric) = (series.node, series.metric);
                out.push(Strain { cite, node, metric, sample, normal, habit, words });
            }
        }
        out
    }

    fn words(&self, limit: &Limit, series: &Series, sample: Sample, normal: &Normal) -> String {
        let unit = limit.metric.unit();
        let value = match unit {
            "%" => format!("{:.0} %", sample.value),
            "" => format!("{:.1}", sample.value),
            "1/s" => format!("{:.0} a second", sample.value),
            _ if sample.value < 10.0 => format!("{:.1} {unit}", sample.value),
            _ => format!("{:.0} {unit}", sample.value),
        };
        let what = limit.says.replace("%s", &value);
        let host = self.name(series.node);
        let subject = match series.item.as_deref() {
            Some(item) if !limit.metric.id().starts_with("disk.") => format!("{item} on {host}: {what}"),
            Some(_) => match self.tie(series, &[Key::EtcdDataDir, Key::PgWalDir, Key::PgDataDir]) {
                Tie::Carries(data, _) => {
                    format!("{} on {host}, which carries {data}: {what}", self.disk(series))
                }
                _ => format!("{} on {host}: {what}", self.disk(series)),
            },
            None => format!("{host}: {what}"),
        };
        let usual = normal.words(unit);
        let usual = match usual.is_empty() {
            true => "nothing to compare it with".to_owned(),
            false => usual,
        };
        let habit = if normal.habit(sample.value) { "; so it is every day at this hour" } else { "" };
        format!("{subject} ({usual}{habit}; {})", caveat(limit.metric, sample))
    }
}

#[cfg(test)]
mod tests {
    use super::super::host_disk_io::CAUSE;
    use super::super::testing::check;
    use crate::causes::Case;
    use crate::model::Metric;
    use crate::run;
    use expect_test::{Expect, expect};

    /// Patroni's heartbeats at ten o'clock of three days, and statements that hang on the third.
    fn logs() -> String {
        let mut patroni = String::new();
        for day in 1..=3 {
            for n in 0..40 {
                let (minute, second) = (n / 6, n % 6 * 10 + 1);
                patroni += &format!(
                    "2026-03-0{day} 10:0{minute}:{second:02},010 INFO: no action. I am (pg1), the leader with the lock\n"
                );
            }
        }
        let mut postgres = "2026-03-03 09:59:30.100 UTC [812] LOG:  checkpoint complete: wrote 12 buffers (0.1%); 0 WAL file(s) added, 0 removed, 0 recycled; write=1.1 s, sync=0.01 s, total=1.2 s\n".to_owned();
        for n in 0..5 {
            postgres += &format!(
                "2026-03-03 10:00:3{n}.100 UTC [90{n}] LOG:  duration: 1{n}994.684 ms  statement: INSERT INTO t VALUES (1)\n"
            );
        }
        format!("//- pg1/var/log/patroni.log\n{patroni}//- pg1/var/log/postgresql.log\n{postgres}")
    }

    /// `sar -d` of three days: what `sdb` needed at ten past ten, and on the third day at ten to ten.
    fn sar(at_ten: [f32; 3], before: f32) -> String {
        let mut out = String::new();
        for (n, value) in at_ten.into_iter().enumerate() {
            let early = if n == 2 { before } else { 0.7 };
            let row = |time: &str, value: f32| {
                format!(
                    "{time}       sdb     10.00      0.00    100.00      0.00     10.00      0.01      {value:.2}     97.00\n"
                )
            };
            out += &format!(
                "//- pg1/sar0{}.txt\nLinux 6.1.0-18-amd64 (pg1) \t03/0{}/2026 \t_x86_64_\t(4 CPU)\n\n09:40:00 AM       DEV       tps     rkB/s     wkB/s     dkB/s   areq-sz    aqu-sz     await     %util\n",
                n + 1,
                n + 1
            );
            out += &row("09:50:00 AM", early);
            out += &row("10:00:00 AM", 0.7);
            out += &row("10:10:00 AM", value);
            out += &row("10:20:00 AM", 0.7);
        }
        out
    }

    #[test]
    fn a_disk_that_was_never_slow_before() {
        check(
            &CAUSE,
            &format!("{}{}", logs(), sar([0.7, 0.7, 2400.0], 0.7)),
            expect![[r#"
            host_disk_io: confirmed (write_stall)
              + decisive: sdb on pg1 needed 2400 ms a request, as an average over 10 min 0 s; usually 0.7 ms
              + weak: statements on pg1 took up to 15.0 s
        "#]],
        );
    }

    #[test]
    fn as_slow_every_day_at_this_hour_and_nothing_came_of_it() {
        check(
            &CAUSE,
            &format!("{}{}", logs(), sar([2300.0, 2500.0, 2400.0], 0.7)),
            expect![[r#"
            host_disk_io: possible (write_stall)
              + weak: sdb on pg1 needed 2400 ms a request, as an average over 10 min 0 s; usually 0.7 ms
              - strong: it is as slow every day at this hour, and did no harm then (usually 0.7 ms; at this hour of 2 other days 2300 to 2500 ms)
              + weak: statements on pg1 took up to 15.0 s
        "#]],
        );
    }

    #[test]
    // The near miss is the night between the samples, of which there is no log.
    fn slow_a_quarter_of_an_hour_before_says_nothing() {
        check(
            &CAUSE,
            &format!("{}{}", logs(), sar([0.7, 0.7, 0.7], 2400.0)),
            expect![[r#"
            host_disk_io: not_assessable (near_miss)
        "#]],
        );
    }

    #[test]
    fn a_slow_disk_that_nobody_needs() {
        let where_things_lie = "//- pg1/lsblk.txt\nNAME MAJ:MIN RM SIZE RO TYPE MOUNTPOINT\nsda    8:0    0   50G  0 disk /\nsdb    8:16   0   50G  0 disk /backup\nsdc    8:32   0   50G  0 disk /var/lib/pgsql\n//- pg1/patroni.yml\nscope: demo\nname: pg1\npostgresql:\n  data_dir: /var/lib/pgsql/15/data\n";
        let bundle = format!("{}{}{where_things_lie}", logs(), sar([0.7, 0.7, 2400.0], 0.7));
        check(
            &CAUSE,
            &bundle,
            expect![[r#"
            host_disk_io: not_assessable (write_stall)
              - weak: sdb (mounted on /backup) on pg1 needed 2400 ms a request, but it carries /backup; PostgreSQL's data (/var/lib/pgsql/15/data) lies on sdc
        "#]],
        );
        let data = bundle
            .replace("disk /backup", "disk /var/lib/pgsql")
            .replace("sdc    8:32   0   50G  0 disk /var/lib/pgsql\n", "");
        check(
            &CAUSE,
            &data,
            expect![[r#"
            host_disk_io: confirmed (write_stall)
              + decisive: sdb (mounted on /var/lib/pgsql) on pg1 needed 2400 ms a request, as an average over 10 min 0 s; usually 0.7 ms; it carries PostgreSQL's data (/var/lib/pgsql/15/data)
              + weak: statements on pg1 took up to 15.0 s
        "#]],
        );
    }

    fn strained(bundle: &str, expect: Expect) {
        let (t, incidents) = run::timeline_of(&run::files_in(bundle), &run::Settings::default());
        let case = Case { t: &t, incident: incidents.iter().min_by_key(|i| i.kind.rank()).expect("an incident") };
        let metrics: Vec<Metric> = super::LIMITS.iter().map(|l| l.metric).collect();
        let words: Vec<String> = case.strained(&metrics, None).into_iter().map(|s| s.words + "\n").collect();
        expect.assert_eq(&words.concat());
    }

    #[test]
    fn every_number_says_what_it_is_measured_against_and_what_it_can_not_show() {
        let more = "//- pg1/more.txt\nLinux 6.1.0-18-amd64 (pg1) \t03/03/2026 \t_x86_64_\t(4 CPU)\n\n09:40:00        CPU     %user     %nice   %system   %iowait    %steal     %idle\n09:50:00        all      1.00      0.00      1.00      0.50      0.10     97.40\n10:00:00        all      1.00      0.00      1.00      0.50      0.10     97.40\n10:10:00        all      1.00      0.00      1.00     60.50     12.10     25.40\n10:20:00        all      1.00      0.00      1.00      0.50      0.10     97.40\n\n09:40:00      runq-sz  plist-sz   ldavg-1   ldavg-5  ldavg-15   blocked\n09:50:00            1       200      0.10      0.10      0.10         0\n10:00:00            1       200      0.10      0.10      0.10         0\n10:10:00           40       400     20.10     10.10      4.10        30\n10:20:00            1       200      0.10      0.10      0.10         0\n\n09:40:00     pswpin/s pswpout/s\n09:50:00         0.00      0.00\n10:00:00         0.00      0.00\n10:10:00       900.00    800.00\n10:20:00         0.00      0.00\n\n09:40:00     kbswpfree kbswpused  %swpused  kbswpcad   %swpcad\n09:50:00       2000000         0      0.00         0      0.00\n10:00:00       2000000         0      0.00         0      0.00\n10:10:00        100000   1900000     95.00         0      0.00\n10:20:00       2000000         0      0.00         0      0.00\n\n09:40:00       atmptf/s  estres/s retrans/s isegerr/s   orsts/s\n09:50:00         0.00      0.00      0.10      0.00      0.00\n10:00:00         0.00      0.00      0.10      0.00      0.00\n10:10:00         0.00      0.00     88.00      0.00      0.00\n10:20:00         0.00      0.00      0.10      0.00      0.00\n\n09:40:00        %sio-10   %sio-60  %sio-300      %sio   %fio-10   %fio-60  %fio-300      %fio\n09:50:00         0.00      0.00      0.00      0.20      0.00      0.00      0.00      0.10\n10:00:00         0.00      0.00      0.00      0.20      0.00      0.00      0.00      0.10\n10:10:00        80.00     70.00     60.00     71.20     60.00     60.00     50.00     64.10\n10:20:00         0.00      0.00      0.00      0.20      0.00      0.00      0.00      0.10\n";
        strained(
            &format!("{}{}{more}", logs(), sar([0.7, 0.7, 2400.0], 0.7)),
            expect![[r#"
            sdb on pg1: requests took 2400 ms (usually 0.7 ms; at this hour of 2 other days 0.7 ms; an average over 10 min 0 s: shorter peaks and standstills do not show in it)
            pg1: 60 % of the CPU time was spent waiting for I/O (usually 0.5 %; an average over 10 min 0 s: shorter peaks and standstills do not show in it)
            pg1: the hypervisor gave 12 % of the CPU time to others (usually 0.1 %; an average over 10 min 0 s: shorter peaks and standstills do not show in it)
            pg1: 40 tasks waited for a CPU (usually 1.0 tasks; one look every 10 min 0 s: what was between is not recorded)
            pg1: 30 tasks were blocked on I/O (usually 0.0 tasks; one look every 10 min 0 s: what was between is not recorded)
            pg1: 95 % of the swap space was used (usually 0.0 %; one look every 10 min 0 s: what was between is not recorded)
            pg1: 900 pages/s were swapped in (usually 0.0 pages/s; an average over 10 min 0 s: shorter peaks and standstills do not show in it)
            pg1: 800 pages/s were swapped out (usually 0.0 pages/s; an average over 10 min 0 s: shorter peaks and standstills do not show in it)
            pg1: some task waited for I/O 71 % of the time (usually 0.2 %; an average over 10 min 0 s: shorter peaks and standstills do not show in it)
            pg1: all tasks waited for I/O 64 % of the time (usually 0.1 %; an average over 10 min 0 s: shorter peaks and standstills do not show in it)
            pg1: TCP segments were sent again, 88 a second (usually 0.1 a second; an average over 10 min 0 s: shorter peaks and standstills do not show in it)
        "#]],
        );
    }
}
