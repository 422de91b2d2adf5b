//! The storage of the database host was slow, hung or gone.

use super::case::{cites, duration, length};
use super::{Assessment, Case, Cause, Layer, Need, Remedy, Strength, When, Who};
use crate::incidents::Kind;
use crate::model::{Metric, Program, What};

/// Mean request time at which a disk hardly answers; the same limit as for stalls (`incidents::classify`).
const HUNG_MS: f32 = 100.0;
/// Times the host's own normal that an await must reach to count as a spike (our choice).
const SPIKE: f32 = 5.0;

pub static CAUSE: Cause = Cause {
    id: "host_disk_io",
    title: "the storage of the database host did not answer in time",
    layer: Layer::Host,
    leads_to: &["etcd_slow_disk", "etcd_quorum_loss", "postgres_crash", "host_stall"],
    needs: &[Need::Series(Metric::DiskAwait, Who::OldPrimary), Need::Log(Program::Kernel, Who::OldPrimary)],
    doc: DOC,
    remedies: &[
        Remedy { kind: When::Now, text: "Look at the storage of {host} (array, hypervisor datastore, cloud volume limits) for these minutes, and at what wrote: pidstat -d, backup, vacuum, checkpoint.", risk: "none", verify: "await of the data device back at its usual value" },
        Remedy { kind: When::LongTerm, text: "Separate WAL, data, backups and etcd on devices of their own, or raise the volume's IOPS.", risk: "a maintenance window per host", verify: "the same job no longer raises await of the WAL and etcd devices" },
    ],
    assess,
};

const DOC: &str = "## What happens
A device under PGDATA, WAL or swap answers requests only after seconds. Commits wait; Patroni and etcd on the
same device wait too. With a healthy majority of etcd elsewhere, the primary keeps its lock and clients hang.

## How we tell
await and %util of the device against the host's own normal; statements that took seconds; kernel reports of
hung tasks and I/O errors on the primary's host.

## What else looks like it
A busy but answering disk (high %util and iowait with low await does no harm), CPU starvation, locks.

## What to do
Find the load or the fault behind the device; separate devices.

## References
sysstat: sar(1), iostat(1). PostgreSQL documentation: Reliability.";

fn assess(c: &Case<'_>) -> Assessment {
    let mut a = Assessment::default();
    let old = c.incident.old;
    for (cite, series, x) in c.worst(Metric::DiskAwait, old).into_iter().take(1) {
        let base = c.baseline(series).unwrap_or(0.0);
        if x.value >= HUNG_MS && x.value >= SPIKE * base {
            let util = c.worst(Metric::DiskUtil, Some(series.node)).into_iter().find(|(_, s, _)| s.item == series.item);
            let over = length(x.to - x.from);
            let words = format!("{} on {} needed {:.0} ms a request, as an average over {over}; usually {base:.1} ms", series.item.as_deref().unwrap_or("a disk"), c.name(series.node), x.value);
            let strength = if c.is(&[Kind::WriteStall]) { Strength::Decisive } else { Strength::Strong };
            a.pro(strength, words, [cite].into_iter().chain(util.map(|u| u.0)));
        }
    }
    let on_old = |e: &crate::timeline::Hit<'_>| old.is_none_or(|o| o == e.node);
    let kernel: Vec<_> = c.find(&[What::HungTask, What::BlockIoError]).into_iter().filter(on_old).collect();
    if !kernel.is_empty() {
        a.pro(Strength::Strong, "the kernel reports tasks blocked on storage, or I/O errors", cites(&kernel));
    }
    let slow: Vec<_> = c.find(&[What::PgWalIoSlow]).into_iter().filter(on_old).collect();
    if !slow.is_empty() {
        a.pro(Strength::Weak, "PostgreSQL waited long for I/O", cites(&slow));
    }
    let statements: Vec<_> = c.find(&[What::PgSlowStatement]).into_iter().filter(on_old).filter(|e| e.num >= 2_000.0).collect();
    if !a.evidence.is_empty() && !statements.is_empty() {
        let worst = statements.iter().map(|e| e.num).fold(0.0, f64::max);
        a.pro(Strength::Weak, format!("statements on {} took up to {}", c.old_name(), duration(worst)), cites(&statements));
    }
    if !a.evidence.is_empty() && c.find(&[What::FsyncSlow]).iter().any(on_old) {
        a.tag("co_located_etcd");
        a.tag("etcd_slow_disk");
    }
    if c.requested() {
        a.con(Strength::Decisive, "the change was asked for", []);
    }
    a
}
