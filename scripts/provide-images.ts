// SPDX-License-Identifier: GPL-3.0-or-later
// provide-images.ts BASE-FILE LOG-FILE [IMAGE…]: the part of scripts/setup that builds or pulls the images. Prints progress in one line,
// writes the output of builds to LOG-FILE, and the name of the base image, which Rabbit uses too, to BASE-FILE. Optional images
// are provided only if they are named.
import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import Docker from 'dockerode';
import { AlpyError, messageOf } from '../src/core/errors.ts';
import { loadManifest, provideImages, resolveImages } from '../src/images/index.ts';

const [baseFile = '.cache/base-image', logFile = '/dev/stderr', ...also] = process.argv.slice(2);
const logStream = createWriteStream(logFile, { flags: logFile.startsWith('/dev/') ? 'r+' : 'w' });
const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(name, () => {
    stop.abort(new Error(`stopped by ${name}`));
  });
}

try {
  const { images } = loadManifest();
  // images that contain alpy itself are for jobs of pipelines, which do not use this script
  const needed = resolveImages(process.env).filter(
    ({ name }) => images[name]?.program !== true && (images[name]?.optional !== true || also.includes(name)),
  );
  const { base } = await provideImages(needed, {
    docker: new Docker(),
    env: process.env,
    signal: stop.signal,
    onLine: (image, line) => logStream.write(`${image}: ${line}\n`),
    onResult: ({ image, action, durationMs }) => {
      if (action !== 'present') process.stdout.write(`${image.name} ${action} (${(durationMs / 1000).toFixed(1)} s) … `);
    },
  });
  await writeFile(baseFile, `${base.reference}\n`);
} catch (error) {
  const isBug = error instanceof Error && !(error instanceof AlpyError) && !stop.signal.aborted;
  process.stderr.write(`${isBug ? String(error.stack) : messageOf(error)}\n`);
  process.exitCode = 3;
} finally {
  logStream.end();
}
