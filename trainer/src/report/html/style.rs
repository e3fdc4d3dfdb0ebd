//! How the page looks.

pub(super) const PAGE: &str = "\
:root{color-scheme:light dark;--paper:#f4f6fa;--card:#fff;--ink:#1d2433;--quiet:#5d6779;--line:#dde2eb;--pro:#2563c9;
--con:#b3451f;--pro-soft:#2563c926;--con-soft:#c4532d2b}
@media (prefers-color-scheme:dark){:root{--paper:#0f1219;--card:#171b24;--ink:#e7eaf1;--quiet:#a2adbf;--line:#2a303d;
--pro:#79a9f5;--con:#f0906d;--pro-soft:#79a9f533;--con-soft:#dd75503d}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);line-height:1.5;
font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif}
main{max-width:1060px;margin:0 auto;padding:32px 24px 48px}
h1{margin:0 0 4px;font-size:1.9rem;letter-spacing:-.01em}h1 .quiet{font-weight:400;font-size:1.1rem}
h2{font-size:1.25rem;margin:40px 0 8px}h3{font-size:1rem;margin:24px 0 8px}
code,.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.85em;overflow-wrap:anywhere}
.quiet{color:var(--quiet)}
dl.facts{display:grid;grid-template-columns:max-content 1fr;gap:2px 16px;margin:12px 0}dl.facts dt{color:var(--quiet)}
dl.facts dd{margin:0;overflow-wrap:anywhere}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(210px,1fr));gap:12px;margin:24px 0;padding:0;list-style:none}
.tiles li{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:12px 16px}
.tiles .number{display:block;font-size:1.6rem;font-weight:650;font-variant-numeric:tabular-nums}
.tiles .label{color:var(--quiet);font-size:.9rem}
.pictures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr));gap:16px}
figure{margin:0;background:var(--card);border:1px solid var(--line);border-radius:10px;padding:8px;overflow:hidden}
figure.wide{grid-column:1/-1}figure svg{display:block;width:100%;height:auto}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;background:var(--card);border:1px solid var(--line)}
th,td{padding:6px 12px;text-align:right;border-bottom:1px solid var(--line)}th{font-weight:600;color:var(--quiet)}
th:first-child,td:first-child{text-align:left}tr.best td{font-weight:650}td.quiet{font-weight:400}
.meter{display:inline-block;width:110px;height:8px;border-radius:4px;background:var(--line);overflow:hidden;vertical-align:middle}
.meter i{display:block;height:100%;background:var(--pro)}
.mistake{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:12px 16px;margin:0 0 12px;
break-inside:avoid}
.mistake .head{margin:0;display:flex;justify-content:space-between;gap:16px;flex-wrap:wrap}
blockquote{margin:8px 0;white-space:pre-line;overflow-wrap:anywhere}
mark{background:none;color:inherit;border-bottom:2px solid;padding:0 1px}
mark.pro{background:var(--pro-soft);border-color:var(--pro)}mark.con{background:var(--con-soft);border-bottom:2px dashed var(--con)}
.terms{margin:0;font-size:.85rem}.terms span{margin-right:10px;white-space:nowrap}
.terms .pro{color:var(--pro)}.terms .con{color:var(--con)}
footer{margin-top:40px;color:var(--quiet);font-size:.9rem}
@media print{body{background:#fff}main{max-width:none;padding:0}figure,table,tr,.tiles li{break-inside:avoid}h2,h3{break-after:avoid}
.pictures{grid-template-columns:1fr 1fr}*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
";
