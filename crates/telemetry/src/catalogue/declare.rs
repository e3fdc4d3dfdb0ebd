//! How an instrument is declared: once, with all that there is to know of it.

use opentelemetry::KeyValue;

// What a declaration and the macro name.
pub(super) use super::{
    Metrics,
    shown::{Series, Shown, info, one},
};
pub(super) use crate::labels::{
    Label,
    Service::{self, Consumer, Monitor, Producer, Trainer, Web},
    label,
};
pub(super) use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter, UpDownCounter};

/// What an instrument measures and how.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// A present value.
    Gauge,
    /// A distribution; the upper bounds of its buckets, in the instrument's unit.
    Histogram(&'static [f64]),
}

/// One instrument of the catalogue.
#[derive(Debug, Clone, Copy)]
pub struct Instrument {
    /// The OpenTelemetry name.
    pub name: &'static str,
    /// The name in the Prometheus exposition.
    pub prometheus: &'static str,
    /// Counter, gauge or histogram.
    pub kind: Kind,
    /// The UCUM unit; empty when the name already carries it.
    pub unit: &'static str,
    /// What it means.
    pub help: &'static str,
    /// The label names, as OpenTelemetry attributes (dots become underscores in Prometheus).
    pub labels: &'static [&'static str],
    /// The services that record it.
    pub services: &'static [Service],
    /// How its series are found when somebody reads; `None` when it is recorded.
    pub(crate) shows: Option<Shows>,
}

/// The series of an instrument, found when somebody reads.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shows {
    U64(fn(&Shown) -> Series<u64>),
    F64(fn(&Shown) -> Series<f64>),
}

/// Declares the instruments of one subject, in the order of the documentation. An instrument is
/// its help as a doc comment, then
///
/// ```text
/// Type<number> "OpenTelemetry name" as "Prometheus name" in "unit", by &[services],
/// ```
///
/// (`in ("unit", BOUNDS)` for a histogram with the bounds of its buckets), and one of three ends:
///
/// - `pub fn method[label: Values](argument: Type) { value };` makes the method of `Metrics` that
///   records `value`. A sum of one service begins at 0, for each value of its label.
/// - `field name, labels [...];` is recorded by a method that is written by hand.
/// - `shows |shown| series, labels [...];` is read when somebody asks.
macro_rules! instruments {
    (@kind Counter $unit:tt) => { Kind::Counter };
    (@kind Histogram $unit:tt) => { Kind::Histogram(instruments!(@bounds $unit)) };
    (@kind $gauge:ident $unit:tt) => { Kind::Gauge };
    (@unit ($unit:literal, $bounds:expr)) => { $unit };
    (@unit $unit:literal) => { $unit };
    (@bounds ($unit:literal, $bounds:expr)) => { $bounds };
    (@bounds $unit:literal) => { &[] };
    (@shows $number:ident) => { None };
    (@shows u64 $series:expr) => { Some(Shows::U64($series)) };
    (@shows f64 $series:expr) => { Some(Shows::F64($series)) };
    (@labels) => { [] };
    (@labels $label:ident) => { $label.labels(stringify!($label)) };
    (@all) => { [[]] };
    (@all $label:ident $values:ty) => { <$values>::all().map(|it| it.labels(stringify!($label))) };
    ($subject:ident; $(
        $(#[doc = $help:literal])+
        $type:ident<$number:ident>
        $name:literal as $prometheus:literal in $unit:tt, by $services:expr,
        $(pub $(($scope:tt))? fn $method:ident[$($label:ident: $values:ty)?]
            ($($argument:ident: $of:ty)?) $value:block)?
        $(field $field:ident)?
        $(shows $series:expr)?
        $(, labels [$($listed:literal),*])?;
    )+) => {
        pub(super) const ALL: &[Instrument] = &[$(Instrument {
            name: $name,
            prometheus: $prometheus,
            kind: instruments!(@kind $type $unit),
            unit: instruments!(@unit $unit),
            help: concat!($($help),+).trim_ascii(),
            labels: &[$($(stringify!($label),)?)? $($($listed),*)?],
            services: $services,
            shows: instruments!(@shows $number $($series)?),
        },)+];

        /// What of them is recorded.
        #[derive(Debug)]
        pub(super) struct Recorders {
            $($(pub(super) $method: $type<$number>,)? $(pub(super) $field: $type<$number>,)?)+
        }

        #[allow(unused_variables, reason = "a subject may have nothing that is recorded")]
        impl Recorders {
            pub(super) fn new(meter: &Meter) -> Self {
                $(
                    let bounds: &[f64] = instruments!(@bounds $unit);
                    let help = concat!($($help),+).trim_ascii();
                    let declared = [$name, instruments!(@unit $unit), help];
                    $(let $method = <$type<$number>>::make(meter, declared, bounds);)?
                    $(let $field = <$type<$number>>::make(meter, declared, bounds);)?
                )+
                Self { $($($method,)? $($field,)?)+ }
            }

            /// Shows the sums of `service` before there is anything to add.
            pub(super) fn begin(&self, service: Service) {
                $($(
                    let services: &[Service] = $services;
                    if services == [service] {
                        for labels in instruments!(@all $($label $values)?) {
                            self.$method.begin(&labels);
                        }
                    }
                )?)+
            }
        }

        impl Metrics {$($(
            #[doc = concat!("Records `", $prometheus, "`.")]
            pub $(($scope))? fn $method(&self $(, $label: $values)? $(, $argument: $of)?) {
                self.0.$subject.$method.put($value, &instruments!(@labels $($label)?));
            }
        )?)+}
    };
}
pub(super) use instruments;

/// An instrument of OpenTelemetry that takes numbers.
pub(super) trait Recorder: Sized {
    type Number: Default;
    /// Whether it adds the numbers up.
    const IS_SUM: bool;

    /// The instrument of this name, unit and help, and with these buckets if it has any.
    fn make(meter: &Meter, declared: [&'static str; 3], bounds: &[f64]) -> Self;

    fn put(&self, number: Self::Number, labels: &[KeyValue]);

    /// A series that appears with its first event has no value before it, so Prometheus sees no
    /// increase: the first refused model would raise no alert. What can happen is a closed list, so
    /// each of it is counted zero times at the start.
    fn begin(&self, labels: &[KeyValue]) {
        if Self::IS_SUM {
            self.put(Self::Number::default(), labels);
        }
    }
}

macro_rules! recorder {
    ($type:ty, $number:ty, $new:ident, $put:ident, sum: $is_sum:literal $(, $bounded:ident)?) => {
        impl Recorder for $type {
            type Number = $number;
            const IS_SUM: bool = $is_sum;

            #[allow(unused_variables, reason = "only histograms have buckets")]
            fn make(meter: &Meter, [name, unit, help]: [&'static str; 3], bounds: &[f64]) -> Self {
                let builder = meter.$new(name).with_unit(unit).with_description(help);
                builder$(.$bounded(bounds.to_vec()))?.build()
            }

            fn put(&self, number: $number, labels: &[KeyValue]) {
                self.$put(number, labels);
            }
        }
    };
}
recorder!(Counter<u64>, u64, u64_counter, add, sum: true);
recorder!(UpDownCounter<i64>, i64, i64_up_down_counter, add, sum: true);
recorder!(Gauge<u64>, u64, u64_gauge, record, sum: false);
recorder!(Gauge<f64>, f64, f64_gauge, record, sum: false);
recorder!(Histogram<u64>, u64, u64_histogram, record, sum: false, with_boundaries);
recorder!(Histogram<f64>, f64, f64_histogram, record, sum: false, with_boundaries);
