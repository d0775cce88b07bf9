// How the page looks.
#pragma once

#include <string_view>

namespace perceptron::bench {

inline constexpr std::string_view kStyle = R"(
:root { --ink: #1b1f24; --soft: #57606a; --line: #d0d7de; --paper: #ffffff; --card: #f6f8fa;
  --ours: #1b1f24; --p0: #d55e00; --p1: #0072b2; --p2: #009e73; --p3: #b25fd4; --bar: #9ecae9; color-scheme: light dark; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9aa4af; --line: #30363d; --paper: #0d1117;
  --card: #161b22; --ours: #e6edf3; --p0: #ff8c42; --p1: #58a6ff; --p2: #3fc79a; --p3: #c98be8; --bar: #1f4b6e; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 78rem; color: var(--ink); background: var(--paper);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
h1 { font-size: 1.5rem; margin: .2rem 0; } h2 { font-size: 1.15rem; margin: 2rem 0 .3rem; }
h3 { font-size: .85rem; margin: 0 0 .4rem; overflow-wrap: anywhere; }
p { margin: .3rem 0; max-width: 48rem; } .soft { color: var(--soft); font-size: .9rem; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 340px), 1fr)); gap: 1rem; }
.plot { max-width: 560px; width: 100%; background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: .7rem; }
svg { display: block; width: 100%; height: auto; }
svg text { font: 10px system-ui, sans-serif; fill: var(--soft); paint-order: stroke; stroke: var(--card);
  stroke-width: 2.5px; stroke-linejoin: round; }
svg .name { fill: var(--ink); font-size: 10.5px; } svg .figure { fill: var(--ink); font-size: 9.5px; }
svg .note { font-size: 9px; } svg .end { text-anchor: end; } svg .middle { text-anchor: middle; }
.grid { stroke: var(--line); stroke-width: .6; } .axis { stroke: var(--soft); stroke-width: 1; }
.one { stroke: var(--ink); stroke-width: 1.2; } .roof { stroke: var(--soft); stroke-width: 1.3; }
.p0 { fill: var(--p0); } .p1 { fill: var(--p1); } .p2 { fill: var(--p2); } .p3 { fill: var(--p3); } .ours { fill: var(--ours); }
.curve { fill: none; stroke-width: 1.8; } .curve.p0 { stroke: var(--p0); } .curve.p1 { stroke: var(--p1); }
.curve.p2 { stroke: var(--p2); } .curve.p3 { stroke: var(--p3); } .curve.ours { stroke: var(--ours); }
.spot { fill-opacity: .75; } .f32 { fill: var(--p1); } .f64 { fill: var(--p0); } .f16 { fill: var(--p2); }
.bf16 { fill: var(--p3); } .model { fill: var(--ours); }
.key { display: flex; flex-wrap: wrap; gap: .2rem 1rem; margin: .3rem 0 .7rem; font-size: .85rem; }
.key svg { display: inline-block; width: .7rem; height: .7rem; margin-right: .35rem; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; }
table { border-collapse: collapse; font-size: .82rem; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .6rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
th { text-align: right; color: var(--soft); font-weight: 600; background: var(--card); }
tr:last-child td { border-bottom: 0; }
th:first-child, td:first-child, .left { text-align: left; }
td:first-child { font-family: ui-monospace, Menlo, Consolas, monospace; }
#results td:last-child { white-space: normal; min-width: 13em; }
.share { background: linear-gradient(to right, var(--bar) var(--of), transparent var(--of)); }
.bad { color: var(--p0); font-weight: 600; }
@media print { body { max-width: none; padding: 0; font-size: 10pt; } .scroll { overflow: visible; border: 0; }
  table { font-size: 6.5pt; } th, td { padding: 1pt 3pt; white-space: normal; } .plot, tr { break-inside: avoid; }
  .plots { grid-template-columns: repeat(2, 1fr); }
  .p0, .p1, .p2, .p3, .ours, .spot, .share, th { -webkit-print-color-adjust: exact; print-color-adjust: exact; } }
@media print and (prefers-color-scheme: dark) { :root { --ink: #1b1f24; --soft: #57606a; --line: #d0d7de;
  --paper: #fff; --card: #fff; --ours: #1b1f24; } }
)";

}  // namespace perceptron::bench
