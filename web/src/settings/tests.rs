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
    assert_eq!(settings.body.bytes, 65_536);
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

#[test]
fn a_file_gives_flags_and_the_environment_goes_before_it() {
    let text =
        "\u{feff}listen: 127.0.0.1:9000\nmax-pending: 7\nkafka: [linger.ms=1, client.rack=a]\n";
    let found = file::arguments(&RawSettings::command(), text, |name| name == "VERDICT_LISTEN");
    let expected = ["--max-pending=7", "--kafka=linger.ms=1", "--kafka=client.rack=a"];
    assert_eq!(found.expect("good"), expected);
}

#[test]
fn a_key_that_is_no_flag_is_an_error_and_all_are_listed() {
    let text = "lisen: x\nmax-pending: {a: 1}\nconfig: again.yaml\n";
    let problem = file::arguments(&RawSettings::command(), text, |_| false).expect_err("bad");
    for part in ["\"lisen\"", "max-pending must be", "\"config\""] {
        assert!(problem.contains(part), "{part}: {problem}");
    }
    for no_mapping in ["- a\n", "just text", "{unclosed: "] {
        assert!(file::arguments(&RawSettings::command(), no_mapping, |_| false).is_err());
    }
    assert!(
        file::arguments(&RawSettings::command(), "# nothing\n", |_| false)
            .expect("good")
            .is_empty()
    );
}

#[test]
fn flags_override_the_file() {
    let path =
        std::env::temp_dir().join(format!("verdict-web-settings-{}.yaml", std::process::id()));
    std::fs::write(&path, "max-pending: 7\nmax-text-chars: 99\n").expect("writes");
    let file = path.to_str().expect("a name");
    let arguments = ["web", "--config", file, "--max-pending=8"];
    let raw = RawSettings::read(arguments.iter().map(Into::into));
    std::fs::remove_file(&path).expect("removes");
    let raw = raw.expect("good");
    assert_eq!((raw.max_pending, raw.max_text_chars), (8, 99));
}

#[test]
fn a_missing_file_is_an_error_that_names_it() {
    let error = RawSettings::read(["web", "--config", "/no/such/file.yaml"].iter().map(Into::into));
    let text = error.expect_err("missing").to_string();
    assert!(text.contains("/no/such/file.yaml"), "{text}");
}
