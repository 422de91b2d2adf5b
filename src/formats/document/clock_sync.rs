//! `chronyc tracking` and `sources`, `ntpq -p`, `ntpstat`: how far a host's clock is off, and whether anybody corrects it.
//!
//! The offset of a fact is the host's clock minus true time, in seconds: positive is ahead.

use crate::formats::Document;
use crate::formats::sheet::{Sheet, lines};
use crate::model::{Key, Parsed, Program};

pub static FORMAT: Document = Document {
    name: "clock-sync",
    program: Program::Command,
    doc: "`System time : 0.000012 seconds slow of NTP time`, `^* server …`, `*server … offset`, `synchronised to …`",
    sniff,
    read,
    samples: &[
        "Reference ID    : C0A80001 (ntp1)\nStratum         : 3\nSystem time     : 0.000012345 seconds slow of NTP time\nLeap status     : Normal\n",
        "MS Name/IP address         Stratum Poll Reach LastRx Last sample\n===============================================================================\n^* ntp1.example.org              2   6   377    23   -123us[ -130us] +/-   12ms\n",
        "     remote           refid      st t when poll reach   delay   offset  jitter\n==============================================================================\n*10.0.0.1        .GPS.            1 u   33   64  377    0.123   -0.500   0.012\n",
        "synchronised to NTP server (10.0.0.1) at stratum 3\n   time correct to within 42 ms\n",
    ],
};

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    let hit = |l: &str| {
        (l.starts_with("Reference ID") && l.contains(':'))
            || (l.starts_with("System time") && l.contains("of NTP time"))
            || (l.starts_with("MS Name/IP address") && l.contains("Reach"))
            || (l.starts_with("Name/IP Address") && l.contains("Freq Skew"))
            || (l.contains("remote") && l.contains("refid") && l.contains("jitter"))
            || l.starts_with("synchronised to ")
            || l.trim() == "unsynchronised"
            || l.starts_with("506 Cannot talk to daemon")
    };
    if text.lines().take(60).any(hit) { 95 } else { 0 }
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut sheet = Sheet::new(out, Program::Command);
    let mut table = "";
    let mut chosen = None;
    let mut rows = 0;
    for line in lines(&text) {
        let words: Vec<&str> = line.text.split_whitespace().collect();
        if let Some(at) = super::date::stamp_line(line.text) {
            sheet.at = Some(at);
        } else if line.text.starts_with("MS Name/IP address") {
            (table, chosen, rows) = ("chrony", Some(false), 0);
        } else if line.text.contains("refid") && line.text.contains("jitter") {
            (table, chosen, rows) = ("ntpq", Some(false), 0);
        } else if line.text.starts_with("System time") {
            let value = words.iter().find_map(|w| w.parse::<f64>().ok());
            if let Some(offset) = value {
                // "slow": the host's clock is behind NTP.
                let offset = if line.text.contains(" slow") { -offset } else { offset };
                sheet.num(Key::ClockOffset, None, offset, line);
            }
        } else if line.text.starts_with("Leap status") {
            let synchronised = !line.text.contains("Not synchronised");
            sheet.num(Key::ClockSynchronised, None, f64::from(u8::from(synchronised)), line);
        } else if line.text.starts_with("synchronised to ") {
            sheet.num(Key::ClockSynchronised, None, 1.0, line);
        } else if line.text.trim() == "unsynchronised" {
            sheet.num(Key::ClockSynchronised, None, 0.0, line);
        } else if table == "chrony" && line.text.starts_with(['^', '=', '#']) && words.len() >= 6 {
            rows += 1;
            if words.first().is_some_and(|w| w.ends_with('*')) {
                chosen = Some(true);
                sheet.num(Key::ClockSynchronised, None, 1.0, line);
            }
        } else if table == "ntpq" && words.len() >= 9 && !line.text.starts_with('=') {
            rows += 1;
            if line.text.starts_with(['*', 'o']) {
                chosen = Some(true);
                sheet.num(Key::ClockSynchronised, None, 1.0, line);
                // ntpq prints the server's clock minus this one's, in milliseconds.
                if let Some(offset) = words.get(8).and_then(|w| w.parse::<f64>().ok()) {
                    sheet.num(Key::ClockOffset, None, -offset / 1_000.0, line);
                }
            }
        }
    }
    if rows > 0
        && chosen == Some(false)
        && let Some(line) = lines(&text).find(|l| l.text.starts_with("MS Name") || l.text.contains("refid"))
    {
        // Servers are configured, none is selected.
        sheet.num(Key::ClockSynchronised, None, 0.0, line);
    }
    sheet.account(&text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(text: &str) -> Vec<(Key, f64)> {
        let mut out = Parsed::default();
        read(text.as_bytes(), "", &mut out);
        out.facts.iter().map(|f| (f.key, f.value.num().unwrap_or(f64::NAN))).collect()
    }

    #[test]
    fn reads_offsets_with_their_sign() {
        assert_eq!(
            facts("System time     : 1.5 seconds slow of NTP time\nLeap status     : Not synchronised\n"),
            [(Key::ClockOffset, -1.5), (Key::ClockSynchronised, 0.0)]
        );
        assert_eq!(facts("System time     : 0.25 seconds fast of NTP time\n"), [(Key::ClockOffset, 0.25)]);
        assert_eq!(facts(FORMAT.samples[2]), [(Key::ClockSynchronised, 1.0), (Key::ClockOffset, 0.0005)]);
        assert_eq!(
            facts(
                "MS Name/IP address         Stratum Poll Reach LastRx Last sample\n^? ntp1  0   6   0    -   +0ns[ +0ns] +/- 0ns\n"
            ),
            [(Key::ClockSynchronised, 0.0)]
        );
    }
}
