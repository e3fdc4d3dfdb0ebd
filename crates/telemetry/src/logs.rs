//! Log lines on standard error: readable on a terminal, JSON for machines.
//!
//! Standard output stays free for results (`--json`). [`LogFormat`](crate::LogFormat) chooses the
//! format: `auto` is JSON as soon as standard error is not a terminal, because then a log collector
//! reads it. A JSON line written while a span is current has its `trace_id` and `span_id`.

mod correlate;

use std::io::IsTerminal;

use tracing::Dispatch;
use tracing_subscriber::{
    EnvFilter, fmt::MakeWriter, layer::SubscriberExt, util::SubscriberInitExt,
};

use crate::{error::TelemetryError, settings::TelemetryArgs};

/// Installs the process's `tracing` subscriber. Call it once, from `main.rs`.
///
/// # Errors
/// [`TelemetryError::LogFilter`] for a filter that does not parse, [`TelemetryError::LogsTwice`] when a subscriber is
/// already installed.
pub fn init(args: &TelemetryArgs) -> Result<(), TelemetryError> {
    let terminal = std::io::stderr().is_terminal();
    let json = args.log_format.is_json(terminal);
    subscriber(filter(&args.log_filter)?, json, terminal, std::io::stderr)
        .try_init()
        .map_err(|e| TelemetryError::LogsTwice(e.to_string()))
}

fn subscriber<W>(filter: EnvFilter, json: bool, colour: bool, writer: W) -> Dispatch
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    // The filter is a layer of its own, for all layers. A filter of one layer keeps its decision in a thread-local until
    // the event comes; a library that only asks whether a line is wanted (librdkafka's binding does, through `log`)
    // leaves that decision behind, and the next line of the same thread is lost.
    let filtered = tracing_subscriber::registry().with(filter);
    // A line that cannot be written is lost. To complain of it on standard error, where it could not be written, would panic.
    let layer = tracing_subscriber::fmt::layer().with_writer(writer).log_internal_errors(false);
    if json {
        let layer = layer
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .map_event_format(correlate::Correlated);
        filtered.with(layer).into()
    } else {
        let layer = layer.with_ansi(colour).with_target(false).compact();
        filtered.with(layer).into()
    }
}

fn filter(text: &str) -> Result<EnvFilter, TelemetryError> {
    EnvFilter::builder()
        .parse(text)
        .map_err(|e| TelemetryError::LogFilter { filter: text.to_owned(), reason: e.to_string() })
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use super::*;
    use crate::settings::{DEFAULT_FILTER, LogFormat};

    #[test]
    fn auto_is_json_exactly_when_nobody_watches() {
        for (format, terminal, json) in [
            (LogFormat::Auto, true, false),
            (LogFormat::Auto, false, true),
            (LogFormat::Human, false, false),
            (LogFormat::Json, true, true),
        ] {
            assert_eq!(format.is_json(terminal), json, "{format:?} {terminal}");
        }
    }

    #[test]
    fn a_bad_filter_is_an_error_that_names_the_flag() {
        let error = filter("verdict_web=loud").expect_err("loud is no level");
        assert!(error.to_string().contains("--log-filter"), "{error}");
        assert!(filter(DEFAULT_FILTER).is_ok());
    }

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("lock").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(json: bool, work: impl FnOnce()) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber =
            subscriber(filter("info").expect("valid"), json, false, move || writer.clone());
        tracing::dispatcher::with_default(&subscriber, work);
        let bytes = lines.0.lock().expect("lock").clone();
        String::from_utf8(bytes).expect("UTF-8")
    }

    #[test]
    fn asking_whether_a_line_is_wanted_does_not_lose_the_next_one() {
        let text = written(false, || {
            assert!(!tracing::enabled!(tracing::Level::TRACE));
            tracing::info!(n = 1, "kept");
            tracing::debug!("not wanted");
        });
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains("kept") && text.contains("n=1"), "{text}");
    }

    #[test]
    fn a_line_is_one_json_object_and_its_value_cannot_break_out_of_it() {
        let text = written(true, || tracing::info!(reason = "a\"b\n\u{1b}[31m", "kept"));
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains(r#""message":"kept""#), "{text}");
        assert!(text.contains(r#""reason":"a\"b\n\u001b[31m""#), "{text}");
    }

    #[test]
    fn a_json_line_carries_the_ids_of_the_current_span_and_a_line_without_one_does_not() {
        let text = written(true, || {
            let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
            let context = crate::TraceContext::parse(Some(parent), None).expect("a context");
            {
                let _current = context.as_parent().attach();
                tracing::info!(n = 1, "inside");
            }
            tracing::info!("outside");
        });
        let (inside, outside) = text.trim_end().split_once('\n').expect("two lines");
        let ids =
            ",\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\",\"span_id\":\"b7ad6b7169203331\"}";
        assert!(inside.starts_with('{') && inside.ends_with(ids), "{inside}");
        assert_eq!(inside.matches('}').count(), 1, "{inside}");
        assert!(!outside.contains("trace_id"), "{outside}");
    }

    #[test]
    fn a_line_that_cannot_be_written_is_lost_and_nothing_else() {
        struct Gone;
        impl io::Write for Gone {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
        }
        for json in [true, false] {
            let subscriber = subscriber(filter("info").expect("valid"), json, false, || Gone);
            tracing::dispatcher::with_default(&subscriber, || tracing::info!("nobody reads this"));
        }
    }

    #[test]
    fn control_characters_do_not_reach_a_terminal() {
        let text = written(false, || tracing::info!(reason = "\u{1b}[31mred", "kept"));
        assert!(!text.contains('\u{1b}'), "{text:?}");
    }
}
