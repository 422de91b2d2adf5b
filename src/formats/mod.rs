//! How logs, tables and configs are laid out: bytes in, streams and facts out. One file per format.
//!
//! Three kinds. An *envelope* is what syslog, the journal or a container runtime wraps around a
//! line. A *body* is how a program lays out its own line. A *document* is read as a whole: the
//! output of a command, a config, a sysstat file. A log line is envelope × body; any mix of bodies
//! may stand in one file.

pub mod cells;
pub mod etcd_settings;
pub mod exported;
pub mod ident;
pub mod json;
pub mod pg_severity;
pub mod prompt;
pub mod secrets;
pub mod settings;
pub mod sheet;
pub mod stamp;
pub mod tree;
pub mod units;
pub mod unwrap;
pub mod wash;

mod beats;
#[cfg(test)]
mod hostile;
mod lanes;
mod near;
mod read;

use crate::model::{Level, Parsed, Program, Stamp};
pub use document::sysstat::data as sysstat_data;
pub use read::{LogReader, end_of, folds, part_of, read_log, read_log_in_ranges, read_log_with, read_part, whole};
use std::borrow::Cow;

/// A line taken out of its envelope.
#[derive(Debug, Default)]
pub struct Peeled<'a> {
    pub stamp: Option<Stamp>,
    pub host: Option<Cow<'a, [u8]>>,
    /// Name of the program as the envelope says it.
    pub ident: Option<Cow<'a, [u8]>>,
    pub pid: u32,
    pub level: Level,
    pub body: Cow<'a, [u8]>,
}

/// What a log shipper or runtime wraps around a line.
#[derive(Debug)]
pub struct Envelope {
    pub name: &'static str,
    pub doc: &'static str,
    pub peel: for<'a> fn(&'a [u8]) -> Option<Peeled<'a>>,
    pub samples: &'static [&'static str],
}

/// The head of a program's own line.
#[derive(Debug)]
pub struct Head<'a> {
    pub program: Program,
    pub stamp: Option<Stamp>,
    pub level: Level,
    pub pid: u32,
    pub message: Cow<'a, [u8]>,
    /// The whole object, where the line is JSON: holes of messages are its fields.
    pub object: Option<&'a [u8]>,
    /// A second proof of the zone inside the line: UTC minus written time, in quarter hours.
    pub zone_proof: Option<i32>,
}

impl<'a> Head<'a> {
    pub fn plain(program: Program, stamp: Option<Stamp>, level: Level, message: &'a [u8]) -> Head<'a> {
        Head { program, stamp, level, pid: 0, message: Cow::Borrowed(message), object: None, zone_proof: None }
    }
}

/// How a program lays out its own lines.
#[derive(Debug)]
pub struct Body {
    pub name: &'static str,
    pub doc: &'static str,
    pub head: for<'a> fn(&'a [u8]) -> Option<Head<'a>>,
    pub samples: &'static [&'static str],
}

/// A file read as a whole. `sniff` sees at most the first 64 KiB and the entry's name and gives
/// 0 (no) to 100 (certain); `read` fills in streams, facts and problems.
#[derive(Debug)]
pub struct Document {
    pub name: &'static str,
    pub program: Program,
    pub doc: &'static str,
    pub sniff: fn(head: &[u8], name: &str) -> u8,
    pub read: fn(content: &[u8], name: &str, out: &mut Parsed),
    pub samples: &'static [&'static str],
}

#[cfg(test)]
impl Document {
    /// What it reads from a text, as `Key item value`.
    fn facts(&self, text: &str) -> Vec<String> {
        let mut out = Parsed::default();
        (self.read)(text.as_bytes(), "", &mut out);
        let show = |f: &crate::model::Fact| {
            let value = f.value.text().map_or_else(|| f.value.num().unwrap_or(-1.0).to_string(), str::to_owned);
            format!("{:?} {} {value}", f.key, f.item.as_deref().unwrap_or("-"))
        };
        out.facts.iter().map(show).collect()
    }
}

macro_rules! envelopes {
    ($($name:ident),* $(,)?) => {
        pub mod envelope { $(pub mod $name;)* }
        /// All envelopes, the unmistakable before the lenient.
        pub static ENVELOPES: &[&Envelope] = &[$(&envelope::$name::FORMAT),*];
    };
}
macro_rules! bodies {
    ($($name:ident),* $(,)?) => {
        $(pub mod $name;)*
        /// All bodies, the unmistakable before the lenient.
        pub static BODIES: &[&Body] = &[$(&$name::FORMAT),*];
    };
}
macro_rules! documents {
    ($($name:ident),* $(,)?) => {
        pub mod document { $(pub mod $name;)* }
        /// All documents; on a tie the first wins.
        pub static DOCUMENTS: &[&Document] = &[$(&document::$name::FORMAT),*];
    };
}

envelopes! {
    journal_json, docker_json, cnpg, rsyslog_json, loki, cloud, elastic, fluent, cri, syslog_rfc5424, kibana, kubectl, grep,
    journal_monotonic, csv_export, svlogd, syslog,
}
bodies! {
    patroni, vip_manager, walg, etcd_zap, etcd_capnslog, patroni_json, pg_csv, pg_json, pgbackrest, pgbouncer, barman,
    haproxy, keepalived, vmware_tools, dpkg, kernel, pg_stderr, patroni_custom,
}
documents! {
    collect_manifest, private_key, transcript, journal_export, json_export, csv_table,
    patronictl_list, patronictl_history, kubernetes, compose, patroni_yml, patroni_config,
    patroni_rest, dcs_dump,
    etcdctl_status, etcdctl_members, etcdctl_health, etcd_conf, metrics,
    unit_file, environment,
    pg_controldata, postgresql_conf, pg_settings,
    systemctl_status, systemctl_list, kubectl_get, fio, pg_lsclusters,
    df, mounts, lsblk, device_names, du, date,
    timedatectl, zone_file, kubectl_describe, clock_sync, last, uptime, host_names, ip_addr, hosts,
    memory, pressure, ps, packages, sysctl,
    sysstat,
    failed_command, notes, other,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader must also refuse: of all bodies, only the owner may take a sample.
    #[test]
    fn every_sample_is_taken_by_its_owner_alone() {
        for owner in BODIES {
            for sample in owner.samples {
                let first = BODIES.iter().find(|b| (b.head)(sample.as_bytes()).is_some());
                assert_eq!(first.map(|b| b.name), Some(owner.name), "{sample}");
            }
        }
        for owner in ENVELOPES {
            for sample in owner.samples {
                let first = ENVELOPES.iter().find(|e| (e.peel)(sample.as_bytes()).is_some());
                assert_eq!(first.map(|e| e.name), Some(owner.name), "{sample}");
            }
        }
        for owner in DOCUMENTS {
            for sample in owner.samples {
                let best = DOCUMENTS.iter().max_by_key(|d| (d.sniff)(sample.as_bytes(), ""));
                assert_eq!(best.map(|d| d.name), Some(owner.name), "{sample}");
            }
        }
    }
}
