//! Who is who: joins host names, folders, Patroni members, addresses and etcd ids into nodes, with reasons.

mod crowd;
mod files;
mod folders;
mod separate;
#[cfg(test)]
mod tests;

use crate::model::{Key, Naming, NodeId, Program, Source, Written};
pub use crowd::crowd;
pub use separate::separate;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A machine of the cluster, as far as the bundle tells machines apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// The name that reports use: the folder of its files, else that of its Patroni member, else its host name.
    pub name: Arc<str>,
    /// The host's own name, where the member is called otherwise.
    pub host: Option<Arc<str>>,
    /// Other names, each with why it belongs here.
    pub aliases: BTreeMap<(Naming, Arc<str>), String>,
    /// Whether any source was written on this node; `false` for a name that only others mention.
    pub has_sources: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Cluster {
    pub nodes: Vec<Node>,
    /// Node of each stream: `[source][stream]`.
    pub of_stream: Vec<Vec<NodeId>>,
    /// Node of each source's facts.
    pub of_source: Vec<NodeId>,
    /// Names that two nodes claim, in words, with both places.
    pub contradictions: BTreeSet<String>,
    by_name: BTreeMap<String, NodeId>,
    /// Nodes are told apart, and that is all: no other names and reasons are kept.
    brief: bool,
    /// Short host names that several fully qualified ones share: these are told apart by their domains.
    doubled: BTreeSet<String>,
    /// Host names by which a machine went later: new → old.
    renamed: BTreeMap<String, String>,
    /// Host names that the machines of several folders bear: they tell nobody apart.
    shared: BTreeSet<String>,
}

/// The name of a node whose sources name no host at all.
pub const UNNAMED: &str = "unnamed host";

/// Folder names that say what is in them, not on which host it was.
const GENERIC: &[&str] = &[
    "var",
    "log",
    "logs",
    "etc",
    "commands",
    "cmds",
    "patroni",
    "etcd",
    "postgres",
    "postgresql",
    "pg_log",
    "sysstat",
    "sa",
    "conf",
    "config",
    "bundle",
    "containers",
    "messages",
    "journal",
    "hosts",
    "nodes",
    "output",
    "data",
    "tmp",
    "home",
    "opt",
    "client",
    "siem",
    "export",
    "sos_commands",
    "other",
    "misc",
    "system",
    "metrics",
    "files",
    "attachments",
    "sar",
    "pgsql",
    // Of collectors on Kubernetes: `pgo support export`, must-gather.
    "pods",
    "namespaces",
    "describe",
    "processes",
    "cluster-scoped-resources",
    "manifests",
    "host_service_logs",
    // Of EDB's Lasso.
    "linux",
    "tools",
];

impl Cluster {
    /// The node that a member name, host name, address, URL or etcd id belongs to.
    pub fn resolve(&self, name: &str) -> Option<NodeId> {
        let name = bare(name);
        self.by_name.get(&name).or_else(|| self.by_name.get(&short(&name))).copied()
    }

    pub fn name(&self, node: NodeId) -> Arc<str> {
        self.nodes.get(usize::from(node.0)).map_or_else(|| Arc::from("?"), |n| n.name.clone())
    }

    /// The name, with that of the host where it differs: `pg1 (host vm-4711)`.
    pub fn title(&self, node: NodeId) -> String {
        let name = self.name(node);
        match self.nodes.get(usize::from(node.0)).and_then(|n| n.host.as_ref()) {
            Some(host) => format!("{name} (host {host})"),
            None => name.to_string(),
        }
    }

    /// People speak of members; the machine below may be called anything.
    pub fn call_by_member(&mut self) {
        for node in self.nodes.iter_mut().filter(|n| n.has_sources) {
            let members: Vec<Arc<str>> = node
                .aliases
                .keys()
                .filter(|(naming, _)| *naming == Naming::Member)
                .map(|(_, name)| name.clone())
                .collect();
            let [member] = members.as_slice() else { continue };
            // Whoever made the bundle named the folder; what a line or a collector calls its machine is an accident.
            let folder = node.aliases.contains_key(&(Naming::Host, node.name.clone()));
            if !folder && !member.contains('\u{fffd}') && short(&bare(member)) != short(&bare(&node.name)) {
                let host = std::mem::replace(&mut node.name, member.clone());
                let why = "the name that its lines bear".to_owned();
                node.aliases.entry((Naming::Host, host.clone())).or_insert(why);
                node.host = Some(host).filter(|h| &**h != UNNAMED);
            }
        }
    }

    fn node(&mut self, name: &str, has_sources: bool) -> NodeId {
        let whole = bare(name);
        let whole = self.renamed.get(&short(&whole)).cloned().unwrap_or(whole);
        let key = if self.doubled.contains(&short(&whole)) { whole } else { short(&whole) };
        if let Some(id) = self.by_name.get(&key) {
            if let Some(node) = self.nodes.get_mut(usize::from(id.0)) {
                node.has_sources |= has_sources;
            }
            return *id;
        }
        let id = NodeId(self.nodes.len().min(usize::from(u16::MAX)) as u16);
        self.nodes.push(Node { name: Arc::from(name), host: None, aliases: BTreeMap::new(), has_sources });
        self.by_name.insert(key, id);
        id
    }

    /// Gives a node another name, unless that name belongs to a different node already.
    fn alias(&mut self, id: NodeId, naming: Naming, name: &Arc<str>, why: String) {
        let key = bare(name);
        if key.is_empty() {
            return;
        }
        if let Some(other) = self.by_name.get(&key).copied().filter(|other| *other != id) {
            let of = |n: NodeId| {
                let node = self.nodes.get(usize::from(n.0));
                let said = node.and_then(|x| x.aliases.iter().find(|((_, a), _)| bare(a) == key).map(|(_, why)| why));
                format!("{} ({})", self.name(n), said.map_or("its own name", String::as_str))
            };
            let (first, second) = (of(other), format!("{} ({why})", self.name(id)));
            self.contradictions.insert(format!("{} {name} is claimed by {first} and by {second}", naming.words()));
            return;
        }
        self.by_name.insert(key, id);
        if let Some(node) = self.nodes.get_mut(usize::from(id.0)).filter(|_| !self.brief) {
            node.aliases.entry((naming, name.clone())).or_insert(why);
        }
    }
}

/// The one name that was seen, or that there were several.
#[derive(Default)]
struct Few {
    first: Option<String>,
    several: bool,
}

impl Few {
    fn add(&mut self, name: String) {
        match &self.first {
            Some(first) => self.several |= *first != name,
            None => self.first = Some(name),
        }
    }

    fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    fn only(&self) -> Option<&String> {
        self.first.as_ref().filter(|_| !self.several)
    }
}

/// Joins the names found in all sources.
pub fn join(sources: &[Source]) -> Cluster {
    joined(sources, false)
}

/// `brief`: only who is who, for as many hosts as a bundle may hold.
fn joined(sources: &[Source], brief: bool) -> Cluster {
    let known = known(sources);
    let folders = units(sources, &known);
    // Logs of several etcd members side by side are of several hosts, whatever else lies beside them.
    let mut etcds_in: BTreeMap<&str, BTreeSet<Arc<str>>> = BTreeMap::new();
    for (source, folder) in sources.iter().zip(&folders) {
        if let Some((id, _)) = own_etcd(source) {
            etcds_in.entry(folder).or_default().insert(id);
        }
    }
    let mut cluster = Cluster {
        doubled: doubled(sources, &folders),
        renamed: renamed(sources),
        shared: shared(sources, &folders),
        brief,
        ..Cluster::default()
    };
    // A folder is one host only if the names inside do not contradict each other.
    let mut hosts_in: BTreeMap<&str, Few> = BTreeMap::new();
    let mut members_in: BTreeMap<&str, Few> = BTreeMap::new();
    for (source, folder) in sources.iter().zip(&folders) {
        for (naming, name) in hints(source) {
            if naming == Naming::Host && cluster.shared.contains(&short(&bare(&name))) {
                continue;
            }
            let set = match naming {
                Naming::Host => hosts_in.entry(folder),
                Naming::Member => members_in.entry(folder),
                _ => continue,
            };
            let whole = bare(&name);
            let key = if cluster.doubled.contains(&short(&whole)) { whole } else { short(&whole) };
            set.or_default().add(cluster.renamed.get(&key).cloned().unwrap_or(key));
        }
    }
    for (source, folder) in sources.iter().zip(&folders) {
        let (hosts, members) = (hosts_in.get(folder.as_str()), members_in.get(folder.as_str()));
        let only_host = hosts.and_then(Few::only).cloned();
        let only_member = members.and_then(Few::only).cloned();
        let no_host = hosts.is_none_or(Few::is_empty);
        let (one_host, one_member) = (hosts.is_none_or(|h| !h.several), members.is_none_or(|m| !m.several));
        let own_member =
            hints(source).into_iter().filter(|(n, _)| *n == Naming::Member).map(|(_, m)| m).collect::<BTreeSet<_>>();
        // `pg2-postgresql.log` between files of others: a name that the bundle's own lines speak of.
        let by_file = (folder.is_empty() || !no_host || members.is_some_and(|m| !m.is_empty()))
            .then(|| named_in(&source.path, &known))
            .flatten();
        // The name of the host that the whole folder is of says nothing more.
        let by_file = by_file.filter(|name| *name != short(&bare(folder)));
        let by_folder = (!folder.is_empty() && one_host && (one_member || only_host.is_some())).then(|| folder.clone());
        let own_etcd = own_etcd(source);
        let fallback = || -> String {
            if own_member.is_empty()
                && let Some(name) = &by_file
            {
                return name.clone();
            }
            if by_folder.is_none()
                && etcds_in.get(folder.as_str()).is_some_and(|e| e.len() > 1)
                && let Some((_, name)) = &own_etcd
            {
                return name.clone();
            }
            if let Some(host) = &only_host {
                return host.clone();
            }
            if let Some(folder) = &by_folder {
                return folder.clone();
            }
            if own_member.len() == 1
                && let Some(member) = own_member.first()
            {
                return member.to_string();
            }
            if no_host && let Some(member) = &only_member {
                return member.clone();
            }
            match &own_etcd {
                Some((id, name)) if **id != **name => name.clone(),
                _ => UNNAMED.to_owned(),
            }
        };
        let mut streams = Vec::new();
        for stream in &source.parsed.streams {
            let told = stream
                .host
                .as_ref()
                .or_else(|| stream.names.iter().find(|n| n.naming == Naming::Host).map(|hint| &hint.name));
            let name = told
                .filter(|host| !cluster.shared.contains(&short(&bare(host))))
                .map_or_else(fallback, |host| host.to_string());
            streams.push(cluster.node(&name, true));
        }
        let own = match streams.first() {
            Some(first) if streams.iter().all(|s| s == first) => *first,
            Some(_) if only_host.is_none() && by_folder.is_none() => streams.first().copied().unwrap_or(NodeId(0)),
            _ => cluster.node(&fallback(), true),
        };
        cluster.of_source.push(own);
        cluster.of_stream.push(streams);
        if let Some(folder) = &by_folder {
            let place = if components(&source.path).contains(folder) { "folder of" } else { "in the name of" };
            cluster.alias(own, Naming::Host, &Arc::from(folder.as_str()), format!("{place} {}", source.path));
        }
    }
    for (new, old) in cluster.renamed.clone() {
        if let Some(id) = cluster.resolve(&old) {
            let why = "renamed: the same ids write under the old name before and under the new one after".to_owned();
            cluster.alias(id, Naming::Host, &Arc::from(new.as_str()), why);
        }
    }
    join_aliases(&mut cluster, sources);
    name_the_mentioned(&mut cluster, sources);
    cluster
}

/// For each source the folder that stands for its host, or what does so in the file's own name; empty if nothing does.
fn units(sources: &[Source], known: &BTreeSet<String>) -> Vec<String> {
    let mut folders = folders::host_folders(sources, known);
    let labels = files::Labels::find(sources, &folders);
    for (source, folder) in sources.iter().zip(&mut folders).filter(|(_, f)| f.is_empty()) {
        *folder = labels.host(&source.path).unwrap_or_default();
    }
    folders
}

/// Host names in the folders of several machines, as clones of one image have them: the same name with different Patroni
/// members or etcd ids in each.
fn shared(sources: &[Source], folders: &[String]) -> BTreeSet<String> {
    let mut hosts: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut own: BTreeMap<&str, BTreeSet<(Naming, Arc<str>)>> = BTreeMap::new();
    for (source, folder) in sources.iter().zip(folders).filter(|(_, f)| !f.is_empty()) {
        for (naming, name) in hints(source) {
            match naming {
                Naming::Host => _ = hosts.entry(folder).or_default().insert(short(&bare(&name))),
                Naming::Member | Naming::EtcdId => _ = own.entry(folder).or_default().insert((naming, name)),
                _ => {}
            }
        }
    }
    let apart = |a: &str, b: &str| match (own.get(a), own.get(b)) {
        (Some(x), Some(y)) => x.is_disjoint(y),
        _ => false,
    };
    let folder_names: BTreeSet<String> = hosts.keys().map(|f| short(&bare(f))).collect();
    // What tells nobody apart: the only name, or one beside that which the folder itself bears, as where all containers
    // see the /etc/hostname of their machine.
    let doubtful = |folder: &str, names: &BTreeSet<String>, name: &String| {
        names.len() == 1 || (names.contains(&short(&bare(folder))) && !folder_names.contains(name))
    };
    let mut out = BTreeSet::new();
    for (folder, names) in &hosts {
        for (other, theirs) in hosts.iter().filter(|(other, _)| *other > folder && apart(folder, other)) {
            let both = names.intersection(theirs);
            out.extend(both.filter(|n| doubtful(folder, names, n) && doubtful(other, theirs, n)).cloned());
        }
    }
    out
}

/// Names of members and hosts that any line speaks of.
fn known(sources: &[Source]) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for source in sources {
        let own = hints(source).into_iter().filter(|(n, _)| matches!(n, Naming::Member | Naming::Host));
        out.extend(own.map(|(_, name)| bare(&name)));
        for stream in &source.parsed.streams {
            out.extend(stream.beats.iter().filter_map(|b| b.leader.as_deref()).map(bare));
            let owners = stream.raws.iter().filter(|r| r.what == crate::model::What::LockOwner);
            out.extend(owners.filter_map(|r| r.who.as_deref()).map(bare));
        }
    }
    // A host that is called like a program is in every file's name.
    out.retain(|n| n.len() > 1 && n != "none" && !is_generic(n));
    out
}

/// The one known name in a file's own name, between anything but letters and digits; the longest of them.
fn named_in(path: &str, known: &BTreeSet<String>) -> Option<String> {
    let file = path.rsplit(['/', '!']).next().unwrap_or(path).to_ascii_lowercase();
    let word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let places = || file.char_indices().map(|(at, _)| at).chain([file.len()]);
    let begins = places().filter(|at| !word(file.get(..*at).and_then(|t| t.chars().next_back()))).take(WORDS);
    let ends = places().filter(|at| !word(file.get(*at..).and_then(|t| t.chars().next())));
    let ends: Vec<usize> = ends.take(WORDS).collect();
    let parts = begins.flat_map(|from| ends.iter().filter_map(move |to| Some((from, *to)).filter(|_| from < *to)));
    let found: Vec<&String> = parts.filter_map(|(from, to)| known.get(file.get(from..to)?)).collect();
    let longest = found.iter().max_by_key(|n| n.len())?;
    // `pg1` within `pg1-old` is the same name; `pg1` beside `pg2` is none.
    found.iter().all(|n| longest.contains(n.as_str())).then(|| (*longest).clone())
}

/// Words of a file's name that are looked at (our choice).
const WORDS: usize = 32;

/// Member names, etcd ids and addresses that streams and configs give to their own node or to others.
fn join_aliases(cluster: &mut Cluster, sources: &[Source]) {
    for (i, source) in sources.iter().enumerate() {
        for (j, stream) in source.parsed.streams.iter().enumerate() {
            let Some(id) = cluster.of_stream.get(i).and_then(|s| s.get(j)).copied() else { continue };
            // The most frequent own name; a log of several writers has none.
            for naming in [Naming::Member, Naming::EtcdName, Naming::EtcdId, Naming::Address, Naming::Pod] {
                let mut own: Vec<_> = stream.names.iter().filter(|n| n.naming == naming).collect();
                own.sort_by_key(|n| (std::cmp::Reverse(n.seen), n.name.clone()));
                if let Some(hint) = own.first() {
                    cluster.alias(id, naming, &hint.name, format!("{}:{}", source.path, hint.line));
                }
            }
        }
    }
    let facts = || sources.iter().flat_map(|s| s.parsed.facts.iter().map(move |f| (s, f)));
    for (source, fact) in facts().filter(|(_, f)| matches!(f.key, Key::AddressOf | Key::MemberHost)) {
        let (Some(item), Some(value)) = (&fact.item, fact.value.text()) else { continue };
        // AddressOf: item is the address; MemberHost: item is the member.
        let (name, address) =
            if fact.key == Key::AddressOf { (value, item.clone()) } else { (&**item, Arc::from(value)) };
        if matches!(&*address, "127.0.0.1" | "::1" | "0.0.0.0" | "localhost") || name == "localhost" {
            continue;
        }
        let why = format!("{}:{}", source.path, fact.line);
        if let Some(id) = cluster.resolve(name) {
            cluster.alias(id, Naming::Address, &address, why);
        } else if let Some(id) = cluster.resolve(&address) {
            cluster.alias(id, Naming::Member, &Arc::from(name), why);
        }
    }
}

/// Leaders that only others mention get a node without sources, so that they can be named.
fn name_the_mentioned(cluster: &mut Cluster, sources: &[Source]) {
    let mut mentioned = BTreeSet::new();
    for source in sources {
        for stream in &source.parsed.streams {
            mentioned.extend(stream.beats.iter().filter_map(|b| b.leader.clone()));
            mentioned.extend(
                stream.raws.iter().filter(|r| r.what == crate::model::What::LockOwner).filter_map(|r| r.who.clone()),
            );
        }
        mentioned.extend(
            source
                .parsed
                .facts
                .iter()
                .filter(|f| f.key == Key::HistoryLeader)
                .filter_map(|f| f.value.text().map(Arc::from)),
        );
    }
    for name in mentioned {
        if &*name != "None" && !name.is_empty() && cluster.resolve(&name).is_none() {
            cluster.node(&name, false);
        }
    }
}

/// Short names that lines or folders write with different endings: other domains, or members called `pg.az1`, `pg.az2`.
fn doubled(sources: &[Source], folders: &[String]) -> BTreeSet<String> {
    let mut whole: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let hosts = sources.iter().flat_map(hints).filter(|(naming, _)| matches!(naming, Naming::Host | Naming::Member));
    let leaders =
        sources.iter().flat_map(|s| &s.parsed.streams).flat_map(|s| &s.beats).filter_map(|b| b.leader.clone());
    let names = hosts.map(|(_, name)| name).chain(leaders).chain(folders.iter().map(|f| Arc::from(f.as_str())));
    for name in names {
        let name = bare(&name);
        if name.contains('.') && short(&name) != name {
            whole.entry(short(&name)).or_default().insert(name);
        }
    }
    whole.into_iter().filter(|(_, names)| names.len() > 1).map(|(short, _)| short).collect()
}

/// Hosts that go on under another name: in one file two host names write with the same etcd id or as the same Patroni
/// member, one after the other.
fn renamed(sources: &[Source]) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    for source in sources {
        let streams = source.parsed.streams.iter().filter(|s| {
            matches!(s.program, Program::Patroni | Program::Etcd)
                && s.stamped > 0
                && s.first.is_some_and(|f| f.written != Written::SinceBoot)
        });
        // host → (ids, first, last)
        let mut hosts: BTreeMap<String, (BTreeSet<Arc<str>>, i64, i64)> = BTreeMap::new();
        for s in streams {
            let Some(host) = &s.host else { continue };
            let row = hosts.entry(short(&bare(host))).or_insert((BTreeSet::new(), i64::MAX, i64::MIN));
            let ids = s.names.iter().filter(|n| matches!(n.naming, Naming::EtcdId | Naming::Member));
            row.0.extend(ids.map(|n| n.name.clone()));
            (row.1, row.2) = (row.1.min(s.min), row.2.max(s.max));
        }
        for (old, (ids, _, end)) in &hosts {
            for (new, (others, begin, _)) in &hosts {
                if old != new && end < begin && !ids.is_empty() && ids == others {
                    out.insert(new.clone(), old.clone());
                }
            }
        }
    }
    out
}

/// The etcd member whose log a source is: its id, or its name where it says none, and the name to call it by.
fn own_etcd(source: &Source) -> Option<(Arc<str>, String)> {
    let mut streams = source.parsed.streams.iter().filter(|s| s.program == Program::Etcd && s.host.is_none());
    let stream = streams.next().filter(|_| streams.next().is_none())?;
    let most = |naming: Naming| {
        let hints = stream.names.iter().filter(|n| n.naming == naming && &*n.name != "default");
        hints.max_by_key(|n| (n.seen, std::cmp::Reverse(n.name.clone()))).map(|n| n.name.clone())
    };
    let (id, name) = (most(Naming::EtcdId), most(Naming::EtcdName));
    let called = name.clone().or_else(|| id.clone())?;
    Some((id.unwrap_or_else(|| called.clone()), called.to_string()))
}

fn hints(source: &Source) -> Vec<(Naming, Arc<str>)> {
    let streams = source.parsed.streams.iter();
    streams
        .flat_map(|s| {
            s.host.iter().map(|h| (Naming::Host, h.clone())).chain(s.names.iter().map(|n| (n.naming, n.name.clone())))
        })
        .collect()
}

fn is_generic(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    GENERIC.contains(&name.as_str()) || name.starts_with('.') || name.is_empty()
}

/// Folders and archives above a file; archive endings are dropped: `a/pg2.tar.gz!pg2/x.log` → `a`, `pg2`.
fn components(path: &str) -> Vec<String> {
    let mut parts: Vec<String> =
        path.split(['/', '!']).filter(|p| !p.is_empty() && *p != ".").map(str::to_owned).collect();
    parts.pop();
    for part in &mut parts {
        for ending in [".tar.gz", ".tar.xz", ".tar.zst", ".tar.bz2", ".tgz", ".txz", ".tar", ".zip"] {
            if let Some(stem) = part.strip_suffix(ending) {
                *part = stem.to_owned();
                break;
            }
        }
        if let Some(host) = collected(part) {
            *part = host;
        }
    }
    parts.dedup();
    parts
}

/// The host in the name that `pgautopsy collect` gives its archive: `pgautopsy-pg1-20261121T094732Z`.
fn collected(name: &str) -> Option<String> {
    let (host, stamp) = name.strip_prefix("pgautopsy-")?.rsplit_once('-')?;
    let digits = stamp.strip_suffix('Z')?.replacen('T', "", 1);
    (digits.len() == 14 && digits.bytes().all(|b| b.is_ascii_digit())).then(|| host.to_owned())
}

/// Lower case, without scheme, port and path.
fn bare(name: &str) -> String {
    let name = name.trim().to_ascii_lowercase();
    let name = name.split_once("://").map_or(name.as_str(), |(_, rest)| rest);
    let name = name.split('/').next().unwrap_or(name);
    match name.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') && port.bytes().all(|b| b.is_ascii_digit()) => host.to_owned(),
        _ => name.to_owned(),
    }
}

/// Host name without its domain; addresses stay whole.
fn short(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    if name.split('.').all(|p| p.parse::<u8>().is_ok()) {
        return name;
    }
    name.split('.').next().unwrap_or(&name).to_owned()
}
