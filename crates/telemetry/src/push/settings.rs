//! What the standard's `OTEL_…` variables ask for, checked once.
//!
//! The SDK and its exporter read most of these variables themselves, and pass over in silence what they cannot read. Here
//! everything that would be passed over is an error at the start instead. Source: the OpenTelemetry specification,
//! "Environment Variable Specification" and "OpenTelemetry Protocol Exporter".

use std::time::Duration;

use crate::TelemetryError;

/// One of the two signals that are pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Metrics.
    Metrics,
    /// Traces.
    Traces,
}

impl Signal {
    fn variable(self, what: &str) -> String {
        match self {
            Self::Metrics => format!("OTEL_EXPORTER_OTLP_METRICS_{what}"),
            Self::Traces => format!("OTEL_EXPORTER_OTLP_TRACES_{what}"),
        }
    }

    fn exporter_variable(self) -> &'static str {
        match self {
            Self::Metrics => "OTEL_METRICS_EXPORTER",
            Self::Traces => "OTEL_TRACES_EXPORTER",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Metrics => "v1/metrics",
            Self::Traces => "v1/traces",
        }
    }
}

/// Where one signal is pushed to.
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
    /// Metrics; `None` when they are only read by who asks for `/metrics`.
    pub metrics: Option<Target>,
    /// Traces; `None` when no spans are made.
    pub traces: Option<Target>,
}

/// The specification's default.
const TIMEOUT: Duration = Duration::from_secs(10);

// Read by the SDK, which takes its default in silence when they are not numbers.
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
        if variables
            .get("OTEL_SDK_DISABLED")
            .is_some_and(|value| value.eq_ignore_ascii_case("true"))
        {
            return Ok(Self::default());
        }
        let settings = Self {
            metrics: variables.target(Signal::Metrics)?,
            traces: variables.target(Signal::Traces)?,
        };
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

    /// The signal's own variable, or else the one for all signals; with the name that it was found under.
    fn either(&self, signal: Signal, what: &str) -> Option<(String, String)> {
        [signal.variable(what), format!("OTEL_EXPORTER_OTLP_{what}")]
            .into_iter()
            .find_map(|name| self.get(&name).map(|value| (name, value)))
    }

    fn target(&self, signal: Signal) -> Result<Option<Target>, TelemetryError> {
        match self.get(signal.exporter_variable()).as_deref() {
            // The standard's word for what `/metrics` does, which is always there.
            Some("none" | "prometheus") => return Ok(None),
            None | Some("otlp") => {}
            Some(other) => {
                return Err(bad(signal.exporter_variable(), other, "must be otlp or none"));
            }
        }
        let Some(endpoint) = self.endpoint(signal)? else {
            return Ok(None);
        };
        if let Some((name, protocol)) = self.either(signal, "PROTOCOL")
            && protocol != "http/protobuf"
        {
            return Err(bad(&name, &protocol, "must be http/protobuf"));
        }
        if let Some((name, compression)) = self.either(signal, "COMPRESSION")
            && !matches!(compression.as_str(), "gzip" | "none")
        {
            return Err(bad(&name, &compression, "must be gzip or none"));
        }
        let timeout = match self.either(signal, "TIMEOUT") {
            Some((name, _)) => self.number(&name)?.map_or(TIMEOUT, Duration::from_millis),
            None => TIMEOUT,
        };
        Ok(Some(Target { endpoint, timeout }))
    }

    /// The signal's endpoint is taken as it is; the one for all signals gets the signal's path, as the specification says.
    fn endpoint(&self, signal: Signal) -> Result<Option<String>, TelemetryError> {
        let Some((name, base)) = self.either(signal, "ENDPOINT") else {
            return Ok(None);
        };
        let is_url = base.parse::<http::Uri>().is_ok_and(|uri| {
            matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some()
        });
        if !is_url {
            return Err(bad(&name, &base, "must be a URL, as http://127.0.0.1:4318"));
        }
        if name == signal.variable("ENDPOINT") {
            return Ok(Some(base));
        }
        Ok(Some(format!("{}/{}", base.trim_end_matches('/'), signal.path())))
    }

    fn number(&self, name: &str) -> Result<Option<u64>, TelemetryError> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        match value.parse() {
            Ok(number) if number > 0 => Ok(Some(number)),
            _ => Err(bad(name, &value, "must be a whole number > 0")),
        }
    }

    fn sampler(&self) -> Result<(), TelemetryError> {
        let (name, argument) = ("OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG");
        let Some(sampler) = self.get(name) else {
            return Ok(());
        };
        if !SAMPLERS.contains(&sampler.as_str()) {
            return Err(bad(name, &sampler, &format!("must be one of {}", SAMPLERS.join(", "))));
        }
        if sampler.ends_with("traceidratio") {
            let ratio = self.get(argument).unwrap_or_default();
            if !ratio.parse::<f64>().is_ok_and(|ratio| (0.0..=1.0).contains(&ratio)) {
                return Err(bad(argument, &ratio, "must be a number from 0 to 1"));
            }
        }
        Ok(())
    }
}

fn bad(name: &str, value: &str, must: &str) -> TelemetryError {
    TelemetryError::Setting(format!("{name} {must}, got {value:?}"))
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
