// SPDX-License-Identifier: GPL-3.0-or-later
export { artifactUrl } from './annotations.ts';
export { DebugLog } from './debug-log.ts';
export { composeSinks, eventLine, OpenSteps } from './events.ts';
export type { FailureLineKind, FailureTextOptions } from './failure-text.ts';
export { htmlReport } from './html.ts';
export { consoleArtifact, consoleTail, JobLog, testSection } from './job-log.ts';
export { mergeOutputs } from './merge-outputs.ts';
export type { ErrorReport, JobReport, RunReport, ShardReport, SourcePlace, StepReport, TestReport, TestStatus } from './model.ts';
export { readEvents } from './read-events.ts';
export { redactHead, redactReport, redactSink, redactTest } from './redact.ts';
export { readRunJson, runJson, writeRunJson } from './run-json.ts';
export { shardProblem } from './shards.ts';
export { errorReports, exitStatusOf, hasFailed, statusOf } from './status.ts';
export { stepLines, stepTree } from './step-tree.ts';
export { readStoredResults, StoredResults, storedResultsFile } from './stored-results.ts';
export { countLines, runErrorLines, summaryLines, testFailureLines, testLine } from './terminal.ts';
export { escapeControls, firstLine, plainLines, seconds } from './text.ts';
export { writeReports } from './write-reports.ts';
