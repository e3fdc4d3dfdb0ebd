//! What is said once everything runs.

use crate::broker::Broker;
use crate::ports::local;
use crate::settings::Settings;
use crate::stack::Stack;

/// Where everything is, and what to try.
pub(crate) fn banner(settings: &Settings, stack: &Stack) -> String {
    let (ports, broker) = (&stack.ports, &stack.broker);
    let (web, kafka) = (local(ports.web), broker.bootstrap());
    let producer = beside("producer");
    let mut lines = vec![
        ("page", format!("http://{web}/")),
        ("ask", format!("curl -d 'text=What a wonderful film' http://{web}/predict")),
        (
            "publish",
            format!(
                "echo 'What a wonderful film' | {producer} publish - --bootstrap-servers {kafka}"
            ),
        ),
    ];
    let mut pages = vec![ports.web];
    pages.extend(&ports.consumers);
    if !broker.is_in_memory() {
        pages.extend([ports.monitor, ports.trainer]);
        let labels = settings.new_labels;
        let correct = format!(
            "with the buttons under a verdict; after {labels} labels a new model is trained"
        );
        lines.push(("correct", correct));
    }
    let log = match broker {
        Broker::Own(own) => format!("   log in {}", own.log().display()),
        Broker::Given(..) | Broker::InMemory(..) => String::new(),
    };
    let metrics: Vec<String> =
        pages.iter().map(|port| format!("http://{}/metrics", local(*port))).collect();
    lines.extend([
        ("Kafka", format!("{kafka}{log}")),
        ("topics", "reviews, reviews.verdicts, reviews.labels, dlq.reviews".to_owned()),
        ("metrics", metrics.join("  ")),
        ("Prometheus", prometheus(settings, stack)),
        ("logs", stack.state.join("logs").display().to_string()),
    ]);
    let lines: String =
        lines.iter().map(|(what, place)| format!("    {what:<12} {place}\n")).collect();
    let (notice, kept) = match broker {
        Broker::InMemory(broker, _) => (broker.notice() + "\n", "and nothing is kept"),
        Broker::Own(_) | Broker::Given(..) => {
            (String::new(), "and a new start goes on where it was")
        }
    };
    format!("\n  Verdict is running.\n\n{notice}{lines}\n  Ctrl-C stops it, {kept}.\n")
}

fn prometheus(settings: &Settings, stack: &Stack) -> String {
    if stack.has_prometheus {
        let at = local(stack.ports.prometheus);
        return format!("http://{at}/ (alerts: /alerts)");
    }
    let why = if settings.no_prometheus {
        "not started (--no-prometheus)"
    } else {
        "not installed (e.g. apt-get install prometheus)"
    };
    format!("{why}: nothing is kept of the metrics")
}

/// How to call a program that is built beside this one and that nobody has installed yet.
fn beside(program: &str) -> String {
    std::env::current_exe()
        .map(|demo| demo.with_file_name(program))
        .ok()
        .filter(|path| path.exists())
        .map_or_else(|| program.to_owned(), |path| path.display().to_string())
}
