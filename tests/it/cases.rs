//! Labelled incidents: the expected verdict, the decisive lines, and a cause that must not be claimed.

use crate::root;
use pgautopsy::report::{Report, VerdictKind};
use pgautopsy::run::{Settings, analyse, place, read};
use serde::Deserialize;

#[derive(Deserialize)]
struct Label {
    /// Any of these verdicts is right.
    verdict: Vec<String>,
    /// Any of these root causes is right where the verdict is `cause`.
    root: Vec<String>,
    /// Causes that may be named beside the root.
    contributing: Vec<String>,
    /// Parts of lines that the report must cite somewhere.
    decisive: Vec<String>,
    /// Causes that no incident of the bundle may end up with as confirmed or likely.
    never: Vec<String>,
}

/// Every labelled incident, in the order of their names.
fn folders() -> Vec<String> {
    let mut all: Vec<String> = std::fs::read_dir(root("fixtures/cases"))
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    all.sort();
    all
}

/// Runs `f` on every folder, on as many threads as there are cores; results in the order of the folders.
fn each<T: Send>(folders: &[String], f: impl Fn(&str) -> T + Sync) -> Vec<T> {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let done = std::sync::Mutex::new(Vec::new());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|s| {
        for _ in 0..cores {
            s.spawn(|| {
                while let Some(folder) = folders.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
                    let result = f(folder);
                    done.lock().unwrap().push((folder.clone(), result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap();
    done.sort_by(|a, b| a.0.cmp(&b.0));
    done.into_iter().map(|(_, r)| r).collect()
}

struct Row {
    folder: String,
    expected: String,
    got: String,
    certainty: &'static str,
    /// What is wrong with the answer.
    faults: Vec<String>,
    /// It blames something that the label does not.
    wrong_claim: bool,
}

/// Share of right verdicts below which the diagnosis is not good enough.
const RIGHT: f64 = 0.95;

#[test]
fn labelled_incidents_are_judged_right() {
    let folders = folders();
    let rows = each(&folders, judge);
    let mut table = format!("{:<52} {:<38} {:<38} {:<9} ok\n", "case", "expected", "got", "certainty");
    for r in &rows {
        let ok = if r.faults.is_empty() { "yes".to_owned() } else { format!("NO: {}", r.faults.join("; ")) };
        table.push_str(&format!("{:<52} {:<38} {:<38} {:<9} {ok}\n", r.folder, r.expected, r.got, r.certainty));
    }
    let right = rows.iter().filter(|r| r.faults.is_empty()).count();
    let wrong: Vec<&str> = rows.iter().filter(|r| r.wrong_claim).map(|r| r.folder.as_str()).collect();
    table.push_str(&format!("{right} of {} right, {} wrong claims\n", rows.len(), wrong.len()));
    // Past the test harness, which swallows what succeeds.
    let _ = std::io::Write::write_all(&mut std::io::stderr(), table.as_bytes());
    assert!(wrong.is_empty(), "wrong claims: {wrong:?}");
    assert!(right as f64 >= RIGHT * rows.len() as f64, "{right} of {} right", rows.len());
    let faults: Vec<String> =
        rows.iter().flat_map(|r| r.faults.iter().map(move |f| format!("{}: {f}", r.folder))).collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

/// Without any one source the answer may be weaker, never a wrong claim.
#[test]
fn a_missing_source_never_makes_a_wrong_claim() {
    let folders = folders();
    let results = each(&folders, ablate);
    let tried: usize = results.iter().map(|r| r.0).sum();
    let wrong: Vec<String> = results.into_iter().flat_map(|r| r.1).collect();
    let _ = std::io::Write::write_all(
        &mut std::io::stderr(),
        format!("{tried} bundles without one of their sources, {} wrong claims\n", wrong.len()).as_bytes(),
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(tried > folders.len());
}

/// Judges a case once for each source left out: read once, placed anew each time.
fn ablate(folder: &str) -> (usize, Vec<String>) {
    let label = label(folder);
    let settings = Settings::default();
    let bundle = read(&[root("fixtures/cases").join(folder).join("bundle")], &settings).unwrap();
    let mut wrong = Vec::new();
    let mut tried = 0;
    if bundle.sources.len() < 2 {
        return (0, wrong);
    }
    for left_out in &bundle.sources {
        let sources = bundle.sources.iter().filter(|s| s.path != left_out.path).cloned().collect();
        let (timeline, incidents, sources) = place(sources, &settings);
        let report = pgautopsy::report::build(&timeline, &incidents, &sources, Vec::new());
        tried += 1;
        if let Some(claim) = wrong_claim(&report, &label) {
            wrong.push(format!("{folder} without {}: {claim}", left_out.path));
        }
    }
    (tried, wrong)
}

fn label(folder: &str) -> Label {
    let text = std::fs::read_to_string(root("fixtures/cases").join(folder).join("case.toml")).unwrap();
    toml::from_str(&text).unwrap_or_else(|e| panic!("{folder}: {e}"))
}

/// A cause that the label names neither as root nor as contributor, or one that must never be claimed.
fn wrong_claim(report: &Report, label: &Label) -> Option<String> {
    let root_cause = report.verdict.root_cause.clone().unwrap_or_default();
    if report.verdict.kind == VerdictKind::Cause
        && !label.root.contains(&root_cause)
        && !label.contributing.contains(&root_cause)
    {
        return Some(format!("claims {root_cause}"));
    }
    for cause in &label.never {
        for incident in &report.incidents {
            let hypothesis = incident.verdict.hypotheses.iter().find(|h| h.cause == *cause);
            let status = hypothesis.map_or("absent", |h| h.status.as_str());
            if matches!(status, "confirmed" | "likely") {
                return Some(format!("{cause} is {status} in {}", incident.id));
            }
        }
    }
    None
}

fn judge(folder: &str) -> Row {
    let label = label(folder);
    let bundle = root("fixtures/cases").join(folder).join("bundle");
    let report = analyse(&[bundle], &Settings::default()).unwrap();
    let verdict = kind(report.verdict.kind);
    let answer = report.verdict.root_cause.clone().unwrap_or_default();
    let mut faults = Vec::new();
    if !label.verdict.iter().any(|v| v == verdict) {
        faults.push(format!("verdict: {}", report.verdict.headline));
    }
    if verdict == "cause" && !label.root.contains(&answer) {
        faults.push("another root cause".to_owned());
    }
    if verdict != "cause" && !answer.is_empty() {
        faults.push("a root cause without the verdict cause".to_owned());
    }
    if verdict == "insufficient_evidence" && report.verdict.missing_evidence.is_empty() {
        faults.push("says that it does not know, but not what it needs".to_owned());
    }
    let cited = cited(&report);
    for line in label.decisive.iter().filter(|l| !cited.iter().any(|raw| raw.contains(l.as_str()))) {
        faults.push(format!("no evidence cites {line:?}"));
    }
    let wrong = wrong_claim(&report, &label);
    faults.extend(wrong.iter().cloned());
    Row {
        folder: folder.to_owned(),
        expected: format!("{} {}", label.verdict.join("/"), label.root.join("/")).trim().to_owned(),
        got: format!("{verdict} {answer}").trim().to_owned(),
        certainty: report.verdict.confidence.id(),
        faults,
        wrong_claim: wrong.is_some(),
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
