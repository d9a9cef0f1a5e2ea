// SPDX-License-Identifier: GPL-3.0-or-later

/** Style sheet of the report. Loads no fonts, images or scripts, so that the report can be opened from a disk or an archive. */
export const style = `
:root { color-scheme: light dark; --back: #fff; --text: #1c2128; --soft: #57606a; --line: #d0d7de; --box: #f6f8fa;
  --passed: #1a7f37; --failed: #cf222e; --error: #9a6700; --flaky: #8250df; --skipped: #57606a; --bar: #54aeff; --link: #0550ae; }
@media (prefers-color-scheme: dark) { :root { --back: #0d1117; --text: #e6edf3; --soft: #9aa4af; --line: #30363d; --box: #161b22;
  --passed: #3fb950; --failed: #ff7b72; --error: #d29922; --flaky: #d2a8ff; --skipped: #9aa4af; --bar: #1f6feb; --link: #79c0ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 70rem; padding: 1.5rem 1rem 4rem; background: var(--back); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
a { color: var(--link); }
h1 { margin: 0; font-size: 1.6rem; } h2 { margin: 2rem 0 .5rem; font-size: 1.1rem; font-family: ui-monospace, monospace; }
h3 { margin: 1rem 0 .25rem; font-size: .95rem; }
p { margin: .25rem 0; } .soft { color: var(--soft); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: 1rem 0; } dt { color: var(--soft); } dd { margin: 0; }
pre { margin: .5rem 0; padding: .75rem; overflow-x: auto; white-space: pre-wrap; background: var(--box); border: 1px solid var(--line);
  border-radius: 6px; font: .85rem/1.45 ui-monospace, monospace; }
.test { margin: .5rem 0; border: 1px solid var(--line); border-left-width: .35rem; border-radius: 6px; }
.test > summary { display: flex; gap: .75rem; align-items: baseline; padding: .5rem .75rem; cursor: pointer; list-style: none; }
.test > summary::-webkit-details-marker { display: none; }
.test > summary .name { flex: 1; font-weight: 600; } .test > summary .time { color: var(--soft); white-space: nowrap; }
.test > div { padding: 0 .75rem .75rem; }
.status { min-width: 4.6rem; font-weight: 700; font-size: .8rem; letter-spacing: .04em; }
.passed { border-left-color: var(--passed); } .passed .status, .all-passed { color: var(--passed); }
.failed { border-left-color: var(--failed); } .failed .status, .not-all { color: var(--failed); }
.error { border-left-color: var(--error); } .error .status { color: var(--error); }
.flaky { border-left-color: var(--flaky); } .flaky .status { color: var(--flaky); }
.skipped { border-left-color: var(--skipped); } .skipped .status { color: var(--skipped); }
ul.files { display: flex; flex-wrap: wrap; gap: .25rem 1rem; margin: .25rem 0; padding: 0; list-style: none; }
img { max-width: 100%; border: 1px solid var(--line); border-radius: 6px; }
ol.steps { margin: 0; padding-left: 1.1rem; list-style: none; } ol.steps ol.steps { border-left: 1px solid var(--line); }
.step { position: relative; display: flex; gap: .75rem; font-size: .9rem; padding: .05rem .25rem; }
.step .title { flex: 1; } .step .time { color: var(--soft); white-space: nowrap; font-variant-numeric: tabular-nums; }
.step::before { content: ''; position: absolute; left: 0; bottom: 0; height: 2px; width: calc(var(--part) * 1%); background: var(--bar); }
.step.bad .title { color: var(--failed); }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
`;
