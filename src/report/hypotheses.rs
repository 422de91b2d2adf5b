//! Every cause with its evidence, in the order in which an expert asks.

use super::cite::proof;
use super::missing::need;
use super::{Hypothesis, Proof};
use crate::causes::{Judged, Side, Status};
use crate::incidents;
use crate::timeline::Timeline;

/// The order in which an expert asks (Crunchy Data's article, the maintainers' answers): the server itself first,
/// then orders, then Patroni and its DCS, space, I/O, the host; the network is what remains.
const QUESTIONS: &[&str] = &[
    "postgres_crash",
    "memory_oom",
    "planned_or_external_action",
    "etcd_quorum_loss",
    "etcd_nospace",
    "tls_certificate",
    "auth_failure",
    "disk_full",
    "etcd_slow_disk",
    "host_disk_io",
    "cpu_starvation",
    "host_stall",
    "vm_pause",
    "clock_skew",
    "timeouts_misconfig",
    "dns_failure",
    "k8s_api_unavailable",
    "dcs_network",
];

pub(super) fn hypotheses(t: &Timeline, x: &incidents::Incident, judged: &[Judged]) -> Vec<Hypothesis> {
    let mut order: Vec<&Judged> = judged.iter().collect();
    let question = |id: &str| QUESTIONS.iter().position(|q| *q == id).unwrap_or(QUESTIONS.len());
    order.sort_by_key(|j| (j.status, question(j.cause.id), j.cause.id));
    order.into_iter().map(|j| hypothesis(t, x, j)).collect()
}

fn hypothesis(t: &Timeline, x: &incidents::Incident, j: &Judged) -> Hypothesis {
    let side = |side: Side| -> Vec<Proof> {
        let mut out = Vec::new();
        for e in j.assessment.evidence.iter().filter(|e| e.side == side) {
            let mut proofs: Vec<Proof> = e.cites.iter().take(8).filter_map(|c| proof(t, *c)).collect();
            if proofs.is_empty() {
                proofs.push(Proof { text: e.words.clone(), ..Proof::default() });
            }
            for (i, p) in proofs.iter_mut().enumerate() {
                if i == 0 {
                    p.text = e.words.clone();
                }
            }
            out.extend(proofs);
        }
        out
    };
    let mut against = side(Side::Against);
    if j.status == Status::RuledOut && against.is_empty() {
        against.push(Proof {
            text: "the logs that would show it cover the time and do not".to_owned(),
            ..Proof::default()
        });
    }
    let needs = match j.status {
        Status::RuledOut => Vec::new(),
        _ => j.missing.iter().map(|n| need(t, x, *n, vec![j.cause.id.to_owned()])).collect(),
    };
    Hypothesis { cause: j.cause.id.to_owned(), status: j.status.id().to_owned(), pro: side(Side::For), against, needs }
}
