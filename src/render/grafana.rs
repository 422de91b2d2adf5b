//! Events as annotations in the form that Grafana's HTTP API takes (`POST /api/annotations`), one object each.

use super::times::seconds;
use crate::report::TimelineEvent;
use serde_json::{Value, json};

/// One annotation: times in milliseconds since 1970, tags to filter by, the text with its source. None without a time.
/// Source: Grafana's documentation, "Annotations HTTP API", "Create Annotation".
pub fn annotation(e: &TimelineEvent) -> Option<Value> {
    let ms = |at: &str| seconds(at).map(|s| (s * 1_000.0).round() as i64);
    let time = ms(&e.at)?;
    let mut tags =
        vec!["pgautopsy".to_owned(), format!("host:{}", e.host), format!("program:{}", e.program), e.what.clone()];
    if e.alarm {
        tags.push("alarm".to_owned());
    }
    // Grafana shows the text as HTML, cleaned by itself; ours holds none.
    let text = super::escape::html(&format!("{}: {} [{}:{}]", e.host, e.text, e.path, e.line), 1_000);
    Some(json!({"time": time, "timeEnd": e.until.as_deref().and_then(ms).unwrap_or(time), "tags": tags, "text": text}))
}

/// All of them as a JSON list; `jq -c '.[]'` gives one request body a line.
pub fn annotations(events: &[TimelineEvent]) -> String {
    let rows: Vec<String> = events.iter().filter_map(annotation).map(|a| a.to_string()).collect();
    format!("[\n{}\n]\n", rows.join(",\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_becomes_an_annotation() {
        let report = crate::render::testing::hostile("<b>pg1</b>");
        let list: Value = serde_json::from_str(&annotations(&report.timeline)).expect("JSON");
        assert_eq!(
            (list[0]["time"].as_i64(), list[0]["timeEnd"].as_i64()),
            (Some(1_612_187_105_000), Some(1_612_187_105_000))
        );
        assert_eq!(list[0]["tags"][4], "alarm");
        assert!(!list[0]["text"].as_str().unwrap_or("<").contains('<'));
    }
}
