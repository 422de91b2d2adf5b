//! Who is who, as `pgautopsy list nodes` prints it.

use super::escape::terminal;
use crate::report::Report;

/// Hosts with their other names and the reason for each, then what contradicts itself.
pub fn whois(report: &Report) -> String {
    let mut out = String::new();
    for h in &report.inventory.hosts {
        let of = if h.clusters.is_empty() { String::new() } else { format!(" of {}", h.clusters.join(" and ")) };
        let logs = if h.logs.is_empty() {
            "only named by others".to_owned()
        } else {
            format!("logs of {}", h.logs.join(", "))
        };
        line(&mut out, &format!("{}{of} ({logs})", h.name));
        for a in &h.aliases {
            line(&mut out, &format!("    {:<30} {}", a.name, a.why));
        }
    }
    for c in &report.inventory.contradictions {
        line(&mut out, &format!("contradiction: {c}"));
    }
    for s in &report.inventory.sources {
        for c in &s.clocks {
            let (program, host) = (&c.program, &c.host);
            line(&mut out, &format!("clock: {} ({program}) on {host} = {}, {}", s.path, c.zone, c.why));
        }
    }
    out
}

/// One line with what logs say made harmless.
fn line(out: &mut String, text: &str) {
    out.push_str(&terminal(text, 500));
    out.push('\n');
}
