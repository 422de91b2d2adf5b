//! Patroni's dynamic settings in force: `patronictl show-config`, REST `/config`, `patroni.dynamic.json`.
//!
//! Only keys that were set are printed; `bootstrap.dcs` of a patroni.yml counts only once, at the
//! creation of the cluster, so what stands here beats it.

use crate::formats::settings::dynamic;
use crate::formats::sheet::Sheet;
use crate::formats::{Document, tree};
use crate::model::{Parsed, Program};

pub static FORMAT: Document = Document {
    name: "patroni-config",
    program: Program::Config,
    doc: "dynamic settings at the top level: ttl, loop_wait, retry_timeout, maximum_lag_on_failover …",
    sniff,
    read,
    samples: &[
        "loop_wait: 10\nmaximum_lag_on_failover: 1048576\npostgresql:\n  parameters: null\n  use_pg_rewind: true\nretry_timeout: 10\nttl: 30\n",
        "{\"ttl\":30,\"loop_wait\":10,\"retry_timeout\":10,\"maximum_lag_on_failover\":1048576,\"postgresql\":{\"use_pg_rewind\":true}}",
    ],
};

static TOP: &[&str] =
    &["ttl", "loop_wait", "retry_timeout", "maximum_lag_on_failover", "failsafe_mode", "synchronous_mode"];

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    let json = text.trim_start();
    if json.starts_with('{') {
        let hits = TOP.iter().filter(|k| crate::formats::json::raw(json.as_bytes(), k.as_bytes()).is_some()).count();
        return if hits >= 2 { 92 } else { 0 };
    }
    let at_top = |key: &str| text.lines().any(|l| l.strip_prefix(key).is_some_and(|r| r.starts_with(':')));
    let hits = TOP.iter().filter(|k| at_top(k)).count();
    let local = ["scope", "bootstrap", "restapi", "apiVersion"].iter().any(|k| at_top(k));
    if local {
        0
    } else if hits >= 2 {
        92
    } else if hits == 1 && text.lines().count() < 60 && tree::leaves(&text).is_ok() {
        // A cluster that keeps nearly all defaults.
        60
    } else {
        0
    }
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut sheet = Sheet::new(out, Program::Config);
    let leaves = tree::readable(&text, sheet.out);
    dynamic(&leaves, "", None, &text, &mut sheet);
    sheet.account(&text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Key;

    #[test]
    fn settings_in_force_have_no_item() {
        for text in [
            "loop_wait: 10\nfailsafe_mode: on\nttl: 30\nmaster_start_timeout: 120\npostgresql:\n  use_pg_rewind: yes\n  parameters:\n    archive_mode: 'on'\n",
            "{\"loop_wait\":10,\"failsafe_mode\":true,\"ttl\":30,\"primary_start_timeout\":120,\"postgresql\":{\"use_pg_rewind\":true,\"parameters\":{\"archive_mode\":\"on\"}}}",
            "loop_wait: 10\nfailsafe_mode: on\nttl: 30\nmaster_start_timeout: 120\npostgresql:\n  use_pg_rewind: on\n  parameters:\n    archive_mode: 'on'\n\tx: [\n",
        ] {
            let mut out = Parsed::default();
            read(text.as_bytes(), "", &mut out);
            let get = |key| out.facts.iter().find(|f| f.key == key).and_then(|f| f.value.num());
            assert_eq!(get(Key::Ttl), Some(30.0), "{text}");
            assert_eq!(get(Key::LoopWait), Some(10.0));
            assert_eq!(get(Key::FailsafeMode), Some(1.0), "{text}");
            assert_eq!(get(Key::PrimaryStartTimeout), Some(120.0));
            assert_eq!(get(Key::UsePgRewind), Some(1.0), "{text}");
            let setting = out.facts.iter().find(|f| f.key == Key::PgSetting).unwrap();
            assert_eq!((setting.item.as_deref(), setting.value.text()), (Some("archive_mode"), Some("on")));
        }
    }
}
