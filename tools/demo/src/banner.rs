//! What is said once everything runs.

use crate::broker::Broker;
use crate::settings::Settings;
use crate::stack::Stack;

/// Where everything is, and what to try.
#[must_use]
pub fn banner(settings: &Settings, stack: &Stack) -> String {
    let ports = stack.ports();
    let web = format!("http://127.0.0.1:{}", ports.web);
    let mut pages: Vec<u16> = ports.consumers.clone();
    let kafka = stack.broker().bootstrap();
    let labels = settings.new_labels;
    let producer = beside("producer");
    let (broker, correct, end) = match stack.broker() {
        Broker::InMemory(broker) => (
            broker.notice() + "\n",
            String::new(),
            "Ctrl-C stops it, and nothing is kept.",
        ),
        broker => {
            pages.extend([ports.monitor, ports.trainer]);
            let whose = match broker {
                Broker::Own(own) => {
                    format!("    Kafka        {kafka}   log in {}", own.log().display())
                }
                _ => format!("    Kafka        {kafka}"),
            };
            let correct = format!(
                "    correct      with the buttons under a verdict; after {labels} labels a new model is trained\n{whose}\n"
            );
            (
                String::new(),
                correct,
                "Ctrl-C stops it; started again, it goes on where it was.",
            )
        }
    };
    let metrics: Vec<String> = pages
        .iter()
        .map(|port| format!("http://127.0.0.1:{port}/metrics"))
        .collect();
    let prometheus = if stack.has_prometheus() {
        format!("http://127.0.0.1:{}/ (alerts: /alerts)", ports.prometheus)
    } else {
        "not started: nothing is kept of the metrics (e.g. apt-get install prometheus)".to_owned()
    };
    format!(
        "
  Verdict is running.

{broker}    page         {web}/
    ask          curl -d 'text=What a wonderful film' {web}/predict
    publish      echo 'What a wonderful film' | {producer} publish - --bootstrap-servers {kafka}
{correct}    topics       reviews, reviews.verdicts, reviews.labels, dlq.reviews
    metrics      {web}/metrics  {}
    Prometheus   {prometheus}
    logs         {}

  {end}
",
        metrics.join("  "),
        stack.state().join("logs").display(),
    )
}

/// How to call a program that is built beside this one and that nobody has installed yet.
fn beside(program: &str) -> String {
    std::env::current_exe()
        .map(|demo| demo.with_file_name(program))
        .ok()
        .filter(|path| path.exists())
        .map_or_else(|| program.to_owned(), |path| path.display().to_string())
}
