//! What transactional delivery decides, in simulated schedules.

use crate::simulation::{COUNTED, Counts, Variant, caught, explain, run};

#[test]
fn no_schedule_of_faults_loses_doubles_or_reorders_an_outcome() {
    let mut counts = Counts::default();
    for seed in 0..100_000 {
        if run(seed, Variant::Right, &mut counts).is_err() {
            panic!("{}", explain(seed, Variant::Right));
        }
    }
    // Schedules in which nothing happens would prove nothing.
    for (what, count) in COUNTED.iter().zip(counts) {
        println!("{count} {what}");
        assert!(count >= 1_000, "{count} {what}");
    }
}

#[test]
fn every_wrong_driver_is_caught() {
    for variant in Variant::WRONG {
        let (schedules, broken) = caught(variant, 50_000)
            .unwrap_or_else(|| panic!("{variant:?} is not caught in 50,000 schedules"));
        println!("{variant:?}: {schedules} schedules: {broken}");
    }
}
