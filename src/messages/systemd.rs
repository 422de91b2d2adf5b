//! Messages of systemd.

use super::Message;

pub static MESSAGES: &[Message] = &[
];

/// The program of the cluster that a unit or its description names.
pub fn unit(who: &str) -> Option<crate::model::Program> {
    use crate::model::Program;
    let who = who.to_ascii_lowercase();
    if who.contains("patroni") || who.contains("runners to orchestrate") {
        Some(Program::Patroni)
    } else if who.contains("etcd") {
        Some(Program::Etcd)
    } else if who.contains("postgres") {
        Some(Program::Postgres)
    } else {
        None
    }
}
