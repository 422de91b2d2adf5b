//! A report without the names: every output made from it is redacted.

use super::{Kind, Names, Redactor};
use crate::report::Report;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Fields that hold words of the program itself.
const OWN: &[&str] = &[
    "schema",
    "tool",
    "kind",
    "root_cause",
    "contributing",
    "confidence",
    "cause",
    "status",
    "decides",
    "what",
    "unit",
    "metric",
    "role",
    "program",
    "verb",
];

/// What a report's names become.
pub fn of_report(report: &Report) -> Redactor {
    let mut names = Names::default();
    for h in &report.inventory.hosts {
        names.add(Kind::Host, &h.name);
        h.aliases.iter().filter(|a| !super::names::is_etcd_id(&a.name)).for_each(|a| names.add(Kind::Host, &a.name));
    }
    if let Ok(value) = serde_json::to_value(report) {
        collect(&value, &mut names);
    }
    Redactor::new(&names)
}

fn collect(value: &Value, names: &mut Names) {
    match value {
        Value::String(text) => names.scan(text),
        Value::Array(list) => list.iter().for_each(|v| collect(v, names)),
        Value::Object(map) => {
            map.iter().filter(|(k, _)| !OWN.contains(&k.as_str())).for_each(|(_, v)| collect(v, names))
        }
        _ => {}
    }
}

/// The same report under pseudonyms.
pub fn redact_report(report: &Report, redactor: &Redactor) -> Option<Report> {
    redact_data(report, redactor)
}

/// The same for any part of a report, such as the rows of a timeline.
pub fn redact_data<T: Serialize + DeserializeOwned>(data: &T, redactor: &Redactor) -> Option<T> {
    let mut value = serde_json::to_value(data).ok()?;
    replace(&mut value, redactor);
    serde_json::from_value(value).ok()
}

fn replace(value: &mut Value, redactor: &Redactor) {
    match value {
        Value::String(text) => *text = redactor.text(text),
        Value::Array(list) => list.iter_mut().for_each(|v| replace(v, redactor)),
        Value::Object(map) => {
            map.iter_mut().filter(|(k, _)| !OWN.contains(&k.as_str())).for_each(|(_, v)| replace(v, redactor));
        }
        _ => {}
    }
}
