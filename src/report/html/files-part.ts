// SPDX-License-Identifier: GPL-3.0-or-later
import { basename } from 'node:path';
import { artifactUrl, html, Html } from './markup.ts';

const titles: Readonly<Record<string, string>> = {
  'console.log': 'console, byte for byte',
  'console.txt': 'console, to read',
  'debug.log': 'debug log',
  'events.ndjson': 'events',
  'screen.png': 'screen at the end',
};

/** Links to the files of a test. Pictures are small, and open in full size. */
export function filesPart(artifacts: readonly string[]): Html | undefined {
  if (artifacts.length === 0) return undefined;
  const pictures = artifacts.filter((artifact) => artifact.endsWith('.png'));
  const files = artifacts.filter((artifact) => !artifact.endsWith('.png'));
  return html`<div class="artifacts">
    ${pictures.map(picturePart)}${
      files.length === 0
        ? undefined
        : html`<ul class="files" aria-label="Files">
            ${files.map(filePart)}
          </ul>`
    }
  </div>`;
}

function picturePart(artifact: string): Html {
  const title = titleOf(artifact);
  return html`<figure>
    <a href="${artifactUrl(artifact)}"><img src="${artifactUrl(artifact)}" alt="${title}, in full size" loading="lazy" /></a>
    <figcaption>${title}</figcaption>
  </figure> `;
}

function filePart(artifact: string): Html {
  return html`<li><a href="${artifactUrl(artifact)}">${titleOf(artifact)}</a></li>`;
}

/** Files of other boots than the last one are in folders of their own, which their titles name. */
function titleOf(artifact: string): string {
  const name = basename(artifact);
  const link = /^(.+)\.pcap$/.exec(name)?.[1];
  const [, kind = '', device, ending = ''] = /^(console|screen)-(.+)(\.\w+)$/.exec(name) ?? [];
  const ofDevice = device === undefined ? undefined : `${device}: ${titles[kind + ending] ?? name}`;
  const title =
    link === undefined ? (ofDevice ?? titles[name] ?? name) : `capture of ${link.replace(/^link(?=\d+$)/, 'link ')} (pcap)`;
  const folder = /^tests\/[^/]+\/(.+)\/[^/]+$/.exec(artifact)?.[1];
  return folder === undefined ? title : `${title} (${folder})`;
}
