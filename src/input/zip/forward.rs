//! Reading a zip from its front, member by member: its end is cut off, or it is too large to hold in memory.

use super::super::archive::Bundle;
use super::super::compress::skip_bytes;
use super::super::stream::{Member as Part, Source, Stop};
use super::super::{Entry, Loss};
use super::{CENTRAL, LOCAL, Member, Plan, Zip, dos_time, u16_at, u32_at};

/// Reads the members as they come. What only the directory knows is missing: which members are links.
pub(in super::super) fn read(bundle: &mut Bundle<'_>, container: &Entry, source: &mut dyn Source, depth: u64) {
    let mut zip = Zip::new(bundle, container, depth);
    if let Err(stop) = walk(&mut zip, source) {
        zip.bundle.skip(&container.path, stop.to_string(), Loss::Part);
    }
    zip.finish();
}

fn walk(zip: &mut Zip<'_, '_>, source: &mut dyn Source) -> Result<(), Stop> {
    while let Some(member) = next(source)? {
        let plan = zip.plan(&member);
        let unknown = member.tells_sizes_later() && member.packed == 0;
        match plan {
            Plan::End => return Ok(()),
            Plan::Read(entry) if !unknown => {
                let mut packed = Part { source: &mut *source, left: member.packed };
                zip.unpack(entry, &member, &mut packed, true);
                let left = packed.left;
                skip_bytes(source, left)?;
            }
            // Deflated data tell by themselves where they end.
            Plan::Read(entry) if member.method == 8 => zip.unpack(entry, &member, source, false),
            Plan::Pass if !unknown => skip_bytes(source, member.packed)?,
            Plan::Pass | Plan::Read(_) => {
                return Err(Stop::Damaged(
                    "a member's size stands in the directory alone, which is missing or was not looked at; \
                     it and the members after it are not read"
                        .into(),
                ));
            }
        }
        if member.tells_sizes_later() {
            pass_sizes(source)?;
        }
    }
    Ok(())
}

/// The next local header; `None` where the directory begins.
fn next(source: &mut dyn Source) -> Result<Option<Member>, Stop> {
    // A spanned zip that fits in one span begins with this mark.
    if source.peek(4).is_ok_and(|bytes| bytes.starts_with(b"PK\x07\x08")) {
        source.consume(4);
    }
    let longest = 30 + 2 * 0xffff;
    let bytes = source.peek(longest).map_err(|error| Stop::of(&error))?;
    if bytes.starts_with(&CENTRAL) || bytes.starts_with(b"PK\x05\x06") || bytes.starts_with(b"PK\x06\x06") {
        return Ok(None);
    }
    if bytes.len() < 30 {
        return Err(Stop::Truncated("ends before its directory; what is there was read".into()));
    }
    if !bytes.starts_with(&LOCAL) {
        return Err(Stop::Damaged("no member begins where one should; the rest is not read".into()));
    }
    let (name, extra) = (usize::from(u16_at(bytes, 26)), usize::from(u16_at(bytes, 28)));
    let length = 30 + name + extra;
    let Some(texts) = bytes.get(30..length) else {
        return Err(Stop::Truncated("ends in the header of a member".into()));
    };
    let mut member = Member {
        name: texts[..name].to_vec(),
        flags: u16_at(bytes, 6),
        method: u16_at(bytes, 8),
        crc: u32_at(bytes, 14),
        packed: u32_at(bytes, 18).into(),
        size: u32_at(bytes, 22).into(),
        modified: dos_time(u16_at(bytes, 10), u16_at(bytes, 12)),
        ..Member::default()
    };
    member.read_extra(&texts[name..]);
    source.consume(length);
    Ok(Some(member))
}

/// Checksum and sizes behind the data: with or without a mark, of 32 or 64 bits, which only what follows can tell.
fn pass_sizes(source: &mut dyn Source) -> Result<(), Stop> {
    let bytes = source.peek(28).map_err(|error| Stop::of(&error))?;
    let follows = |n: usize| bytes.get(n..n + 4).is_some_and(|next| next == LOCAL || next == CENTRAL);
    let length = [16, 24, 12, 20].into_iter().find(|n| follows(*n)).unwrap_or(bytes.len().min(16));
    source.consume(length);
    Ok(())
}
