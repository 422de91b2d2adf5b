//! The pipeline: bundle → detect → read → name → clock → timeline → incidents → causes → report.

mod disk_names;
mod sar;

pub use sar::sar;

use crate::clock::{self, Zones};
use crate::cluster;
use crate::collect::verify;
use crate::detect::{Detected, Encoding, decode, detect};
use crate::formats::wash::Wash;
use crate::formats::{end_of, part_of, read_log_in_ranges, read_log_with, read_part, whole};
use crate::incidents::{self, Incident};
use crate::input::{Entry, InputError, Limits, Lines, Loss, Progress, ReadAt, Skipped, read_all, read_anywhere};
use crate::messages::Own;
use crate::model::{Caps, Coverage, MINUTE, Micros, Parsed, Problem, Source, Span, Thresholds, rfc3339};
use crate::redact::{self, Copied, Redactor};
use crate::report::{self, Excerpt, Report, Skip};
use crate::thin::Thinning;
use crate::timeline::{self, Timeline};
use crate::when::Window;
use std::collections::{BTreeMap, BTreeSet};
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a user may say about an analysis.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub limits: Limits,
    /// 0 = one per core.
    pub threads: usize,
    pub zones: Zones,
    /// Hosts keep the names that their lines bear, also where their Patroni member is called otherwise.
    pub by_host: bool,
    /// Read the raw lines around what the report cites; costs another pass over those sources.
    pub excerpts: bool,
    /// Told how far reading is.
    pub progress: Option<Arc<Progress>>,
    /// Messages that the user added.
    pub own: Arc<Own>,
    /// The part of the bundle that is asked about; the rest is context.
    pub window: Window,
    pub thresholds: Thresholds,
}

impl Settings {
    fn threads(&self) -> usize {
        if self.threads == 0 { rayon::current_num_threads() } else { self.threads }
    }
}

/// How a source is read.
struct Reading<'a> {
    threads: usize,
    /// The rest of a big plain log in order of time is left out.
    window: Option<&'a Window>,
    own: &'a Arc<Own>,
    caps: Caps,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Input(#[from] InputError),
    /// A time that cannot be read, or a window outside of the logs.
    #[error("{0}")]
    Window(String),
}

/// Everything that was read, and what was not.
#[derive(Debug, Default)]
pub struct Bundle {
    pub sources: Vec<Source>,
    pub skipped: Vec<Skip>,
    /// Limits of the whole bundle that were met.
    pub notes: Vec<String>,
}

/// Reads, places, judges and reports.
pub fn analyse(paths: &[PathBuf], settings: &Settings) -> Result<Report, RunError> {
    let bundle = read(paths, settings)?;
    let clusters = cluster::separate(&bundle.sources);
    let mut report = if clusters.len() < 2 {
        judge(bundle.sources, settings, bundle.skipped)?
    } else {
        // Each cluster has its own leader lock, and members of two clusters may bear the same names: one report each.
        let reports = clusters.into_iter().map(|(scope, indices)| {
            let own = indices.iter().filter_map(|i| bundle.sources.get(*i).cloned()).collect();
            Ok((scope, judge(own, settings, Vec::new())?))
        });
        report::merge(reports.collect::<Result<_, RunError>>()?, bundle.skipped)
    };
    report.inventory.notes.extend(bundle.notes);
    if settings.excerpts {
        report.excerpts = excerpts(paths, settings, &report)?;
    }
    Ok(report)
}

/// The report on one cluster, within the window that is asked about.
fn judge(sources: Vec<Source>, settings: &Settings, skipped: Vec<Skip>) -> Result<Report, RunError> {
    let (mut timeline, mut incidents, sources) = place(sources, settings);
    let span = window(&timeline, &sources, settings)?;
    if let Some(span) = span {
        incidents.retain(|i| i.span.overlaps(&span));
        if incidents.is_empty() {
            // Nothing may be said about what was not asked about.
            timeline.narrow(span);
        }
    }
    let mut report = report::build(&timeline, &incidents, &sources, skipped);
    if let Some(span) = span {
        let near = span.widened(Window::AROUND);
        let (from, to) = (rfc3339(near.from), rfc3339(near.to));
        report.timeline.retain(|e| e.until.as_deref().unwrap_or(&e.at) >= from.as_str() && e.at <= to);
    }
    Ok(report)
}

/// The span that is asked about, if it is not all.
pub fn window(t: &Timeline, sources: &[Source], settings: &Settings) -> Result<Option<Span>, RunError> {
    if settings.window.is_whole() {
        return Ok(None);
    }
    let all = sources.iter().filter_map(|s| s.parsed.covers).chain(t.span());
    let Some(whole) = all.reduce(|a, b| a.union(&b)) else { return Ok(None) };
    settings.window.within(whole).map(Some).map_err(RunError::Window)
}

/// The lines around what a report cites. Standard input cannot be read twice: cited lines then stand alone.
fn excerpts(paths: &[PathBuf], settings: &Settings, report: &Report) -> Result<Vec<Excerpt>, InputError> {
    let wanted = report::excerpts::wanted(report);
    let again: Vec<PathBuf> = paths.iter().filter(|p| p.as_os_str() != "-").cloned().collect();
    let prefixes = prefixes(paths);
    let (threads, caps) = (settings.threads(), settings.limits.caps());
    let mut fetched: BTreeMap<String, BTreeMap<u32, String>> = BTreeMap::new();
    if !again.is_empty() && !wanted.is_empty() {
        let listing = read_all(&again, &settings.limits, threads, &|entry: &Entry, input: &mut dyn BufRead| {
            wanted
                .get(shortened(&entry.path, &prefixes))
                .map(|lines| fetch(&report::excerpts::around(lines), input, &caps))
        })?;
        for (entry, lines) in listing.items {
            if let Some(lines) = lines {
                fetched.insert(shortened(&entry.path, &prefixes).to_owned(), lines);
            }
        }
    }
    let none = BTreeMap::new();
    let cut = |(path, lines): (&String, &BTreeMap<u32, String>)| {
        report::excerpts::cut(path, lines, fetched.get(path).unwrap_or(&none))
    };
    Ok(wanted.iter().flat_map(cut).collect())
}

/// The lines of these numbers, without secrets; reads no further than the last of them.
fn fetch(numbers: &BTreeSet<u32>, input: &mut dyn BufRead, caps: &Caps) -> BTreeMap<u32, String> {
    let mut out = BTreeMap::new();
    let Some(last) = numbers.last().copied() else { return out };
    let head = input.fill_buf().map(|h| h.get(..h.len().min(4096)).unwrap_or(h).to_vec()).unwrap_or_default();
    let encoding = detect(&head, "").encoding;
    let text;
    let mut decoded: &[u8];
    let mut lines = if encoding == Encoding::Utf8 {
        Lines::new(input, LINE_MAX)
    } else {
        text = decode(&whole(input, caps).0, encoding).into_owned();
        decoded = &text;
        Lines::new(&mut decoded, LINE_MAX)
    };
    while let Ok(Some(line)) = lines.next() {
        if numbers.contains(&line.number) {
            let text = String::from_utf8_lossy(line.bytes);
            out.insert(line.number, crate::formats::secrets::masked(&text).into_owned());
        }
        if line.number >= last {
            break;
        }
    }
    out
}

/// Bytes of a line that an excerpt may show.
const LINE_MAX: u64 = 16 << 10;

/// Reads all sources below the paths.
pub fn read(paths: &[PathBuf], settings: &Settings) -> Result<Bundle, InputError> {
    let threads = settings.threads();
    let window = Some(&settings.window).filter(|w| !w.is_whole());
    let progress = settings.progress.as_deref();
    let caps = settings.limits.caps();
    let thinning = Thinning::new(settings.limits.events);
    let listing = read_anywhere(paths, &settings.limits, threads, progress, &|entry, input, plain| {
        let plain = plain.filter(|_| threads > 1 || window.is_some());
        let mut read = read_with(&entry.path, input, plain, &Reading { threads, window, own: &settings.own, caps });
        read.iter_mut().for_each(|parsed| thinning.take(parsed));
        // Small, as a hundred thousand of them are moved about.
        read.map(Box::new)
    })?;
    let mut bundle = Bundle { sources: Vec::with_capacity(listing.items.len()), ..Bundle::default() };
    for (entry, parsed) in listing.items {
        match parsed {
            Ok(parsed) => bundle.sources.push(Source { path: entry.path, modified: entry.modified, parsed: *parsed }),
            Err(why) => bundle.skipped.push(Skip { path: entry.path, why }),
        }
    }
    let lost = listing.skipped.into_iter().filter(|s: &Skipped| s.loss != Loss::Nothing || s.why.contains("link"));
    bundle.skipped.extend(lost.map(|s| Skip { path: s.path, why: s.why }));
    bundle.notes.extend(thinning.settle(&mut bundle.sources));
    bundle.notes.extend(cluster::crowd(&mut bundle.sources, settings.limits.hosts));
    for fault in verify::verify(paths, &settings.limits, threads, &bundle.sources)? {
        if let Some(source) = bundle.sources.get_mut(fault.manifest) {
            source.parsed.problems.push(Problem { line: None, what: fault.what });
        }
    }
    let prefixes = prefixes(paths);
    let shorten = |path: &mut String| *path = shortened(path, &prefixes).to_owned();
    bundle.sources.iter_mut().for_each(|s| shorten(&mut s.path));
    bundle.skipped.iter_mut().for_each(|s| shorten(&mut s.path));
    bundle.skipped.sort_by(|a, b| (&a.path, &a.why).cmp(&(&b.path, &b.why)));
    Ok(bundle)
}

fn prefixes(paths: &[PathBuf]) -> Vec<String> {
    paths.iter().filter_map(|p| shown_without(p)).collect()
}

/// A path as it is shown.
fn shortened<'a>(path: &'a str, prefixes: &[String]) -> &'a str {
    prefixes.iter().find_map(|p| path.strip_prefix(p.as_str())).filter(|r| !r.is_empty()).unwrap_or(path)
}

/// What is left out of shown paths: the folders above the one that was named.
fn shown_without(path: &Path) -> Option<String> {
    let parent = path.parent()?.to_string_lossy();
    (!parent.is_empty()).then(|| format!("{}/", parent.trim_end_matches('/')))
}

/// Reads one source; `Err` says why it is not evidence.
pub fn read_one(path: &str, input: &mut dyn BufRead) -> Result<Parsed, String> {
    read_one_with(path, input, &Arc::default(), Caps::default())
}

/// The same, with messages that the user added and within other bounds.
pub fn read_one_with(path: &str, input: &mut dyn BufRead, own: &Arc<Own>, caps: Caps) -> Result<Parsed, String> {
    read_with(path, input, None, &Reading { threads: 1, window: None, own, caps })
}

/// Reads one source, with several threads if its bytes can be had at any place.
fn read_with(
    path: &str,
    input: &mut dyn BufRead,
    plain: Option<&dyn ReadAt>,
    how: &Reading<'_>,
) -> Result<Parsed, String> {
    let (own, caps) = (how.own, how.caps);
    let head = match input.fill_buf() {
        Ok(head) => head.get(..head.len().min(64 << 10)).unwrap_or(head).to_vec(),
        Err(e) => return Err(format!("cannot be read: {e}")),
    };
    let mut detection = detect(&head, path);
    let mut parsed = match detection.found {
        Detected::Empty => return Err(detection.why),
        Detected::Binary(what) => return Err(format!("not a log: {what}")),
        Detected::Unknown => return Err(format!("not recognised: {}", detection.why)),
        Detected::Log { envelope, newest_first } => {
            let thorough = detection.wash.filter(Wash::is_thorough);
            let mut parsed = if detection.encoding == Encoding::Utf8 && thorough.is_none() {
                match plain {
                    Some(plain) if envelope.is_none() && !newest_first && own.is_empty() => {
                        match how.window.and_then(|window| part(plain, window, how)) {
                            Some((parsed, why)) => {
                                detection.why.push_str(&why);
                                parsed
                            }
                            None => read_log_in_ranges(plain, how.threads, caps),
                        }
                    }
                    _ => read_log_with(input, envelope, newest_first, Some(own), caps),
                }
            } else {
                let (all, problem) = whole(input, &caps);
                let text = decode(&all, detection.encoding);
                let text = match thorough {
                    Some(wash) => wash.text(&text).into(),
                    None => text,
                };
                let mut parsed = read_log_with(&mut text.as_ref(), envelope, newest_first, Some(own), caps);
                parsed.problems.extend(problem);
                parsed
            };
            let programs = programs(&parsed);
            let undated: Vec<&str> = parsed.undated_by.iter().map(|p| p.id()).collect();
            let inner = match (programs.is_empty(), undated.is_empty()) {
                (false, _) => programs.join("+"),
                (true, false) => format!("messages of {}", undated.join("+")),
                (true, true) => "messages".to_owned(),
            };
            if let Some(problem) = without_times(&parsed) {
                parsed.problems.push(problem);
            }
            parsed.kind = envelope.map_or(inner.clone(), |e| format!("{}: {inner}", e.name));
            parsed
        }
        Detected::Document(document) => {
            let mut parsed = Parsed { kind: document.name.to_owned(), caps, ..Parsed::default() };
            let (all, problem) = whole(input, &caps);
            parsed.problems.extend(problem);
            parsed.coverage = Coverage { bytes: all.len() as u64, ..Coverage::default() };
            let text = decode(&all, detection.encoding);
            let text = detection.wash.map_or(text.clone(), |w| w.text(&text).into());
            let name = path.rsplit(['/', '!']).next().unwrap_or(path);
            (document.read)(&text, name, &mut parsed);
            // What wraps logs says as little of them as an envelope does.
            if ["json_export", "csv_table", "journal_export"].contains(&document.name) && !parsed.streams.is_empty() {
                parsed.kind = format!("{}: {}", document.name, programs(&parsed).join("+"));
            }
            parsed
        }
    };
    // What a reader says of the whole file stands behind the reason.
    parsed.kind_why = match parsed.kind_why.as_str() {
        "" => detection.why,
        more => format!("{}; {more}", detection.why),
    };
    Ok(parsed)
}

/// Read before and after what is asked for: twice what causes look back, for an incident may have begun before (our
/// choice).
const MARGIN: Micros = 2 * Window::AROUND;

/// What a log in order of time says around a window, and what of it was read; none if its order does not hold.
fn part(plain: &dyn ReadAt, window: &Window, how: &Reading<'_>) -> Option<(Parsed, String)> {
    let span = window.at_least(end_of(plain)?)?;
    let part = part_of(plain, span.widened(MARGIN))?;
    let mut parsed = read_part(plain, &part, how.threads, how.caps).ok()?;
    if parsed.streams.iter().any(|s| !s.steps.is_empty()) {
        return None;
    }
    parsed.covers = Some(part.covers);
    let (from, to) = (rfc3339(part.covers.from), rfc3339(part.covers.to));
    let why = format!(
        "; it covers {from} to {to}, and only bytes {} to {} of {} were read: the window and {} minutes around it",
        part.bytes.start,
        part.bytes.end,
        plain.size(),
        MARGIN / MINUTE
    );
    Some((parsed, why))
}

/// Who writes in a source, each once.
fn programs(parsed: &Parsed) -> Vec<&'static str> {
    let mut list: Vec<&str> = parsed.streams.iter().map(|s| s.program.id()).collect();
    list.sort_unstable();
    list.dedup();
    list
}

/// Says of a log without any stamp that nothing of it can be placed.
fn without_times(parsed: &Parsed) -> Option<Problem> {
    if parsed.coverage.lines == 0 || parsed.streams.iter().any(|s| s.stamped > 0) {
        return None;
    }
    let by: Vec<&str> = parsed.undated_by.iter().map(|p| p.id()).collect();
    let (n, of) =
        (parsed.undated.len(), if by.is_empty() { String::new() } else { format!(" of {}", by.join(" and ")) });
    let what = format!("no line has a stamp: its {n} messages{of} are told without a time and stand on no timeline");
    Some(Problem { line: None, what })
}

/// Whether a file that begins like this must be read from its beginning: only logs of single lines can be continued.
pub fn read_as_a_whole(head: &[u8], path: &str) -> bool {
    // Exports whose first line names the columns, or whose records span lines.
    const HEADED: &[&str] = &["csv_export", "kibana", "elastic", "loki", "cloud"];
    match detect(head, path).found {
        Detected::Log { envelope, newest_first } => newest_first || envelope.is_some_and(|e| HEADED.contains(&e.name)),
        _ => true,
    }
}

/// Numbers lines as in the whole file, for a part that was read by itself.
pub fn shift_lines(parsed: &mut Parsed, before: u64) {
    let before = u32::try_from(before).unwrap_or(u32::MAX);
    let shift = |line: &mut u32| *line = line.saturating_add(before);
    for stream in &mut parsed.streams {
        stream.raws.iter_mut().for_each(|r| shift(&mut r.line));
        stream.series.iter_mut().for_each(|s| shift(&mut s.line));
        stream.gaps.iter_mut().for_each(|g| shift(&mut g.line));
        stream.names.iter_mut().for_each(|n| shift(&mut n.line));
        for beat in &mut stream.beats {
            shift(&mut beat.line);
            shift(&mut beat.last_line);
        }
    }
    parsed.facts.iter_mut().for_each(|f| shift(&mut f.line));
    parsed.undated.iter_mut().for_each(|r| shift(&mut r.line));
    parsed.problems.iter_mut().filter_map(|p| p.line.as_mut()).for_each(shift);
}

/// From sources to incidents.
pub fn place(sources: Vec<Source>, settings: &Settings) -> (Timeline, Vec<Incident>, Vec<Source>) {
    let mut cluster = cluster::join(&sources);
    if !settings.by_host {
        cluster.call_by_member();
    }
    let clocks = clock::set(&sources, &cluster, &settings.zones);
    let mut timeline = timeline::build(&sources, cluster, clocks);
    timeline.thresholds = settings.thresholds.clone();
    let incidents = incidents::find(&timeline);
    (timeline, incidents, sources)
}

/// What a bundle's names become.
pub fn redactor(paths: &[PathBuf], settings: &Settings) -> Result<Redactor, InputError> {
    // Names are looked for everywhere, whatever the report is about.
    let limits = Limits { hosts: u64::MAX, events: u64::MAX, ..settings.limits.clone() };
    let bundle = read(paths, &Settings { window: Window::default(), limits, ..settings.clone() })?;
    let mut names = redact::known(&bundle.sources, &cluster::join(&bundle.sources));
    names.scan_paths(paths, &settings.limits, settings.threads.max(1))?;
    Ok(Redactor::new(&names))
}

/// Copies a bundle into the folder `to` under pseudonyms.
pub fn redact(paths: &[PathBuf], to: &Path, settings: &Settings) -> Result<(Redactor, Copied), InputError> {
    let redactor = redactor(paths, settings)?;
    let prefixes = prefixes(paths);
    let shown = |path: &str| shortened(path, &prefixes).to_owned();
    let copied = redact::copy(paths, to, &settings.limits, &shown, &redactor)?;
    Ok((redactor, copied))
}

/// The files of a bundle written in one literal: `//- path` lines begin them.
pub fn files_in(bundle: &str) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = Vec::new();
    for line in bundle.lines() {
        if let Some(path) = line.strip_prefix("//- ") {
            files.push((path.trim().to_owned(), String::new()));
        } else if let Some((_, text)) = files.last_mut() {
            text.push_str(line);
            text.push('\n');
        }
    }
    files
}

/// The pipeline on texts instead of files.
pub fn timeline_of(files: &[(String, String)], settings: &Settings) -> (Timeline, Vec<Incident>) {
    let sources = files
        .iter()
        .filter_map(|(path, text)| {
            Some(Source { path: path.clone(), modified: None, parsed: read_one(path, &mut text.as_bytes()).ok()? })
        })
        .collect();
    let (timeline, incidents, _) = place(sources, settings);
    (timeline, incidents)
}
