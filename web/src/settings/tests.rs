use super::*;

fn read(arguments: &[&str]) -> RawSettings {
    let all = std::iter::once("web").chain(arguments.iter().copied());
    RawSettings::try_parse_from(all).expect("parses")
}

#[test]
fn the_defaults_are_good_and_stay_on_this_machine() {
    let settings = read(&["--instance", "laptop"]).check().expect("good");
    assert!(settings.listen.ip().is_loopback());
    assert_eq!(settings.reply_to.partition, 0);
    assert_eq!(settings.body.bytes, 256_384);
    assert!(settings.rate.is_none());
}

#[test]
fn the_reply_partition_is_the_flag_or_the_ordinal_of_the_instance() {
    for (arguments, partition) in [
        (&["--instance", "web-3"][..], 3),
        (&["--instance", "verdict-web-35"], 3),
        (&["--instance", "web-7f9c"], 0),
        (&["--instance", "web-3", "--reply-partition", "9"], 9),
    ] {
        let settings = read(arguments).check().expect("good");
        assert_eq!(settings.reply_to.partition, partition, "{arguments:?}");
    }
}

#[test]
fn every_problem_is_listed_with_value_bound_and_flag() {
    let raw = read(&[
        "--max-pending=0",
        "--default-wait-ms=9000",
        "--max-wait-ms=8000",
        "--rate-limit=-1",
        "--reply-partition=-2",
        "--kafka=enable.idempotence=false",
        "--instance-cpus=0",
    ]);
    let BadSettings(problems) = raw.check().expect_err("bad");
    for part in [
        "--max-pending must be at least 1, got 0",
        "--max-wait-ms (with --default-wait-ms) must be at least 9000, got 8000",
        "--rate-limit must be a number >= 0, got -1",
        "--reply-partition must be at least 0, got -2",
        "enable.idempotence",
        "--instance-cpus",
    ] {
        assert!(problems.iter().any(|problem| problem.contains(part)), "{part}: {problems:#?}");
    }
    assert_eq!(problems.len(), 6, "{problems:#?}");
}
