//! etcd's database reached its quota and refuses writes.

use super::case::cites;
use super::{Assessment, Case, Cause, Layer, Need, Remedy, Strength, When, Who};
use crate::incidents::Cite;
use crate::model::{Key, Program, What, Why};

pub static CAUSE: Cause = Cause {
    id: "etcd_nospace",
    title: "etcd's database reached its space quota and refused writes",
    layer: Layer::Dcs,
    leads_to: &[],
    needs: &[Need::Log(Program::Patroni, Who::Any)],
    doc: DOC,
    remedies: &[
        Remedy { kind: When::Now, text: "On every member: compact to the current revision, defragment one member at a time, then `etcdctl alarm disarm`.", risk: "a member does not answer while it defragments", verify: "etcdctl alarm list is empty; Patroni's log has no `database space exceeded`" },
        Remedy { kind: When::LongTerm, text: "Set auto-compaction (1h), alert at 75 % of quota-backend-bytes, and find who else writes into this etcd.", risk: "none", verify: "db size in use stays far below the quota" },
    ],
    assess,
};

const DOC: &str = "## What happens
The backend passes quota-backend-bytes (2 GiB by default). etcd raises NOSPACE on all members and refuses
puts; lease renewals go on, so the leader stays until the lock is lost once. Then nobody can take it.

## How we tell
`mvcc: database space exceeded` in Patroni's or etcd's log, or alarm:NOSPACE in etcdctl's output.

## What else looks like it
A full file system (`no space left on device`). A database near its quota without an alarm is a risk only.

## What to do
Compact, defragment, disarm; then compaction by schedule.

## References
etcd: Maintenance, Space quota; History compaction.";

fn assess(c: &Case<'_>) -> Assessment {
    let mut a = Assessment::default();
    let said = c.find_wide(&[What::DcsNoSpace, What::NoSpaceAlarm, What::QuotaExceeded]);
    let by_why: Vec<_> = c.t.find(&[What::DcsException, What::LockUpdateFailed, What::DcsRequestFailed, What::UnnamedAlarm], c.incident.window).filter(|e| e.why == Why::Quota).collect();
    let all: Vec<_> = said.iter().chain(&by_why).copied().collect();
    if !all.is_empty() {
        a.pro(Strength::Decisive, "etcd refused writes: database space exceeded", cites(&all));
    }
    let alarms: Vec<Cite> = c
        .t
        .facts
        .iter()
        .enumerate()
        .filter(|(_, f)| f.fact.key == Key::EtcdAlarm && f.fact.value.text().is_some_and(|v| v.to_ascii_uppercase().contains("NOSPACE")))
        .map(|(i, _)| Cite::Fact(i as u32))
        .collect();
    if !alarms.is_empty() {
        a.pro(Strength::Strong, "etcdctl shows the NOSPACE alarm", alarms);
    }
    if !a.evidence.is_empty() {
        a.tag("no_auto_compaction_or_foreign_keys");
    }
    a
}
