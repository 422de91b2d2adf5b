//! JSON straight from the samples of binary files: each row is worked out, written and forgotten.

use std::io;

use super::super::super::activity::Activity;
use super::super::super::binary::Options;
use super::super::super::binary::cursor::{Cursor, Row};
use super::super::super::binary::header::Header;
use super::super::super::binary::sample::{Step, Table};
use super::super::super::binary::stream::{Piece as Stretch, Sink, tables};
use super::super::super::model::{Data, device_numbers};
use super::{DiskName, Json, Piece, close, enter, head, line, open, pieces, timestamp};

/// Writes files while they are read.
pub(super) struct Direct<'j, 'w> {
    json: &'j mut Json<'w>,
    options: Options,
    name: DiskName<'j>,
    objects: Vec<Object>,
    /// Samples of the file written so far.
    samples: usize,
}

impl<'j, 'w> Direct<'j, 'w> {
    pub fn new(json: &'j mut Json<'w>, options: Options, name: DiskName<'j>) -> Direct<'j, 'w> {
        Direct { json, options, name, objects: Vec::new(), samples: 0 }
    }
}

impl Sink for Direct<'_, '_> {
    fn begin(&mut self, data: &Data, header: &Header) -> io::Result<()> {
        self.json.begin(data);
        self.json.text.extend_from_slice(b"\t\t\t\"statistics\": [");
        self.objects = objects(tables(header, self.options));
        self.samples = 0;
        Ok(())
    }

    fn piece(&mut self, piece: Stretch, header: &Header) -> io::Result<Option<Vec<u8>>> {
        stretch(&piece, header, self.options, &self.objects, self.name, self.samples == 0, &mut self.json.text);
        self.samples += piece.steps.steps.len();
        self.json.out.write_all(&self.json.text)?;
        self.json.text.clear();
        Ok(Some(piece.into_buffer()))
    }

    fn end(&mut self, data: &Data) -> io::Result<()> {
        self.json.text.extend_from_slice(b"\n\t\t\t]");
        self.json.end(data);
        Ok(())
    }
}

/// Writes the samples of a stretch.
fn stretch(
    piece: &Stretch,
    header: &Header,
    options: Options,
    objects: &[Object],
    name: DiskName<'_>,
    first: bool,
    text: &mut Vec<u8>,
) {
    let label = move |activity: &'static Activity, item: &str| {
        let numbers = device_numbers(item).filter(|_| activity.name == "disk");
        let known = numbers.and_then(|(major, minor)| name(major, minor));
        head(activity, known.as_deref().unwrap_or(item))
    };
    let rows = piece.rows(header, options);
    let mut cursor = Cursor::new(&rows, &piece.steps, &label);
    cursor.begin(piece.times.as_ref());
    let (mut texts, mut last) = (vec![Vec::new(); objects.len()], None);
    let mut comma = !first;
    for step in &piece.steps.steps {
        let Some(span) = piece.spans.get(step.span as usize) else { continue };
        text.extend_from_slice(if comma { b",\n\t\t\t\t{\n" } else { b"\n\t\t\t\t{\n" });
        comma = true;
        timestamp(span, text);
        if last != Some(step.prev) {
            texts.iter_mut().for_each(Vec::clear);
        }
        last = Some(step.cur);
        sample(objects, &mut texts, &mut cursor, step, text);
        text.extend_from_slice(b"\n\t\t\t\t}");
    }
}

/// The tables under one key of a sample.
struct Object {
    group: Option<&'static str>,
    key: &'static str,
    list: bool,
    tables: Vec<(Table, Vec<Piece>)>,
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

/// Writes the objects of a sample. `texts` holds those of the objects in which nothing has moved since they were written.
fn sample(objects: &[Object], texts: &mut [Vec<u8>], cursor: &mut Cursor<'_, '_>, step: &Step, out: &mut Vec<u8>) {
    cursor.step(step);
    let mut group: Option<&'static str> = None;
    for (object, text) in objects.iter().zip(texts) {
        let still = object.tables.iter().all(|(table, _)| cursor.still(table));
        if !still {
            text.clear();
        } else if !text.is_empty() {
            enter(object.group, &mut group, out);
            out.extend_from_slice(text);
            object.tables.iter().for_each(|(table, _)| cursor.pass(step, table));
            continue;
        }
        let mut start = None;
        for (table, pieces) in &object.tables {
            cursor.each(step, *table, |label, row| {
                let begun = start.is_some();
                if !begun {
                    enter(object.group, &mut group, out);
                    start = Some(out.len());
                    open(object.group.is_some(), object.key, object.list, out);
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
            });
        }
        if let Some(start) = start {
            close(object.group.is_some(), object.list, out);
            if still {
                text.extend_from_slice(out.get(start..).unwrap_or_default());
            }
        }
    }
    if group.is_some() {
        out.extend_from_slice(b"\n\t\t\t\t\t}");
    }
}
