//! What the standard's `OTEL_…` variables ask for, checked once.
//!
//! The SDK and its exporter read most of these variables themselves, and pass over in silence what
//! they cannot use. Here all that would be passed over is an error at the start instead. Source:
//! the OpenTelemetry specification, "Environment Variable Specification" and "OpenTelemetry
//! Protocol Exporter".

use std::time::Duration;

use crate::error::TelemetryError;

/// Where one signal, metrics or traces, is pushed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The whole URL, the signal's path in it.
    pub endpoint: String,
    /// How long one export may take, all its tries together.
    pub timeout: Duration,
}

/// What is pushed, and where to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PushSettings {
    /// Metrics; `None` when they are only read at `/metrics`.
    pub metrics: Option<Target>,
    /// Traces; `None` when no spans are made.
    pub traces: Option<Target>,
}

/// The specification's default, in ms.
const TIMEOUT_MS: u64 = 10_000;

// Read by the SDK, which silently takes its default when they are not numbers.
const NUMBERS: &[&str] = &[
    "OTEL_METRIC_EXPORT_INTERVAL",
    "OTEL_BSP_SCHEDULE_DELAY",
    "OTEL_BSP_EXPORT_TIMEOUT",
    "OTEL_BSP_MAX_QUEUE_SIZE",
    "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
];

const SAMPLERS: &[&str] = &[
    "always_on",
    "always_off",
    "traceidratio",
    "parentbased_always_on",
    "parentbased_always_off",
    "parentbased_traceidratio",
];

impl PushSettings {
    /// What this process's environment asks for.
    ///
    /// # Errors
    /// [`TelemetryError::Setting`] with the variable, its value and what it must be.
    pub fn from_environment() -> Result<Self, TelemetryError> {
        #[expect(
            clippy::disallowed_methods,
            reason = "the standard's variables have no flags, and the SDK reads them from the environment as well"
        )]
        Self::read(|name| std::env::var(name).ok())
    }

    /// The same from any `lookup`. An empty value counts as none, as the specification has it.
    ///
    /// # Errors
    /// As [`PushSettings::from_environment`].
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, TelemetryError> {
        let variables = Variables(&lookup);
        let disabled = variables.get("OTEL_SDK_DISABLED");
        if disabled.is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return Ok(Self::default());
        }
        let settings =
            Self { metrics: variables.target("METRICS")?, traces: variables.target("TRACES")? };
        if settings != Self::default() {
            for name in NUMBERS {
                variables.number(name)?;
            }
        }
        if settings.traces.is_some() {
            variables.sampler()?;
        }
        Ok(settings)
    }
}

struct Variables<'a>(&'a dyn Fn(&str) -> Option<String>);

impl Variables<'_> {
    fn get(&self, name: &str) -> Option<String> {
        (self.0)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// The value of `name`, if it is `ok`.
    fn checked(
        &self,
        name: &str,
        must: &str,
        ok: impl FnOnce(&str) -> bool,
    ) -> Result<Option<String>, TelemetryError> {
        match self.get(name) {
            Some(value) if !ok(&value) => {
                Err(TelemetryError::Setting(format!("{name} {must}, got {value:?}")))
            }
            value => Ok(value),
        }
    }

    fn number(&self, name: &str) -> Result<Option<u64>, TelemetryError> {
        let is_number = |value: &str| value.parse::<u64>().is_ok_and(|number| number > 0);
        let value = self.checked(name, "must be a whole number > 0", is_number)?;
        Ok(value.and_then(|value| value.parse().ok()))
    }

    /// Where `signal` is pushed to. Its own variable goes before the one for all signals.
    fn target(&self, signal: &str) -> Result<Option<Target>, TelemetryError> {
        let exporter = format!("OTEL_{signal}_EXPORTER");
        // "prometheus" is the standard's word for what `/metrics` does, which is always there.
        let exporter = self.checked(&exporter, "must be otlp or none", |value| {
            matches!(value, "otlp" | "none" | "prometheus")
        })?;
        if exporter.is_some_and(|exporter| exporter != "otlp") {
            return Ok(None);
        }
        let own = format!("OTEL_EXPORTER_OTLP_{signal}_");
        let name_of = |what: &str| {
            let name = format!("{own}{what}");
            if self.get(&name).is_some() { name } else { format!("OTEL_EXPORTER_OTLP_{what}") }
        };
        let name = name_of("ENDPOINT");
        let is_url = |value: &str| {
            value.parse::<http::Uri>().is_ok_and(|uri| {
                matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some()
            })
        };
        let endpoint = self.checked(&name, "must be a URL, as http://127.0.0.1:4318", is_url)?;
        let Some(mut endpoint) = endpoint else {
            return Ok(None);
        };
        // Only the endpoint for all signals gets the signal's path, as the specification says.
        if !name.starts_with(&own) {
            let path = signal.to_ascii_lowercase();
            endpoint = format!("{}/v1/{path}", endpoint.trim_end_matches('/'));
        }
        self.checked(&name_of("PROTOCOL"), "must be http/protobuf", |it| it == "http/protobuf")?;
        self.checked(&name_of("COMPRESSION"), "must be gzip or none", |value| {
            matches!(value, "gzip" | "none")
        })?;
        let timeout = self.number(&name_of("TIMEOUT"))?.unwrap_or(TIMEOUT_MS);
        Ok(Some(Target { endpoint, timeout: Duration::from_millis(timeout) }))
    }

    fn sampler(&self) -> Result<(), TelemetryError> {
        let must = format!("must be one of {}", SAMPLERS.join(", "));
        let sampler =
            self.checked("OTEL_TRACES_SAMPLER", &must, |value| SAMPLERS.contains(&value))?;
        if sampler.is_some_and(|sampler| sampler.ends_with("traceidratio")) {
            let (name, must) = ("OTEL_TRACES_SAMPLER_ARG", "must be a number from 0 to 1");
            let is_ratio = |ratio: &str| ratio.parse().is_ok_and(|it| (0.0..=1.0).contains(&it));
            if self.checked(name, must, is_ratio)?.is_none() {
                return Err(TelemetryError::Setting(format!("{name} {must}, got \"\"")));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<PushSettings, String> {
        PushSettings::read(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
        .map_err(|error| error.to_string())
    }

    fn endpoints(variables: &[(&str, &str)]) -> [Option<String>; 2] {
        let settings = read(variables).expect("good settings");
        [settings.metrics, settings.traces].map(|target| target.map(|t| t.endpoint))
    }

    const ALL: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318");

    #[test]
    fn nothing_is_pushed_without_an_endpoint_or_when_it_is_turned_off() {
        for variables in [
            &[][..],
            &[("OTEL_EXPORTER_OTLP_ENDPOINT", "")],
            &[("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")],
            &[ALL, ("OTEL_SDK_DISABLED", "TRUE")],
            &[ALL, ("OTEL_TRACES_EXPORTER", "none"), ("OTEL_METRICS_EXPORTER", "prometheus")],
        ] {
            assert_eq!(endpoints(variables), [None, None], "{variables:?}");
        }
    }

    #[test]
    fn the_endpoint_for_all_signals_gets_a_path_and_that_of_a_signal_does_not() {
        let full = |signal: &str| Some(format!("http://c:4318/v1/{signal}"));
        assert_eq!(endpoints(&[ALL]), [full("metrics"), full("traces")]);
        let slash = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318/");
        assert_eq!(endpoints(&[slash]), [full("metrics"), full("traces")]);
        let own = ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://p:9090/api/v1/otlp/v1/metrics");
        assert_eq!(endpoints(&[own]), [Some(own.1.to_owned()), None]);
        assert_eq!(endpoints(&[ALL, own]), [Some(own.1.to_owned()), full("traces")]);
    }

    #[test]
    fn a_timeout_of_a_signal_goes_before_the_one_of_all() {
        let settings = read(&[
            ALL,
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "700"),
            ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "50"),
        ])
        .expect("good settings");
        let ms = |target: Option<Target>| target.expect("is pushed").timeout.as_millis();
        assert_eq!((ms(settings.metrics), ms(settings.traces)), (700, 50));
        let default = read(&[ALL]).expect("good settings");
        assert_eq!(ms(default.metrics), 10_000);
    }

    #[test]
    fn what_cannot_be_done_is_an_error_that_names_variable_value_and_bound() {
        for (name, value, must) in [
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "http/protobuf"),
            ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json", "http/protobuf"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd", "gzip or none"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "1s", "whole number"),
            ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "c:4318", "URL"),
            ("OTEL_TRACES_EXPORTER", "zipkin", "otlp or none"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "0", "> 0"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "many", "whole number"),
            ("OTEL_TRACES_SAMPLER", "xray", "parentbased_traceidratio"),
        ] {
            let error = read(&[ALL, (name, value)]).expect_err(name);
            for part in [name, must, value] {
                assert!(error.contains(part), "{error} does not tell {part}");
            }
        }
        let ratio = [ALL, ("OTEL_TRACES_SAMPLER", "traceidratio")];
        assert!(read(&ratio).expect_err("no ratio").contains("SAMPLER_ARG"));
        let ratio = [ratio[0], ratio[1], ("OTEL_TRACES_SAMPLER_ARG", "0.25")];
        read(&ratio).expect("a ratio");
    }
}
