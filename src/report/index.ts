// SPDX-License-Identifier: GPL-3.0-or-later
export { annotationsJson, artifactUrl, writeAnnotations } from './annotations.ts';
export { DebugLog } from './debug-log.ts';
export { composeSinks, eventLine, parseEvents } from './events.ts';
export { htmlReport, writeHtml } from './html.ts';
export { consoleArtifact, consoleTail, JobLog, testSection, type JobLogOptions } from './job-log.ts';
export { junitXml, writeJunit } from './junit.ts';
export { metricsText, writeMetrics } from './metrics.ts';
export type { ErrorReport, JobReport, RunReport, ShardReport, StepReport, TestReport, TestStatus } from './model.ts';
export { redactReport, redactSink, redactTest } from './redact.ts';
export { readRunJson, runJson, runJsonVersion, writeRunJson } from './run-json.ts';
export { errorReport, exitStatusOf, faultOf, statusOf, type TestState, type ThrownError } from './status.ts';
export { stepLines, stepTree } from './step-tree.ts';
export { summaryLines, terminalSink, testLine } from './terminal.ts';
export { claimTestDirectory, testDirectoryName, testDirectoryNames, type NamedTest } from './test-directory.ts';
export { uniqueNames } from './unique-names.ts';
