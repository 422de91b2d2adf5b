//! JSON straight from the samples of a binary file: each row is worked out, written and forgotten.

use std::io::{self, Write};

use super::super::super::activity::Activity;
use super::super::super::binary::Scan;
use super::super::super::binary::cursor::{Cursor, Row, starts};
use super::super::super::binary::sample::Table;
use super::{DiskName, Piece, SPANS, close, head, in_order, line, open, pieces, timestamp};

/// The tables under one key of a sample.
struct Object {
    group: Option<&'static str>,
    key: &'static str,
    list: bool,
    tables: Vec<(Table, Vec<Piece>)>,
}

pub(super) fn statistics(scan: &Scan<'_>, name: DiskName, text: &mut Vec<u8>, out: &mut dyn Write) -> io::Result<()> {
    text.extend_from_slice(b"\t\t\t\"statistics\": [");
    out.write_all(text)?;
    text.clear();
    if let Some(rows) = &scan.rows {
        let steps = &scan.steps;
        let objects = &objects(rows.tables());
        let starts = &starts(rows, steps, SPANS);
        let label = move |activity: &'static Activity, item: &str| {
            let numbers = item.strip_prefix("dev").filter(|_| activity.name == "disk").and_then(|n| n.split_once('-'));
            let numbers = numbers.and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
            let known = numbers.and_then(|(major, minor)| name(major, minor));
            head(activity, known.as_deref().unwrap_or(item))
        };
        let make = || {
            let mut cursor = Cursor::new(rows, steps, &label);
            move |n: usize, text: &mut Vec<u8>| {
                let first = n * SPANS;
                for (i, step) in steps.steps.iter().enumerate().skip(first).take(SPANS) {
                    let Some(span) = scan.data.spans.get(step.span as usize) else { continue };
                    if i == first {
                        cursor.jump(step, starts.get(n));
                    }
                    text.extend_from_slice(if i == 0 { b"\n\t\t\t\t{\n" } else { b",\n\t\t\t\t{\n" });
                    timestamp(span, text);
                    sample(objects, &mut cursor, step, text);
                    text.extend_from_slice(b"\n\t\t\t\t}");
                }
            }
        };
        in_order(steps.steps.len(), make, out)?;
    }
    text.extend_from_slice(b"\n\t\t\t]");
    Ok(())
}

fn objects(tables: Vec<Table>) -> Vec<Object> {
    let mut objects: Vec<Object> = Vec::new();
    for table in tables {
        let json = &table.activity.json;
        let part = (table, pieces(table.activity, &columns(table.activity)));
        match objects.last_mut().filter(|o| o.key == json.name && o.group == json.group) {
            Some(object) => object.tables.push(part),
            None => {
                let (group, key, list) = (json.group, json.name, json.item.is_some());
                objects.push(Object { group, key, list, tables: vec![part] });
            }
        }
    }
    objects
}

/// Those that no other says in more detail; binary files always have the details.
fn columns(activity: &Activity) -> Vec<usize> {
    let detailed = |unless: Option<&str>| unless.is_some_and(|name| activity.column(name).is_some());
    activity.columns.iter().enumerate().filter(|(_, c)| !detailed(c.unless)).map(|(n, _)| n).collect()
}

fn sample(
    objects: &[Object],
    cursor: &mut Cursor<'_, '_>,
    step: &crate::sysstat::binary::sample::Step,
    out: &mut Vec<u8>,
) {
    let mut group: Option<&str> = None;
    for object in objects {
        let mut begun = false;
        for (table, pieces) in &object.tables {
            cursor.each(step, *table, |label, row| {
                if !begun {
                    open(object.group, &mut group, object.key, object.list, out);
                }
                if object.list && begun {
                    out.extend_from_slice(b",\n");
                }
                let write = |values: &[f64], out: &mut Vec<u8>| {
                    line(object.group.is_some(), object.list, begun, label, pieces, values, out);
                };
                match row {
                    Row::Values(values) => write(values, out),
                    Row::Still(values, text) => {
                        let start = out.len();
                        write(values, out);
                        // The second part of an object begins with a comma, which may be wrong next time.
                        if object.list || !begun {
                            text.extend_from_slice(out.get(start..).unwrap_or_default());
                        }
                    }
                    Row::Again(text) => out.extend_from_slice(text),
                }
                begun = true;
            });
        }
        if begun {
            close(object.group.is_some(), object.list, out);
        }
    }
    if group.is_some() {
        out.extend_from_slice(b"\n\t\t\t\t\t}");
    }
}
