//! Labelled incidents: the expected verdict, the decisive lines, and a cause that must not be claimed.

use crate::root;
use pgautopsy::report::{Report, VerdictKind};
use pgautopsy::run::{Settings, analyse};
use serde::Deserialize;
use std::collections::BTreeSet;

#[derive(Deserialize)]
struct Label {
    /// Any of these verdicts is right.
    verdict: Vec<String>,
    /// Any of these root causes is right where the verdict is `cause`.
    root: Vec<String>,
    #[allow(dead_code)] // for people who read the label
    contributing: Vec<String>,
    /// Parts of lines that the report must cite somewhere.
    decisive: Vec<String>,
    /// Causes that no incident of the bundle may end up with as confirmed or likely.
    never: Vec<String>,
    /// Today's answer, where it is known to be wrong.
    #[serde(default)]
    wrong_today: Option<String>,
}

macro_rules! cases {
    ($($test:ident $folder:literal,)*) => {
        $(#[test] fn $test() { judge($folder); })*
        const FOLDERS: &[&str] = &[$($folder),*];
    };
}

cases! {
    incident_02_io_saturated_33s_gap_consul "02-io-saturated-33s-gap-consul",
    incident_05_systemd_stopped_patroni "05-systemd-stopped-patroni",
    incident_07_etcd_nospace_2gb "07-etcd-nospace-2gb",
    incident_09_etcd_fsync_2m49s "09-etcd-fsync-2m49s",
    incident_12_wal_disk_full_no_switchover "12-wal-disk-full-no-switchover",
    incident_15_json_log_35s_silence_immediate_shutdown "15-json-log-35s-silence-immediate-shutdown",
    incident_20_cgroup_oom_kill_postgres "20-cgroup-oom-kill-postgres",
    incident_22_no_failover_wal_switch_counts_as_lag "22-no-failover-wal-switch-counts-as-lag",
    incident_26_k8s_api_connect_timeout_fast_shutdown "26-k8s-api-connect-timeout-fast-shutdown",
    incident_29_node_network_loss_api_and_walsender "29-node-network-loss-api-and-walsender",
    incident_31_systemd_notify_start_timeout_loop "31-systemd-notify-start-timeout-loop",
    incident_35_etcd_clock_difference_warnings_only "35-etcd-clock-difference-warnings-only",
    incident_36_leader_key_vanishes_each_loop_clock "36-leader-key-vanishes-each-loop-clock",
    incident_40_etcd_client_certificate_expired "40-etcd-client-certificate-expired",
    incident_45_two_time_zones_key_gone_after_8s "45-two-time-zones-key-gone-after-8s",
    incident_48_network_trouble_three_nodes "48-network-trouble-three-nodes",
    incident_51_etcd_elections_by_lagging_member "51-etcd-elections-by-lagging-member",
    incident_55_quota_85_percent_but_long_fsync "55-quota-85-percent-but-long-fsync",
    incident_57_two_of_three_etcd_on_one_esxi_slow_fdatasync "57-two-of-three-etcd-on-one-esxi-slow-fdatasync",
    incident_60_auth_token_expiry_is_harmless_pgbouncer "60-auth-token-expiry-is-harmless-pgbouncer",
    incident_68_ttl_three_seconds "68-ttl-three-seconds",
    field_basebackup_password "field-basebackup-password",
    field_disk_full_archiver_131 "field-disk-full-archiver-131",
    field_disk_full_new_timeline "field-disk-full-new-timeline",
    field_etcd_log_alone_peers_lost "field-etcd-log-alone-peers-lost",
    field_k8s_api_ipv6_json "field-k8s-api-ipv6-json",
    field_one_etcd_timeout_harmless "field-one-etcd-timeout-harmless",
    field_patroni_segfault "field-patroni-segfault",
    field_replicator_password "field-replicator-password",
    field_restarted_on_an_older_timeline "field-restarted-on-an-older-timeline",
    field_restart_loop_patroni_log_only "field-restart-loop-patroni-log-only",
    field_sysid_after_recreating "field-sysid-after-recreating",
    lab_01_slow_disk "lab-01-slow-disk",
    lab_02_etcd_disk_full "lab-02-etcd-disk-full",
    lab_04_pgwal_full "lab-04-pgwal-full",
    lab_05_partition_primary "lab-05-partition-primary",
    lab_09_kill_backend "lab-09-kill-backend",
    lab_12_patroni_stuck "lab-12-patroni-stuck",
    lab_16_planned_switchover "lab-16-planned-switchover",
    lab_21_failsafe "lab-21-failsafe",
    lab_23_noisy_harmless "lab-23-noisy-harmless",
    lab_24_two_unrelated "lab-24-two-unrelated",
}

#[test]
fn every_case_has_a_test() {
    let folders: BTreeSet<String> = std::fs::read_dir(root("fixtures/cases"))
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    let listed: BTreeSet<String> = FOLDERS.iter().map(|f| (*f).to_owned()).collect();
    assert_eq!(folders, listed);
}

fn judge(folder: &str) {
    let case = root("fixtures/cases").join(folder);
    let label: Label = toml::from_str(&std::fs::read_to_string(case.join("case.toml")).unwrap()).unwrap();
    let report = analyse(&[case.join("bundle")], &Settings::default()).unwrap();
    let verdict = kind(report.verdict.kind);
    let answer = report.verdict.root_cause.clone().unwrap_or_default();
    let said = format!("{verdict} {answer}").trim().to_owned();
    if let Some(wrong) = label.wrong_today {
        assert_eq!(said, wrong, "{folder}: the known wrong answer changed; is it right now?");
        return;
    }
    assert!(
        label.verdict.iter().any(|v| v == verdict),
        "{folder}: {said}, should be {:?}: {}",
        label.verdict,
        report.verdict.headline
    );
    if verdict == "cause" {
        assert!(label.root.contains(&answer), "{folder}: {answer}, should be one of {:?}", label.root);
    } else {
        assert_eq!(answer, "", "{folder}: a root cause without the verdict cause");
    }
    if verdict == "insufficient_evidence" {
        assert!(
            !report.verdict.missing_evidence.is_empty(),
            "{folder}: says that it does not know, but not what it needs"
        );
    }
    let cited = cited(&report);
    for line in &label.decisive {
        assert!(cited.iter().any(|raw| raw.contains(line.as_str())), "{folder}: no evidence cites {line:?}");
    }
    for cause in &label.never {
        for incident in &report.incidents {
            let hypothesis = incident.verdict.hypotheses.iter().find(|h| h.cause == *cause);
            let status = hypothesis.map_or("absent", |h| h.status.as_str());
            assert!(!matches!(status, "confirmed" | "likely"), "{folder}: {cause} is {status} in {}", incident.id);
        }
    }
}

fn kind(kind: VerdictKind) -> &'static str {
    match kind {
        VerdictKind::Cause => "cause",
        VerdictKind::InsufficientEvidence => "insufficient_evidence",
        VerdictKind::NoIncident => "no_incident",
    }
}

/// Every raw line that the report shows as evidence, in its chains, hypotheses, phases, risks or timeline.
fn cited(report: &Report) -> Vec<String> {
    let verdicts = || report.incidents.iter().map(|i| &i.verdict).chain([&report.verdict]);
    let chain = verdicts().flat_map(|v| &v.chain).flat_map(|l| &l.evidence);
    let weighed = verdicts().flat_map(|v| &v.hypotheses).flat_map(|h| h.pro.iter().chain(&h.against));
    let phases = report.incidents.iter().flat_map(|i| &i.phases).flat_map(|p| &p.evidence);
    let risks = report.risks.iter().flat_map(|r| &r.evidence);
    let proofs = chain.chain(weighed).chain(phases).chain(risks).filter_map(|p| p.raw.clone());
    proofs.chain(report.timeline.iter().map(|e| e.raw.clone())).collect()
}
