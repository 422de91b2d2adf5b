//! Numbers of a host that stand out during an incident: above a limit, and above what the host is used to.

use super::Case;
use super::disks::Tie;
use super::normal::{Normal, caveat};
use crate::incidents::Cite;
use crate::model::{Key, Metric, NodeId, Sample};
use crate::timeline::Series;

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
    limit(Metric::MajorFaults, 100.0, 5.0, "%s major page faults"),
    limit(Metric::PsiCpu, 40.0, 2.0, "some task waited for a CPU %s of the time"),
    limit(Metric::PsiIo, 30.0, 2.0, "some task waited for I/O %s of the time"),
    limit(Metric::PsiIoFull, 20.0, 2.0, "all tasks waited for I/O %s of the time"),
    limit(Metric::PsiMemory, 10.0, 2.0, "some task waited for memory %s of the time"),
    limit(Metric::TcpRetrans, 20.0, 5.0, "%s TCP segments were sent again"),
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
            for (cite, series, sample) in self.worst(limit.metric, node) {
                let seen = |s: &Strain| {
                    let Cite::Sample { series: known, .. } = s.cite else { return false };
                    let known = self.t.series.get(known as usize);
                    known.is_some_and(|k| (k.node, k.metric, &k.item) == (series.node, series.metric, &series.item))
                };
                if sample.value < limit.least || out.iter().any(seen) {
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
            _ if sample.value < 10.0 => format!("{:.1} {unit}", sample.value),
            _ => format!("{:.0} {unit}", sample.value),
        };
        let what = limit.says.replace("%s", &value);
        let host = self.name(series.node);
        let subject = match series.item.as_deref() {
            Some(item) => match self.tie(series, &[Key::EtcdDataDir, Key::PgWalDir, Key::PgDataDir]) {
                Tie::Carries(data, _) => format!("{item} on {host}, which carries {data}: {what}"),
                _ => format!("{item} on {host}: {what}"),
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
