//! etcd's raft library: elections, votes, leaders; the same words in every log format.

use super::super::{Message, m, noise};
use crate::model::What::*;

pub(super) const MESSAGES: &[Message] = &[
    m(
        ElectionStart,
        "{me} is starting a new election at term {num}",
        "be57c3b2fc3623e8 is starting a new election at term 12280",
        "raft/raft.go, all",
    ),
    m(
        Candidate,
        "{me} became candidate at term {num}",
        "be57c3b2fc3623e8 became candidate at term 12281",
        "raft/raft.go, all",
    ),
    m(
        RaftDetail,
        "{me} became pre-candidate at term {num}",
        "fab5ff01cf613aaa became pre-candidate at term 2",
        "raft/raft.go, 3.1+",
    ),
    m(
        RaftFollower,
        "{me} became follower at term {num}",
        "be57c3b2fc3623e8 became follower at term 12245",
        "raft/raft.go, all",
    ),
    m(
        LeaderWon,
        "{me} became leader at term {num}",
        "be57c3b2fc3623e8 became leader at term 12290",
        "raft/raft.go, all",
    ),
    m(
        LeaderSeen,
        "raft.node: {me} elected leader {who} at term {num}",
        "raft.node: be57c3b2fc3623e8 elected leader e33aad917e0c358c at term 12290",
        "raft/node.go, all",
    ),
    m(
        LeaderLost,
        "raft.node: {me} lost leader {who} at term {num}",
        "raft.node: be57c3b2fc3623e8 lost leader e33aad917e0c358c at term 12245",
        "raft/node.go, all",
    ),
    m(
        LeaderChanged,
        "raft.node: {me} changed leader from {} to {who} at term {num}",
        "raft.node: dd17a1ce82b808ef changed leader from dd17a1ce82b808ef to 841787b557710ac7 at term 3",
        "raft/node.go, all",
    ),
    m(
        QuorumLost,
        "{me} stepped down to follower since quorum is not active",
        "dd17a1ce82b808ef stepped down to follower since quorum is not active",
        "raft/raft.go, all",
    ),
    m(
        NoRaftLeader,
        "{me} no leader at term {num}; dropping",
        "dd17a1ce82b808ef no leader at term 5; dropping index reading msg",
        "raft/raft.go, all",
    ),
    m(
        HigherTerm,
        "{me} [term: {}] received a {} message with higher term from {who} [term: {num}]",
        "be57c3b2fc3623e8 [term: 12244] received a MsgVote message with higher term from 951c0cdd2b02518f [term: 12245]",
        "raft/raft.go, all",
    ),
    m(
        RaftDetail,
        "{me} [term: {}] ignored a {} message with lower term from {who} [term: {num}]",
        "be57c3b2fc3623e8 [term: 12245] ignored a MsgHeartbeat message with lower term from e33aad917e0c358c [term: 12244]",
        "raft/raft.go, all",
    ),
    m(
        VoteIgnored,
        "{me} [logterm: {}, index: {}, vote: {}] ignored {} from {who} [logterm: {}, index: {}] at term {num}: lease is not expired",
        "606da7be17d3622b [logterm: 2, index: 110, vote: 606da7be17d3622b] ignored MsgVote from b1e0d3f9fea92a3a [logterm: 2, index: 108] at term 2: lease is not expired (remaining ticks: 8)",
        "raft/raft.go, 3.0+",
    ),
    m(
        VoteRejected,
        "{me} [logterm: {}, index: {}, vote: {}] rejected {} from {who} [logterm: {}, index: {}] at term {num}",
        "be57c3b2fc3623e8 [logterm: 12244, index: 153295050, vote: 0] rejected vote from 951c0cdd2b02518f [logterm: 12244, index: 153295042] at term 12245",
        "raft/raft.go, all",
    ),
    m(
        RaftDetail,
        "{me} [logterm: {}, index: {}, vote: {}] cast {} for {who} [logterm: {}, index: {}] at term {num}",
        "45878fa6e390a0e3 [logterm: 1, index: 3, vote: 0] cast MsgVote for 606da7be17d3622b [logterm: 1, index: 3] at term 2",
        "raft/raft.go, 3.1+",
    ),
    m(
        RaftDetail,
        "{me} [logterm: {}, index: {}, vote: {}] voted for {who} [logterm: {}, index: {}] at term {num}",
        "45878fa6e390a0e3 [logterm: 1, index: 3, vote: 0] voted for 606da7be17d3622b [logterm: 1, index: 3] at term 2",
        "raft/raft.go, 2.3-3.0",
    ),
    m(
        RaftDetail,
        "{me} [logterm: {}, index: {}] sent {} request to {who} at term {num}",
        "be57c3b2fc3623e8 [logterm: 12289, index: 153659417] sent vote request to 951c0cdd2b02518f at term 12290",
        "raft/raft.go, all",
    ),
    m(
        RaftDetail,
        "{me} received {} from {who} at term {num}",
        "be57c3b2fc3623e8 received vote from 951c0cdd2b02518f at term 12290",
        "raft/raft.go, all",
    ),
    noise(
        "{} has received {} votes and {} vote rejections",
        "be57c3b2fc3623e8 [q:2] has received 2 votes and 0 vote rejections",
        "raft/raft.go, all",
    ),
    m(
        LeaderTransfer,
        "{me} [term {num}] starts to transfer leadership to {who}",
        "83ea18fea8b9503c [term 2] starts to transfer leadership to 77679bcf1f7cda78",
        "raft/raft.go, 3.0+",
    ),
    m(
        LeaderTransfer,
        "{me} [term {num}] received MsgTimeoutNow from {who} and starts an election to get leadership",
        "77679bcf1f7cda78 [term 2] received MsgTimeoutNow from 83ea18fea8b9503c and starts an election to get leadership.",
        "raft/raft.go, 3.0+",
    ),
    noise(
        "{} switched to configuration voters={}",
        "fab5ff01cf613aaa switched to configuration voters=(842137394887732613 5450381921094859268)",
        "raft/raft.go, 3.4+",
    ),
    m(
        RaftDetail,
        "newRaft {me} [peers: {}], term: {num}, commit:",
        "newRaft be57c3b2fc3623e8 [peers: [], term: 0, commit: 0, applied: 0, lastindex: 0, lastterm: 0]",
        "raft/raft.go, all",
    ),
];
