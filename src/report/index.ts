// SPDX-License-Identifier: GPL-3.0-or-later
export { artifactUrl } from './annotations.ts';
export { caseNames, oneLine } from './case-names.ts';
export { causeOfTest, causeText } from './cause.ts';
export { DebugLog } from './debug-log.ts';
export { errorReports } from './error-reports.ts';
export { classOfAttempt, worstClass } from './failure-class.ts';
export { classNote } from './class-note.ts';
export { composeSinks, eventLine, OpenSteps } from './events.ts';
export { failureLines } from './failure-text.ts';
export type { FailureLineKind, FailureTextOptions } from './failure-text.ts';
export { htmlReport } from './html.ts';
export { consoleArtifacts, consoleTail, JobLog, testSection, type ConsoleTail } from './job-log.ts';
export { mergeOutputs } from './merge-outputs.ts';
export type {
  ErrorReport,
  FailureClass,
  JobReport,
  RunReport,
  ShardReport,
  SourcePlace,
  StepReport,
  TestReport,
  TestStatus,
} from './model.ts';
export { readEvents } from './read-events.ts';
export { redactHead, redactReport, redactSink, redactTest } from './redact.ts';
export { parseRunJson, readRunJson, runJson, writeRunJson } from './run-json.ts';
export { maxReportBytes } from './run-schema.ts';
export { shardProblem } from './shards.ts';
export { exitStatusOf, hasFailed, statusOf, type TestState, type ThrownError } from './status.ts';
export { stepLines, stepTree } from './step-tree.ts';
export { placeAt } from './source-place.ts';
export { readStoredResults, StoredResults, storedResultsFile } from './stored-results.ts';
export { countLines, runErrorLines, skippedLines, summaryLines, testFailureLines, testLine } from './terminal.ts';
export { escapeControls, firstLine, plainLines, seconds, visibleLines } from './text.ts';
export { writeReports } from './write-reports.ts';
