//! docker-compose files: Patroni's and etcd's settings in the environment or on the command line of services.

use super::environment::{assignment, pair};
use super::patroni_yml;
use crate::formats::etcd_settings::command_line;
use crate::formats::settings::line_at;
use crate::formats::sheet::Sheet;
use crate::formats::tree::last_key;
use crate::formats::{Document, tree};
use crate::model::{Parsed, Program};

pub static FORMAT: Document = Document {
    name: "compose",
    program: Program::Config,
    doc: "services with image, environment, command",
    sniff,
    read,
    samples: &[
        "services:\n  etcd1:\n    image: quay.io/coreos/etcd\n    environment:\n      ETCD_NAME: etcd1\n      ETCD_ELECTION_TIMEOUT: 5000\n",
    ],
};

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    let services = text.lines().any(|l| l.starts_with("services:"));
    if services && text.contains("image:") { 93 } else { 0 }
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut sheet = Sheet::new(out, Program::Config);
    let leaves = tree::readable(&text, sheet.out);
    let all: Vec<&str> = text.lines().collect();
    let mut patroni = Vec::new();
    for leaf in &leaves {
        let line = line_at(&all, leaf.line);
        let value = leaf.value.text();
        if leaf.path.contains(".environment.") {
            patroni.extend(assignment(last_key(&leaf.path), &value, line, &mut sheet));
        } else if leaf.path.contains(".environment[") {
            if let Some((name, value)) = pair(&value) {
                patroni.extend(assignment(name, value, line, &mut sheet));
            }
        } else if leaf.path.ends_with(".command") {
            command_line(&value, line, &mut sheet);
        }
    }
    // Several services in one file: names of members would be those of all of them.
    patroni.retain(|l| l.path != "name");
    patroni_yml::local(&patroni, "", &text, &mut sheet);
    sheet.account(&text);
}
