//! What zone abbreviations may mean.

/// Meanings of zone abbreviations in seconds east of UTC, most common among database hosts first.
/// Source: the tz database; one entry = unambiguous.
static ABBREVIATIONS: &[(&str, &[i32])] = &[
    ("EST", &[-18_000]),
    ("EDT", &[-14_400]),
    ("CET", &[3_600]),
    ("CEST", &[7_200]),
    ("WET", &[0]),
    ("WEST", &[3_600]),
    ("EET", &[7_200]),
    ("EEST", &[10_800]),
    ("MSK", &[10_800]),
    ("MSD", &[14_400]),
    ("BST", &[3_600, 21_600]),
    ("IST", &[19_800, 7_200, 3_600]),
    ("CST", &[-21_600, 28_800, -18_000]),
    ("CDT", &[-18_000, -14_400]),
    ("MST", &[-25_200, 28_800]),
    ("MDT", &[-21_600]),
    ("PST", &[-28_800, 28_800]),
    ("PDT", &[-25_200]),
    ("AKST", &[-32_400]),
    ("AKDT", &[-28_800]),
    ("HST", &[-36_000]),
    ("JST", &[32_400]),
    ("KST", &[32_400]),
    ("HKT", &[28_800]),
    ("SGT", &[28_800]),
    ("PHT", &[28_800]),
    ("WIB", &[25_200]),
    ("ICT", &[25_200]),
    ("PKT", &[18_000]),
    ("AEST", &[36_000]),
    ("AEDT", &[39_600]),
    ("ACST", &[34_200]),
    ("ACDT", &[37_800]),
    ("AWST", &[28_800]),
    ("NZST", &[43_200]),
    ("NZDT", &[46_800]),
    ("SAST", &[7_200]),
    ("CAT", &[7_200]),
    ("EAT", &[10_800]),
    ("WAT", &[3_600]),
    ("BRT", &[-10_800]),
    ("ART", &[-10_800]),
    ("AST", &[-14_400, 10_800]),
    ("ADT", &[-10_800]),
    ("NST", &[-12_600]),
    ("NDT", &[-9_000]),
    ("IDT", &[10_800]),
    ("GST", &[14_400]),
    ("TRT", &[10_800]),
    ("IRST", &[12_600]),
    ("YEKT", &[18_000]),
    ("NOVT", &[25_200]),
    ("ChST", &[36_000]),
];

/// All meanings of an abbreviation.
pub fn zone_meanings(name: &[u8; 6]) -> &'static [i32] {
    let text = abbreviation_text(name);
    ABBREVIATIONS.iter().find(|(n, _)| *n == text).map_or(&[], |(_, m)| m)
}

/// The offset of an abbreviation that means one zone only.
pub fn certain_offset(name: &[u8; 6]) -> Option<i32> {
    match zone_meanings(name) {
        [one] => Some(*one),
        _ => None,
    }
}

pub fn abbreviation_text(name: &[u8; 6]) -> String {
    name.iter().take_while(|b| **b != 0).map(|b| char::from(*b)).collect()
}
