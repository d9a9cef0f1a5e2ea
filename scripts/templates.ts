// SPDX-License-Identifier: GPL-3.0-or-later
// templates.ts: writes templates/pipeline.yml, which is made of the other components: one that includes them would need them
// at an address that it cannot know. A unit test sees that it is up to date.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder, pipelineTemplate } from './pipeline-template.ts';

writeFileSync(join(folder, 'pipeline.yml'), pipelineTemplate());
