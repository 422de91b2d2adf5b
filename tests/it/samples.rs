//! The samples that people are shown are what the program prints today. `UPDATE_EXPECT=1` rewrites them.

use crate::root;
use pgautopsy::render;
use pgautopsy::report::Report;
use pgautopsy::run::{Settings, analyse};
use std::path::PathBuf;

/// Every story with its bundle's report.
fn samples() -> Vec<(PathBuf, Report)> {
    let mut folders: Vec<PathBuf> = std::fs::read_dir(root("samples")).unwrap().map(|e| e.unwrap().path()).collect();
    folders.retain(|p| p.join("bundle").is_dir());
    folders.sort();
    let settings = Settings { excerpts: true, ..Settings::default() };
    folders.into_iter().map(|p| (p.clone(), analyse(&[p.join("bundle")], &settings).unwrap())).collect()
}

fn rendered(report: &Report, format: &str) -> String {
    (render::by_name(format).unwrap().render)(report, render::Style::default())
}

#[test]
fn sample_reports_are_fresh() {
    for (sample, report) in samples() {
        for (name, file) in
            [("text", "report.txt"), ("md", "report.md"), ("json", "report.json"), ("html", "report.html")]
        {
            // The version changes with every release, the report does not.
            let text = rendered(&report, name)
                .replace(&format!("\"version\": \"{}\"", env!("CARGO_PKG_VERSION")), "\"version\": \"…\"")
                .replace(&format!("pgautopsy {}", env!("CARGO_PKG_VERSION")), "pgautopsy …");
            expect_test::expect_file![sample.join(file)].assert_eq(&text);
        }
    }
}

#[test]
fn every_format_can_be_made_from_the_json_alone() {
    for (sample, report) in samples() {
        let again: Report = serde_json::from_str(&rendered(&report, "json")).unwrap();
        for format in ["text", "md", "html", "json"] {
            assert!(rendered(&report, format) == rendered(&again, format), "{}: {format}", sample.display());
        }
    }
}

#[test]
fn no_line_of_the_text_is_wider_than_80_columns() {
    for (sample, report) in samples() {
        for verbose in [false, true] {
            let style = render::Style { verbose, ..render::Style::default() };
            let text = (render::by_name("text").unwrap().render)(&report, style);
            for line in text.lines() {
                assert!(line.chars().count() <= 80, "{}: {line}", sample.display());
            }
        }
    }
}

/// One file that any mail takes, for every labelled incident.
#[test]
fn the_page_of_a_usual_incident_is_smaller_than_a_megabyte() {
    for case in std::fs::read_dir(root("fixtures/cases")).unwrap().map(|e| e.unwrap().path()) {
        let settings = Settings { excerpts: true, ..Settings::default() };
        let report = analyse(&[case.join("bundle")], &settings).unwrap();
        let page = rendered(&report, "html");
        assert!(page.len() < 1_000_000, "{}: {} bytes", case.display(), page.len());
        let card = rendered(&report, "card");
        assert!(card.lines().count() <= 12, "{}: {card}", case.display());
    }
}
