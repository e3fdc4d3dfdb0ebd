//! What people read.

use crate::{apply::Applied, plan::Wanted};

/// Columns beside each other, as wide as they need.
#[must_use]
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

fn row(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|&cell| cell.to_owned()).collect()
}

/// A plan.
#[must_use]
pub fn plan(wanted: &Wanted) -> String {
    let mut rows = vec![row(&["REPOSITORY", "TAG", "TAGS", "SCAN", "UNTAGGED IMAGES"])];
    for repository in &wanted.repositories {
        rows.push(row(&[
            &repository.name,
            &wanted.tag,
            "immutable",
            "on push",
            "expire after 14 days",
        ]));
    }
    table(&rows)
}

/// What was done.
#[must_use]
pub fn applied(applied: &Applied) -> String {
    let mut rows = vec![row(&["SERVICE", "DIGEST", "PUSHED", "LAYERS SENT", "BYTES", "FINDINGS"])];
    for image in &applied.images {
        let findings = image.findings.as_ref().map_or_else(
            || "not awaited".to_owned(),
            |findings| {
                let told = findings
                    .iter()
                    .filter(|(_, n)| **n > 0)
                    .map(|(severity, n)| format!("{n} {severity}"));
                let told = told.collect::<Vec<_>>().join(", ");
                if told.is_empty() { "none".to_owned() } else { told }
            },
        );
        let pushed = if image.pushed { "yes" } else { "was there" };
        rows.push(row(&[
            &image.service,
            &image.digest,
            pushed,
            &image.blobs_sent.to_string(),
            &image.bytes_sent.to_string(),
            &findings,
        ]));
    }
    let conditional = if applied.dry_run { " would be made (dry run)" } else { "" };
    format!("{}{} changes{conditional}\n", table(&rows), applied.changes)
}
