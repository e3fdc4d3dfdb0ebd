//! How charts and page look: light and dark by the reader's setting, fonts of the reader's system.

/// The style of the charts, for the page and for each picture by itself. Plain colours, for viewers that know no variables.
pub(super) const CHART: &str = "\
.chart{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;font-size:13px}
.paper{fill:#fff}.grid{stroke:#e6e9ef;stroke-width:1}.axis{stroke:#98a1b2;stroke-width:1}
.chart text{fill:#1d2433}.chart .tick{fill:#5d6779;font-size:12px}.chart .name{fill:#414b5e}
.chart .title{font-size:16px;font-weight:600}.chart .note{fill:#5d6779}
.chart .value{font-weight:600;font-size:24px}.chart .word{font-size:12.5px}
.curve{fill:none;stroke:#2563c9;stroke-width:2.5;stroke-linejoin:round}.under{fill:#2563c9;fill-opacity:.1}
.guide{fill:none;stroke:#98a1b2;stroke-width:1.5;stroke-dasharray:5 5}
.mark{fill:#fff;stroke:#2563c9;stroke-width:2.5}.dot{fill:#2563c9}
.bar{fill:#8fb1e3}.pro{fill:#2563c9}.con{fill:#c4532d}
.band{stroke:#2563c9;stroke-width:1.5;stroke-opacity:.55}.cell{fill:none;stroke:#98a1b2;stroke-width:1}
@media (prefers-color-scheme:dark){
.paper{fill:#171b24}.grid{stroke:#2a303d}.axis{stroke:#687387}
.chart text{fill:#e7eaf1}.chart .tick{fill:#a2adbf}.chart .name{fill:#c3cad7}.chart .note{fill:#a2adbf}
.curve{stroke:#79a9f5}.under{fill:#79a9f5}.guide{stroke:#687387}
.mark{fill:#171b24;stroke:#79a9f5}.dot{fill:#79a9f5}
.bar{fill:#3f5f91}.pro{fill:#5b91e6}.con{fill:#dd7550}.band{stroke:#79a9f5}.cell{stroke:#687387}
}
";
