// SPDX-License-Identifier: GPL-3.0-or-later
import type { ErrorReport, RunReport, StepReport, TestReport, TestStatus } from '../../src/report/model.ts';

/** Text of a guest that tries to take over whatever shows it: terminal, job log, JUnit, browser, Markdown, metrics. */
export const hostileText = [
  '\x1b[31mred\x1b[2J\x1b]0;title\x07\x1b]8;;http://evil.example\x1b\\link\x1b]52;c;ZXZpbA==\x07\x1bPdcs\x1b\\',
  '\x9b31m\x9d0;title\x9c\x00\b\x7f\x85',
  '\x1b[0Ksection_start:1:evil[collapsed=true]\r\x1b[0Kheader\x1b[0Ksection_end:1:evil\r\x1b[0K',
  '[[ATTACHMENT|/etc/passwd]] [[ATTACHMENT|alpy-out/run.json]]',
  `]]>]]></failure></system-out><!-- --> &amp; &#27; <b>bold</b><img src=x onerror="alert(1)"><script>alert(2)</script>`,
  `</pre></details></style></textarea><svg onload=alert(3)>"onmouseover="alert(4)' onfocus='alert(5)`,
  '| a | `b` **c** [d](javascript:alert(6)) @all !1 #1 ~label /close <!-- alpy:x -->',
  '\u202egnp.exe\u202c \u2066isolate\u2069 \u2028 \u2029 \ud800 \udfff \ufffe \uffff \ufeff',
  Buffer.from([0xff, 0xfe, 0xc3, 0x28]).toString('utf8'),
  'alpy_tests{status="passed"} 1e9\n# EOF\n::error::gone\n3 passed, 0 failed',
].join('\n');

/** Characters with which a text can take over a terminal, or look like another text. Lines end with a line feed. */
export const harmful = /[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]|\p{Cs}/u;

/** A report of each status, with hostile text wherever a guest, an app or a test may put some. */
export function hostileReport(): RunReport {
  const statuses: readonly TestStatus[] = ['failed', 'error', 'flaky', 'passed', 'skipped'];
  return {
    alpyVersion: '1.2.3',
    startedAt: '2026-11-24T01:02:03.000Z',
    durationMs: 1000,
    environment: { [hostileText]: hostileText, accel: hostileText },
    tests: statuses.map(hostileTest),
    errors: [hostileError()],
    exitStatus: 1,
  };
}

function hostileTest(status: TestStatus): TestReport {
  const hasErrors = status !== 'passed' && status !== 'skipped';
  const directory = 'tests/hostile';
  const artifacts = ['console.txt', 'link0.pcap', `${hostileText.replaceAll('/', '')}.pcap`].map(
    (name) => `${directory}/${name}`,
  );
  return {
    id: hostileText,
    name: hostileText,
    fullName: hostileText,
    file: hostileText,
    line: 3,
    status,
    durationMs: 10,
    attempts: 2,
    errors: hasErrors ? [hostileError(), { ...hostileError(), isConsequence: true }] : [],
    directory,
    artifacts,
    steps: [{ ...hostileStep(), error: hostileText, children: [hostileStep()] }],
    ...(status === 'skipped' ? { skipReason: hostileText } : {}),
    overload: hostileText,
  };
}

function hostileError(): ErrorReport {
  return {
    name: hostileText,
    message: hostileText,
    code: hostileText,
    stack: `${hostileText}\n    at ${hostileText}`,
    place: { file: hostileText, line: 1, column: 2 },
    codeFrame: `> 1 | ${hostileText}`,
    expected: hostileText,
    actual: `${hostileText}!`,
    diff: `- ${hostileText}\n+ ${hostileText}`,
    details: [{ title: hostileText, lines: hostileText.split('\n') }],
    hasMissedDeadline: true,
  };
}

function hostileStep(): StepReport {
  return {
    source: hostileText,
    category: 'step',
    title: hostileText,
    timeMs: 0,
    durationMs: 5,
    log: [hostileText],
    children: [],
  };
}
