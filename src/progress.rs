//! Says on the terminal how far reading is, if it takes longer than a second; nothing elsewhere. Ctrl-C leaves an empty
//! line behind.

use pgautopsy::input::Progress;
use std::io::{IsTerminal, Write};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// Shows the progress until it is dropped, and leaves an empty line behind.
pub struct Shown {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Starts to show, behind a label; `None` where nobody looks.
#[allow(clippy::disallowed_methods)] // how long it takes is for the one who waits, not for the report
pub fn show(label: &str, progress: &Arc<Progress>, quiet: bool) -> Option<Shown> {
    if quiet || !std::io::stderr().is_terminal() {
        return None;
    }
    // Held while something is written, so that nothing follows on the line that Ctrl-C has cleared.
    let line = Arc::new(Mutex::new(()));
    end_cleanly(&line);
    let (stop, stopped) = channel();
    let progress = Arc::clone(progress);
    let label = label.to_owned();
    let thread = std::thread::spawn(move || {
        let mut shown = false;
        let mut wait = Duration::from_secs(1);
        // Counted in waits: what is shown is no measurement.
        let mut since = Duration::ZERO;
        while stopped.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
            since += wait;
            let _writing = line.lock();
            let _ = write!(std::io::stderr(), "\r\x1b[K{label}{}", words(progress.now(), since));
            (shown, wait) = (true, Duration::from_millis(200));
        }
        if shown {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    });
    Some(Shown { stop: Some(stop), thread: Some(thread) })
}

/// Ctrl-C ends the program at once, by the signal itself, behind a clean line.
#[cfg(unix)]
fn end_cleanly(line: &Arc<Mutex<()>>) {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGINT, SIGTERM]) else { return };
    let line = Arc::clone(line);
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            // A terminal that takes nothing more must not hold the end up.
            let free = line.try_lock();
            if free.is_ok() {
                let _ = write!(std::io::stderr(), "\r\x1b[K");
            }
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        }
    });
}

#[cfg(not(unix))]
fn end_cleanly(_: &Arc<Mutex<()>>) {}

impl Drop for Shown {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// `1.2 of 9.7 GB, 3 of 12 files, 640 MB/s, 13 s left`
fn words([bytes, of_bytes, files, of_files]: [u64; 4], since: Duration) -> String {
    let speed = bytes as f64 / since.as_secs_f64().max(0.001);
    let of_files_word = if of_files == 1 { "file" } else { "files" };
    let mut text = match of_bytes {
        0 => format!("{} read", size(bytes as f64)),
        _ => format!("{} of {}", size(bytes as f64), size(of_bytes as f64)),
    };
    text.push_str(&format!(", {files} of {of_files} {of_files_word}, {}/s", size(speed)));
    if of_bytes > bytes {
        if speed > 0.0 {
            text.push_str(&format!(", {:.0} s left", ((of_bytes - bytes) as f64 / speed).ceil()));
        }
    } else if of_bytes > 0 {
        text.push_str(", judging");
    }
    text
}

fn size(bytes: f64) -> String {
    match bytes {
        b if b >= 1e9 => format!("{:.1} GB", b / 1e9),
        b if b >= 1e6 => format!("{:.0} MB", b / 1e6),
        b => format!("{:.0} kB", b / 1e3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_bytes_files_speed_and_what_is_left() {
        let four = Duration::from_secs(4);
        assert_eq!(
            words([2_000_000_000, 6_000_000_000, 3, 12], four),
            "2.0 GB of 6.0 GB, 3 of 12 files, 500 MB/s, 8 s left"
        );
        assert_eq!(words([4_000_000, 0, 0, 1], four), "4 MB read, 0 of 1 file, 1 MB/s");
        assert_eq!(words([0, 5_000, 0, 2], four), "0 kB of 5 kB, 0 of 2 files, 0 kB/s");
        assert_eq!(words([5_000, 5_000, 1, 1], four), "5 kB of 5 kB, 1 of 1 file, 1 kB/s, judging");
    }
}
