// SPDX-License-Identifier: GPL-3.0-or-later
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where attempts run. `user` is an app that does not run as root. */
export type PlaceName = 'node' | 'app' | 'user' | 'session' | 'job' | 'qemu';

/** One way to get out of a container, or to something that belongs to another. */
export interface Attempt {
  readonly name: string;
  /** Perl code that reports what it achieved with `tried` or `report`; see prelude.pl */
  readonly script: string;
  /** the outcomes that count as refused */
  readonly refused: readonly string[];
  /** the same for places that differ */
  readonly refusedIn?: Partial<Readonly<Record<PlaceName, readonly string[]>>>;
  /** what the control has to achieve, which proves that the attempt works; default `open` */
  readonly control?: string;
  /** outcomes of the control that mean that this machine lacks what the attempt needs */
  readonly lacking?: readonly string[];
  /** where the control runs; default: a privileged container with the namespaces of this machine */
  readonly controlIn?: 'machine' | 'other testbed';
}

/** What attempts have to know, by the name of the variable in Perl. */
export type Facts = Readonly<Record<string, string | number | readonly (string | number)[]>>;

const prelude = readFileSync(join(import.meta.dirname, 'prelude.pl'), 'utf8');

/** A Perl program that makes attempts and prints one line for each outcome. */
export function program(attempts: readonly Attempt[], facts: Facts): string {
  const variables = Object.entries(facts).map(([name, value]) =>
    typeof value === 'object' ? `our @${name} = (${value.map(literal).join(', ')});` : `our $${name} = ${literal(value)};`,
  );
  const calls = attempts.map(({ name, script }) => `attempt(${literal(name)}, sub {\n${script}\n});`);
  return [prelude, ...variables, ...calls, 'print "end\\n";', ''].join('\n');
}

function literal(value: string | number): string {
  return typeof value === 'number' ? String(value) : `'${value.replace(/['\\]/g, '\\$&')}'`;
}

/** What attempts achieved: by name, outcomes with examples. */
export type Outcomes = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;

/** Reads what a program printed. @throws Error if it did not run to its end */
export function parseOutcomes(printed: string): Outcomes {
  const lines = printed.replaceAll('\r', '').trimEnd().split('\n');
  if (lines.pop() !== 'end') throw new Error(`the attempts did not run to their end:\n${printed}`);
  const outcomes = new Map<string, Map<string, string[]>>();
  for (const line of lines) {
    const [name = '', outcome = '', detail = ''] = line.split('\t');
    const ofName = outcomes.get(name) ?? new Map<string, string[]>();
    outcomes.set(name, ofName.set(outcome, [...(ofName.get(outcome) ?? []), detail]));
  }
  return outcomes;
}

/**
 * Attempts that were not refused as they should be, as text; empty if there is no hole.
 * @param control - what the control achieved: what this machine lacks is missing everywhere
 */
export function holes(attempts: readonly Attempt[], place: PlaceName, outcomes: Outcomes, control: Outcomes): readonly string[] {
  return attempts.flatMap((attempt) => {
    const { name, refused, refusedIn } = attempt;
    const isLacking = checkControl([attempt], control).lacking.length > 0;
    const expected = [...(refusedIn?.[place] ?? refused), ...(isLacking ? (attempt.lacking ?? []) : [])];
    const found = [...(outcomes.get(name) ?? new Map([['no outcome', ['']]]))];
    const wrong = found.filter(([outcome]) => !expected.includes(outcome));
    return wrong.map(
      ([outcome, details]) => `${name}: expected ${expected.join(' or ')}, got ${outcome} (${details.join('; ')})`,
    );
  });
}

/** Attempts that do not work even where they should. `lacking`: those that this machine cannot show. */
export function checkControl(
  attempts: readonly Attempt[],
  outcomes: Outcomes,
): { readonly broken: readonly string[]; readonly lacking: readonly string[] } {
  const [broken, missing]: [string[], string[]] = [[], []];
  for (const { name, control = 'open', lacking = [] } of attempts) {
    const found = [...(outcomes.get(name)?.keys() ?? ['no outcome'])];
    const others = found.filter((outcome) => outcome !== control && !lacking.includes(outcome));
    if (others.length > 0) broken.push(`${name}: expected ${control}, got ${found.join(', ')}`);
    else if (!found.includes(control)) missing.push(`${name}: ${found.join(', ')}`);
  }
  return { broken, lacking: missing };
}
