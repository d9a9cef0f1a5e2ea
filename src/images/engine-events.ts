// SPDX-License-Identifier: GPL-3.0-or-later
import { z } from 'zod';

const EventSchema = z.object({
  stream: z.string().optional(),
  status: z.string().optional(),
  id: z.string().optional(),
  error: z.string().optional(),
  aux: z.object({ ID: z.string().optional() }).optional(),
});

/** One message of the Engine while it builds, pulls or imports. */
export type EngineEvent = Readonly<z.output<typeof EventSchema>>;

/** The messages of a build, pull or import, one JSON object per line. Other lines are skipped. */
export async function* engineEvents(stream: NodeJS.ReadableStream): AsyncGenerator<EngineEvent, void, void> {
  let rest = '';
  stream.setEncoding('utf8'); // a character may be cut between two chunks
  for await (const chunk of stream) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield* parsed(line);
  }
  yield* parsed(rest);
}

function* parsed(line: string): Generator<EngineEvent, void, void> {
  if (line.trim() === '') return;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return; // HTML of a proxy or a truncated last line; the outcome shows in other events
  }
  const event = EventSchema.safeParse(value);
  if (event.success) yield event.data;
}
