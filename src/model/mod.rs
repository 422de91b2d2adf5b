//! Plain values that every stage shares; uses nothing else of the crate.

mod bundle;
mod caps;
mod event;
mod fact;
mod name;
mod series;
mod source;
mod threshold;
mod time;
mod volume;
mod what;
mod zones;

pub use bundle::{NodeId, Source};
pub use caps::Caps;
pub use event::{Meaning, Raw, Why};
pub use fact::{Fact, Key, Value};
pub use name::{NameHint, Naming};
pub use series::{Metric, RawSeries, Sample};
pub use source::{Answer, BeatRun, Coverage, Parsed, Problem, Program, Role, Silence, StepBack, Stream};
pub use threshold::{Threshold, Thresholds};
pub use time::{
    DAY, Grain, HOUR, MINUTE, Micros, Order, SECOND, Span, Stamp, Time, Written, Zone, civil, date, days, rfc3339,
    seconds, split_civil,
};
pub use volume::Volume;
pub use what::{Level, Weight, What};
pub use zones::{abbreviation_text, certain_offset, zone_meanings};
