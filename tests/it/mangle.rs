//! Broken input: every fixture cut and flipped at many places gives a report, never a panic.

use crate::root;
use pgautopsy::model::Source;
use pgautopsy::run::{Settings, place, read_one};

/// A small generator, so that a failure repeats (Steele & Vigna's splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }
}

fn files() -> Vec<(String, Vec<u8>)> {
    let mut out = Vec::new();
    for entry in walkdir::WalkDir::new(root("fixtures/cases")).sort_by_file_name() {
        let entry = entry.unwrap();
        if entry.file_type().is_file() && entry.metadata().unwrap().len() < 20_000 {
            let path = entry.path().strip_prefix(root("fixtures/cases")).unwrap().display().to_string();
            out.push((path, std::fs::read(entry.path()).unwrap()));
        }
    }
    out
}

fn pipeline(path: &str, content: &[u8]) {
    if let Ok(parsed) = read_one(path, &mut { content }) {
        let source = Source { path: path.to_owned(), modified: None, parsed };
        let (timeline, incidents, sources) = place(vec![source], &Settings::default());
        let _ = pgautopsy::report::build(&timeline, &incidents, &sources, Vec::new());
    }
}

#[test]
fn cut_files_are_read_as_far_as_they_go() {
    let mut random = Random(1);
    for (path, content) in files() {
        for _ in 0..3 {
            let end = random.below(content.len());
            pipeline(&path, content.get(..end).unwrap());
            pipeline(&path, content.get(end..).unwrap());
        }
    }
}

#[test]
fn flipped_bytes_do_no_harm() {
    let mut random = Random(2);
    for (path, content) in files() {
        for _ in 0..3 {
            let mut content = content.clone();
            for _ in 0..8 {
                let at = random.below(content.len());
                if let Some(b) = content.get_mut(at) {
                    *b = random.next() as u8;
                }
            }
            pipeline(&path, &content);
        }
    }
}
