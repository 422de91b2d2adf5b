//! What lists and catalogues of messages hold beside whole messages.

/// What lists give as a part of a line (the result of a function, another ending, an error's text), with a line that
/// holds it. A part is known if that line is.
pub const WITHIN: &[(&str, &str)] = &[
    ("trying to ", "trying to bootstrap a new cluster"),
    ("trying to 7s", "trying to bootstrap from leader 'pg1'"),
    ("from 7s '7s'", "trying to bootstrap from replica 'pg2'"),
    ("bootstrap (without leader)", "trying to bootstrap (without leader)"),
    ("not allowed to promote", "switchover: member pg2 is not allowed to promote"),
    ("not reachable", "switchover: member pg2 is not reachable"),
    ("not watchdog capable", "switchover: member pg2 is not watchdog capable"),
    ("Running as a leader", "Got response from pg2 http://h:8008/failsafe: Running as a leader"),
    ("switchover", "switchover: demoting myself"),
    ("manual failover", "manual failover: demoting myself"),
    // ---- Patroni's catalogue
    ("Bad value for slot…", "Bad value for slot 'x' in permanent_slots: 1"),
    (
        "Invalid permanent replication slot name…",
        "Invalid permanent replication slot name 'x-y'. Only letters are allowed",
    ),
    ("<X request failed>", "PUT /v2/keys/service/x/leader request failed"),
    (
        "Etcd3ClientError: <ResourceExhausted error: 'etcdserver: mvcc: database space exceeded', code: 8>",
        "patroni.dcs.etcd3.Etcd3ClientError: <ResourceExhausted error: 'etcdserver: mvcc: database space exceeded', code: 8>",
    ),
    ("Updating /sync key temporarily from…", "Updating /sync key temporarily from ['a'] to ['b']"),
    ("consul", "waiting on consul"),
    ("raft", "waiting on raft"),
    ("exhibitor", "waiting on exhibitor"),
    ("healty", "Failed to rewind from healty primary: pg1"),
    ("… a new standby leader", "trying to bootstrap a new standby leader"),
    (
        "… a safe watchdog timeout <n> could not be configured…",
        "Configuration requires watchdog, but a safe watchdog timeout 5 could not be configured. Watchdog timeout is 60.",
    ),
    ("… could not be configured.", "Configuration requires watchdog, but watchdog could not be configured."),
    ("… because i had the session lock", "promoted self to a standby leader because i had the session lock"),
    ("… because it has no restart_lsn…", "Dropping physical replication slot x because it has no restart_lsn"),
    ("… connection to the postgres cluster", "establishing a new patroni connection to the postgres cluster"),
    (
        "… from acquire_leader_lock/attempt_to_acquire_leader …",
        "Unexpected exception raised from attempt_to_acquire_leader, please report it as a BUG",
    ),
    ("… in a standby cluster", "cannot be a real primary in a standby cluster"),
    ("… is not allowed to promote", "Member pg2 is not allowed to promote"),
    ("… is not watchdog capable", "Member pg2 is not watchdog capable"),
    ("… no leader", "<Unavailable error: 'etcdserver: no leader', code: 14>"),
    ("… not running as primary", "removed leader lock because postgres is not running as primary"),
    ("…/patroni: Accepted", "Got response from pg3 http://10.88.2.13:8008/patroni: Accepted"),
    ("Lock owner: …", "Lock owner: pg1; I am pg2"),
    ("primary: history=<tli>\t<lsn>\t<reason>", "primary: history=1\t0/41734F0\tno recovery target specified"),
    ("master: history=", "master: history=1\t0/41734F0\tno recovery target specified"),
    // ---- etcd's catalogue
    ("panic: …", "panic: runtime error: invalid memory address or nil pointer dereference"),
    (
        " (prober \"ROUND_TRIPPER_SNAPSHOT|ROUND_TRIPPER_RAFT_MESSAGE\")",
        "health check for peer 91bc3c398fb3c146 could not connect: EOF (prober \"ROUND_TRIPPER_RAFT_MESSAGE\")",
    ),
    (
        " (prober …)",
        "the clock difference against peer 91bc3c398fb3c146 is too high [3.2s > 1s] (prober \"ROUND_TRIPPER_SNAPSHOT\")",
    ),
    ("\"\"", "apply request took too long"),
    ("read-only range ", "read-only range request \"x\" with result \"y\" took too long (1.2s) to execute"),
    ("read-only txn ", "read-only txn request \"x\" with result \"y\" took too long (1.2s) to execute"),
    (
        "(exceeded the 100ms timeout for 39.2ms)",
        "failed to send out heartbeat on time (exceeded the 100ms timeout for 39.2ms)",
    ),
    (
        "(…, to <peer-id>)",
        "failed to send out heartbeat on time (exceeded the 100ms timeout for 39.2ms, to 91bc3c398fb3c146)",
    ),
    ("%x (leader %v) A tick missed…", "8e9e05c52164694d (leader true) A tick missed to fire. Node blocks too long!"),
    (
        "80% of the file descriptor limit is used [used = , limit = ]",
        "80% of the file descriptor limit is used [used = 80, limit = 100]",
    ),
    (
        "<id> [quorum:Q] has received N …",
        "8e9e05c52164694d [quorum:2] has received 2 MsgVoteResp votes and 0 vote rejections",
    ),
    (
        "<id> [term t] starts to transfer leadership to <p>",
        "8e9e05c52164694d [term 3] starts to transfer leadership to 91bc3c398fb3c146",
    ),
    (
        "<id> [term: a] ignored a <Msg> message with lower term from <peer> [term: b]",
        "8e9e05c52164694d [term: 3] ignored a MsgApp message with lower term from 91bc3c398fb3c146 [term: 2]",
    ),
    (
        "<id> [term: a] received a <Msg> message with higher term from <peer> [term: b]",
        "8e9e05c52164694d [term: 3] received a MsgHeartbeat message with higher term from 91bc3c398fb3c146 [term: 4]",
    ),
    (
        "<p> [term t] received MsgTimeoutNow from <id> and starts an election to get leadership.",
        "8e9e05c52164694d [term 3] received MsgTimeoutNow from 91bc3c398fb3c146 and starts an election to get leadership.",
    ),
    (
        "<peer> [logterm…, vote: v] cast Msg(Pre)Vote for <id> [logterm: , index: ] at term <t>",
        "8e9e05c52164694d [logterm: 2, index: 9, vote: 0] cast MsgPreVote for 91bc3c398fb3c146 [logterm: 2, index: 9] at term 3",
    ),
    (
        "voted for",
        "8e9e05c52164694d [logterm: 2, index: 9, vote: 0] voted for 91bc3c398fb3c146 [logterm: 2, index: 9] at term 3",
    ),
    (
        "<peer> … ignored Msg(Pre)Vote from <id> … : lease is not expired (remaining ticks: N)",
        "8e9e05c52164694d [logterm: 2, index: 9, vote: 0] ignored MsgPreVote from 91bc3c398fb3c146 [logterm: 2, index: 9] at \
         term 3: lease is not expired (remaining ticks: 5)",
    ),
    (
        "<peer> … rejected MsgVote from <id> …",
        "8e9e05c52164694d [logterm: 2, index: 9, vote: 0] rejected MsgVote from 91bc3c398fb3c146 [logterm: 2, index: 9] at term 3",
    ),
    ("… rejection from …", "8e9e05c52164694d received MsgVoteResp rejection from 91bc3c398fb3c146 at term 3"),
    ("dropping index reading msg", "8e9e05c52164694d no leader at term 3; dropping index reading msg"),
    ("Git SHA:", "Git SHA: 0e1ba5e"),
    ("Go OS/Arch:", "Go OS/Arch: linux/amd64"),
    ("Go Version:", "Go Version: go1.12"),
    ("alarm NOSPACE|CORRUPT raised by peer <id>", "alarm CORRUPT raised by peer 8e9e05c52164694d"),
    (
        "backend quota … exceeds maximum recommended quota",
        "backend quota 9000000000 exceeds maximum recommended quota 8589934592",
    ),
    ("cannot begin tx", "cannot begin tx (EOF)"),
    ("cannot get the version of member <id>", "cannot get the version of member 8e9e05c52164694d (EOF)"),
    ("cannot open database at …", "cannot open database at /var/lib/etcd/member/snap/db (timeout)"),
    (
        "database snapshot … failed to be sent out (…)",
        "database snapshot [index: 1, to: 4d44f3ab788be2a2] failed to be sent out (EOF)",
    ),
    ("failed to raft save state and entries", "failed to raft save state and entries EOF"),
    (
        "failed to receive lease keepalive request…",
        "failed to receive lease keepalive request from gRPC stream (\"EOF\")",
    ),
    ("failed to remove broken snapshot file", "failed to remove broken snapshot file /var/lib/etcd/member/snap/1.snap"),
    (
        "rafthttp: lost the TCP streaming connection with peer <id> (stream MsgApp v2 reader|writer / stream Message …)",
        "lost the TCP streaming connection with peer 91bc3c398fb3c146 (stream MsgApp v2 reader)",
    ),
    ("reject message from removed member", "reject message from removed member 91bc3c398fb3c146"),
    (
        "serving insecure client requests on …",
        "serving insecure client requests on 127.0.0.1:2379, this is strongly discouraged!",
    ),
    (
        "… from <id> since receiving buffer is full (overloaded network)",
        "dropped internal raft message from 91bc3c398fb3c146 since receiving buffer is full (overloaded network)",
    ),
    ("… on peer endpoint", "rejected connection on peer endpoint"),
    ("… sending buffer is full", "dropped internal Raft message since sending buffer is full"),
    ("…to mismatch member", "rejected Raft message to mismatch member"),
];

/// What catalogues mark as code and is no message: names of fields and options, words that were renamed, heads of lines.
pub const NO_MESSAGE: &[&str] = &[
    "args",
    "level",
    "embed",
    "master",
    "raft: ",
    "etcdmain: %v",
    "C | …",
    "PAUSE: ",
    "  <key>: <value>",
    " configuration",
];
