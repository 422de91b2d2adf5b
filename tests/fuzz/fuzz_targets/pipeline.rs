//! A small bundle of any files, cut at `//- name` lines, from bytes to the report in every output.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pgautopsy::render::{RENDERERS, Style};
use pgautopsy::report;
use pgautopsy::run::{Settings, files_in, place, read_one};
use pgautopsy::model::Source;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let mut files = files_in(&text);
    if files.is_empty() {
        files.push(("pg1/log".to_owned(), text.into_owned()));
    }
    let sources = files
        .iter()
        .filter_map(|(path, text)| {
            let parsed = read_one(path, &mut text.as_bytes()).ok()?;
            Some(Source { path: path.clone(), modified: Some(1_700_000_000), parsed })
        })
        .collect();
    let settings = Settings::default();
    let (timeline, incidents, sources) = place(sources, &settings);
    let report = report::build(&timeline, &incidents, &sources, Vec::new());
    let style = Style { colour: true, verbose: true, ..Style::default() };
    for renderer in RENDERERS {
        let _ = (renderer.render)(&report, style);
    }
});
