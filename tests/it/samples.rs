//! The samples that people are shown are what the program prints today. `UPDATE_EXPECT=1` rewrites them.

use crate::root;
use pgautopsy::render;
use pgautopsy::run::{Settings, analyse};

#[test]
fn sample_reports_are_fresh() {
    for sample in
        std::fs::read_dir(root("samples")).unwrap().map(|e| e.unwrap().path()).filter(|p| p.join("bundle").is_dir())
    {
        let report = analyse(&[sample.join("bundle")], &Settings::default()).unwrap();
        for (name, file) in [("text", "report.txt"), ("md", "report.md"), ("json", "report.json")] {
            let text = (render::by_name(name).unwrap().render)(&report, render::Style::default());
            // The version changes with every release, the report does not.
            let text = text.replace(&format!("\"version\": \"{}\"", env!("CARGO_PKG_VERSION")), "\"version\": \"…\"");
            expect_test::expect_file![sample.join(file)].assert_eq(&text);
        }
    }
}

#[test]
fn no_line_of_the_text_is_wider_than_80_columns() {
    for sample in
        std::fs::read_dir(root("samples")).unwrap().map(|e| e.unwrap().path()).filter(|p| p.join("bundle").is_dir())
    {
        let report = analyse(&[sample.join("bundle")], &Settings::default()).unwrap();
        for verbose in [false, true] {
            let style = render::Style { verbose, ..render::Style::default() };
            let text = (render::by_name("text").unwrap().render)(&report, style);
            for line in text.lines() {
                assert!(line.chars().count() <= 80, "{}: {line}", sample.display());
            }
        }
    }
}
