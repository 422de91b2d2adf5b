//! A proxy, pooler or address manager cut clients; the database layer did nothing.

use super::case::cites;
use super::{Assessment, Case, Cause, Layer, Need, Remedy, Strength, When, Who};
use crate::incidents::Kind;
use crate::model::{Program, What};

pub static CAUSE: Cause = Cause {
    id: "vip_or_proxy_healthcheck",
    title: "a proxy, pooler or address manager cut the clients",
    layer: Layer::Client,
    leads_to: &[],
    needs: &[Need::Log(Program::Proxy, Who::Any)],
    doc: DOC,
    remedies: &[Remedy { kind: When::Now, text: "Read the pooler's and the proxy's logs of these seconds: health check timeouts, server_lifetime, maxconn, and what the address manager saw.", risk: "none", verify: "the check's interval, timeout and fall count survive one slow answer of the REST API" }],
    assess,
};

const DOC: &str = "## What happens
HAProxy, PgBouncer, keepalived or vip-manager judge by health checks of their own. One slow answer, and clients
are cut although the primary never changed.

## How we tell
No role change and no missing heartbeat on any member, but a server taken out, an address moved, or
`server conn crashed?` from the pooler.

## What else looks like it
A failover: then Patroni's log has a promotion.

## What to do
Look at the proxy, not at Patroni.

## References
HAProxy: Health checks. PgBouncer: FAQ. Patroni: REST API health checks.";

fn assess(c: &Case<'_>) -> Assessment {
    let mut a = Assessment::default();
    let cut = c.find(&[What::PoolerServerLost, What::NoBackend, What::BackendDown, What::VipLost]);
    if c.is(&[Kind::ClientsCut]) && !cut.is_empty() {
        a.pro(Strength::Strong, "clients were cut by a proxy, pooler or address manager while no role changed", cites(&cut));
    } else if !cut.is_empty() {
        a.pro(Strength::Weak, "a proxy, pooler or address manager reacted", cites(&cut));
    }
    a
}
