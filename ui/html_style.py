"""The look of the report's page: colours as variables, light and dark, wide and narrow."""

from __future__ import annotations

__all__ = ["STYLE"]

STYLE = """
:root { color-scheme: light dark;
  --paper: #fbfaf6; --card: #ffffff; --ink: #20242a; --quiet: #646a73; --faint: #9aa0a8; --rule: #e5e2d9;
  --ours: #0f6a66; --ours-soft: #e3efed; --alarm: #b0442a; --alarm-soft: #f8e7e0; --mark: #7d8590;
  --rival: #8a6a12; --rival-soft: #f6eed6;
  --serif: "Iowan Old Style", "Palatino Linotype", Palatino, "URW Palladio L", "Book Antiqua", Georgia, serif;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
@media (prefers-color-scheme: dark) { :root {
  --paper: #15181c; --card: #1b1f24; --ink: #e7e5df; --quiet: #a2a8b0; --faint: #737a83; --rule: #2d3238;
  --ours: #62c4bb; --ours-soft: #1d302f; --alarm: #f0906f; --alarm-soft: #38231d; --mark: #8b939d;
  --rival: #d9b659; --rival-soft: #322b18; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 var(--sans); }
main { max-width: 1200px; margin: 0 auto; padding: 56px 32px 72px; }
h1, h2, h3, p, dl, dd, ul, ol, figure { margin: 0; padding: 0; }
h1 { font: 400 clamp(30px, 5vw, 44px)/1.12 var(--serif); letter-spacing: -.01em; overflow-wrap: anywhere; }
h2 { font: 400 25px/1.25 var(--serif); margin-bottom: 6px; }
h3 { font: 600 14px/1.4 var(--sans); margin-bottom: 10px; }
section { margin-top: 60px; }
.kicker { color: var(--ours); font-size: 13px; font-weight: 600; letter-spacing: .06em;
  margin-bottom: 10px; }
.lead { color: var(--quiet); max-width: 68ch; margin-bottom: 20px; }
.quiet { color: var(--quiet); } .small { font-size: 13.5px; }
.foreign { unicode-bidi: isolate; overflow-wrap: anywhere; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: 4px 16px; margin-top: 20px;
  color: var(--quiet); max-width: 76ch; }
.facts dt { color: var(--faint); }
.verdicts { list-style: none; margin-top: 34px; border-top: 1px solid var(--rule); }
.verdicts li { padding: 13px 0 13px 22px; border-bottom: 1px solid var(--rule); position: relative;
  max-width: none; }
.verdicts li::before { content: ""; position: absolute; left: 0; top: 22px; width: 8px; height: 8px;
  border-radius: 50%; background: var(--faint); }
.verdicts li:first-child { font: 400 22px/1.4 var(--serif); }
.verdicts li.loss::before, .verdicts li.alarm::before { background: var(--alarm); }
.verdicts li.win::before { background: var(--ours); }
.scroll { overflow-x: auto; -webkit-overflow-scrolling: touch; }
table { border-collapse: collapse; width: 100%; font-size: 15px;
  font-variant-numeric: tabular-nums lining-nums; }
caption { text-align: left; font-weight: 600; font-size: 14px; padding: 0 0 8px; }
caption .quiet { font-weight: 400; }
th { font-weight: 500; font-size: 12.5px; color: var(--quiet); text-align: left; vertical-align: bottom; }
th, td { padding: 8px 18px 8px 0; border-bottom: 1px solid var(--rule); white-space: nowrap; }
th:last-child, td:last-child { padding-right: 10px; }
th:first-child, td:first-child { padding-left: 10px; }
.n { text-align: right; }
td.n .quiet { font-size: 12.5px; margin-left: 6px; display: inline-block; min-width: 78px; text-align: left; }
td.gain .quiet { min-width: 104px; }
tr.altered .foreign { font-style: italic; }
tr.ours td { background: var(--ours-soft); font-weight: 600; color: var(--ours); }
tr.ours td .quiet { color: var(--ours); font-weight: 400; }
tr.best td { background: var(--rival-soft); font-weight: 600; }
tr.best td .quiet { font-weight: 400; }
.tag { display: inline-block; margin-left: 8px; font-size: 11.5px; font-weight: 600;
  color: var(--rival); white-space: nowrap; }
.negative { color: var(--alarm); font-weight: 600; }
.bar { width: 176px; min-width: 176px; } .bar svg { display: block; width: 168px; height: 16px; }
.tables > * + * { margin-top: 34px; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr));
  gap: 40px 56px; }
figure svg { display: block; width: 100%; height: auto; max-width: 560px; overflow: visible; }
figcaption { color: var(--quiet); font-size: 13.5px; margin-top: 10px; max-width: 60ch; }
svg text { font: 12px var(--sans); fill: var(--quiet); font-variant-numeric: tabular-nums; }
svg .title { fill: var(--quiet); font-size: 12px; } svg .tick { fill: var(--faint); font-size: 11.5px; }
svg .zone { fill: var(--alarm); font-size: 11.5px; } svg .label { fill: var(--ink); font-size: 11.5px; }
svg text.label.alarm { fill: var(--alarm); font-weight: 600; }
svg text.label.ours { fill: var(--ours); font-weight: 600; }
svg line { stroke: var(--rule); stroke-width: 1; } svg .axis { stroke: var(--faint); }
svg .ideal { stroke: var(--faint); stroke-dasharray: 3 4; }
svg .rival { stroke: var(--rival); stroke-dasharray: 5 4; stroke-width: 1.4; }
svg .whisker { stroke-width: 1.2; opacity: .35; } svg .whisker.mark { stroke: var(--mark); }
svg .whisker.alarm { stroke: var(--alarm); } svg .whisker.ours { stroke: var(--ours); opacity: .6; }
svg circle { stroke: var(--paper); stroke-width: 1; } svg circle.mark { fill: var(--mark); }
svg circle.alarm { fill: var(--alarm); } svg circle.ours { fill: var(--ours); }
svg polyline { fill: none; stroke: var(--ours); stroke-width: 2; stroke-linejoin: round; }
svg .alarm-zone { fill: var(--alarm-soft); }
svg .range { stroke: var(--mark); stroke-width: 2.4; stroke-linecap: round; }
svg .value { fill: var(--ink); stroke: none; }
svg .guide { stroke: var(--ours); stroke-width: 1; opacity: .55; }
tr.ours .range { stroke: var(--ours); } tr.ours .value { fill: var(--ours); }
tr.best .range { stroke: var(--rival); } tr.best .value { fill: var(--rival); }
svg .track { fill: var(--rule); } svg .fill { fill: var(--mark); } svg .fill.alarm { fill: var(--alarm); }
svg .fill.ours { fill: var(--ours); } svg .spread { stroke: var(--ink); stroke-width: 1.4; opacity: .55; }
.share { display: inline-flex; align-items: center; gap: 10px; }
.share svg { width: 64px; height: 16px; flex: none; }
.share span { min-width: 44px; text-align: right; }
.alarms { list-style: none; display: grid; gap: 12px; }
.alarms li { background: var(--alarm-soft); border-radius: 8px; padding: 14px 16px; }
.alarms .says { font: 400 18px/1.35 var(--serif); }
.alarms .small { margin-top: 4px; }
.tree td { white-space: normal; vertical-align: top; }
.tree .says { min-width: 250px; }
.tree td.n, .tree td.address, .tree td.chip { white-space: nowrap; }
.address { font: 12.5px/1.9 var(--mono); color: var(--faint); }
.indent { display: flex; }
.indent i { flex: none; width: 18px; border-left: 1px solid var(--rule); margin: -8px 0; }
.tree tr.alarm .says .foreign { color: var(--alarm); }
.tree tr.top .foreign { font: 400 17px/1.4 var(--serif); }
.shift td { white-space: normal; vertical-align: top; } .shift .share { white-space: nowrap; }
pre { font: 13.5px/1.6 var(--mono); background: var(--card); border: 1px solid var(--rule);
  border-radius: 8px;
  padding: 14px 16px; overflow-x: auto; margin: 0 0 20px; }
.notes { padding-left: 18px; color: var(--quiet); font-size: 14.5px; }
.notes li { margin: 4px 0; max-width: 86ch; }
footer { margin-top: 64px; padding-top: 16px; border-top: 1px solid var(--rule); color: var(--faint);
  font-size: 13px; }
@media (max-width: 640px) {
  main { padding: 30px 18px 48px; } section { margin-top: 46px; }
  .verdicts li:first-child { font-size: 19px; }
  table { font-size: 14px; } th, td { padding-right: 14px; }
  .scores th:first-child, .scores td:first-child { position: sticky; left: 0; background: var(--paper);
    white-space: normal; min-width: 118px; max-width: 140px; padding-left: 6px; z-index: 1; }
  .scores tr.ours td:first-child { background: var(--ours-soft); }
  .scores tr.best td:first-child { background: var(--rival-soft); }
  .tag { margin-left: 0; display: block; }
  .tree table, .tree tbody, table.tree { display: block; } .tree thead { display: none; }
  .tree tr { display: flex; flex-wrap: wrap; align-items: center; column-gap: 11px;
    border-bottom: 1px solid var(--rule); padding: 9px 0; }
  .tree td, .tree td:first-child, .tree td:last-child { border: 0; padding: 0; }
  .tree td:empty { display: none; } .tree td:not(.says) { font-size: 13px; }
  .tree .share { gap: 6px; } .tree .share span { min-width: 0; }
  .tree .share svg { width: 32px; height: 12px; }
  .tree td.says { order: -1; flex: 1 0 100%; } .indent i { width: 10px; margin: -9px 0; }
  .tree td.nats::after { content: " nats"; } .tree td.reach::after { content: " of D*"; }
}
@media print { body { background: none; } section { break-inside: avoid; } }
"""
