// `node --import ./scripts/typescript.js some.ts` runs TypeScript without a build, with the library's own sources.
import { register } from 'node:module';

register('./typescript-hooks.js', import.meta.url);
