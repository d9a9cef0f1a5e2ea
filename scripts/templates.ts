// SPDX-License-Identifier: GPL-3.0-or-later
// templates.ts: writes templates/pipeline.yml, which contains the jobs of the other components. It cannot include them, because
// it does not know their address. A unit test checks that it is up to date.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder, pipelineTemplate } from './pipeline-template.ts';

writeFileSync(join(folder, 'pipeline.yml'), pipelineTemplate());
