// SPDX-License-Identifier: GPL-3.0-or-later

/** Style sheet of the report. Loads no fonts, images or scripts, so that the report can be opened from a disk or an archive. */
export const style = `
:root { color-scheme: light dark; --back: #fff; --text: #1c2128; --soft: #57606a; --line: #d0d7de; --box: #f6f8fa; --mark: #fff1b8;
  --passed: #1a7f37; --failed: #cf222e; --error: #9a6700; --flaky: #8250df; --skipped: #57606a; --link: #0550ae; }
@media (prefers-color-scheme: dark) { :root { --back: #0d1117; --text: #e6edf3; --soft: #9aa4af; --line: #30363d; --box: #161b22; --mark: #4d3800;
  --passed: #3fb950; --failed: #ff7b72; --error: #d29922; --flaky: #d2a8ff; --skipped: #9aa4af; --link: #79c0ff; } }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0 auto; max-width: 75rem; padding: 1.5rem 1rem 4rem; background: var(--back); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
a { color: var(--link); }
h1 { margin: 0; font-size: 1.6rem; } h2 { margin: 1.5rem 0 .5rem; font-size: 1.1rem; } h3 { margin: .75rem 0 0; font-size: .85rem; }
p { margin: .25rem 0; } .soft, .file { color: var(--soft); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: .5rem 0; } dt { color: var(--soft); } dd { margin: 0; }
pre { margin: .35rem 0; padding: .6rem .75rem; overflow-x: auto; white-space: pre-wrap; background: var(--box); border: 1px solid var(--line);
  border-radius: 6px; }
pre, code, .place, .file, details.group h2 { font: .85rem/1.45 ui-monospace, monospace; }
summary { cursor: pointer; }
.more { margin: .35rem 0; } .more > summary { color: var(--soft); font-size: .9rem; }

.filters { position: sticky; top: 0; z-index: 1; display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: end; margin: 1rem 0; padding: .5rem 0;
  background: var(--back); border-bottom: 1px solid var(--line); }
.filters fieldset { display: flex; flex-wrap: wrap; gap: .35rem; margin: 0; padding: 0; border: 0; min-width: 0; }
.filters span, .filters legend { display: block; padding: 0; font-size: .8rem; color: var(--soft); }
.filters input[type=search], .filters select { font: inherit; padding: .25rem .5rem; max-width: 100%; color: inherit; background: var(--back);
  border: 1px solid var(--soft); border-radius: 6px; }
.search { flex: 1 1 14rem; } .search input { width: 100%; } .by-file { flex: 0 1 16rem; min-width: 0; } .by-file select { width: 100%; }
.chip { display: inline-flex; gap: .35rem; align-items: center; padding: .2rem .6rem; border: 1px solid var(--line); border-radius: 1rem; cursor: pointer; }
.chip input { margin: 0; accent-color: var(--link); } .chip:has(:checked) { background: var(--box); border-color: currentcolor; }

.causes { margin: 1rem 0; } .causes ol { margin: 0; padding-left: 1.6rem; } .causes ul { margin: 0; padding-left: 1rem; }
.causes .cause { font-weight: 600; } .causes > ol > li { margin: .4rem 0; }
.group { margin: .5rem 0; } .group > summary h2 { display: inline; margin: 0 .75rem 0 0; font-weight: 700; }
.test { margin: .4rem 0; border: 1px solid var(--line); border-left-width: .35rem; border-radius: 6px; }
.test > summary { display: flex; gap: .75rem; align-items: baseline; padding: .4rem .75rem; list-style: none; }
.test > summary::-webkit-details-marker { display: none; } .test > summary::before { content: '▸'; color: var(--soft); }
.test[open] > summary::before { content: '▾'; } .test > summary .cause { display: block; color: var(--soft); font-weight: 400; }
.test[open] > summary .cause { display: none; }
.test > summary .name { flex: 1; font-weight: 600; } .test > summary .file { font-weight: 400; }
.test > summary .time { color: var(--soft); white-space: nowrap; }
.test > div { padding: 0 .75rem .75rem; scroll-margin-top: 9rem; }
.status { min-width: 4rem; font-weight: 700; font-size: .85rem; }
.passed { border-left-color: var(--passed); } .passed .status, .all-passed { color: var(--passed); }
.failed { border-left-color: var(--failed); } .failed .status, .not-all { color: var(--failed); }
.error { border-left-color: var(--error); } .error .status { color: var(--error); }
.flaky { border-left-color: var(--flaky); } .flaky .status { color: var(--flaky); }
.skipped { border-left-color: var(--skipped); } .skipped .status { color: var(--skipped); }
.failure { margin-bottom: .75rem; } .message { border-left: .25rem solid var(--failed); font-weight: 600; }
.code, .steps { white-space: pre; } .code mark { display: inline-block; min-width: 100%; color: inherit; background: var(--mark); }
.minus { color: var(--passed); } .plus, .bad { color: var(--failed); }
.files { display: flex; flex-wrap: wrap; gap: .25rem 1rem; margin: 0; padding: 0; list-style: none; }
.artifacts { display: flex; flex-wrap: wrap; gap: .75rem 1.25rem; margin: .75rem 0 .5rem; } .artifacts .files { flex: 1 1 16rem; align-content: start; }
.facts { display: flex; flex-wrap: wrap; gap: 0 1rem; align-items: baseline; font-size: .9rem; }
figure { margin: 0; } figcaption { color: var(--soft); font-size: .85rem; }
img { display: block; max-width: min(100%, 20rem); max-height: 12rem; border: 1px solid var(--line); border-radius: 6px; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
@media (max-width: 40rem) { .filters { position: static; } .by-file { flex: 1 0 100%; } .test > summary { flex-wrap: wrap; gap: .1rem .75rem; } .test > summary .name { order: 3; flex: 1 0 100%; }
  .status { flex: 1; } .causes ul { padding-left: .5rem; } }
`;
