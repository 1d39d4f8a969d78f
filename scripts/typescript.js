// `node --import ./scripts/typescript.js some.ts` runs TypeScript without a build, with the library's own sources.
import * as nodeModule from 'node:module';

import { load, resolve } from './typescript-hooks.js';

// Node 20 has only the one that Node 26 warns of.
if (nodeModule.registerHooks === undefined) nodeModule.register('./typescript-hooks.js', import.meta.url);
else nodeModule.registerHooks({ resolve, load });
