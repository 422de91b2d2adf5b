//! Classifies error texts: timed out, refused, reset, DNS, TLS, quota… told apart in one place.

use super::why_locale;
use crate::model::Why;
use aho_corasick::{AhoCorasick, MatchKind};
use std::sync::OnceLock;

/// Tell-tale parts of error texts, first match in this order wins: the specific before the general.
/// Sources: Python's ssl, socket and urllib3; Go's net, x509 and syscall; PostgreSQL; Linux errno texts.
static SIGNS: &[(&str, Why)] = &[
    ("database space exceeded", Why::Quota),
    ("NOSPACE", Why::Quota),
    ("etcdserver: no space", Why::Quota),
    ("No space left on device", Why::NoSpace),
    ("no space left on device", Why::NoSpace),
    ("Disk quota exceeded", Why::NoSpace),
    ("certificate has expired", Why::TlsExpired),
    ("certificate expired", Why::TlsExpired),
    // The name of alert 45 in Go and in OpenSSL.
    ("expired certificate", Why::TlsExpired),
    ("CERTIFICATE_EXPIRED", Why::TlsExpired),
    ("CERTIFICATE_VERIFY_FAILED", Why::Tls),
    ("certificate verify failed", Why::Tls),
    ("x509:", Why::Tls),
    ("bad certificate", Why::Tls),
    ("tls: ", Why::Tls),
    ("SSLError", Why::Tls),
    ("SSL: ", Why::Tls),
    ("Name or service not known", Why::Dns),
    ("Temporary failure in name resolution", Why::Dns),
    ("nodename nor servname provided", Why::Dns),
    ("No address associated with hostname", Why::Dns),
    ("NameResolutionError", Why::Dns),
    ("gaierror", Why::Dns),
    ("no such host", Why::Dns),
    ("could not translate host name", Why::Dns),
    ("server misbehaving", Why::Dns),
    ("invalid auth token", Why::Auth),
    ("Invalid auth token", Why::Auth),
    ("authentication failed", Why::Auth),
    ("PermissionDenied", Why::Auth),
    ("permission denied", Why::Auth),
    ("Unauthorized", Why::Auth),
    ("Forbidden", Why::Auth),
    ("user name is empty", Why::Auth),
    ("Connection refused", Why::Refused),
    ("connection refused", Why::Refused),
    ("No route to host", Why::NoRoute),
    ("no route to host", Why::NoRoute),
    ("Network is unreachable", Why::NoRoute),
    ("network is unreachable", Why::NoRoute),
    ("Host is unreachable", Why::NoRoute),
    ("ConnectTimeout", Why::ConnectTimeout),
    ("Layer4 timeout", Why::ConnectTimeout),
    ("connect timeout", Why::ConnectTimeout),
    ("Connect timeout", Why::ConnectTimeout),
    ("connection timed out", Why::ConnectTimeout),
    ("Connection timed out", Why::ConnectTimeout),
    ("Connection reset", Why::Reset),
    ("connection reset", Why::Reset),
    // Go: a dial that ended in none of the ways above ran out of time.
    ("dial tcp", Why::ConnectTimeout),
    ("ReadTimeout", Why::ReadTimeout),
    ("Read timed out", Why::ReadTimeout),
    ("i/o timeout", Why::ReadTimeout),
    ("etcdserver: no leader", Why::NoLeader),
    ("no leader", Why::NoLeader),
    ("etcdserver: request timed out", Why::ServerTimeout),
    ("request timed out", Why::ServerTimeout),
    ("context deadline exceeded", Why::ServerTimeout),
    ("DeadlineExceeded", Why::ServerTimeout),
    ("Connection aborted", Why::Reset),
    ("RemoteDisconnected", Why::Reset),
    ("Remote end closed", Why::Reset),
    ("Connection broken", Why::Reset),
    ("IncompleteRead", Why::Reset),
    ("Response ended prematurely", Why::Reset),
    ("Broken pipe", Why::Reset),
    ("broken pipe", Why::Reset),
    ("unexpected EOF", Why::Reset),
    ("server closed the connection unexpectedly", Why::Reset),
    ("EtcdKeyNotFound", Why::NotFound),
    ("Key not found", Why::NotFound),
    ("lease not found", Why::NotFound),
    ("LeaseNotFound", Why::NotFound),
    ("Compare failed", Why::Conflict),
    ("EtcdCompareFailed", Why::Conflict),
    ("EtcdAlreadyExist", Why::Conflict),
    ("Cannot allocate memory", Why::NoMemory),
    ("out of memory", Why::NoMemory),
    ("too many clients", Why::TooManyConnections),
    ("too many connections", Why::TooManyConnections),
    ("remaining connection slots are reserved", Why::TooManyConnections),
    ("statement timeout", Why::StatementTimeout),
    ("Input/output error", Why::Io),
    ("input/output error", Why::Io),
    ("Read-only file system", Why::Io),
    ("read-only file system", Why::Io),
    ("Structure needs cleaning", Why::Io),
    ("is starting up", Why::NotReady),
    ("in recovery mode", Why::NotReady),
    ("is shutting down", Why::NotReady),
    ("is not yet accepting", Why::NotReady),
    ("Internal Server Error", Why::ServerError),
    ("Service Unavailable", Why::ServerError),
    ("Bad Gateway", Why::ServerError),
    ("Too Many Requests", Why::ServerError),
    ("Gateway Timeout", Why::ServerError),
    // Patroni shows an `Unavailable` of etcd v3 as a socket timeout without a text (patroni/dcs/etcd3.py,
    // _handle_server_response, 3.3.7+, 4.0.6+): etcd did answer.
    ("TimeoutError()", Why::ServerTimeout),
    ("timeout()", Why::ServerTimeout),
    ("No cluster leader", Why::NoLeader),
    // Kubernetes: ApiException prints its HTTP status in brackets.
    ("(401)", Why::Auth),
    ("(403)", Why::Auth),
    ("(404)", Why::NotFound),
    ("(409)", Why::Conflict),
    ("(429)", Why::ServerError),
    ("(500)", Why::ServerError),
    ("(502)", Why::ServerError),
    ("(503)", Why::ServerError),
    ("(504)", Why::ServerError),
    ("timed out", Why::ReadTimeout),
    ("timeout", Why::ReadTimeout),
    ("EOF", Why::Reset),
];

fn all() -> impl Iterator<Item = &'static (&'static str, Why)> {
    SIGNS.iter().chain(why_locale::SIGNS)
}

/// The class of an error text; `Why::Unsaid` if it carries no known sign.
pub fn classify(text: &[u8]) -> Why {
    static SEARCH: OnceLock<Option<AhoCorasick>> = OnceLock::new();
    let search = SEARCH
        .get_or_init(|| AhoCorasick::builder().match_kind(MatchKind::Standard).build(all().map(|(sign, _)| sign)).ok());
    let Some(search) = search else { return Why::Unsaid };
    search
        .find_overlapping_iter(text)
        .map(|hit| hit.pattern().as_usize())
        .min()
        .and_then(|first| all().nth(first))
        .map_or(Why::Unsaid, |(_, why)| *why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_specific_sign_beats_the_general_one() {
        for (text, why) in [
            (
                "MaxRetryError(\"HTTPConnectionPool(host='10.24.2.12', port=2379): Max retries exceeded with url: /v3/lease/keepalive (Caused by ConnectTimeoutError(<HTTPConnection(host='10.24.2.12')>, 'Connection to 10.24.2.12 timed out. (connect timeout=1.67)'))\")",
                Why::ConnectTimeout,
            ),
            ("ReadTimeoutError(\"HTTPConnectionPool: Read timed out. (read timeout=3.33)\")", Why::ReadTimeout),
            (
                "NewConnectionError('Failed to establish a new connection: [Errno 111] Connection refused')",
                Why::Refused,
            ),
            ("dial tcp 10.0.0.1:2380: connect: connection refused", Why::Refused),
            (
                "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired (_ssl.c:1006)",
                Why::TlsExpired,
            ),
            ("remote error: tls: expired certificate", Why::TlsExpired),
            ("[SSL: SSLV3_ALERT_CERTIFICATE_EXPIRED] sslv3 alert certificate expired (_ssl.c:1131)", Why::TlsExpired),
            ("<ResourceExhausted error: 'etcdserver: mvcc: database space exceeded', code: 8>", Why::Quota),
            ("write /var/lib/etcd/member/wal/0.wal: no space left on device", Why::NoSpace),
            ("lookup etcd1 on 10.0.0.2:53: no such host", Why::Dns),
            ("dial tcp 10.24.2.11:2380: i/o timeout", Why::ConnectTimeout),
            ("read tcp 127.0.0.1:56154->127.0.0.1:24813: i/o timeout", Why::ReadTimeout),
            ("dial tcp 10.24.2.11:2380: connect: no route to host", Why::NoRoute),
            ("etcdserver: request timed out", Why::ServerTimeout),
            ("TimeoutError()", Why::ServerTimeout),
            ("TimeoutError('timed out')", Why::ReadTimeout),
            (
                "500 rpc error getting client: failed to get conn: dial tcp <nil>->192.168.241.12:8300: i/o timeout",
                Why::ConnectTimeout,
            ),
            ("tls: \"10.1.1.1\" does not match any of DNSNames (lookup etcd on 4.2.2.2:53: no such host)", Why::Tls),
            ("nothing to see", Why::Unsaid),
        ] {
            assert_eq!(classify(text.as_bytes()), why, "{text}");
        }
    }
}
