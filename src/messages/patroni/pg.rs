//! Patroni about PostgreSQL: start, stop, crash, rewind, bootstrap, slots and synchronous replication.

use super::super::{Message, m, noise};
use crate::model::What::*;

pub(super) const MESSAGES: &[Message] = &[
    m(PgNotRunning, "Postgresql is not running.", "Postgresql is not running.", "patroni/postgresql/__init__.py, all"),
    m(PgPostmaster, "postmaster pid={num}", "postmaster pid=13186", "patroni/postgresql/postmaster.py, all"),
    m(
        PgRestarting,
        "starting primary after failure",
        "starting primary after failure",
        "patroni/ha.py, 3.0.4+",
    ),
    m(PgStartedSecondary, "starting as a secondary", "starting as a secondary", "patroni/ha.py, all"),
    m(
        PgIsReadyRejecting,
        "{who} - rejecting connections$",
        "localhost:5432 - rejecting connections",
        "pg_isready, whose output goes to Patroni's",
    ),
    noise("{} - accepting connections$", "localhost:5432 - accepting connections", "pg_isready"),
];
