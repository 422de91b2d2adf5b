//! The daily report as one line of a Nagios or Icinga plugin, with its exit code.
//!
//! A check runs every few minutes and an incident is told once: so the state of the last day counts, not of this run.

use super::{Daily, Level};

/// How monitoring sees it: incidents stay for `daily.hold_h`, silence and full disks as long as they last.
fn level(d: &Daily) -> Level {
    let count =
        |kinds: &[&str]| d.recent.iter().filter(|(k, _)| kinds.contains(&k.as_str())).map(|(_, n)| n).sum::<u64>();
    let severe = ["failover", "demotion", "no_leader", "crash", "dcs_outage", "write_stall"];
    if d.level == Level::Unknown {
        Level::Unknown
    } else if count(&severe) > 0 {
        Level::Critical
    } else if d.recent.keys().any(|k| k != "planned")
        || d.silent.iter().chain(&d.still_silent).any(|s| !s.text.contains("again"))
        || d.disks.iter().any(|x| x.above)
        || !d.news.is_empty()
    {
        Level::Warning
    } else {
        Level::Ok
    }
}

/// 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
pub fn exit_code(d: &Daily) -> u8 {
    match level(d) {
        Level::Ok => 0,
        Level::Warning => 1,
        Level::Critical => 2,
        Level::Unknown => 3,
    }
}

/// `PGAUTOPSY OK - leader pg1 for 14 d, ... | near_misses=2 'disk pg1 /'=61%;75;90;0;100`
pub fn nagios(d: &Daily) -> String {
    // A `|` would begin the performance data.
    let clean = |text: &str| crate::render::escape::terminal(text, 400).replace('|', "/");
    let words: Vec<&str> = d.subject.split(" · ").skip(1).collect();
    let mut out = format!("PGAUTOPSY {} - {}", level(d).word(), clean(&words.join(", ")));
    if !d.recent.is_empty() {
        let list: Vec<String> = d.recent.iter().map(|(k, n)| format!("{n} {k}")).collect();
        out.push_str(&format!("; last day: {}", list.join(", ")));
    }
    if let Some(s) = d.silent.iter().chain(&d.still_silent).find(|s| !s.text.contains("again")) {
        out.push_str(&format!("; {}", clean(&s.text)));
    }
    let near = d.recent.get("near_miss").copied().unwrap_or(0);
    let planned = d.recent.get("planned").copied().unwrap_or(0);
    let all: u64 = d.recent.values().sum();
    out.push_str(&format!(" | incidents={};;0;0 near_misses={near};0;;0", all - near - planned));
    for x in d.disks.iter().take(20) {
        let label = format!("disk {} {}", x.host, x.mount).replace(['\'', '='], "_");
        out.push_str(&format!(" '{}'={}%;{};;0;100", clean(&label), x.used_percent, x.limit_percent));
    }
    out.push('\n');
    out
}
