//! The reply to a ticket, as a support engineer would write it: what is seen, what is asked for, what to do now.

use super::Ticket;
use crate::collect::Plan;
use crate::render::times::day_clock;
use crate::render::wrap::paragraph;
use crate::report::{Report, VerdictKind};

/// Ready to paste; commands stand on lines of their own, so that they survive copying.
pub fn reply(t: &Ticket, report: &Report, plan: Option<&Plan>) -> String {
    let mut out = String::from("Hello,\n\nthank you for the logs. ");
    let opening = match t.verdict {
        VerdictKind::Cause if t.confidence == "low" => "They suggest why it happened:",
        VerdictKind::Cause => "They show why it happened:",
        VerdictKind::NoIncident => "This is what they show:",
        VerdictKind::InsufficientEvidence => "They do not yet tell why it happened. What they do show:",
    };
    out.push_str(&format!("{opening}\n\n"));
    paragraph(&mut out, "  ", &t.headline);
    if let (Some(cause), VerdictKind::Cause) = (&t.cause, t.verdict) {
        let certainty = match t.confidence.as_str() {
            "high" => "we are sure of it",
            "medium" => "this is well supported, not proven",
            _ => "this fits best, but rests on little",
        };
        paragraph(&mut out, "  ", &format!("(cause: {cause}; {certainty})"));
    }
    let lines: Vec<_> = t.proofs.iter().filter(|p| !p.raw.is_empty()).take(3).collect();
    if !lines.is_empty() {
        out.push_str("\nThe lines that say so:\n\n");
        for p in lines {
            out.push_str(&format!("  {}\n      {}\n", p.place, crate::render::escape::terminal(&p.raw, 160)));
        }
    }
    if !t.candidates.is_empty() {
        out.push('\n');
        paragraph(&mut out, "", &format!("Still open: {}.", t.candidates.join(", ")));
    }
    if !t.missing.is_empty() && t.verdict != VerdictKind::NoIncident {
        let why = match t.verdict {
            VerdictKind::Cause if t.confidence == "high" => "What would complete the picture, most important first:",
            VerdictKind::Cause => "To be certain we would need, most important first:",
            _ => "To find the cause we need, most important first:",
        };
        out.push_str(&format!("\n{why}\n"));
        for (i, m) in t.missing.iter().enumerate() {
            out.push('\n');
            let window = if m.from.is_empty() {
                String::new()
            } else {
                format!(", {} to {} UTC", day_clock(&m.from), day_clock(&m.to))
            };
            paragraph(&mut out, &format!("{}. ", i + 1), &format!("{} of {}{window}:", m.kind, m.host));
            out.push_str(&format!("     {}\n", crate::render::escape::terminal(&m.command, 400)));
        }
        if let Some(plan) = plan {
            let text = |at| day_clock(&crate::model::rfc3339(at));
            out.push_str("\nOr run the script attached on every host; it collects all of this, masks secrets and sends\nnothing anywhere. It was made by:\n\n");
            out.push_str(&format!(
                "     pgautopsy collect --since '{}' --until '{}' > collect.sh\n",
                text(plan.since),
                text(plan.until)
            ));
        }
    }
    if t.verdict == VerdictKind::Cause {
        let mut steps = report.verdict.remedies.iter().filter(|r| r.kind == "now").take(3).peekable();
        if steps.peek().is_some() {
            out.push_str("\nWhat we suggest now:\n\n");
            for r in steps {
                paragraph(&mut out, "- ", &r.text);
                paragraph(&mut out, "  ", &format!("(risk: {}; it worked if: {})", r.risk, r.verify));
            }
        }
    }
    if !t.errors.is_empty() {
        out.push_str("\nThese parts of the attachment could not be read:\n\n");
        for e in t.errors.iter().take(5) {
            paragraph(&mut out, "- ", e);
        }
        if t.errors.len() > 5 {
            out.push_str(&format!("- and {} more\n", t.errors.len() - 5));
        }
    }
    out.push_str("\nKind regards\n");
    out
}

/// For an attachment of which nothing could be read.
pub(super) fn unreadable(t: &Ticket) -> String {
    let why = t.errors.first().map_or("it is empty", String::as_str);
    let mut out =
        String::from("Hello,\n\nthank you for writing. Unfortunately nothing in the attachment could be read:\n\n");
    paragraph(&mut out, "  ", why);
    out.push_str(
        "\nPlease send, of every database and etcd host, for the time from ten minutes before to ten\nminutes after the event: the logs of Patroni, etcd and PostgreSQL, and the day's sa file:\n\n     journalctl -u patroni -u etcd -u postgresql --utc -o short-iso-precise --since '...' --until '...'\n     cp -p /var/log/sysstat/sa* /var/log/sa/sa* .\n     patronictl list; patronictl history; patronictl show-config\n\nKind regards\n",
    );
    out
}
