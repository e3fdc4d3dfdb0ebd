//! Which reviews are taken where not all are: by lot, drawn from where they stand.

use verdict_messages::Position;

/// A number that the review at `position` draws, evenly distributed whatever the offsets are: those of a partition may be
/// all even (transactions) or have gaps (compaction). `salt` gives independent numbers.
pub(super) fn lot(position: &Position, salt: u64) -> u64 {
    let offset = position.offset.unsigned_abs();
    let place = u64::from(position.partition.unsigned_abs()) << 48;
    // The finaliser of SplitMix64 (Steele, Lea and Flood 2014).
    let mut z = (offset ^ place ^ salt.rotate_left(32)).wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
