// SPDX-License-Identifier: GPL-3.0-or-later
// docs.ts: writes the generated parts of README.md and docs: the tables in docs/configuration.md from the schema, that
// in docs/security.md from scripts/privileges.ts, and every code block after a comment `<!-- quote: FILE -->` from that file. A unit
// test checks that they are up to date.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pages, pageText, root } from './doc-pages.ts';

for (const page of pages) writeFileSync(join(root, page), pageText(page));
