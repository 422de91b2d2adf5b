//! Kubernetes objects: Patroni's settings in operator manifests, ConfigMaps and annotations; pods that were killed.
//!
//! With Kubernetes as DCS Patroni keeps its `config` and `history` in annotations of Endpoints or ConfigMaps:
//! those are in force. What an operator's manifest asks for is marked with the item `manifest`.

use super::{patroni_yml, patronictl_history};
use crate::formats::settings::{dynamic, parameter};
use crate::formats::sheet::{Line, Sheet, is_placeholder};
use crate::formats::tree::{Leaf, last_key};
use crate::formats::{Document, stamp, tree};
use crate::model::{Key, Parsed, Program, What};

pub static FORMAT: Document = Document {
    name: "kubernetes",
    program: Program::Config,
    doc: "apiVersion, kind; Zalando `postgresql`, Crunchy `PostgresCluster`, ConfigMaps, Endpoints, StatefulSets, Pods",
    sniff,
    read,
    samples: &[
        "apiVersion: acid.zalan.do/v1\nkind: postgresql\nmetadata:\n  name: acid-minimal\nspec:\n  patroni:\n    ttl: 30\n",
    ],
};

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    let yaml = text.lines().any(|l| l.trim_start_matches("- ").starts_with("apiVersion:"))
        && text.lines().any(|l| l.trim_start_matches(' ').starts_with("kind:"));
    let json = text.trim_start().starts_with('{') && text.contains("\"apiVersion\":") && text.contains("\"kind\":");
    if yaml || json { 97 } else { 0 }
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut sheet = Sheet::new(out, Program::Config);
    let leaves = tree::readable(&text, sheet.out);
    let all: Vec<&str> = text.lines().collect();
    for (i, leaf) in leaves.iter().enumerate() {
        leaf_facts(&leaves, i, leaf, &all, &text, &mut sheet);
    }
    sheet.account(&text);
}

/// The part of a path up to and with `step`, wherever an object may lie (`items[3].spec.patroni.`).
fn prefix_of<'a>(path: &'a str, step: &str) -> Option<&'a str> {
    let at = path.find(step)?;
    let before = path.get(..at)?;
    (before.is_empty() || before.ends_with('.')).then(|| path.get(..at + step.len()))?
}

fn leaf_facts(leaves: &[Leaf], at: usize, leaf: &Leaf, all: &[&str], text: &str, sheet: &mut Sheet<'_>) {
    let shown = format!("{}: {}", last_key(&leaf.path).replace('\u{b7}', "."), leaf.value.text());
    let own = crate::formats::settings::line_at(all, leaf.line);
    let line =
        if own.text.len() > 200 || own.text.trim().is_empty() { Line { number: leaf.line, text: &shown } } else { own };
    let value = leaf.value.text();
    let path = leaf.path.as_str();
    // Whole settings are taken once, at their first leaf.
    for (step, item) in [("spec.patroni.dynamicConfiguration.", "manifest"), ("spec.patroni.", "manifest")] {
        if let Some(prefix) = prefix_of(path, step) {
            let first = leaves.iter().position(|l| l.path.starts_with(prefix)) == Some(at);
            if first {
                dynamic(leaves, prefix, Some(item), text, sheet);
            }
            break;
        }
    }
    if path.contains("spec.patroni.") {
        match last_key(path) {
            "leaderLeaseDurationSeconds" => {
                sheet.num(Key::Ttl, Some("manifest"), leaf.value.num().unwrap_or(0.0), line)
            }
            "syncPeriodSeconds" => sheet.num(Key::LoopWait, Some("manifest"), leaf.value.num().unwrap_or(0.0), line),
            _ => {}
        }
    }
    if let Some((_, name)) = path.split_once("spec.postgresql.parameters.") {
        parameter(name, &value, line, sheet);
    }
    if last_key(path) == "apiVersion" && value.starts_with("postgresql.cnpg.io/") {
        sheet.text(Key::Manager, None, "CloudNativePG", line);
    }
    if path.contains("metadata.annotations.") {
        annotation(last_key(path), &value, line, sheet);
    }
    // A ConfigMap may hold a patroni.yml; a StatefulSet its SPILO_CONFIGURATION.
    let file = path.contains("data.") && (value.contains("\n") || value.trim_start().starts_with('{'));
    let spilo = last_key(path) == "value" && value.contains("bootstrap") && value.contains("dcs");
    let holds_patroni = value.contains("scope:") || value.contains("bootstrap") || value.contains("loop_wait");
    if ((file && holds_patroni) || spilo)
        && let Ok((inner, _)) = tree::leaves(&value)
    {
        // A block scalar begins below its key.
        let first = leaf.line - u32::from(!own.text.trim_end().ends_with(['|', '>', '-']));
        let inner: Vec<Leaf> = inner.into_iter().map(|l| Leaf { line: first + l.line, ..l }).collect();
        patroni_yml::local(&inner, "", text, sheet);
    }
    // `env: - name: X, value: Y` of a container.
    if path.ends_with("].name") && path.contains(".env[") && value != "SPILO_CONFIGURATION" {
        let stem = path.trim_end_matches("name");
        let given = leaves.iter().find(|l| l.path == format!("{stem}value")).map(|l| l.value.text());
        if let Some(given) = given
            && !is_placeholder(&given)
            && let Some(found) = super::environment::assignment(&value, &given, line, sheet)
        {
            patroni_yml::local(&[found], "", text, sheet);
        }
    }
    match last_key(path) {
        "memory" if path.contains("resources.limits") => {
            sheet.text(Key::UnitSetting, Some(path_name(path)), &format!("memory limit={value}"), line);
        }
        "reason" if path.contains(".terminated.") && value == "OOMKilled" => {
            let finished = leaf.path.replace(".reason", ".finishedAt");
            let when = leaves.iter().find(|l| l.path == finished).map(|l| l.value.text()).unwrap_or_default();
            let container =
                leaves.iter().find(|l| path.split("].").next().is_some_and(|s| l.path == format!("{s}].name")));
            let container = container.map(|l| l.value.text());
            if let Some((at, _)) = stamp::iso(when.as_bytes()) {
                sheet.event(Program::Systemd, at, What::UnitOom, container.as_deref(), line);
            }
        }
        _ => {}
    }
}

/// The container that a path speaks of, as far as it says so.
fn path_name(path: &str) -> &str {
    path.split('.').find(|p| p.starts_with("containers")).unwrap_or("pod")
}

/// Patroni's keys as annotations (`patroni/dcs/kubernetes.py`: config, history, initialize, leader, ttl …).
fn annotation(name: &str, value: &str, line: Line<'_>, sheet: &mut Sheet<'_>) {
    let leaves = || tree::leaves(value).map(|(l, _)| l).unwrap_or_default();
    match name {
        "config" => {
            let inner: Vec<Leaf> = leaves().into_iter().map(|l| Leaf { line: line.number, ..l }).collect();
            dynamic(&inner, "", None, "", sheet);
        }
        "history" => {
            let inner: Vec<Leaf> = leaves().into_iter().map(|l| Leaf { line: line.number, ..l }).collect();
            patronictl_history::from_leaves(&inner, "", sheet);
        }
        "initialize" => sheet.text(Key::SystemId, None, value, line),
        "leader" => sheet.text(Key::MemberRole, Some(value), "leader", line),
        "sync_standby" => sheet.text(Key::PatroniSetting, Some("sync.sync_standby"), value, line),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_operators_annotations_and_configmaps() {
        let cases = [
            (
                "apiVersion: acid.zalan.do/v1\nkind: postgresql\nspec:\n  patroni:\n    ttl: 30\n    failsafe_mode: true\n  postgresql:\n    parameters:\n      max_connections: \"200\"\n",
                vec!["Ttl manifest 30", "FailsafeMode manifest 1", "PgSetting max_connections 200"],
            ),
            (
                "apiVersion: postgres-operator.crunchydata.com/v1beta1\nkind: PostgresCluster\nspec:\n  patroni:\n    leaderLeaseDurationSeconds: 60\n    dynamicConfiguration:\n      retry_timeout: 5\n      postgresql:\n        parameters:\n          archive_mode: 'on'\n",
                vec!["Ttl manifest 60", "RetryTimeout manifest 5", "PgSetting archive_mode on"],
            ),
            (
                "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Endpoints\n  metadata:\n    name: batman-config\n    annotations:\n      config: '{\"ttl\":30,\"loop_wait\":10}'\n      history: '[[1,68629744,\"no recovery target specified\",\"2026-11-21T01:19:55+00:00\",\"pg3\"]]'\n",
                vec!["Ttl - 30", "HistoryLeader 1 pg3"],
            ),
            (
                "apiVersion: v1\nkind: ConfigMap\ndata:\n  patroni.yaml: |\n    scope: batman\n    bootstrap:\n      dcs:\n        ttl: 25\n    postgresql:\n      authentication:\n        superuser:\n          password: geheim\n",
                vec!["Scope - batman", "Ttl bootstrap 25"],
            ),
        ];
        for (text, wants) in cases {
            let got = FORMAT.facts(text);
            for want in wants {
                assert!(got.contains(&want.to_owned()), "{want} not in {got:#?}");
            }
            assert!(!got.iter().any(|f| f.contains("geheim")));
        }
    }

    #[test]
    fn a_container_killed_for_memory_is_an_event() {
        let text = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: pg-0\nstatus:\n  containerStatuses:\n  - name: postgres\n    lastState:\n      terminated:\n        exitCode: 137\n        reason: OOMKilled\n        finishedAt: \"2026-11-21T01:19:55Z\"\n";
        let mut out = Parsed::default();
        read(text.as_bytes(), "", &mut out);
        let raw = &out.streams[0].raws[0];
        assert_eq!((raw.what, raw.who.as_deref()), (What::UnitOom, Some("postgres")));
    }
}
