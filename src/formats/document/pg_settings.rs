//! Settings and states that psql printed: `pg_settings` or `SHOW ALL` as aligned table, CSV, or expanded (`\x`).

use crate::formats::cells::{cells, tables};
use crate::formats::settings::parameter;
use crate::formats::sheet::{Sheet, lines};
use crate::formats::{Document, stamp};
use crate::model::{Key, Parsed, Program, Value};

pub static FORMAT: Document = Document {
    name: "psql",
    program: Program::Command,
    doc: "name and setting in two columns, in CSV, or as a record; wrapped cells are joined",
    sniff,
    read,
    samples: &[
        "            name             |  setting  | unit\n-----------------------------+-----------+------\n archive_mode                | on        |\n max_connections             | 100       |\n(2 rows)\n",
        "name,setting,unit\nmax_connections,100,\nwal_level,replica,\n",
        "-[ RECORD 1 ]----+----------------\nname             | max_connections\nsetting          | 100\n",
    ],
};

fn is_settings(cells: &[&str]) -> bool {
    cells.first() == Some(&"name") && cells.iter().any(|c| matches!(*c, "setting" | "value" | "current_setting"))
}

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    let all = || text.lines().take(60);
    if all().any(|l| cells(l).is_some_and(|c| is_settings(&c)) || csv_header(l)) {
        return 90;
    }
    let record = |l: &str| l.starts_with("-[ RECORD ") || l.starts_with("-[ DATENSATZ") || l.starts_with("-[ ЗАПИСЬ");
    let known = [
        "application_name",
        "slot_name",
        "archived_count",
        "setting",
        "sync_state",
        "pg_is_in_recovery",
        "pg_current_wal_lsn",
    ];
    if all().any(record) {
        return if all().any(|l| cells(l).is_some_and(|c| c.first().is_some_and(|f| known.contains(f)))) {
            88
        } else {
            60
        };
    }
    let psql_end = |l: &str| {
        let l = l.trim();
        l.starts_with('(') && (l.ends_with("rows)") || l.ends_with("row)"))
    };
    let drawn = all().any(|l| l.contains("-+-") && crate::formats::cells::is_rule(l) && !l.starts_with('+'));
    if all().any(psql_end) && drawn { 60 } else { 0 }
}

fn csv_header(line: &str) -> bool {
    let cells: Vec<&str> = line.split([',', '\t', ';']).map(|c| c.trim_matches('"')).collect();
    cells.len() >= 2 && is_settings(&cells)
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut sheet = Sheet::new(out, Program::Command);
    for table in tables(&text, is_settings) {
        let value = table.column(&["setting", "value", "current_setting"]).unwrap_or(1);
        let unit = table.column(&["unit"]);
        let mut open: Option<(String, String, crate::formats::sheet::Line<'_>)> = None;
        for row in &table.rows {
            // A wrapped cell goes on in a row without a name; psql marks the break with `+` or `.`.
            if row.get(0).is_empty() {
                if let Some((_, text, _)) = &mut open {
                    text.push_str(row.get(value).trim_end_matches('+').trim());
                }
                continue;
            }
            let with_unit = unit.map_or("", |u| row.get(u));
            let cell = row.get(value).trim_end_matches('+').trim();
            let next = (row.get(0).to_owned(), scaled(cell, with_unit), row.line);
            if let Some((name, text, line)) = open.replace(next) {
                parameter(&name, &text, line, &mut sheet);
            }
        }
        if let Some((name, text, line)) = open {
            parameter(&name, &text, line, &mut sheet);
        }
    }
    if text.lines().take(60).any(csv_header) {
        csv(&text, &mut sheet);
    }
    records(&text, &mut sheet);
    sheet.account(&text);
}

/// `pg_settings` prints numbers without their unit: `16384` with `8kB` is 128MB.
fn scaled(value: &str, unit: &str) -> String {
    match (value.parse::<f64>(), unit) {
        (Ok(n), "8kB") if n > 0.0 => format!("{}kB", n * 8.0),
        (Ok(n), "kB" | "MB" | "s" | "ms" | "min" | "B") if n > 0.0 => format!("{n}{unit}"),
        _ => value.to_owned(),
    }
}

fn csv(text: &str, sheet: &mut Sheet<'_>) {
    let separator = if text.lines().next().is_some_and(|l| l.contains('\t')) { b'\t' } else { b',' };
    let mut reader = csv::ReaderBuilder::new().delimiter(separator).flexible(true).from_reader(text.as_bytes());
    let Ok(header) = reader.headers().cloned() else { return };
    let column = |names: &[&str]| header.iter().position(|h| names.contains(&h));
    let (name, value, unit) = (column(&["name"]), column(&["setting", "value"]), column(&["unit"]));
    let all: Vec<&str> = text.lines().collect();
    for record in reader.records().map_while(Result::ok) {
        let get = |c: Option<usize>| c.and_then(|c| record.get(c)).unwrap_or("");
        let number = record.position().map_or(1, |p| p.line() as u32);
        let line = crate::formats::settings::line_at(&all, number);
        parameter(get(name), &scaled(get(value), get(unit)), line, sheet);
    }
}

/// Expanded output: settings, and of the statistics views what tells standbys and slots apart.
fn records(text: &str, sheet: &mut Sheet<'_>) {
    let mut name = String::new();
    let mut subject = String::new();
    for line in lines(text) {
        if line.text.starts_with("-[") || line.text.starts_with("***") {
            name.clear();
            subject.clear();
            continue;
        }
        let Some(found) = cells(line.text).filter(|c| c.len() == 2) else { continue };
        let (field, value) = (found.first().copied().unwrap_or(""), found.get(1).copied().unwrap_or(""));
        match field {
            "name" => value.clone_into(&mut name),
            "setting" | "current_setting" if !name.is_empty() => parameter(&name, value, line, sheet),
            "application_name" | "slot_name" => value.clone_into(&mut subject),
            "client_addr" => sheet.address(value, &subject, line),
            "server_version" | "version" => sheet.text(Key::PgVersion, None, value, line),
            "sync_state" | "state" | "wal_status" | "active" | "invalidation_reason" if !subject.is_empty() => {
                sheet.text(Key::PgSetting, Some(&format!("{subject} {field}")), value, line);
            }
            "last_failed_time" | "last_archived_time" => {
                let at = stamp::iso(value.as_bytes()).map(|(s, _)| s);
                if at.is_some() {
                    sheet.fact_at(Key::PgControl, Some(field), Value::Text(value.into()), at, line);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(text: &str, item: &str) -> Option<String> {
        let mut out = Parsed::default();
        read(text.as_bytes(), "", &mut out);
        let fact = out.facts.iter().find(|f| f.key == Key::PgSetting && f.item.as_deref() == Some(item))?;
        fact.value.text().map(str::to_owned)
    }

    #[test]
    fn reads_tables_csv_and_records() {
        for text in FORMAT.samples {
            assert_eq!(get(text, "max_connections").as_deref(), Some("100"), "{text}");
        }
        let wrapped = " name | setting | unit \n---+---+---\n shared_buffers | 16384 | 8kB\n synchronous_standby_names | ANY 1 (a,+|\n  | b) |\n";
        assert_eq!(get(wrapped, "shared_buffers").as_deref(), Some("131072kB"));
        assert_eq!(get(wrapped, "synchronous_standby_names").as_deref(), Some("ANY 1 (a,b)"));
        let record = "-[ RECORD 1 ]----+---\napplication_name | pg2\nclient_addr | 10.0.0.2\nstate | streaming\nsync_state | async\n";
        assert_eq!(get(record, "pg2 sync_state").as_deref(), Some("async"));
    }
}
