//! Which reviews are sampled follows from where they stand in Kafka, so that a batch that is read
//! again is sampled as it was.

/// A number from 0 (included) to 1 (not included) for the record at `offset` of `partition`, evenly
/// distributed whatever the offsets are: those of a partition may be all even (transactions) or
/// have gaps (compaction). Each `salt` gives independent numbers.
pub(super) fn draw(partition: i32, offset: i64, salt: u64) -> f64 {
    let place = u64::from(partition.unsigned_abs()) << 48;
    // The finaliser of SplitMix64 (Steele, Lea and Flood 2014).
    let mut z = offset.unsigned_abs() ^ place ^ salt.rotate_left(32);
    z = z.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}
