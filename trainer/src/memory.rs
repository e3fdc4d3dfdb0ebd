//! Whether reviews fit into the memory of this machine, asked before hours are spent on them.

use verdict_telemetry::output;

/// The most memory that training takes beside the texts, in bytes for each byte of them: 6.4 were
/// measured with the preset `default`, 10.3 with `sentences`, on 25,000 reviews.
const BESIDE_A_BYTE: u64 = 10;

/// Says so where training on texts of so many bytes will probably not fit, and what does.
pub(crate) fn warn_unless_it_fits(text_bytes: u64) {
    if let Some(warning) = warning(text_bytes, available()) {
        output::note(warning);
    }
}

fn warning(text_bytes: u64, available: Option<u64>) -> Option<String> {
    let gb = |bytes: u64| bytes as f64 / 1e9;
    let needed = text_bytes.saturating_mul(BESIDE_A_BYTE);
    let available = available.filter(|&available| available < needed)?;
    Some(format!(
        "trainer: warning: training on {:.1} GB of texts takes about {:.1} GB of memory, {:.1} GB are free; \
         verdict.spark.train spreads it over many processes (docs/python.md)",
        gb(text_bytes),
        gb(needed),
        gb(available)
    ))
}

/// Memory that may still be taken, in bytes: of the machine, or of the container if that is less.
/// `None` where the system does not say.
fn available() -> Option<u64> {
    let read = |path: &str| std::fs::read_to_string(path).ok();
    let number = |path: &str| read(path)?.trim().parse::<u64>().ok();
    let meminfo = read("/proc/meminfo")?;
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let machine = line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? << 10;
    let (max, used) = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current");
    let container = number(max).map(|max| max.saturating_sub(number(used).unwrap_or(0)));
    Some(container.map_or(machine, |container| container.min(machine)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_said_with_both_sizes_and_where_it_does() {
        assert_eq!(warning(33_000_000, Some(1 << 30)), None);
        assert_eq!(warning(33_000_000, None), None, "nobody knows");
        let said = warning(1_300_000_000, Some(8_000_000_000)).unwrap();
        assert!(
            said.contains("1.3 GB of texts takes about 13.0 GB of memory, 8.0 GB are"),
            "{said}"
        );
        assert!(said.contains("verdict.spark.train"), "{said}");
        assert!(warning(u64::MAX, Some(u64::MAX - 1)).is_some());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn linux_says_how_much_is_free() {
        assert!(available().is_some_and(|bytes| bytes > 1 << 20));
    }
}
