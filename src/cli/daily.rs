//! `pgautopsy daily`: the lock, the state file, the outputs; what the library must not touch.
#![allow(clippy::print_stderr)]

use super::Reading;
use super::output::print;
use crate::{Failure, NOTHING};
use clap::Args;
use pgautopsy::daily::render::{self, Envelope, FORMATS};
use pgautopsy::daily::{self, Daily, Level, Options, State};
use pgautopsy::model::Micros;
use std::fs::{File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

/// A second run at the same time: EX_TEMPFAIL would be 75; the contract knows 2.
const BUSY: u8 = 2;

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  pgautopsy daily --state /var/lib/pgautopsy/state /var/log/patroni /var/log/postgresql /var/log/sysstat\n  pgautopsy daily --state S -f mail --to dba@example.org LOGS | sendmail -t\n  pgautopsy daily --state S -f nagios LOGS      a monitoring plugin; exits 0, 1, 2 or 3\n  pgautopsy daily --state S -o /var/lib/node_exporter/pgautopsy.prom -o /srv/www/pg.html LOGS\n\nThe first run tells all that the logs hold. Each run reads what is new since the one before, through\nrotation; what was told is not told again. Cron, systemd and logrotate files: samples/daily/."
)]
pub struct DailyArgs {
    /// Folders and files; rotated copies beside a named file (`x.log.1`, `x.log.2.gz`) are looked at too
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Where to remember what was read and told
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// text, mail (for `sendmail -t`), html, json, nagios or prom
    #[arg(short, long, value_name = "FORMAT")]
    pub format: Option<String>,
    /// As `-f nagios`
    #[arg(long, conflicts_with = "format")]
    pub nagios: bool,
    /// Write to a file, all at once; the format follows its ending (.txt .eml .html .json .prom). Repeatable
    #[arg(short, long, value_name = "FILE")]
    pub output: Vec<PathBuf>,
    /// Logs and outputs that do not name their host are of this one
    #[arg(long, value_name = "NAME")]
    pub host: Option<String>,
    /// Recipient of the mail
    #[arg(long, value_name = "ADDRESS")]
    pub to: Option<String>,
    /// Sender of the mail
    #[arg(long, value_name = "ADDRESS")]
    pub from: Option<String>,
    /// Tell, but do not remember: the next run tells the same
    #[arg(long)]
    pub dry_run: bool,
    /// Replace host names, addresses, users, databases and SQL literals with pseudonyms
    #[arg(long)]
    pub redact: bool,
    /// Print nothing when nothing happened (cron then sends no mail)
    #[arg(short, long)]
    pub quiet: bool,
    /// The time of this run, for tests: RFC 3339 in UTC
    #[arg(long, value_name = "TIME", hide = true)]
    pub now: Option<String>,
    #[command(flatten)]
    pub reading: Reading,
}

pub fn run(args: DailyArgs) -> Result<u8, Failure> {
    let config = args.reading.config().map_err(Failure::usage)?;
    let settings = args.reading.settings().map_err(Failure::usage)?;
    let paths = if args.paths.is_empty() { config.daily.paths.clone() } else { args.paths };
    if paths.is_empty() {
        return Err(Failure::usage(
            "nothing to look at: name the folders of the logs, or set paths in [daily] of pgautopsy.toml",
        ));
    }
    let Some(file) = args.state.or(config.daily.state) else {
        return Err(Failure::usage(
            "daily must remember what it told: say where with --state FILE, e.g. --state /var/lib/pgautopsy/state",
        ));
    };
    let now = match &args.now {
        Some(text) => {
            pgautopsy::when::absolute(text).ok_or_else(|| Failure::usage(format!("--now {text}: not a time")))?
        }
        None => clock(),
    };
    let format = if args.nagios { Some("nagios".to_owned()) } else { args.format };
    for name in format.iter() {
        known(name)?;
    }
    let outputs: Vec<(PathBuf, String)> = args
        .output
        .iter()
        .map(|o| {
            let name = match &format {
                Some(f) => f.clone(),
                None => ending(o)?,
            };
            Ok((o.clone(), name))
        })
        .collect::<Result<_, Failure>>()?;
    let envelope = Envelope { from: args.from.or(config.daily.from), to: args.to.or(config.daily.to), at: now };

    let _lock = lock(&file)?;
    let (mut state, note) = load(&file);
    let options = Options { settings, host: args.host.or(config.daily.host), now, redact: args.redact };
    let mut daily = daily::run(&paths, &options, &mut state).map_err(|e| Failure::usage(e.to_string()))?;
    daily.notes.extend(note);
    for (path, name) in &outputs {
        replace(path, &text(&daily, name, &envelope))
            .map_err(|e| Failure::usage(format!("-o {}: {e}", path.display())))?;
    }
    let silent = args.quiet && daily.level == Level::Ok && daily.planned.is_empty();
    if outputs.is_empty() && !silent {
        print(&text(&daily, format.as_deref().unwrap_or("text"), &envelope))?;
    }
    // Told first, remembered then: a run that dies between tells twice rather than never.
    if !args.dry_run {
        save(&file, &state.to_text()).map_err(|e| Failure::usage(format!("--state {}: {e}", file.display())))?;
    }
    Ok(match format.as_deref() {
        Some("nagios") => render::exit_code(&daily),
        _ if daily.level == Level::Unknown => NOTHING,
        _ => 0,
    })
}

fn known(name: &str) -> Result<(), Failure> {
    if FORMATS.iter().any(|(n, _)| *n == name) {
        return Ok(());
    }
    let names: Vec<&str> = FORMATS.iter().map(|(n, _)| *n).collect();
    Err(Failure::usage(format!("--format {name}: not a format; one of {}", names.join(", "))))
}

fn ending(path: &Path) -> Result<String, Failure> {
    let name = path.to_string_lossy();
    let found = FORMATS.iter().find(|(_, e)| name.ends_with(e)).map(|(n, _)| (*n).to_owned());
    found.ok_or_else(|| Failure::usage(format!("-o {name}: no format has this ending; say it with --format")))
}

fn text(daily: &Daily, format: &str, envelope: &Envelope) -> String {
    match format {
        "mail" => render::mail(daily, envelope),
        "html" => render::html(daily),
        "json" => format!("{}\n", serde_json::to_string_pretty(daily).unwrap_or_default()),
        "nagios" => render::nagios(daily),
        "prom" => render::prom(daily),
        _ => render::text(daily),
    }
}

#[allow(clippy::disallowed_methods)]
pub fn clock() -> Micros {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// Only one run at a time may use a state. The lock goes with the process, however it ends.
fn lock(state: &Path) -> Result<File, Failure> {
    let path = beside(state, ".lock");
    let failed = |e: std::io::Error| {
        Failure::usage(format!(
            "--state {}: cannot write beside it ({e}); make its folder writable for this user",
            state.display()
        ))
    };
    let file = File::options().create(true).write(true).truncate(false).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Failure {
            code: BUSY,
            message: format!("another run is using {}; this one did nothing", state.display()),
        }),
        Err(TryLockError::Error(e)) => Err(failed(e)),
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// The state, else the one before it, else none; with a word about it where it is not the usual way.
fn load(path: &Path) -> (State, Option<String>) {
    let read = |p: &Path| std::fs::read(p).map(|b| String::from_utf8_lossy(&b).into_owned());
    let old = |why: String| match read(&beside(path, ".bak")).ok().and_then(|t| State::from_text(&t).ok()) {
        Some(state) => {
            (state, Some(format!("{why}; the state before it was used, so some of this may have been told")))
        }
        None => (State::default(), Some(format!("{why}; begun anew, so some of this may have been told"))),
    };
    match read(path) {
        Ok(text) => match State::from_text(&text) {
            Ok(state) => (state, None),
            Err(why) => {
                let _ = std::fs::rename(path, beside(path, ".damaged"));
                old(format!("the state file {} is damaged ({why}) and was put aside", path.display()))
            }
        },
        Err(e) if e.kind() == std::io::ErrorKind::NotFound && !beside(path, ".bak").exists() => {
            (State::default(), None)
        }
        Err(e) => old(format!("the state file {} cannot be read ({e})", path.display())),
    }
}

/// Writes beside, then renames twice: at any moment the state or the one before it is whole.
fn save(path: &Path, text: &str) -> std::io::Result<()> {
    let new = written_beside(path, text)?;
    if path.exists() {
        std::fs::rename(path, beside(path, ".bak"))?;
    }
    std::fs::rename(new, path)
}

/// Readers of the file see the old or the new text, never a part.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    std::fs::rename(written_beside(path, text)?, path)
}

fn written_beside(path: &Path, text: &str) -> std::io::Result<PathBuf> {
    let new = beside(path, ".new");
    let mut file = File::create(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(new)
}
