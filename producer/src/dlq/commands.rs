//! `producer dlq`: what was typed, and what a person sees of it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{ArgGroup, Args, Subcommand};
use indicatif::{HumanCount, ProgressBar};
use verdict_kafka_io::{KafkaArgs, KafkaSettings};
use verdict_messages::{ErrorKind, topic};
use verdict_service::{Grace, Shutdown, bad_input, run_until_signal};
use verdict_telemetry::{TelemetryArgs, logs, output};

use super::at::At;
use super::filter::Filter;
use super::letter;
use super::read::Reader;
use super::redrive::{RedriveSettings, Redriven, redrive};
use super::{DlqError, repaired};
use crate::pace::rate;
use crate::summary::Ended;

/// Look at dead letters, and publish them again.
#[derive(Debug, Subcommand)]
pub enum DlqCommand {
    /// List dead letters, and count them by kind.
    ///
    /// The letters of each partition come in their order. For instance:
    /// `producer dlq ls --kind schema --since 2026-01-02T00:00:00Z`
    Ls(LsArgs),
    /// Show one dead letter whole: headers, value, and how often it was redriven.
    ///
    /// For instance: `producer dlq show 3:41`
    Show(ShowArgs),
    /// Publish dead letters again: bytes, key and headers as they were, or repaired bytes.
    ///
    /// What was redriven before is not redriven again, so a run that broke off is simply run again;
    /// two at the same time do not see each other. For instance: `producer dlq redrive --kind
    /// internal --dry-run`, or for repaired letters `producer dlq ls --json --values >
    /// letters.jsonl`, edit the values, `producer dlq redrive --from letters.jsonl`.
    ///
    /// Exit codes: 0 all that were asked for are redriven now, 1 some cannot be, 2 bad usage or
    /// input, 70 anything else.
    Redrive(RedriveArgs),
}

/// Where the letters are.
#[derive(Debug, Args)]
pub struct PlaceArgs {
    /// Topic of the dead letters.
    #[arg(long, value_name = "TOPIC", default_value = topic::DEAD_LETTERS)]
    pub dead_letters_topic: String,
    /// Give up when Kafka sends nothing for so long, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub timeout: u64,
    /// Where Kafka is.
    #[command(flatten)]
    pub kafka: KafkaArgs,
    /// Logs.
    #[command(flatten)]
    pub telemetry: TelemetryArgs,
}

/// `producer dlq ls`.
#[derive(Debug, Args)]
pub struct LsArgs {
    /// Which letters; without one, all.
    #[command(flatten)]
    pub filter: Filter,
    /// Print one JSON object for each letter.
    #[arg(long)]
    pub json: bool,
    /// With --json: the bytes too, as `value` where they are UTF-8, else as `value_base64`.
    #[arg(long, requires = "json")]
    pub values: bool,
    /// Where they are.
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// `producer dlq show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Where the letter lies, as `ls` prints it.
    #[arg(value_name = "PARTITION:OFFSET")]
    pub position: At,
    /// Topic of the reviews.
    #[arg(long, value_name = "TOPIC", default_value = topic::REVIEWS)]
    pub topic: String,
    /// Where it is.
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// `producer dlq redrive`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("which").required(true).multiple(true)
    .args(["kind", "since", "until", "key", "position", "from", "all"]))]
pub struct RedriveArgs {
    /// Which letters.
    #[command(flatten)]
    pub filter: Filter,
    /// Every letter.
    #[arg(long, conflicts_with_all = ["kind", "since", "until", "key", "position", "from"])]
    pub all: bool,
    /// Only the letters in this file, with the bytes that stand there: edited lines of `ls --json
    /// --values`; `-` is standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "position")]
    pub from: Option<PathBuf>,
    /// Publish the bytes of this file; needs exactly one --position.
    #[arg(long, value_name = "FILE", requires = "position", conflicts_with_all = ["from", "all"])]
    pub value: Option<PathBuf>,
    /// Do not redrive what was redriven so often and failed each time.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub max_hops: u32,
    /// Redrive at most so many a second [default: as fast as Kafka takes them].
    #[arg(long, value_name = "N", value_parser = rate)]
    pub rate: Option<f64>,
    /// Send nothing; list what would be sent.
    #[arg(long)]
    pub dry_run: bool,
    /// Print one JSON object as the last line of standard output.
    #[arg(long)]
    pub json: bool,
    /// Topic of the reviews.
    #[arg(long, value_name = "TOPIC", default_value = topic::REVIEWS)]
    pub topic: String,
    /// Where they are.
    #[command(flatten)]
    pub place: PlaceArgs,
}

impl DlqCommand {
    /// Does what was asked for.
    ///
    /// # Errors
    /// Settings or input that cannot be used, a letter that is not there, or Kafka being away.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Ls(args) => ls(&args),
            Self::Show(args) => show(&args),
            Self::Redrive(args) => run_redrive(args),
        }
    }
}

impl PlaceArgs {
    fn reader(&self) -> anyhow::Result<Reader> {
        logs::init(&self.telemetry).map_err(bad_input)?;
        let kafka = self.kafka.check().map_err(bad_input)?;
        Ok(self.reader_of(kafka))
    }

    /// For finding what was redriven. A redriven record belongs to no transaction, so it is there
    /// from the moment it is written; but behind the first record of a transaction that is still
    /// open (of another sender), who reads only what is committed does not see it yet, and would
    /// redrive it again.
    fn reader_of_reviews(&self) -> anyhow::Result<Reader> {
        let mut args = self.kafka.clone();
        args.properties.push("isolation.level=read_uncommitted".to_owned());
        Ok(self.reader_of(args.check().map_err(bad_input)?))
    }

    fn reader_of(&self, kafka: KafkaSettings) -> Reader {
        Reader {
            kafka: kafka.client_id("verdict-dlq"),
            patience: Duration::from_secs(self.timeout),
            bar: ProgressBar::no_length(),
        }
    }
}

fn ls(args: &LsArgs) -> anyhow::Result<ExitCode> {
    let reader = args.place.reader()?;
    let part = reader.part(&args.place.dead_letters_topic, args.filter.positions())?;
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    if !args.json {
        output::line(letter::head())?;
    }
    reader.letters(&part, |letter| {
        if !args.filter.takes(&letter) {
            return Ok(ControlFlow::Continue(()));
        }
        *kinds.entry(letter.kind().map_or("of no known kind", ErrorKind::as_str)).or_default() += 1;
        Ok(reader.bar.suspend(|| match args.json {
            true => output::next_line(letter.json(args.values)),
            false => output::next_line(letter.row()),
        })?)
    })?;
    output::note(format_args!("producer: {}", sum(&kinds)));
    Ok(ExitCode::SUCCESS)
}

fn sum(kinds: &BTreeMap<&str, u64>) -> String {
    let all = letters(kinds.values().sum());
    let each: Vec<String> =
        kinds.iter().map(|(kind, n)| format!("{} {kind}", HumanCount(*n))).collect();
    if each.is_empty() { all } else { format!("{all}: {}", each.join(", ")) }
}

fn letters(n: u64) -> String {
    format!("{} dead letter{}", HumanCount(n), if n == 1 { "" } else { "s" })
}

fn show(args: &ShowArgs) -> anyhow::Result<ExitCode> {
    let reader = args.place.reader()?;
    let part = reader.part(&args.place.dead_letters_topic, BTreeSet::from([args.position]))?;
    let mut found = None;
    reader.letters(&part, |letter| {
        found = Some(letter);
        Ok(ControlFlow::Continue(()))
    })?;
    // Not finding it is an error above.
    let Some(found) = found else { return Ok(ExitCode::SUCCESS) };
    let mut redriven_to = Vec::new();
    if let Some(source) = found.source.as_ref().filter(|source| *source.topic == *args.topic) {
        let behind = BTreeMap::from([(source.partition, source.clone())]);
        args.place.reader_of_reviews()?.redriven(&args.topic, &behind, |review, to| {
            if review == *source {
                redriven_to.push(to);
            }
        })?;
    }
    output::line(found.text(&redriven_to).trim_end())?;
    Ok(ExitCode::SUCCESS)
}

fn run_redrive(args: RedriveArgs) -> anyhow::Result<ExitCode> {
    let (reader, reviews) = (args.place.reader()?, args.place.reader_of_reviews()?);
    let repaired = match (&args.from, &args.value, args.filter.position.as_slice()) {
        (Some(path), ..) => Some(repaired::read_lines(path)?),
        (None, Some(path), [at]) => Some(repaired::read_value(path, *at)?),
        (None, Some(_), positions) => {
            let got = positions.len();
            return Err(bad_input(format!("--value needs exactly one --position, got {got}")));
        }
        (None, None, _) => None,
    };
    let settings = RedriveSettings {
        dead_letters: args.place.dead_letters_topic,
        reviews: args.topic.into(),
        filter: args.filter,
        repaired,
        max_hops: args.max_hops,
        rate: args.rate,
        dry_run: args.dry_run,
    };
    let shutdown = Shutdown::default();
    let flag = shutdown.clone();
    let ask = || {
        output::note("producer: ending after what is under way; once more ends at once");
        shutdown.request();
    };
    let done = run_until_signal("redrive", Grace::UntilSecondSignal, ask, move || {
        redrive(&reader, &reviews, &settings, &flag)
    });
    let Some(done) = done? else {
        return Ok(ExitCode::from(130));
    };
    let done = done?;
    output::note(format_args!("producer: {}", closing_line(&done, args.dry_run)));
    if args.json {
        output::line(serde_json::to_string(&done)?)?;
    }
    let cannot = done.at_max_hops + done.without_value + done.not_ours;
    Ok(ExitCode::from(u8::from(cannot > 0)))
}

fn closing_line(done: &Redriven, dry_run: bool) -> String {
    let mut line = match dry_run {
        true => format!("{} would be redriven", letters(done.to_redrive)),
        false => format!("{} redriven", letters(done.redriven)),
    };
    for (n, what) in [
        (done.already_redriven, "redriven before"),
        (done.at_max_hops, "as often as is allowed"),
        (done.without_value, "without their bytes"),
        (done.not_ours, "no dead letters of these reviews"),
    ] {
        if n > 0 {
            line.push_str(&format!(", {} {what}", HumanCount(n)));
        }
    }
    if done.ended == Ended::Stopped {
        line.push_str("; stopped before the end");
    }
    line
}

/// Whether an error of these commands is one that the user can put right.
pub(crate) fn is_bad_input(error: &anyhow::Error) -> bool {
    error.downcast_ref().is_some_and(DlqError::is_bad_input)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::settings::Cli;

    #[test]
    fn what_is_typed_must_say_which_letters() {
        let typed = |args: &str| {
            let words = ["producer", "dlq"].into_iter().chain(args.split(' '));
            Cli::try_parse_from(words).map_err(|error| error.to_string())
        };
        for args in [
            "ls",
            "ls --json --values --kind decode --kind schema --until 2026-01-02T03:04:05Z",
            "show 3:41",
            "redrive --all --dry-run",
            "redrive --from - --kind decode --rate 0.5",
            "redrive --position 3:41 --position 3:42",
            "redrive --position 3:41 --value repaired.json",
        ] {
            assert!(typed(args).is_ok(), "{args}: {:?}", typed(args).unwrap_err());
        }
        for (args, says) in [
            ("redrive", "required arguments were not provided"),
            ("redrive --all --kind decode", "cannot be used with"),
            ("redrive --from x --position 3:41", "cannot be used with"),
            ("redrive --all --value x", "cannot be used with"),
            ("redrive --kind decode --value x", "required arguments were not provided"),
            ("redrive --all --max-hops 0", "0 is not in 1..=1000"),
            ("redrive --all --rate 0", "from 0.001 to 1e9, got \"0\""),
            ("ls --values", "--json"),
            (
                "ls --kind odd",
                "a kind must be one of decode, schema, too_large, bad_reply_topic, internal, got \"odd\"",
            ),
            (
                "ls --since yesterday",
                "a time must be RFC 3339, for instance 2026-01-02T03:04:05Z, got \"yesterday\"",
            ),
            ("show 3", "a position must be PARTITION:OFFSET, for instance 3:41, got \"3\""),
        ] {
            let error = typed(args).unwrap_err();
            assert!(error.contains(says), "{args}: {error}");
        }
    }

    #[test]
    fn the_closing_line_says_what_was_not_redriven_and_why() {
        let done = Redriven {
            selected: 1_503,
            to_redrive: 1_000,
            already_redriven: 500,
            at_max_hops: 2,
            without_value: 1,
            not_ours: 0,
            redriven: 999,
            ended: Ended::Stopped,
        };
        assert_eq!(
            closing_line(&done, false),
            "999 dead letters redriven, 500 redriven before, 2 as often as is allowed, \
             1 without their bytes; stopped before the end"
        );
        let one = Redriven { to_redrive: 1, ended: Ended::Complete, ..done };
        assert!(closing_line(&one, true).starts_with("1 dead letter would be redriven, 500"));
        let kinds = BTreeMap::from([("schema", 1_000), ("decode", 1)]);
        assert_eq!(sum(&kinds), "1,001 dead letters: 1 decode, 1,000 schema");
        assert_eq!(sum(&BTreeMap::new()), "0 dead letters");
    }
}
